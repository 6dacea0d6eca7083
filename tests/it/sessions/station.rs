//! A station whose clock and sound go on when a test says so, and who listens to it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use catalogue::report::Report;
use demo::{Encoding, Source as Sound, fixtures};
use media::WallTime;
use runtime::clock::Clock as _;
use tests::clock::Turned;
use tests::encoder::Source;
use tests::{Scratch, TestNode, frames, http};

use super::player::Player;

/// Frames of a hundred seconds, and the sound that a station has: some seconds that are
/// made at once, again and again.
const FRAMES_OF_100_SECS: u64 = 3_829;
const SOUND_SECS: u64 = 250;
const PIECE_SECS: u32 = 50;

/// Frames behind the end of a segment that is to be listed: half a second.
const BEHIND: u64 = 20;

/// What is sent at the start: three segments and more of any length.
pub(super) const HEAD_START_SECS: u64 = 30;

/// What a session of two nodes is signed with.
pub(super) const ONE_SECRET: &str = "[secrets]\nsessions = [\"one for all the nodes\"]\n";

/// No source is thought gone because a test turns the clock on.
const PATIENT: &str = "[limits]\nsource_timeout = \"10m\"\n";

/// What a station is.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Lines of its egress.
    pub(super) egress: String,
    /// Lines of skywave.toml.
    pub(super) lines: String,
    /// Seconds of a segment.
    pub(super) segment_secs: u64,
    /// More of the manifest, behind it.
    pub(super) more: String,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            egress: String::new(),
            lines: PATIENT.to_owned(),
            segment_secs: 2,
            more: String::new(),
        }
    }
}

impl Plan {
    pub(super) fn of_egress(egress: &str) -> Self {
        Self { egress: egress.to_owned(), ..Self::default() }
    }

    /// More lines of skywave.toml: whole tables, or more of `[limits]` first.
    pub(super) fn with(self, lines: &str) -> Self {
        Self { lines: self.lines + lines, ..self }
    }

    /// More lines of its mount; before another egress.
    pub(super) fn with_mount(self, lines: &str) -> Self {
        Self { more: self.more + lines, ..self }
    }

    /// The same with another egress of the same programme.
    pub(super) fn and_egress(self, name: &str, lines: &str) -> Self {
        let more = format!(
            "[[egress]]\nname = \"{name}\"\npublisher = \"acme\"\ningests = [\"in\"]\n{lines}\n\
             [egress.mount]\nsegment = \"2s\"\nwindow = \"18s\"\n"
        );
        Self { more: self.more + &more, ..self }
    }

    pub(super) fn in_segments_of(self, segment_secs: u64) -> Self {
        Self { segment_secs, ..self }
    }

    /// The manifest, whose window is as short as it may be.
    pub(super) fn manifest(&self) -> String {
        let Self { egress, segment_secs, more, .. } = self;
        let mount = format!("{egress}\n[egress.mount]");
        let window_secs = (6 * segment_secs).max(18);
        let hls = format!("segment = \"{segment_secs}s\"\nwindow = \"{window_secs}s\"\n{more}");
        tests::node::MP3.replace("[egress.mount]", &mount) + &hls
    }
}

/// A node on air.
pub(super) struct Station {
    pub(super) node: TestNode,
    pub(super) clock: Arc<Turned>,
    pub(super) plan: Plan,
    folder: Arc<Scratch>,
    source: Source,
    sound: Arc<Vec<Bytes>>,
    /// Frames that were sent.
    sent: usize,
    on_air: OnAir,
}

/// Since when the source sends, and how much.
#[derive(Debug, Clone, Copy, Default)]
struct OnAir {
    secs: u64,
    /// The newest segment before.
    number: u64,
    /// The first frame.
    from: usize,
}

impl Station {
    pub(super) async fn start(plan: Plan) -> Self {
        Self::start_with(plan, sound(), Arc::new(Turned::default())).await
    }

    /// With sound and a clock that another station may have too.
    pub(super) async fn start_with(plan: Plan, sound: Arc<Vec<Bytes>>, clock: Arc<Turned>) -> Self {
        Self::start_in(Arc::new(Scratch::default()), plan, sound, clock, 0).await
    }

    async fn start_in(
        folder: Arc<Scratch>,
        plan: Plan,
        sound: Arc<Vec<Bytes>>,
        clock: Arc<Turned>,
        sent: usize,
    ) -> Self {
        let (manifest, data) = (plan.manifest(), folder.path());
        let node = TestNode::start_turned_in(&manifest, data, &plan.lines, clock.clone()).await;
        let source = Source::connect(node.public(), "audio/mpeg").await;
        let number = node.egress("radio").media_sequence;
        let on_air = OnAir { secs: 0, number: number.unwrap_or_default(), from: sent };
        let mut station = Self { node, clock, plan, folder, source, sound, sent, on_air };
        let first = 3 * station.plan.segment_secs;
        station.send(first).await;
        if number.is_none() {
            // A new programme's numbers begin at a time.
            let report = station.node.until_listed("radio", 3).await;
            station.on_air.number = report.media_sequence.unwrap() - 3;
        }
        station.send(HEAD_START_SECS - first).await;
        station.until_listed().await;
        station
    }

    /// Ends the node and starts another one in its place, with other lines of its
    /// egress; meanwhile so much time passes. The source goes on where it was.
    pub(super) async fn restart(self, egress: &str, meanwhile: Duration) -> Self {
        let Self { node, clock, plan, folder, sound, sent, .. } = self;
        node.stop().await;
        clock.advance(meanwhile);
        let plan = Plan { egress: egress.to_owned(), ..plan };
        Self::start_in(folder, plan, sound, clock, sent).await
    }

    /// The source comes back.
    pub(super) async fn reconnect(&mut self) {
        self.source = Source::connect(self.node.public(), "audio/mpeg").await;
        let number = self.node.egress("radio").media_sequence.unwrap();
        self.on_air = OnAir { secs: 0, number, from: self.sent };
        self.send(HEAD_START_SECS).await;
        self.until_listed().await;
    }

    /// So many seconds pass, with sound: all segments that end in them are listed.
    pub(super) async fn go_on(&mut self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
        self.send(secs).await;
        self.until_listed().await;
    }

    /// So much is sent at once, while no time passes.
    pub(super) async fn send(&mut self, secs: u64) {
        self.on_air.secs += secs;
        let frames = self.on_air.secs * FRAMES_OF_100_SECS / 100 + BEHIND;
        let until = self.on_air.from + usize::try_from(frames).unwrap();
        let frames = &self.sound[self.sent..until];
        self.source.send(frames).await;
        self.sent = until;
    }

    /// Waits for all segments that have ended.
    pub(super) async fn until_listed(&self) {
        let last = self.on_air.number + self.on_air.secs / self.plan.segment_secs;
        let is = |report: &Report| {
            let egress = report.egress("radio").unwrap();
            egress.media_sequence >= Some(last) && egress.window_segments >= 3
        };
        self.node.until("listed segments", is).await;
    }

    /// The node's time.
    pub(super) fn now(&self) -> WallTime {
        wall(&self.clock)
    }

    /// What was sent until now.
    pub(super) fn sent(&self) -> &[Bytes] {
        &self.sound[..self.sent]
    }

    /// The multivariant playlist's URL.
    pub(super) fn hls(&self) -> String {
        self.node.url("/radio/playlist.m3u8")
    }

    /// The folder with the node's data.
    pub(super) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// What is sent.
    pub(super) fn sound(&self) -> &[Bytes] {
        &self.sound
    }

    /// A player from 127.0.0.1 that has pressed play.
    pub(super) async fn play(&self) -> Player {
        Player::open(&self.hls(), &http::client()).await
    }
}

/// What a clock says.
pub(super) fn wall(clock: &Turned) -> WallTime {
    let since = clock.wall().duration_since(UNIX_EPOCH).unwrap();
    WallTime::from_nanos(u64::try_from(since.as_nanos()).unwrap())
}

/// What a station sends, if it does not send for long.
pub(super) fn sound() -> Arc<Vec<Bytes>> {
    sound_of(SOUND_SECS)
}

/// At least so many seconds of sound.
pub(super) fn sound_of(secs: u64) -> Arc<Vec<Bytes>> {
    let once = fixtures::mp3(PIECE_SECS, 128, 44_100, 2);
    let repeats = secs.div_ceil(PIECE_SECS.into());
    Arc::new((0..repeats).flat_map(|_| once.clone()).collect())
}

/// A sine of a pitch that the time code does not have, as MP3 frames.
pub(super) fn announcement(hz: u32, seconds: u32) -> Vec<Bytes> {
    fixtures::frames(Encoding::Mp3 { kbps: 128 }, &mut Sine { hz, at: 0 }, seconds)
}

/// The same in a file of a folder; gives the manifest's name for it.
pub(super) fn announcement_file(folder: &Path, frames: &[Bytes]) -> String {
    let path = folder.join("announcement.mp3");
    std::fs::write(&path, frames.concat()).unwrap();
    format!("file:{}", path.display())
}

/// The frames of segments' bodies.
pub(super) fn frames_of(bodies: &[Bytes]) -> Vec<Bytes> {
    bodies.iter().flat_map(|body| frames::of_segment(body)).collect()
}

struct Sine {
    hz: u32,
    at: u32,
}

impl Sound for Sine {
    fn sample_rate_hz(&self) -> u32 {
        44_100
    }

    fn channels(&self) -> u8 {
        2
    }

    #[expect(clippy::cast_possible_truncation, reason = "a sine of level 0.4 is within i16")]
    fn fill(&mut self, out: &mut [i16]) {
        for pair in out.chunks_exact_mut(2) {
            let turns = f64::from(self.hz) * f64::from(self.at) / 44_100.0;
            let level = 0.4 * f64::from(i16::MAX) * (turns * std::f64::consts::TAU).sin();
            pair.fill(level.round() as i16);
            self.at += 1;
        }
    }

    fn title_at(&self, _: u64) -> String {
        String::new()
    }
}
