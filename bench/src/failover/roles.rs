//! kill -9 of each process where the roles are apart: several clusters side by side,
//! in each of which one process after the other is killed and started again on its
//! folder, each when the one before is of use again.

use std::fmt::Write as _;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

use crate::failover::cluster::{Cluster, Member};
use crate::failover::encoder::{Sent, Source};
use crate::failover::listener::{self, Heard};
use crate::failover::plan::Path;
use crate::failover::stage::{manifest, settled};
use crate::failover::track::{Coding, Part, Track};
use crate::failover::verdict::{Listening, Segments};

/// Clusters side by side, five processes each.
pub const CLUSTERS: u32 = 6;

/// Who is killed in one round, each round in an order of its own. So each of the
/// three kinds is killed as often as the others.
const ROUND: [Member; 6] = [
    Member::IngestA,
    Member::IngestB,
    Member::PackagerOne,
    Member::PackagerTwo,
    Member::Origin,
    Member::Origin,
];

/// Kills of a kind in a round.
const OF_A_KIND: u32 = 2;

/// How long a round may take, in seconds: measured, and a quarter more.
const ROUND_SECS: u32 = 32;

/// Until all processes are there, and after the last kill, in seconds.
const CALM_SECS: u32 = 40;

/// One kill in so many is followed by another one while the process starts.
const STARTING: u8 = 8;

/// A start takes less.
const START_MAX: Duration = Duration::from_millis(150);

/// Until when the next kill comes once the last one killed is of use.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// What is listened on for after the encoders are gone: two packagers that lose all
/// paths store the last segment later than one alone would (ADR 13).
const REST: Duration = Duration::from_secs(30);

/// A kind of process, and what its kills were.
#[derive(Debug, Clone, Default)]
pub struct Kills {
    /// How often it was killed.
    pub count: u32,
    /// How long each took from its start until it was of use.
    pub until_of_use: Vec<Duration>,
}

/// The kills of each kind of process, in the order of [`Member::ALL`].
pub type ByKind = Vec<(&'static str, Kills)>;

/// What became of one kind of frames in all clusters.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The kind.
    pub coding: Coding,
    /// What the origin's listeners got.
    pub origin: Listening,
    /// What those of a packager got.
    pub packager: Listening,
    /// What the segments have.
    pub hls: Segments,
}

/// What became of all clusters.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    /// By kind of frames.
    pub outcomes: Vec<Outcome>,
    /// By kind of process.
    pub kills: ByKind,
    /// What does not hold, with the cluster's number and the seed.
    pub faults: Vec<String>,
}

/// Kills each kind of process so often, all clusters together, and judges what is left.
///
/// # Errors
///
/// A process does not start, ends by itself, or stored what cannot be read.
pub async fn run(kills: u32, codings: &[Coding], seed: u64, folder: &FilePath) -> Result<Outcomes> {
    let clusters = CLUSTERS.min(kills.div_ceil(OF_A_KIND));
    let rounds = kills.div_ceil(OF_A_KIND * clusters.max(1));
    let secs = rounds * ROUND_SECS + 2 * CALM_SECS;
    let tracks = codings
        .iter()
        .map(|coding| Ok(Arc::new(Track::encode(*coding, seed, &[Part::Music(secs + 1)])?)));
    let tracks = tracks.collect::<Result<Vec<_>>>()?;
    let mut running = JoinSet::new();
    for nth in 0..clusters {
        let (tracks, folder) = (tracks.clone(), folder.join(nth.to_string()));
        let stage = Stage { nth, seed, rounds, secs, tracks, began: Instant::now() };
        running.spawn(async move { stage.run(&folder).await });
    }
    let mut total = Outcomes::default();
    while let Some(part) = running.join_next().await {
        total.add(part??);
    }
    let place = |coding| codings.iter().position(|one| *one == coding);
    total.outcomes.sort_by_key(|outcome| place(outcome.coding));
    Ok(total)
}

/// One cluster, and what is played in it.
struct Stage {
    nth: u32,
    seed: u64,
    rounds: u32,
    secs: u32,
    tracks: Vec<Arc<Track>>,
    began: Instant,
}

/// What became of one kind of frames, not judged yet.
struct Played {
    track: Arc<Track>,
    sent: Vec<Sent>,
    origin: Vec<Heard>,
    packager: Vec<Heard>,
}

impl Stage {
    async fn run(mut self, folder: &FilePath) -> Result<Outcomes> {
        let egresses = self.tracks.iter().map(|track| (egress(track), &**track));
        let names = self.tracks.iter().map(|track| egress(track)).collect();
        let mut cluster = Cluster::new(folder, manifest(egresses), names)?;
        for member in [Member::IngestA, Member::IngestB, Member::PackagerOne] {
            cluster.start(member).await?;
        }
        cluster.until_connected().await?;
        self.began = Instant::now();
        let mut sending = Vec::new();
        for track in &self.tracks {
            sending.push(tokio::spawn(self.send(track, &cluster)?));
        }
        cluster.until_of_use(Member::PackagerOne).await?;
        for member in [Member::PackagerTwo, Member::Origin] {
            cluster.start(member).await?;
            cluster.until_of_use(member).await?;
        }
        let mut hearing = Vec::new();
        for track in &self.tracks {
            let hear = |member| self.hear(track, member, &cluster);
            hearing.push((hear(Member::Origin)?, hear(Member::PackagerOne)?));
        }
        let mut total = self.kill(&mut cluster, folder).await?;
        let tracks = self.tracks.iter().cloned();
        for ((track, sending), (origin, packager)) in tracks.zip(sending).zip(hearing) {
            let (sent, origin, packager) = (sending.await?, origin.await?, packager.await?);
            let folder = settled(&cluster.bucket(), &egress(&track)).await?;
            let place = format!("cluster {} of seed {}", self.nth, self.seed);
            let played = Played { track, sent, origin, packager };
            let judging = tokio::task::spawn_blocking(move || played.judge(&folder, &place));
            total.add(judging.await??);
        }
        Ok(total)
    }

    /// Kills and starts, one round after the other. What happened when is in `kills.txt`.
    async fn kill(&self, cluster: &mut Cluster, folder: &FilePath) -> Result<Outcomes> {
        let (mut total, mut diary) = (Outcomes::default(), String::new());
        let mut rng = Rng::with_seed(self.seed ^ u64::from(self.nth) << 32);
        let last = self.began + Duration::from_secs((self.secs - CALM_SECS).into());
        let mut rounds = 0;
        while Instant::now() < last {
            let mut round = ROUND;
            rng.shuffle(&mut round);
            for member in round {
                sleep(PAUSE_MAX.mul_f64(rng.f64())).await;
                let at = self.began.elapsed();
                let again = rng.u8(..STARTING) == 0;
                let again = again.then(|| START_MAX.mul_f64(rng.f64()));
                let count = cluster.kill(member, again).await?;
                let waited = cluster.until_of_use(member).await;
                let (name, start) = (member.name(), cluster.start_of(member));
                let _ = writeln!(diary, "{at:.3?} {name}, then log-{start}: {waited:.3?}");
                std::fs::write(folder.join("kills.txt"), &diary)?;
                let kills = Kills {
                    count,
                    until_of_use: waited.as_ref().ok().copied().into_iter().collect(),
                };
                let place = format!("cluster {} of seed {} at {at:.3?}", self.nth, self.seed);
                let faults =
                    waited.err().map(|fault| format!("{place}: {fault}")).into_iter().collect();
                total.add(Outcomes {
                    kills: vec![(member.kind(), kills)],
                    faults,
                    ..Outcomes::default()
                });
            }
            rounds += 1;
        }
        if rounds < self.rounds {
            let Self { nth, rounds: wanted, .. } = self;
            total.faults.push(format!("cluster {nth}: {rounds} of {wanted} rounds in its time"));
        }
        Ok(total)
    }

    /// A relay that sends its burst again; and beside it, by turns, an encoder that
    /// goes on with what is live, or another relay 2 s behind.
    fn send(
        &self,
        track: &Arc<Track>,
        cluster: &Cluster,
    ) -> Result<impl Future<Output = Vec<Sent>> + use<>> {
        let times = [(0, self.secs)];
        let other = if self.nth.is_multiple_of(2) {
            Path::on(Duration::from_millis(500), &times)
        } else {
            Path::relay(Duration::from_secs(2), &times)
        };
        let mut sending = JoinSet::new();
        let paths = [
            (Path::relay(Duration::ZERO, &times), Member::IngestA, "a"),
            (other, Member::IngestB, "b"),
        ];
        for (path, ingest, letter) in paths {
            let source = Source {
                server: cluster.address(ingest)?,
                mount: format!("{}-{letter}", egress(track)),
                track: Arc::clone(track),
                away: Duration::ZERO,
                began: self.began,
            };
            sending.spawn(async move { source.send(&path).await });
        }
        Ok(sending.join_all())
    }

    /// Listens to a member in a task of its own.
    fn hear(
        &self,
        track: &Track,
        member: Member,
        cluster: &Cluster,
    ) -> Result<JoinHandle<Vec<Heard>>> {
        let until = self.began + Duration::from_secs(self.secs.into()) + REST;
        let listening = listener::listen(cluster.address(member)?, egress(track), until);
        Ok(tokio::spawn(listening))
    }
}

fn egress(track: &Track) -> String {
    format!("roles-{}", track.coding.slug())
}

impl Played {
    fn judge(&self, folder: &FilePath, place: &str) -> Result<Outcomes> {
        let Self { track, sent, .. } = self;
        let end = sent.iter().map(|sent| sent.end).max().unwrap_or(0);
        let origin = Listening::judge(track, end, &self.origin)?;
        let packager = Listening::judge(track, end, &self.packager)?;
        let mut hls = Segments::judge(track, end, folder)?;
        let mut faults = std::mem::take(&mut hls.faults);
        faults.extend(origin.fault("ICY at the origin"));
        faults.extend(packager.fault("ICY at a packager"));
        if hls.epochs != 1 {
            faults.push(format!("HLS: {} epochs", hls.epochs));
        }
        let (coding, name) = (track.coding, track.coding.name());
        let faults = faults.into_iter().map(|fault| format!("{place}, {name}: {fault}")).collect();
        let outcomes = vec![Outcome { coding, origin, packager, hls }];
        Ok(Outcomes { outcomes, faults, ..Outcomes::default() })
    }
}

impl Outcomes {
    fn add(&mut self, other: Self) {
        for outcome in other.outcomes {
            match self.outcomes.iter_mut().find(|own| own.coding == outcome.coding) {
                Some(own) => own.add(&outcome),
                None => self.outcomes.push(outcome),
            }
        }
        for (kind, kills) in other.kills {
            match self.kills.iter_mut().find(|(own, _)| *own == kind) {
                Some((_, own)) => {
                    own.count += kills.count;
                    own.until_of_use.extend(kills.until_of_use);
                }
                None => self.kills.push((kind, kills)),
            }
        }
        let place = |kind| Member::ALL.iter().position(|member| member.kind() == kind);
        self.kills.sort_by_key(|(kind, _)| place(*kind));
        self.faults.extend(other.faults);
    }
}

impl Outcome {
    fn add(&mut self, other: &Self) {
        self.origin.add(other.origin);
        self.packager.add(other.packager);
        self.hls.add(&other.hls);
    }
}

impl Kills {
    /// The middle and the longest of the times until it was of use.
    pub fn times(&self) -> (Duration, Duration) {
        let mut times = self.until_of_use.clone();
        times.sort();
        let middle = times.get(times.len() / 2).copied().unwrap_or_default();
        (middle, times.last().copied().unwrap_or_default())
    }
}
