//! A bucket that fails: away for ten minutes, then back; later slow, with errors and
//! without answers. One server with all roles on an S3 server, with a way between them
//! on which that happens.

mod watch;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tests::faulty::{Faults, Faulty};
use tests::moto::Moto;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use self::watch::{Rendition, Seen};
use crate::failover::encoder::{Sent, Source};
use crate::failover::hls::{self, Followed};
use crate::failover::judge;
use crate::failover::listener::{self, Heard};
use crate::failover::plan::Path;
use crate::failover::server::{Server, Setup};
use crate::failover::stage::{Tally, ids, manifest, tally};
use crate::failover::track::{Coding, Part, Track, cut};
use crate::failover::verdict::{Listening, Segments};

pub use self::watch::Return;

/// Credentials as the SDKs' variables; moto takes any.
const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")];

/// Before anything fails, in seconds.
const BEFORE_SECS: u32 = 30;

/// How long the bucket is away.
const AWAY_SECS: u32 = 600;

/// How long it is well again.
const WELL_SECS: u32 = 90;

/// How long it is bad: some requests fail, some are never answered, all are slow.
const BAD_SECS: u32 = 180;

/// How long it is well at the end: it has all by then.
const AFTER_SECS: u32 = 60;

/// All of it.
const SECS: u32 = BEFORE_SECS + AWAY_SECS + WELL_SECS + BAD_SECS + AFTER_SECS;

/// How it is when it is bad.
const BAD: Faults =
    Faults { errors: 20, holes: 3, delay: Duration::from_millis(100), is_down: false };

/// Segments of the live window: 60 s of 2 s each.
const WINDOW: u64 = 30;

/// Older segments that may come before the live window: the one that was under way when
/// the bucket went.
const EARLY_MAX: usize = 1;

/// What is listened on for after the encoders are gone.
const REST: Duration = Duration::from_secs(14);

/// The longest wait for a rendition, and for all to be stored.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at what the server tells.
const PAUSE: Duration = Duration::from_millis(500);

/// What became of one kind of frames.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The kind.
    pub coding: Coding,
    /// What the ICY listener got.
    pub icy: Listening,
    /// What the HLS listener of the process got.
    pub live: Tally,
    /// In so many segments.
    pub live_segments: usize,
    /// The longest time in which that playlist had nothing new.
    pub wait: Duration,
    /// How the bucket caught up.
    pub back: Return,
    /// Segments that the bucket did not have, at most, while it was bad.
    pub behind_bad: u64,
    /// What its segments have in the end.
    pub stored: Segments,
    /// What does not hold.
    pub faults: Vec<String>,
}

/// Plays it, and judges what came of it.
///
/// # Errors
///
/// Something does not start, or what is stored cannot be read.
pub async fn run(codings: &[Coding], seed: u64, folder: &FilePath) -> Result<Vec<Outcome>> {
    let tracks = codings
        .iter()
        .map(|coding| Ok(Arc::new(Track::encode(*coding, seed, &[Part::Music(SECS + 1)])?)));
    let tracks = tracks.collect::<Result<Vec<_>>>()?;
    let moto = Moto::start().await;
    let way = Faulty::start(&moto.endpoint, seed).await;
    let lines = format!("store = \"s3://skywave/x\"\ns3_endpoint = \"{}\"\n", way.endpoint);
    let setup = Setup { lines: &lines, environment: &CREDENTIALS };
    let manifest = manifest(tracks.iter().map(|track| (egress(track), &**track)));
    let server = Server::start_as(folder, &manifest, setup).await?;
    let stage = Stage { server, began: Instant::now() };
    let mut playing = Vec::new();
    for track in &tracks {
        playing.push(stage.play(track.clone()));
    }
    let mut watching = Vec::new();
    for track in &tracks {
        watching.push(stage.watch(track, &moto).await?);
    }
    let told = stage.turn(&way, &tracks).await;
    let mut outcomes = Vec::new();
    for ((nth, playing), watching) in playing.into_iter().enumerate().zip(watching) {
        let (track, sent, heard) = playing.await?;
        let (rendition, seen, followed) = (watching.0, watching.1.await??, watching.2.await?);
        let copy = folder.join("copies").join(egress(&track));
        rendition.copy_to(&copy).await?;
        let told = told.get(nth).copied().unwrap_or_default();
        let back = stage.back();
        let played = Played { track, sent, heard, seen, followed, told, back, copy };
        outcomes.push(tokio::task::spawn_blocking(move || played.judge()).await??);
    }
    Ok(outcomes)
}

/// What the server told of an egress.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    /// The number of its newest segment when the bucket was back.
    newest: u64,
    /// Segments that the bucket did not have, at most, while it was bad.
    behind_bad: u64,
    /// And in the end.
    behind_last: u64,
}

/// The server, and when it began.
struct Stage {
    server: Server,
    began: Instant,
}

type Watching = (Rendition, JoinHandle<Result<Seen>>, JoinHandle<Followed>);

impl Stage {
    /// Two encoders that send without trouble, and an ICY listener.
    fn play(&self, track: Arc<Track>) -> JoinHandle<(Arc<Track>, Vec<Sent>, Vec<Heard>)> {
        let server = tokio::sync::watch::Sender::new(self.server.public);
        let until = self.end();
        let mut sending = JoinSet::new();
        for (letter, late) in [("a", 0), ("b", 500)] {
            let path = Path::on(Duration::from_millis(late), &[(0, SECS)]);
            let source = Source {
                server: server.subscribe(),
                mount: format!("{}-{letter}", egress(&track)),
                track: track.clone(),
                away: Duration::ZERO,
                began: self.began,
            };
            sending.spawn(async move { source.send(&path).await });
        }
        tokio::spawn(async move {
            let heard = listener::listen(server.subscribe(), egress(&track), until).await;
            (track, sending.join_all().await, heard)
        })
    }

    /// An HLS listener of the process, and one who watches the bucket.
    async fn watch(&self, track: &Track, moto: &Moto) -> Result<Watching> {
        let egress = egress(track);
        let name = self.rendition(&egress).await?;
        let rendition = Rendition::open(&moto.endpoint, &egress, &name).await?;
        let seen = tokio::spawn(rendition.clone().watch(self.back(), self.end()));
        let path = format!("/{egress}/{name}");
        let until = self.began + Duration::from_secs(SECS.into());
        let followed = tokio::spawn(hls::follow(self.server.public, path, until));
        Ok((rendition, seen, followed))
    }

    /// The name of an egress's rendition, once a segment is stored.
    async fn rendition(&self, egress: &str) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let told = self.told(egress).await;
            if let Some((rendition, Some(_), 0)) = told {
                return Ok(rendition);
            }
            sleep(PAUSE).await;
        }
        bail!("nothing of {egress} is stored after {PATIENCE:?}")
    }

    /// An egress's rendition, its newest number, and how far the bucket is behind.
    async fn told(&self, egress: &str) -> Option<(String, Option<u64>, u64)> {
        let status = self.server.status().await?;
        let mut egresses = status.get("egresses")?.as_array()?.iter();
        let found = egresses.find(|one| one.get("name").is_some_and(|name| name == egress))?;
        let rendition = found.get("rendition")?.as_str()?.to_owned();
        let newest = found.get("media_sequence").and_then(Value::as_u64);
        Some((rendition, newest, found.get("bucket_lag_segments")?.as_u64()?))
    }

    /// Has the bucket fail, and be well again; gives what the server told meanwhile.
    async fn turn(&self, way: &Faulty, tracks: &[Arc<Track>]) -> Vec<Told> {
        let mut at = self.began;
        let mut until = async |secs: u32| {
            at += Duration::from_secs(secs.into());
            sleep_until(at).await;
            at
        };
        until(BEFORE_SECS).await;
        way.set(Faults { is_down: true, ..Faults::default() });
        until(AWAY_SECS).await;
        way.set(Faults::default());
        let mut told = vec![Told::default(); tracks.len()];
        for (told, track) in told.iter_mut().zip(tracks) {
            let now = self.told(&egress(track)).await;
            told.newest = now.and_then(|(_, newest, _)| newest).unwrap_or_default();
        }
        until(WELL_SECS).await;
        way.set(BAD);
        let well = self.began + Duration::from_secs((SECS - AFTER_SECS).into());
        while Instant::now() < well {
            for (told, track) in told.iter_mut().zip(tracks) {
                let behind = self.told(&egress(track)).await.map_or(0, |(_, _, behind)| behind);
                told.behind_bad = told.behind_bad.max(behind);
            }
            sleep(PAUSE).await;
        }
        way.set(Faults::default());
        sleep_until(self.end()).await;
        for (told, track) in told.iter_mut().zip(tracks) {
            told.behind_last = self.told(&egress(track)).await.map_or(0, |(_, _, behind)| behind);
        }
        told
    }

    /// When the bucket is back.
    fn back(&self) -> Instant {
        self.began + Duration::from_secs((BEFORE_SECS + AWAY_SECS).into())
    }

    /// When all is over.
    fn end(&self) -> Instant {
        self.began + Duration::from_secs(SECS.into()) + REST
    }
}

fn egress(track: &Track) -> String {
    format!("bucket-{}", track.coding.slug())
}

/// What is to be judged of one kind of frames.
struct Played {
    track: Arc<Track>,
    sent: Vec<Sent>,
    heard: Vec<Heard>,
    seen: Seen,
    followed: Followed,
    told: Told,
    back: Instant,
    copy: PathBuf,
}

impl Played {
    fn judge(self) -> Result<Outcome> {
        let Self { track, sent, heard, seen, followed, told, back, copy } = self;
        let end = sent.iter().map(|sent| sent.end).max().unwrap_or(0);
        let icy = Listening::judge(&track, end, &heard)?;
        let (frames, junk) = cut(&followed.audio)?;
        let owed = track.ids.get(..end).context("more was sent than there is")?;
        let alignment = judge::align(owed, &ids(&frames)).to_its_end();
        let live = tally(&track, &frames, &alignment)?;
        let stored = Segments::judge(&track, end, &copy)?;
        let back = seen.caught_up(back, told.newest, WINDOW);
        let mut faults: Vec<_> = sent.into_iter().flat_map(|sent| sent.faults).collect();
        faults.extend(icy.fault("ICY"));
        if icy.connections != 1 {
            faults.push(format!("the ICY listener had {} connections", icy.connections));
        }
        if junk > 0 || live.lost + live.repeated + live.foreign + live.damaged > 0 {
            faults.push(format!("HLS of the process: {live:?}, {junk} bytes are no frames"));
        }
        faults.extend(followed.faults.iter().map(|fault| format!("HLS of the process: {fault}")));
        faults.extend(seen.faults.iter().map(|fault| format!("the bucket: {fault}")));
        faults.extend(stored.faults.iter().map(|fault| format!("the bucket: {fault}")));
        if back.whole.is_none() {
            faults.push("the bucket does not have all that it missed".to_owned());
        }
        if back.early > EARLY_MAX {
            faults.push(format!("{} older segments came before the live window", back.early));
        }
        if told.behind_last > 0 {
            faults.push(format!("the bucket lacks {} segments in the end", told.behind_last));
        }
        let (coding, name) = (track.coding, track.coding.name());
        Ok(Outcome {
            coding,
            icy,
            live,
            live_segments: followed.segments,
            wait: followed.wait,
            back,
            behind_bad: told.behind_bad,
            stored,
            faults: faults.into_iter().map(|fault| format!("bucket, {name}: {fault}")).collect(),
        })
    }
}
