use std::time::Duration;

use media::{Codec, EpochId, MediaSequence, StreamInfo, Timescale};

use super::*;
use crate::record::{Epoch, Unit};

const WALL: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

fn epoch(discontinuity_sequence: u64) -> Epoch {
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(48_000).unwrap(),
        channels: 2,
        samples_per_frame: 1152,
    };
    Epoch {
        id: EpochId(7),
        stream,
        source: stream,
        profile: None,
        first_number: MediaSequence(5),
        discontinuity_sequence,
    }
}

fn unit(index: u64) -> Record {
    Record::Unit(Unit { index, data: Bytes::from(vec![u8::try_from(index % 251).unwrap(); 10]) })
}

fn closed(first_index: u64, end_index: u64) -> Record {
    closed_in(epoch(0), first_index, end_index)
}

fn closed_in(epoch: Epoch, first_index: u64, end_index: u64) -> Record {
    Record::Closed(Closed {
        number: MediaSequence(5 + first_index / 250),
        epoch,
        first_index,
        end_index,
        wall_start: WALL,
        title: None,
    })
}

fn views(records: impl IntoIterator<Item = Record>) -> Vec<View> {
    let mut cutter = Cutter::new(6);
    records.into_iter().flat_map(|record| cutter.handle(&record)).collect()
}

fn segments(views: &[View]) -> Vec<&Segment> {
    let segments = views.iter().filter_map(|view| match view {
        View::Segment(segment) => Some(segment),
        View::Title { .. } => None,
    });
    segments.collect()
}

#[test]
fn pa_5_the_units_are_joined_untouched() {
    let views = views(
        [Record::Epoch(epoch(0))].into_iter().chain((0..250).map(unit)).chain([closed(0, 250)]),
    );
    let [segment] = segments(&views)[..] else { panic!("{views:?}") };
    let tag = segment.body.len() - 2500;
    let frames: Vec<u8> =
        (0..250_u64).flat_map(|index| vec![u8::try_from(index % 251).unwrap(); 10]).collect();
    assert_eq!(segment.body[tag..], frames);
    assert_eq!(segment.info.bytes, segment.body.len() as u64);
    assert_eq!(segment.info.duration.micros(segment.info.timescale), 6_000_000);
    assert!(!segment.info.discontinuity, "the first epoch of all breaks nothing");
}

#[test]
fn an_epochs_first_segment_bears_the_discontinuity() {
    let views = views(
        [Record::Epoch(epoch(3))]
            .into_iter()
            .chain((0..250).map(unit))
            .chain([closed_in(epoch(3), 0, 250)])
            .chain((250..500).map(unit))
            .chain([closed_in(epoch(3), 250, 500)]),
    );
    let marks: Vec<_> = segments(&views).iter().map(|segment| segment.info.discontinuity).collect();
    assert_eq!(marks, [true, false]);
}

#[test]
fn a_view_that_began_in_mid_segment_leaves_it_out() {
    let views = views(
        [Record::Epoch(epoch(0))]
            .into_iter()
            .chain((100..250).map(unit))
            .chain([closed(0, 250)])
            .chain((250..500).map(unit))
            .chain([closed(250, 500)]),
    );
    let numbers: Vec<_> = segments(&views).iter().map(|segment| segment.info.number.0).collect();
    assert_eq!(numbers, [6]);
}

#[test]
fn a_title_is_placed_at_its_exact_moment() {
    let title = Arc::new(Title::new("A - B", ""));
    let mark = |index| {
        Record::Title(TitleMark {
            epoch: EpochId(7),
            index,
            source_index: index,
            title: Arc::clone(&title),
        })
    };
    let views = views(
        [Record::Epoch(epoch(0))]
            .into_iter()
            .chain((0..100).map(unit))
            .chain([mark(100)])
            .chain((100..250).map(unit))
            .chain([closed(0, 250)]),
    );
    let expected = View::Title {
        id: "00000007-100".into(),
        start: WALL.plus(Duration::from_millis(2400)),
        title: Arc::clone(&title),
    };
    assert_eq!(views.first(), Some(&expected));
}
