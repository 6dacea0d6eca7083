//! The cases side by side: one server, an egress with two paths for each.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use store::SegmentName;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::failover::encoder::{Sent, Source};
use crate::failover::judge::{self, Alignment};
use crate::failover::listener::{self, Heard};
use crate::failover::plan::{
    CASE_SECS, Case, Content, JINGLES_SECS, RESTART, RESTART_SECS, SILENCE_SECS, SPARE_SECS,
};
use crate::failover::server::Server;
use crate::failover::sound;
use crate::failover::track::{Coding, JINGLE_SECS, Part, Track, cut};

/// What is listened on for after the last path is over.
const REST: Duration = Duration::from_secs(8);

/// How long nothing may be stored before all is.
const SETTLED: Duration = Duration::from_secs(6);

/// One case with one kind of frames.
#[derive(Debug, Clone)]
pub struct Run {
    /// What happens.
    pub case: Case,
    /// What is sent.
    pub track: Arc<Track>,
}

/// What was found in a sequence of frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that came.
    pub frames: usize,
    /// Frames that were owed and did not come.
    pub lost: usize,
    /// Frames that came again, or out of their order.
    pub repeated: usize,
    /// Frames that nobody sent.
    pub foreign: usize,
    /// Frames that came, and decode to something else than they should.
    pub damaged: usize,
}

/// What became of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The run.
    pub run: Run,
    /// At the ICY listener.
    pub icy: Tally,
    /// The longest time in which the listener got nothing.
    pub gap: Duration,
    /// In the segments.
    pub hls: Tally,
    /// How many segments.
    pub segments: usize,
    /// Epochs in them: a discontinuity stands between two.
    pub epochs: usize,
    /// What else went wrong.
    pub faults: Vec<String>,
}

/// Makes what the cases send.
///
/// # Errors
///
/// An encoder fails.
pub fn runs(cases: &[Case], codings: &[Coding], seed: u64) -> Result<Vec<Run>> {
    let mut tracks: HashMap<(Content, Coding), Arc<Track>> = HashMap::new();
    let mut runs = Vec::new();
    for case in cases {
        for coding in codings {
            let key = (case.content, *coding);
            let track = match tracks.get(&key) {
                Some(track) => track.clone(),
                None => Arc::new(track(case.content, *coding, seed)?),
            };
            tracks.insert(key, track.clone());
            runs.push(Run { case: case.clone(), track });
        }
    }
    Ok(runs)
}

fn track(content: Content, coding: Coding, seed: u64) -> Result<Track> {
    let secs = CASE_SECS + SPARE_SECS;
    let music = |seed| Track::encode(coding, seed, &[Part::Music(secs)]);
    match content {
        Content::Music => music(seed),
        Content::Silence => {
            let (from, to) = SILENCE_SECS;
            let parts = [Part::Music(from), Part::Silence(to - from), Part::Music(secs - to)];
            Track::encode(coding, seed, &parts)
        }
        Content::Jingle => {
            let plays = u32::try_from(JINGLES_SECS.len())?;
            Track::with_jingle(coding, seed, secs - plays * JINGLE_SECS, &JINGLES_SECS)
        }
        Content::Restart => music(seed)?.restarted(RESTART_SECS, &music(!seed)?),
    }
}

impl Run {
    /// The egress's name.
    pub fn egress(&self) -> String {
        format!("{}-{}", self.case.slug, self.track.coding.slug())
    }
}

/// A manifest with an egress and two ingests of each name.
pub fn manifest<'a>(egresses: impl Iterator<Item = (String, &'a Track)>) -> String {
    let mut text = String::from("[[publisher]]\nname = \"lab\"\ntitle = \"Lab\"\n");
    for (name, track) in egresses {
        for path in ["a", "b"] {
            let _ = write!(
                text,
                "[[ingest]]\nname = \"{name}-{path}\"\npublisher = \"lab\"\nencoding = {}\n\
                 push = {{ mount = \"{name}-{path}\", user = \"source\", password = \"secret\" }}\n",
                track.coding.encoding(),
            );
        }
        let _ = write!(
            text,
            "[[egress]]\nname = \"{name}\"\npublisher = \"lab\"\n\
             ingests = [\"{name}-a\", \"{name}-b\"]\ndvr = \"1h\"\nhold = \"4s\"\n\
             auto_aac = false\n\
             [egress.mount]\nsegment = \"2s\"\n",
        );
    }
    text
}

/// Plays all runs at once, and judges them afterwards.
///
/// # Errors
///
/// The server does not start, or something cannot be read.
pub async fn play(runs: Vec<Run>, folder: &Path) -> Result<Vec<Outcome>> {
    let manifest = manifest(runs.iter().map(|run| (run.egress(), &*run.track)));
    let server = Server::start(folder, &manifest).await?;
    let (_address, addresses) = watch::channel(server.public);
    let mut playing = JoinSet::new();
    let began = Instant::now() + Duration::from_millis(500);
    for (nth, run) in runs.into_iter().enumerate() {
        playing.spawn(played(run, nth, addresses.clone(), began));
    }
    let mut played = playing.join_all().await;
    played.sort_by_key(|played| played.nth);
    let mut outcomes = JoinSet::new();
    for played in played {
        let folder = settled(&server.bucket(), &played.run.egress()).await?;
        outcomes.spawn_blocking(move || (played.nth, played.judge(&folder)));
    }
    let mut outcomes = outcomes.join_all().await;
    outcomes.sort_by_key(|(nth, _)| *nth);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// A run in real time, not judged yet.
struct Played {
    nth: usize,
    run: Run,
    sent: Vec<Sent>,
    heard: Vec<Heard>,
}

async fn played(
    run: Run,
    nth: usize,
    server: watch::Receiver<std::net::SocketAddr>,
    began: Instant,
) -> Played {
    let (mut sending, egress) = (JoinSet::new(), run.egress());
    for (path, letter) in run.case.paths.iter().zip(["a", "b"]) {
        let source = Source {
            server: server.clone(),
            mount: format!("{egress}-{letter}"),
            track: run.track.clone(),
            away: RESTART,
            began,
        };
        let path = path.clone();
        sending.spawn(async move { source.send(&path).await });
    }
    let until = began + run.case.end() + REST;
    let heard = listener::listen(server, egress, until).await;
    Played { nth, run, sent: sending.join_all().await, heard }
}

/// Waits until nothing more is stored of an egress; gives the folder of its segments.
///
/// # Errors
///
/// It has none.
pub async fn settled(bucket: &Path, egress: &str) -> Result<PathBuf> {
    let folder = rendition(bucket, egress)?;
    let age =
        |folder: &Path| fs::metadata(folder)?.modified()?.elapsed().map_err(anyhow::Error::from);
    while age(&folder).unwrap_or_default() < SETTLED {
        sleep(SETTLED / 8).await;
    }
    Ok(folder)
}

fn rendition(bucket: &Path, egress: &str) -> Result<PathBuf> {
    let folder = bucket.join("public").join(egress);
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut folders = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    folders.next().with_context(|| format!("nothing of {egress} is stored"))
}

impl Played {
    fn judge(self, folder: &Path) -> Result<Outcome> {
        let Self { run, sent, heard, .. } = self;
        let end = sent.iter().map(|sent| sent.end).max().unwrap_or(0);
        let mut faults: Vec<_> = sent.into_iter().flat_map(|sent| sent.faults).collect();
        if heard.len() != 1 {
            faults.push(format!("the listener had {} connections", heard.len()));
        }
        let heard = heard.into_iter().next().unwrap_or_default();
        let (frames, junk) = cut(&heard.audio)?;
        if junk > 0 {
            faults.push(format!("{junk} bytes at the listener are no frames"));
        }
        let owed = run.track.ids.get(..end).unwrap_or_default();
        let icy = tally(&run.track, &frames, &judge::align(owed, &ids(&frames)))?;
        let stored = Stored::read(folder)?;
        let hls = judge::align_from(owed, &ids(&stored.frames), 0);
        let hls = tally(&run.track, &stored.frames, &hls)?;
        faults.extend(stored.faults);
        let (segments, epochs) = (stored.segments, stored.epochs);
        Ok(Outcome { gap: heard.longest_gap(), run, icy, hls, segments, epochs, faults })
    }
}

impl Tally {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.frames += other.frames;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.foreign += other.foreign;
        self.damaged += other.damaged;
    }
}

/// The ids of frames.
pub fn ids(frames: &[Bytes]) -> Vec<u64> {
    frames.iter().map(|frame| crate::failover::track::id(frame)).collect()
}

/// Counts what an alignment shows, and decodes.
///
/// # Errors
///
/// There is no memory.
pub fn tally(track: &Track, came: &[Bytes], alignment: &Alignment) -> Result<Tally> {
    Ok(Tally {
        frames: came.len(),
        lost: alignment.lost.len(),
        repeated: alignment.repeated,
        foreign: alignment.foreign,
        damaged: sound::damaged(track, came, alignment)?,
    })
}

/// All segments of a rendition's folder.
#[derive(Debug, Default)]
pub struct Stored {
    /// Their frames, in order of their numbers.
    pub frames: Vec<Bytes>,
    /// How many segments.
    pub segments: usize,
    /// How many epochs.
    pub epochs: usize,
    /// What is wrong with the folder.
    pub faults: Vec<String>,
}

impl Stored {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// One cannot be read, or is none.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.extend(SegmentName::parse(&name).map(|parsed| (parsed.number, parsed, name)));
        }
        names.sort_by_key(|(number, ..)| *number);
        let mut stored = Self { segments: names.len(), ..Self::default() };
        let (mut last, mut bodies) = (None, Vec::new());
        for (number, parsed, name) in names {
            bodies.extend(fs::read(folder.join(&name)).with_context(|| name.clone())?);
            if last.is_some_and(|(before, _)| before == number) {
                stored.faults.push(format!("the number {} is used twice", number.0));
            }
            let begins = last.is_none_or(|(_, epoch)| epoch != parsed.epoch);
            stored.epochs += usize::from(begins);
            last = Some((number, parsed.epoch));
        }
        // All in one: a segment of one frame proves none.
        let (frames, junk) = cut(&bodies)?;
        if junk > 0 {
            stored.faults.push(format!("{junk} bytes of the segments are no frames"));
        }
        Ok(Self { frames, ..stored })
    }
}
