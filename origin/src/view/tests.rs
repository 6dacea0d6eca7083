use std::num::NonZeroU32;

use bytes::Bytes;
use catalogue::{Egress, manifest};
use delivery::fanout::{Fanout, FanoutSettings, NewListener};
use feed::{PathUnit, Resume, Timeline};
use media::{ChannelMode, Codec, FrameHeader, MediaSequence, Timescale, Title};
use playlists::conformance::{assert_conforms, assert_follows};
use runtime::clock::{Clock, ManualClock, SystemClock};
use runtime::tail::{self, Writer};
use store::{S3Settings, StoreUrl, Stores};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

use super::*;

/// No test waits longer than this for what has to happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Length of a unit: 1,152 samples at 48 kHz.
const UNIT: Duration = Duration::from_millis(24);

/// Units of a segment of two seconds, rounded up.
const SEGMENT: u64 = 84;

/// Bytes of a unit.
const LEN: usize = 384;

/// A programme, and the origin that gives it to listeners.
struct Bench {
    fanout: Fanout,
    clock: Arc<ManualClock>,
    timeline: Timeline,
    writer: Writer<Record>,
    /// The same records, as any other reader sees them.
    cutter: Cutter,
    playlists: LivePlaylists<SegmentInfo>,
    segments: Vec<Segment>,
    sent: u64,
    rendition: Arc<Rendition>,
    tasks: JoinSet<()>,
}

/// A bucket that has nothing.
fn stores() -> Stores {
    let folder = std::env::temp_dir().join(format!("skywave-origin-{}", std::process::id()));
    let open = async move {
        let url = StoreUrl::Directory(folder);
        Stores::open(&url, None, &S3Settings::default()).await.unwrap()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime.block_on(open)).join().unwrap()
}

fn egress() -> Egress {
    let text = r#"
[[publisher]]
name = "acme"
[[ingest]]
name = "acme-a"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 48000, channel_mode = "stereo" }
push = { mount = "acme-a", password = "s3cret-a" }
[[egress]]
name = "acme"
publisher = "acme"
ingests = ["acme-a"]
hold = "1s"
[egress.mount]
segment = "2s"
window = "18s"
burst = "30s"
"#;
    let catalogue = manifest::parse(text, "stations.toml", &|_| None);
    catalogue.unwrap_or_else(|error| panic!("{error}")).egress("acme").unwrap().clone()
}

impl Bench {
    fn new() -> Self {
        Self::with(10_000, Vec::new(), Vec::new())
    }

    /// With a feed that holds so many records, and with what was listed before.
    fn with(items_max: usize, segments: Vec<SegmentInfo>, titles: Vec<TitleRange>) -> Self {
        let (egress, clock) = (egress(), Arc::new(ManualClock::default()));
        let interval = Duration::from_millis(10);
        let settings = FanoutSettings { interval, slots: 10, ..FanoutSettings::default() };
        let fanout = Fanout::start(settings, Arc::new(SystemClock)).unwrap();
        let limits = tail::Limits { items_max, weight_max: 64 << 20 };
        let (writer, feed) = tail::tail(limits, Record::weight);
        let mut playlists = LivePlaylists::new(2, egress.mount.window);
        for info in &segments {
            let _ = playlists.append(info.clone()).unwrap();
        }
        let resume = Resume {
            next_number: MediaSequence(segments.last().map_or(100, |last| last.number.0 + 1)),
            next_discontinuity: u64::from(!segments.is_empty()),
            not_before: WallTime::default(),
            title: None,
        };
        let mut tasks = JoinSet::new();
        let stores = stores();
        let programme = Programme {
            rendition: egress.source_rendition(),
            feed,
            segments,
            titles,
            profile: None,
            stores,
        };
        let steady = Steady::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let station =
            crate::start(&egress, vec![programme], &fanout, (&steady, "one"), &mut tasks).unwrap();
        Self {
            fanout,
            clock,
            timeline: Timeline::new(2, resume),
            writer,
            cutter: Cutter::new(2),
            playlists,
            segments: Vec::new(),
            sent: 0,
            rendition: Arc::clone(station.default_rendition()),
            tasks,
        }
    }

    fn now(&self) -> WallTime {
        Steady::new(Arc::clone(&self.clock) as Arc<dyn Clock>).now()
    }

    /// Puts units on the programme in real time; gives their bytes.
    fn play(&mut self, units: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in self.sent..self.sent + units {
            self.clock.advance(UNIT);
            let unit = unit(number, self.now());
            bytes.extend_from_slice(&unit.data);
            self.timeline.handle_unit(&unit);
        }
        self.sent += units;
        self.publish();
        bytes
    }

    fn title(&mut self, text: &str) {
        self.timeline.handle_title(Arc::new(Title::new(text, "")));
    }

    /// The source is gone for longer than it may be.
    fn end(&mut self) {
        self.clock.advance(Duration::from_secs(20));
        self.timeline.handle_end();
        self.publish();
    }

    fn publish(&mut self) {
        let records: Vec<_> = std::iter::from_fn(|| self.timeline.next_record()).collect();
        for view in records.iter().flat_map(|record| self.cutter.handle(record)) {
            match view {
                feed::View::Title { id, start, title } => {
                    let title = title.as_ref().clone();
                    self.playlists.push_title(TitleRange { id, start, title });
                }
                feed::View::Segment(segment) => {
                    let info = segment.info.clone();
                    let _ = match self.playlists.append(info.clone()) {
                        Err(_) => self.playlists.begin_anew(info).unwrap(),
                        Ok(removed) => removed,
                    };
                    self.segments.push(segment);
                }
            }
        }
        self.writer.extend(records);
    }

    /// Waits until the station lists the newest segment.
    async fn settle(&self) {
        let number = self.playlists.window().last().map(|last| last.number);
        eventually(|| self.rendition.hls().number == number).await;
    }

    fn media(&self) -> Option<String> {
        let media = self.rendition.hls().media.clone()?;
        Some(String::from_utf8(media.text.to_vec()).unwrap())
    }

    /// A listener, once the mount is on the air.
    async fn join(&self, metaint: Option<usize>) -> Receiver<Bytes> {
        let metaint = metaint.and_then(|len| NonZeroU32::new(len.try_into().unwrap()));
        eventually(|| self.rendition.mount().seat().is_ok()).await;
        let seat = self.rendition.mount().seat().unwrap();
        seat.join_pipe(NewListener { metaint, ..NewListener::default() }).unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.tasks.abort_all();
        self.fanout.stop();
    }
}

fn unit(number: u64, arrival: WallTime) -> PathUnit {
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(48_000).unwrap(),
        channels: 2,
        samples_per_frame: 1152,
    };
    let header = FrameHeader { stream, bitrate_bps: None, channel_mode: ChannelMode::Stereo };
    let mut data = number.to_be_bytes().to_vec();
    data.resize(LEN, 0xAA);
    PathUnit { header, data: data.into(), arrival }
}

#[track_caller]
fn eventually(mut happens: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let deadline = SystemClock.monotonic() + PATIENCE;
        while !happens() {
            assert!(SystemClock.monotonic() < deadline, "it does not happen: {place}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Hears as many bytes as are expected, and compares.
async fn check_heard(pipe: &mut Receiver<Bytes>, expected: &[u8]) {
    let mut heard = Vec::new();
    while heard.len() < expected.len() {
        let chunk = tokio::time::timeout(PATIENCE, pipe.recv()).await.expect("nothing comes");
        heard.extend_from_slice(&chunk.expect("the stream ended"));
    }
    assert!(heard == expected, "other bytes than expected");
}

#[tokio::test]
async fn a_listener_hears_every_unit_as_it_came() {
    let mut bench = Bench::new();
    let burst = bench.play(100);
    let mut pipe = bench.join(None).await;
    check_heard(&mut pipe, &burst).await;
    for _ in 0..10 {
        let live = bench.play(90);
        check_heard(&mut pipe, &live).await;
    }
}

#[tokio::test]
async fn a_title_stands_before_its_first_unit() {
    let mut bench = Bench::new();
    let one = bench.play(2);
    bench.title("A - B");
    let two = bench.play(2);
    let mut pipe = bench.join(Some(LEN)).await;
    let empty = metaint::block(&Title::default());
    let title = metaint::block(&Title::new("A - B", ""));
    let expected =
        [&one[..LEN], &empty, &one[LEN..], &title, &two[..LEN], b"\0", &two[LEN..]].concat();
    check_heard(&mut pipe, &expected).await;
}

#[tokio::test]
async fn listeners_are_held_and_then_ended_when_the_source_is_gone() {
    let mut bench = Bench::new();
    let before = bench.play(100);
    let mut pipe = bench.join(None).await;
    check_heard(&mut pipe, &before).await;
    bench.end();
    assert_eq!(tokio::time::timeout(PATIENCE, pipe.recv()).await, Ok(None));
    eventually(|| bench.rendition.mount().seat().is_err()).await;
    let after = bench.play(100);
    check_heard(&mut bench.join(None).await, &after).await;
}

#[tokio::test]
async fn a_source_that_is_back_within_the_hold_is_heard_on() {
    let mut bench = Bench::new();
    let before = bench.play(100);
    let mut pipe = bench.join(None).await;
    check_heard(&mut pipe, &before).await;
    bench.end();
    let after = bench.play(10);
    check_heard(&mut pipe, &after).await;
}

#[tokio::test]
async fn seq_16_the_playlists_are_those_of_any_reader_of_the_feed() {
    let mut bench = Bench::new();
    let mut seen: Option<String> = None;
    for round in 0..30 {
        bench.title(&format!("A - {round}"));
        bench.play(SEGMENT);
        if round == 24 {
            bench.end();
        }
        bench.settle().await;
        let media = bench.media();
        assert_eq!(media, bench.playlists.media());
        let uri = "mp3-2s-128/media.m3u8".to_owned();
        assert_eq!(bench.rendition.hls().variant, bench.playlists.variant(uri));
        if let Some(text) = &media {
            assert_conforms(text);
        }
        if let (Some(old), Some(new)) = (&seen, &media) {
            assert_follows(old, new);
        }
        seen = media;
    }
    assert!(seen.unwrap().contains("#EXT-X-DISCONTINUITY\n"));
}

#[tokio::test]
async fn seq_12_segments_stay_in_memory_for_their_availability() {
    let mut bench = Bench::new();
    bench.play(SEGMENT * 40);
    bench.settle().await;
    let hls = bench.rendition.hls();
    let listed = bench.playlists.window().segments().map(SegmentInfo::file_name);
    for name in listed {
        let segment = bench.segments.iter().find(|one| one.info.file_name() == name);
        assert_eq!(hls.segments.get(&name), segment.map(|segment| &segment.body), "{name}");
    }
    bench.clock.advance(Duration::from_secs(21));
    bench.play(SEGMENT);
    bench.settle().await;
    let kept = bench.rendition.hls().segments.len();
    assert!(kept <= bench.playlists.window().len() + 1, "{kept} are in memory");
}

#[tokio::test]
async fn a_feed_read_too_late_begins_the_window_anew() {
    let mut bench = Bench::with(200, Vec::new(), Vec::new());
    bench.play(SEGMENT * 4);
    bench.settle().await;
    // More than the feed holds, before the origin can run.
    bench.play(SEGMENT * 20);
    for _ in 0..5 {
        bench.play(SEGMENT);
        bench.settle().await;
    }
    let text = bench.media().unwrap();
    assert_conforms(&text);
    let hls = bench.rendition.hls();
    assert!(hls.listed < bench.playlists.window().len(), "what was missed is not listed");
}

#[tokio::test]
async fn a_packager_that_was_on_its_own_is_followed_back_to_the_others() {
    let mut bench = Bench::new();
    let theirs = loop {
        bench.play(1);
        if bench.sent > SEGMENT * 4
            && let Some(snapshot) = bench.timeline.snapshot()
        {
            break snapshot;
        }
    };
    bench.timeline.handle_begin(None);
    bench.play(SEGMENT * 4);
    bench.settle().await;
    let used = bench.timeline.segment().unwrap().0;
    let ahead = used - theirs.number().0;
    assert!(bench.timeline.join(theirs.advanced(ahead).unwrap()));
    bench.play(SEGMENT * 4);
    bench.settle().await;
    assert_eq!(bench.rendition.hls().number.unwrap().0, bench.timeline.segment().unwrap().0 - 1);
    let text = bench.media().unwrap();
    assert_conforms(&text);
    assert_eq!(bench.rendition.hls().listed, 4, "{text}");
}

#[tokio::test]
async fn what_was_listed_before_the_process_is_listed_at_once() {
    let mut before = Bench::new();
    before.play(SEGMENT * 10);
    before.settle().await;
    let (text, infos) = (before.media(), before.playlists.window().segments().cloned().collect());
    let title = Title::new("A - B", "");
    let range = TitleRange { id: "t".into(), start: before.now(), title: title.clone() };
    let mut bench = Bench::with(10_000, infos, vec![range]);
    assert_eq!(bench.media(), text);
    assert!(bench.rendition.hls().segments.is_empty(), "the bucket has the bodies");
    // The source tells its title only when it changes.
    let heard = bench.play(2);
    let mut pipe = bench.join(Some(LEN)).await;
    let expected = [&heard[..LEN], &metaint::block(&title), &heard[LEN..]].concat();
    check_heard(&mut pipe, &expected).await;
}

#[tokio::test]
async fn the_end_of_the_feed_ends_the_task_and_the_mount() {
    let mut bench = Bench::new();
    let heard = bench.play(10);
    let mut pipe = bench.join(None).await;
    check_heard(&mut pipe, &heard).await;
    let limits = tail::Limits { items_max: 1, weight_max: 1 };
    bench.writer = tail::tail(limits, Record::weight).0;
    assert_eq!(tokio::time::timeout(PATIENCE, pipe.recv()).await, Ok(None));
    bench.tasks.join_next().await.unwrap().unwrap();
}

mod renditions;
