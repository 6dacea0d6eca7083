use std::time::Duration;

use media::{Codec, EpochId, MediaSequence, SegmentInfo, Timescale, Title, WallTime};
use proptest::prelude::*;

use super::*;
use crate::log::{Fact, History, Stored};

const TARGET_SECS: u32 = 6;

const ORIGIN: WallTime = WallTime::from_nanos(1_700_000_000_123_456_789);

fn stream(codec: Codec, hz: u32, samples_per_frame: u32) -> StreamInfo {
    let timescale = Timescale::new(hz).unwrap();
    StreamInfo { codec, timescale, channels: 2, samples_per_frame }
}

fn mp3() -> StreamInfo {
    stream(Codec::Mp3, 44_100, 1_152)
}

fn aac(hz: u32) -> Form {
    Form { stream: stream(Codec::Aac, hz, 1_024), profile: Some(AacProfile::Lc) }
}

fn epoch(stream: StreamInfo) -> Epoch {
    Epoch {
        id: EpochId(7),
        stream,
        source: stream,
        profile: None,
        first_number: MediaSequence(100),
        discontinuity_sequence: 3,
    }
}

/// Segment `segment` of a programme that has `end` units by its end.
fn closed(stream: StreamInfo, segment: u64, end: u64) -> Closed {
    let grid = Grid::new(&stream, TARGET_SECS);
    let first_index = grid.first_index(segment);
    Closed {
        number: MediaSequence(100 + segment),
        epoch: epoch(stream),
        first_index,
        end_index: end.min(grid.first_index(segment + 1)),
        wall_start: ORIGIN.plus(grid.since_start(first_index)),
        title: None,
    }
}

fn info(closed: &Closed) -> SegmentInfo {
    closed.info(&Grid::new(&closed.epoch.stream, TARGET_SECS), 1)
}

#[test]
fn a_segment_bears_the_number_the_epoch_and_the_date_of_the_source() {
    let form = aac(44_100);
    let own = form.closed(&closed(mp3(), 2, 1_000_000), TARGET_SECS);
    assert_eq!(own.number, MediaSequence(102));
    assert_eq!(own.epoch, form.epoch(&epoch(mp3())));
    assert_eq!((own.first_index, own.end_index), (517, 776), "of 1,024 samples");
    let grid = form.grid(TARGET_SECS);
    assert_eq!(own.origin(&grid), ORIGIN);
    assert_eq!(own.wall_start, ORIGIN.plus(grid.since_start(517)));
}

#[test]
fn an_epochs_last_segment_has_what_begins_before_its_end_and_one_unit_at_least() {
    let form = aac(44_100);
    let units = |end| {
        let own = form.closed(&closed(mp3(), 1, end), TARGET_SECS);
        (own.first_index, own.end_index)
    };
    // Segment 1 of the source begins at unit 230, at 264,960 samples; of this form at
    // unit 259, at 265,216.
    assert_eq!(units(231), (259, 260), "266,112 samples");
    assert_eq!(units(232), (259, 261), "267,264 samples");
    assert_eq!(units(459), (259, 517), "all but the last unit of the source: nothing missing");
    let slow = Form { stream: stream(Codec::Aac, 22_050, 1_024), profile: Some(AacProfile::HeV1) };
    let own = slow.closed(&closed(mp3(), 1, 231), TARGET_SECS);
    assert_eq!((own.first_index, own.end_index), (130, 131), "begins at 266,240 samples");
}

#[test]
fn a_title_is_the_same_in_both_and_stays_in_its_segment() {
    let form = aac(44_100);
    let mark = |source_index| {
        let title = Title::new("Artist - Title", "").into();
        let mark = TitleMark { epoch: EpochId(7), index: source_index, source_index, title };
        form.mark(&mark, &mp3(), TARGET_SECS)
    };
    assert_eq!((mark(100).index, mark(100).source_index), (113, 100), "115,200 samples");
    assert_eq!(mark(100).id(), "00000007-100");
    assert_eq!(mark(229).index, 258, "the last of segment 0");
    assert_eq!(mark(230).index, 259, "the first of segment 1");
}

#[test]
fn the_log_gives_the_segments_of_a_rendition_again() {
    let (form, source) = (aac(48_000), mp3());
    let ends = 1_000;
    let mut history = History::default();
    history.apply(crate::log::began(&epoch(source), TARGET_SECS, None));
    let origin_nanos = ORIGIN.nanos();
    history.apply(Fact::ClockSet { epoch: 7, number: 100, origin_nanos });
    history.apply(Fact::TitleSet {
        epoch: 7,
        index: 300,
        stream_title: "Artist - Title".to_owned(),
        url: String::new(),
    });
    history.apply(Fact::EpochEnded { epoch: 7, units: ends });
    let titles = history.titles();
    let history = history.in_form(form);
    let stored = (100..107).map(|number| Stored {
        number: MediaSequence(number),
        epoch: EpochId(7),
        bytes: 1,
    });
    let given = history.every_segment(&stored.collect::<Vec<_>>());
    let expected = (0..5).map(|nth| info(&form.closed(&closed(source, nth, ends), TARGET_SECS)));
    assert_eq!(given, expected.collect::<Vec<_>>());
    assert_eq!(history.titles(), titles);
}

fn forms() -> impl Strategy<Value = StreamInfo> {
    let rates = prop::sample::select(vec![8_000_u32, 22_050, 24_000, 32_000, 44_100, 48_000]);
    let lens = prop::sample::select(vec![576_u32, 1_024, 1_152]);
    (rates, lens).prop_map(|(hz, len)| stream(Codec::Aac, hz, len))
}

proptest! {
    /// Begins of segments differ by less than a unit of either.
    #[test]
    fn boundaries_agree_within_a_unit(
        source in forms(), of in forms(), segment in 0..1_000_000_u64, part in 1..2_000_u64,
    ) {
        let form = Form { stream: of, profile: None };
        let (one, end) = (Grid::new(&source, TARGET_SECS), part);
        let source_closed = closed(source, segment, one.first_index(segment).saturating_add(end));
        let own = form.closed(&source_closed, TARGET_SECS);
        let longest = source.frame_duration().max(of.frame_duration()) + Duration::from_nanos(1);
        let apart = own.wall_start.nanos().abs_diff(source_closed.wall_start.nanos());
        prop_assert!(u128::from(apart) <= longest.as_nanos());
        let end = |closed: &Closed| info(closed).wall_end().nanos();
        let apart = end(&own).abs_diff(end(&source_closed));
        prop_assert!(u128::from(apart) <= 2 * longest.as_nanos(), "{apart}");
        prop_assert!(own.end_index > own.first_index);
    }
}
