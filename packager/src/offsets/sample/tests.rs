use demo::{Bursts, Encoding, Source as _, fixtures};
use feed::SourceInfo;
use media::{FrameHeader, Framer};
use runtime::tail::{self, Writer};

use super::*;

const NOW: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// Forty seconds of one sound, from so many milliseconds on.
fn sound(from_millis: usize) -> Vec<Bytes> {
    let mut bursts = Bursts::new(1, 44_100, 2);
    bursts.fill(&mut vec![0; 44_100 * 2 * from_millis / 1_000]);
    fixtures::frames(Encoding::Mp3 { kbps: 128 }, &mut bursts, 40)
}

fn header(frames: &[Bytes]) -> FrameHeader {
    let mut framer = Framer::default();
    framer.push(&frames.concat());
    framer.next_frame().unwrap().unwrap().header
}

/// A path's feed.
struct Feed {
    writer: Writer<PathEntry>,
    feed: Tail<PathEntry>,
}

impl Feed {
    fn new() -> Self {
        let limits = tail::Limits { items_max: 8_192, weight_max: 4 << 20 };
        let (writer, feed) = tail::tail(limits, PathEntry::weight);
        Self { writer, feed }
    }

    fn push(&mut self, item: PathItem) {
        self.writer.push(PathEntry { position: 0, item });
    }

    /// Frames in real time, of which the last one comes `ago`; each is late by what
    /// `jitter` says for it.
    fn play(&mut self, frames: &[Bytes], ago: Duration, jitter: fn(usize) -> Duration) {
        let header = header(frames);
        for (nth, data) in frames.iter().enumerate() {
            let behind = FRAME * u32::try_from(frames.len() - 1 - nth).unwrap() + ago;
            let arrival = NOW.minus(behind).plus(jitter(nth));
            self.push(PathItem::Unit(PathUnit { header, data: data.clone(), arrival }));
        }
    }

    fn sample(&self) -> Option<Sample> {
        Sample::take(&self.feed, NOW)
    }
}

fn played(frames: &[Bytes], ago: Duration, jitter: fn(usize) -> Duration) -> Feed {
    let mut feed = Feed::new();
    feed.play(frames, ago, jitter);
    feed
}

fn offset_of(own: &Sample, other: &Sample, most: Duration) -> Option<i64> {
    own.offsets_of(std::slice::from_ref(other), most)[0]
}

fn none(_: usize) -> Duration {
    Duration::ZERO
}

#[test]
fn an_offset_is_of_what_is_heard_and_not_of_what_comes_late_now_and_then() {
    let (own, ahead) = (sound(0), sound(800));
    let own = played(&own, Duration::from_millis(300), none).sample().unwrap();
    // In bursts, and 100 ms later than the other one.
    let in_bursts = |nth: usize| FRAME * u32::try_from(19 - nth % 20).unwrap();
    let other = played(&ahead, Duration::from_millis(200), in_bursts).sample().unwrap();
    let offset = offset_of(&own, &other, Duration::from_secs(30)).unwrap();
    assert!((offset + 700_000_000).abs() < 3_000_000, "{offset}");
    let back = offset_of(&other, &own, Duration::from_secs(30)).unwrap();
    assert!((back - 700_000_000).abs() < 3_000_000, "{back}");
    assert_eq!(offset_of(&own, &other, Duration::from_millis(600)), None);
}

#[test]
fn a_sample_is_half_of_what_is_listened_to_at_least() {
    let sound = fixtures::mp3(40, 128, 44_100, 2);
    // 25 s are 957.03 frames.
    assert!(played(&sound[..957], Duration::ZERO, none).sample().is_none());
    assert!(played(&sound[..958], Duration::ZERO, none).sample().is_some());
    let twice = [sound.clone(), sound].concat();
    let sample = played(&twice, Duration::ZERO, none).sample().unwrap();
    // 50 s are 1,914.06 frames, and it began at one's time.
    assert_eq!(sample.frames.len(), 1_915);
    assert_eq!(sample.begun, NOW.minus(FRAME * 1_914));
}

#[test]
fn what_another_source_brought_does_not_count() {
    let sound = fixtures::mp3(40, 128, 44_100, 2);
    let connected = || SourceInfo { header: header(&sound), profile: None };
    for item in [PathItem::Connected(connected()), PathItem::Gone] {
        let mut feed = played(&sound[..1_200], Duration::from_secs(5), none);
        feed.push(item);
        assert!(feed.sample().is_none());
        feed.play(&sound[..200], Duration::ZERO, none);
        assert!(feed.sample().is_none());
    }
}

#[test]
fn what_had_another_form_does_not_count() {
    let sound = fixtures::mp3(40, 128, 44_100, 2);
    let mono = fixtures::mp3(4, 64, 44_100, 1);
    let mut feed = played(&sound[..1_200], Duration::from_secs(5), none);
    feed.play(&mono, Duration::ZERO, none);
    assert!(feed.sample().is_none());
    feed.play(&sound[..1_200], Duration::ZERO, none);
    assert_eq!(feed.sample().unwrap().frames.len(), 1_200);
}
