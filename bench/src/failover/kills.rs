//! kill -9 at random moments: several servers side by side, each killed and
//! started again on its folder while two paths send to it and listeners come back.

use std::net::SocketAddr;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::failover::encoder::{Sent, Source};
use crate::failover::listener::{self, Heard};
use crate::failover::plan::Path;
use crate::failover::server::Server;
use crate::failover::stage::{manifest, settled};
use crate::failover::track::{Coding, Part, Track};
use crate::failover::verdict::{Listening, Segments};

/// Servers side by side.
pub const SERVERS: u32 = 8;

/// The mean time between two kills, a start included, in seconds, and a little more.
const MEAN_SECS: u32 = 4;

/// Before the first kill and after the last one, in seconds.
const CALM_SECS: u32 = 8;

/// One kill in so many comes soon after the start before it.
const EARLY: u8 = 4;

/// And one in so many while the server starts.
const STARTING: u8 = 8;

/// A start takes less.
const START_MAX: Duration = Duration::from_millis(150);

/// Until when it is early.
const EARLY_MAX: Duration = Duration::from_secs(1);

/// Until when any other kill comes.
const LATE_MAX: Duration = Duration::from_secs(6);

/// What is listened on for after the encoders are gone.
const REST: Duration = Duration::from_secs(14);

/// What became of one kind of frames on all servers.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The kind.
    pub coding: Coding,
    /// Kills while it was sent.
    pub kills: u32,
    /// What the listeners got.
    pub icy: Listening,
    /// What the segments have, all servers together.
    pub hls: Segments,
    /// What does not hold, with the server's number and the seed of its moments.
    pub faults: Vec<String>,
}

/// Kills so often, all servers together, and judges what is left.
///
/// # Errors
///
/// A server does not start, ends by itself, or stored what cannot be read.
pub async fn run(
    kills: u32,
    codings: &[Coding],
    seed: u64,
    folder: &FilePath,
) -> Result<Vec<Outcome>> {
    let each = kills.div_ceil(SERVERS);
    let secs = each * MEAN_SECS + 2 * CALM_SECS;
    let tracks = codings
        .iter()
        .map(|coding| Ok(Arc::new(Track::encode(*coding, seed, &[Part::Music(secs + 1)])?)));
    let tracks = tracks.collect::<Result<Vec<_>>>()?;
    let mut servers = JoinSet::new();
    for nth in 0..SERVERS.min(kills) {
        let (tracks, folder) = (tracks.clone(), folder.join(nth.to_string()));
        servers.spawn(async move { Killed { nth, seed, each, secs, tracks }.run(&folder).await });
    }
    let mut total: Vec<Outcome> = Vec::new();
    while let Some(part) = servers.join_next().await {
        for outcome in part?? {
            match total.iter_mut().find(|total| total.coding == outcome.coding) {
                Some(total) => total.add(outcome),
                None => total.push(outcome),
            }
        }
    }
    total.sort_by_key(|outcome| codings.iter().position(|coding| *coding == outcome.coding));
    Ok(total)
}

/// A server that is killed.
struct Killed {
    nth: u32,
    seed: u64,
    each: u32,
    secs: u32,
    tracks: Vec<Arc<Track>>,
}

/// A kind of frames on that server.
struct Played {
    track: Arc<Track>,
    sent: Vec<Sent>,
    heard: Vec<Heard>,
}

impl Killed {
    async fn run(self, folder: &FilePath) -> Result<Vec<Outcome>> {
        let egresses = self.tracks.iter().map(|track| (egress(track), &**track));
        let mut server = Server::start(folder, &manifest(egresses)).await?;
        let (address, addresses) = watch::channel(server.public);
        let began = Instant::now();
        let mut playing = JoinSet::new();
        for track in &self.tracks {
            playing.spawn(self.play(track.clone(), addresses.clone(), began));
        }
        let kills = self.kill(&mut server, &address, began).await?;
        let mut outcomes = Vec::new();
        for played in playing.join_all().await {
            let folder = settled(&server.bucket(), &egress(&played.track)).await?;
            let place = format!("server {} of seed {}", self.nth, self.seed);
            let judging =
                tokio::task::spawn_blocking(move || judged(&played, kills, &folder, &place));
            outcomes.push(judging.await??);
        }
        Ok(outcomes)
    }

    /// Kills and starts at random moments; gives how often.
    async fn kill(
        &self,
        server: &mut Server,
        address: &watch::Sender<SocketAddr>,
        began: Instant,
    ) -> Result<u32> {
        let mut rng = Rng::with_seed(self.seed ^ u64::from(self.nth) << 32);
        let last = began + Duration::from_secs((self.secs - CALM_SECS).into());
        sleep_until(began + Duration::from_secs(CALM_SECS.into())).await;
        let mut kills = 0;
        while kills < self.each && Instant::now() < last {
            server.kill()?;
            kills += 1;
            if rng.u8(..STARTING) == 0 {
                server.start_and_kill(START_MAX.mul_f64(rng.f64())).await?;
                kills += 1;
            }
            server.start_again().await?;
            address.send_replace(server.public);
            let longest = if rng.u8(..EARLY) == 0 { EARLY_MAX } else { LATE_MAX };
            sleep(longest.mul_f64(rng.f64())).await;
        }
        Ok(kills)
    }

    /// A relay that sends its burst again; and beside it, by turns, an encoder that
    /// goes on with what is live, or another relay 2 s behind.
    fn play(
        &self,
        track: Arc<Track>,
        server: watch::Receiver<SocketAddr>,
        began: Instant,
    ) -> impl Future<Output = Played> + use<> {
        let times = [(0, self.secs)];
        let other = if self.nth.is_multiple_of(2) {
            Path::on(Duration::from_millis(500), &times)
        } else {
            Path::relay(Duration::from_secs(2), &times)
        };
        let until = began + Duration::from_secs(self.secs.into()) + REST;
        async move {
            let (mut sending, egress) = (JoinSet::new(), egress(&track));
            for (path, letter) in [(Path::relay(Duration::ZERO, &times), "a"), (other, "b")] {
                let source = Source {
                    server: server.clone(),
                    mount: format!("{egress}-{letter}"),
                    track: track.clone(),
                    away: Duration::ZERO,
                    began,
                };
                sending.spawn(async move { source.send(&path).await });
            }
            let heard = listener::listen(server, egress, until).await;
            Played { track, sent: sending.join_all().await, heard }
        }
    }
}

fn egress(track: &Track) -> String {
    format!("killed-{}", track.coding.slug())
}

fn judged(played: &Played, kills: u32, folder: &FilePath, place: &str) -> Result<Outcome> {
    let Played { track, sent, heard } = played;
    let end = sent.iter().map(|sent| sent.end).max().unwrap_or(0);
    let icy = Listening::judge(track, end, heard)?;
    let mut hls = Segments::judge(track, end, folder)?;
    let name = track.coding.name();
    let faults = std::mem::take(&mut hls.faults).into_iter().chain(icy.fault("ICY"));
    let faults = faults.map(|fault| format!("{place}, {name}: {fault}")).collect();
    Ok(Outcome { coding: track.coding, kills, icy, hls, faults })
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.icy.add(other.icy);
        self.hls.add(&other.hls);
        self.faults.extend(other.faults);
    }
}
