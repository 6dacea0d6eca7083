use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use feed::{Chronicler, Cutter, History, PathUnit, Resume, Stored, Timeline, View};
use media::{
    ChannelMode, Codec, FrameHeader, MediaSequence, StreamInfo, Timescale, Title, WallTime,
};
use playlists::{LiveWindow, titles_in_window};
use proptest::prelude::*;

use super::*;
use archive::title_range;

const TARGET_SECS: u32 = 2;

/// What happens next to a programme.
#[derive(Debug, Clone)]
enum Step {
    /// So many units come, each so many microseconds late or early.
    Units(u64, i64),
    Title(u8),
    /// The source comes back with other frames.
    Break,
    /// The process is killed, and another one goes on.
    Kill,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1_u64..400, -20_i64..20).prop_map(|(units, drift)| Step::Units(units, drift)),
        3 => any::<u8>().prop_map(Step::Title),
        1 => Just(Step::Break),
        1 => Just(Step::Kill),
    ];
    proptest::collection::vec(step, 1..30)
}

/// A programme as its log and its bucket have it.
struct Programme {
    timeline: Timeline,
    chronicler: Chronicler,
    cutter: Cutter,
    lines: Vec<Line>,
    stored: Vec<Stored>,
    units: u64,
    now: WallTime,
}

impl Programme {
    fn play(steps: &[Step]) -> Self {
        let mut programme = Self {
            timeline: Timeline::new(
                TARGET_SECS,
                Resume {
                    next_number: MediaSequence(100),
                    next_discontinuity: 0,
                    not_before: WallTime::default(),
                    title: None,
                },
            ),
            chronicler: Chronicler::new(TARGET_SECS),
            cutter: Cutter::new(TARGET_SECS),
            lines: Vec::new(),
            stored: Vec::new(),
            units: 0,
            now: WallTime::from_nanos(1_700_000_000_000_000_000),
        };
        for step in steps {
            programme.take(step);
        }
        programme
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Units(units, drift_micros) => {
                for _ in 0..*units {
                    self.units += 1;
                    let length = 24_000_i64.saturating_add(*drift_micros).unsigned_abs();
                    self.now = self.now.plus(Duration::from_micros(length));
                    self.timeline.handle_unit(&unit(self.units, self.now));
                }
            }
            Step::Title(text) => {
                let title = Title::new(format!("A - {text}"), "");
                self.timeline.handle_title(Arc::new(title));
            }
            Step::Break => {
                self.units += 10_000;
                self.timeline.handle_begin(None);
            }
            Step::Kill => self.restart(),
        }
        while let Some(record) = self.timeline.next_record() {
            for fact in self.chronicler.handle(&record) {
                self.lines.push((self.lines.len() as u64, Some(fact)));
            }
            for view in self.cutter.handle(&record) {
                if let View::Segment(segment) = view {
                    let info = segment.info;
                    let (number, epoch, bytes) = (info.number, info.epoch, info.bytes);
                    self.stored.push(Stored { number, epoch, bytes });
                }
            }
        }
    }

    fn restart(&mut self) {
        let mut history = fold(&self.lines);
        if let Some(fact) = history.missing_end(&self.stored) {
            self.lines.push((self.lines.len() as u64, Some(fact.clone())));
            history.apply(fact);
        }
        let resume = history.resume(&self.stored, MediaSequence(100));
        self.timeline = Timeline::new(TARGET_SECS, resume);
        self.chronicler = Chronicler::new(TARGET_SECS);
        self.cutter = Cutter::new(TARGET_SECS);
    }
}

/// Some come again: the first frame of a file, for example.
fn unit(number: u64, arrival: WallTime) -> PathUnit {
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(48_000).unwrap(),
        channels: 2,
        samples_per_frame: 1152,
    };
    let header = FrameHeader { stream, bitrate_bps: None, channel_mode: ChannelMode::Stereo };
    PathUnit { header, data: Bytes::from((number / 7).to_string()), arrival }
}

fn fold(lines: &[Line]) -> History {
    let mut history = History::default();
    lines.iter().filter_map(|(_, fact)| fact.clone()).for_each(|fact| history.apply(fact));
    history
}

/// The titles that a playlist of these segments lists.
fn titles(history: &History, segments: &[SegmentInfo]) -> Vec<(String, WallTime)> {
    let mut window = LiveWindow::new(TARGET_SECS.into(), Duration::from_hours(1));
    for segment in segments {
        let _ = window.append(segment.clone()).unwrap();
    }
    let ranges: Vec<_> = history.titles().into_iter().filter_map(title_range).collect();
    let listed = titles_in_window(&ranges, &window);
    listed.into_iter().map(|range| (range.title.title.clone(), range.start)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Trims the log step by step, as its segments go; what is kept of it says
    /// the same of all that is left.
    #[test]
    fn what_is_kept_says_all_of_what_is_left(
        steps in steps(),
        cuts in proptest::collection::vec(0_usize..8, 0..6),
    ) {
        let programme = Programme::play(&steps);
        let all = fold(&programme.lines);
        let infos = all.segments(&programme.stored);
        let mut ledger = Ledger::default();
        ledger.extend(programme.lines.clone());
        let (mut first, mut kept) = (0, programme.lines.clone());
        for cut in cuts {
            first = (first + cut).min(infos.len().saturating_sub(1));
            let Some(oldest) = infos.get(first) else { break };
            if let Some((before, keep)) = ledger.trim_from(oldest, 1) {
                kept.retain(|(n, _)| *n >= before || keep.contains(n));
            }
            check_same(&programme, &kept, oldest);
        }
    }
}

/// What is kept says the same of what the bucket has from `oldest` on.
#[track_caller]
fn check_same(programme: &Programme, kept: &[Line], oldest: &SegmentInfo) {
    let left: Vec<_> =
        programme.stored.iter().filter(|stored| stored.number >= oldest.number).copied().collect();
    let (all, again, fallback) = (fold(&programme.lines), fold(kept), MediaSequence(1));
    let segments = all.segments(&left);
    assert_eq!(again.segments(&left), segments);
    assert_eq!(again.resume(&left, fallback), all.resume(&left, fallback));
    assert_eq!(again.profile(), all.profile());
    assert_eq!(again.missing_end(&left), all.missing_end(&left));
    assert_eq!(titles(&again, &segments), titles(&all, &segments));
}

#[test]
fn the_title_of_an_epoch_without_segments_stays_forgotten() {
    // The next epoch begins with the same number and frame, so that it has the
    // same name.
    let steps = [Step::Title(0), Step::Units(1, 0), Step::Kill, Step::Units(85, 0)];
    let programme = Programme::play(&steps);
    let oldest = fold(&programme.lines).segments(&programme.stored).remove(0);
    let mut ledger = Ledger::default();
    ledger.extend(programme.lines.clone());
    let mut kept = programme.lines.clone();
    if let Some((before, keep)) = ledger.trim_from(&oldest, 1) {
        kept.retain(|(n, _)| *n >= before || keep.contains(n));
    }
    check_same(&programme, &kept, &oldest);
}

#[test]
fn epochs_go_where_there_never_was_a_title() {
    let steps: Vec<_> = (0..20).flat_map(|_| [Step::Units(100, 0), Step::Break]).collect();
    let programme = Programme::play(&steps);
    let infos = fold(&programme.lines).segments(&programme.stored);
    let mut ledger = Ledger::default();
    ledger.extend(programme.lines);
    let (_, keep) = ledger.trim(infos.last().unwrap()).unwrap();
    assert!(keep.len() <= 4, "{keep:?}");
}

/// A minute of drift and titles.
fn minute() -> Programme {
    let steps: Vec<_> = (0..30).flat_map(|n| [Step::Title(n), Step::Units(84, 20)]).collect();
    Programme::play(&steps)
}

#[test]
fn what_is_superseded_goes() {
    let programme = minute();
    let infos = fold(&programme.lines).segments(&programme.stored);
    let mut ledger = Ledger::default();
    ledger.extend(programme.lines.clone());
    let (before, keep) = ledger.trim(infos.last().unwrap()).unwrap();
    assert_eq!(before, programme.lines.len() as u64);
    // The epoch, its clock, the title that holds, and those after it.
    assert!(keep.len() <= 5, "{keep:?}");
    assert!(keep.contains(&0), "the running epoch's beginning");
    assert_eq!(ledger.trim(infos.last().unwrap()), None, "nothing more");
}

#[test]
fn a_few_records_are_not_worth_a_listing() {
    let programme = minute();
    let infos = fold(&programme.lines).segments(&programme.stored);
    let mut ledger = Ledger::default();
    ledger.extend(programme.lines);
    assert_eq!(ledger.trim(&infos[2]), None);
}

#[test]
fn what_is_not_understood_stays() {
    let programme = minute();
    let infos = fold(&programme.lines).segments(&programme.stored);
    let mut ledger = Ledger::default();
    ledger.extend([(1_000, None)]);
    ledger.extend(programme.lines);
    let (_, keep) = ledger.trim(infos.last().unwrap()).unwrap();
    assert!(keep.contains(&1_000));
}

#[test]
fn a_segment_of_an_unknown_epoch_lets_nothing_go() {
    let programme = minute();
    let mut infos = fold(&programme.lines).segments(&programme.stored);
    let mut ledger = Ledger::default();
    ledger.extend(programme.lines);
    let mut stranger = infos.pop().unwrap();
    stranger.epoch = EpochId(1);
    assert_eq!(ledger.trim(&stranger), None);
}
