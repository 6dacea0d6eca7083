use std::time::Duration;

use bytes::Bytes;
use media::{ChannelMode, Codec, FrameHeader, Segment, StreamInfo, Timescale, WallTime};

use super::*;
use crate::cutter::{Cutter, View};
use crate::log::Chronicler;
use crate::path::PathUnit;
use crate::timeline::Resume;

const T0: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

const TARGET_SECS: u32 = 2;

fn unit(number: u64) -> PathUnit {
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(48_000).unwrap(),
        channels: 2,
        samples_per_frame: 1152,
    };
    let header = FrameHeader { stream, bitrate_bps: None, channel_mode: ChannelMode::Stereo };
    // The encoder's clock drifts.
    let arrival = T0.plus(Duration::from_micros(number * 24_010));
    PathUnit { header, data: Bytes::from(number.to_string()), arrival }
}

/// A packager: a timeline and what follows from it.
struct Packager {
    timeline: Timeline,
    cutter: Cutter,
    chronicler: Chronicler,
    facts: Vec<Fact>,
    segments: Vec<Segment>,
    titles: Vec<String>,
}

impl Packager {
    fn new(timeline: Timeline) -> Self {
        Self {
            timeline,
            cutter: Cutter::new(TARGET_SECS),
            chronicler: Chronicler::new(TARGET_SECS),
            facts: Vec::new(),
            segments: Vec::new(),
            titles: Vec::new(),
        }
    }

    fn first() -> Self {
        let resume = Resume {
            next_number: MediaSequence(1000),
            next_discontinuity: 3,
            not_before: WallTime::default(),
            title: None,
        };
        let mut first = Self::new(Timeline::new(TARGET_SECS, resume));
        first.timeline.handle_begin(None);
        first.title(0);
        first
    }

    /// Takes a unit; gives the facts that are not `said` yet.
    fn take(&mut self, number: u64, said: &[Fact]) -> Vec<Fact> {
        self.timeline.handle_unit(&unit(number));
        let mut told = Vec::new();
        while let Some(record) = self.timeline.next_record() {
            told.extend(self.chronicler.handle(&record));
            for view in self.cutter.handle(&record) {
                match view {
                    View::Segment(segment) => self.segments.push(segment),
                    View::Title { title, .. } => self.titles.push(title.stream_title.clone()),
                }
            }
        }
        told.retain(|fact| !said.iter().any(|one| fact.is_said_by(one)));
        self.facts.extend(told.clone());
        told
    }

    fn title(&mut self, number: u64) {
        self.timeline.handle_title(Arc::new(Title::new(format!("title {number}"), "")));
    }
}

fn stored(segments: &[Segment]) -> Vec<Stored> {
    let stored = |segment: &Segment| Stored {
        number: segment.info.number,
        epoch: segment.info.epoch,
        bytes: segment.info.bytes,
    };
    segments.iter().map(stored).collect()
}

fn history(facts: &[Fact]) -> History {
    let mut history = History::default();
    facts.iter().cloned().for_each(|fact| history.apply(fact));
    history
}

/// Two packagers of one programme, the second of which begins at unit `begin` and
/// sees titles `late` units after the first.
fn check_pair(begin: u64, late: u64) {
    let mut first = Packager::first();
    let mut log = Vec::new();
    for number in 0..begin {
        if number % 130 == 40 {
            first.title(number);
        }
        let told = first.take(number, &log);
        log.extend(told);
    }
    let known = stored(&first.segments);
    let snapshot = history(&log).snapshot(&known, TARGET_SECS).unwrap();
    let from = snapshot.next_index().unwrap();
    assert_eq!(Some(snapshot.number()), known.last().map(|last| last.number));
    let mut second = Packager::new(Timeline::restore(TARGET_SECS, snapshot).unwrap());
    for fact in &log {
        second.timeline.handle_told(fact);
    }
    // What the paths still hold comes at once.
    for number in from..begin {
        let told = second.take(number, &log);
        log.extend(told);
    }
    for number in begin..begin + 2_000 {
        if number % 130 == 40 {
            first.title(number);
        }
        if number % 130 == 40 + late {
            second.title(number - late);
        }
        let told = first.take(number, &log);
        for fact in &told {
            second.timeline.handle_told(fact);
        }
        log.extend(told);
        let told = second.take(number, &log);
        assert!(!told.iter().any(|fact| matches!(fact, Fact::TitleSet { .. })), "{told:?}");
        for fact in &told {
            first.timeline.handle_told(fact);
        }
        log.extend(told);
    }
    assert!(second.segments.len() > 20, "{}", second.segments.len());
    let again: Vec<&Segment> = {
        let first_number = second.segments[0].info.number;
        first.segments.iter().filter(|one| one.info.number >= first_number).collect()
    };
    for (one, other) in again.iter().zip(&second.segments) {
        assert_eq!(one.body, other.body, "{} from {begin}", one.info.number);
        assert_eq!(one.info.file_name(), other.info.file_name());
        let apart = one.info.wall_start.since(other.info.wall_start);
        let apart = apart.max(other.info.wall_start.since(one.info.wall_start));
        assert!(apart <= crate::STEP_MAX, "{apart:?}");
    }
    assert_eq!(again.len(), second.segments.len());
}

#[test]
fn a_newcomer_makes_the_segments_of_the_one_before_it() {
    for begin in (100..700).step_by(37) {
        check_pair(begin, 0);
        check_pair(begin, 25);
    }
}

#[test]
fn nothing_is_joined_where_nothing_runs_or_nothing_is_stored() {
    let mut first = Packager::first();
    let mut log = Vec::new();
    for number in 0..50 {
        let told = first.take(number, &log);
        log.extend(told);
    }
    assert_eq!(history(&log).snapshot(&stored(&first.segments), TARGET_SECS), None);
    for number in 50..500 {
        let told = first.take(number, &log);
        log.extend(told);
    }
    let known = stored(&first.segments);
    assert!(history(&log).snapshot(&known, TARGET_SECS).is_some());
    log.push(Fact::EpochEnded { epoch: log[0].epoch().0, units: 500 });
    assert_eq!(history(&log).snapshot(&known, TARGET_SECS), None);
}

/// A packager that has begun an epoch of its own goes on with the other's, from the
/// first of its segments on whose number it has not used.
#[test]
fn an_epoch_of_ones_own_ends_where_the_others_goes_on() {
    let mut first = Packager::first();
    let mut log = Vec::new();
    for number in 0..1_000 {
        let told = first.take(number, &log);
        log.extend(told);
    }
    let known = stored(&first.segments);
    let snapshot = history(&log).snapshot(&known, TARGET_SECS).unwrap();
    let own_first = snapshot.number().0 - 1;
    let resume = Resume {
        next_number: MediaSequence(own_first),
        next_discontinuity: 4,
        not_before: WallTime::default(),
        title: None,
    };
    let mut second = Packager::new(Timeline::new(TARGET_SECS, resume));
    second.timeline.handle_begin(None);
    for number in 800..1_000 {
        second.take(number, &[]);
    }
    let used = second.timeline.segment().unwrap();
    assert_eq!(used.0, own_first + 2);
    assert!(!second.timeline.join(snapshot.clone()), "its numbers were used");
    let later = snapshot.advanced(1).unwrap();
    let from = later.next_index().unwrap();
    let at_end = later.clone().advanced(1).unwrap();
    assert_eq!(at_end.number().0, later.number().0 + 1);
    for number in 1_000..from {
        second.take(number, &[]);
    }
    assert!(second.timeline.join(later));
    for number in from..from + 500 {
        second.take(number, &[]);
    }
    for number in 1_000..from + 500 {
        first.take(number, &log);
    }
    let numbers: Vec<u64> = second.segments.iter().map(|one| one.info.number.0).collect();
    assert!(numbers.is_sorted() && numbers.len() > 6, "{numbers:?}");
    let joined =
        second.segments.iter().filter(|one| one.info.epoch == first.segments[0].info.epoch);
    for segment in joined {
        let same = first.segments.iter().find(|one| one.info.number == segment.info.number);
        assert_eq!(same.unwrap().body, segment.body);
    }
}

#[test]
fn what_others_tell_of_units_to_come_is_bounded() {
    let mut first = Packager::first();
    let told = first.take(0, &[]);
    let epoch = told[0].epoch().0;
    for index in 1..=TOLD_MAX as u64 + 1 {
        let stream_title = index.to_string();
        let url = String::new();
        let index = 1_000 * index;
        first.timeline.handle_told(&Fact::TitleSet { epoch, index, stream_title, url });
        let number = MediaSequence(1_000 + index).0;
        first.timeline.handle_told(&Fact::ClockSet { epoch, number, origin_nanos: 0 });
    }
    assert_eq!(first.timeline.told.len(), TOLD_MAX);
    assert_eq!(first.timeline.told[0].0, 2_000, "the oldest goes");
    assert_eq!(first.timeline.running.unwrap().told_clocks.len(), TOLD_MAX);
}
