use media::{
    Codec, EpochId, MediaDuration, MediaSequence, MediaTime, SegmentInfo, Timescale,
};

use super::*;

fn segment(number: u64) -> SegmentRef {
    SegmentRef::stored(SegmentInfo {
        number: MediaSequence(number),
        epoch: EpochId(1),
        discontinuity_sequence: 0,
        discontinuity: false,
        codec: Codec::Mp3,
        start: MediaTime::ZERO,
        duration: MediaDuration::from_ticks(1),
        timescale: Timescale::new(48_000).unwrap(),
        wall_start: WallTime::default(),
        bytes: 1,
    })
}

fn at(secs: u64) -> WallTime {
    WallTime::from_nanos(secs * 1_000_000_000)
}

fn popped(retention: &mut Retention, now: WallTime) -> Vec<u64> {
    std::iter::from_fn(|| retention.pop_due(now)).map(|segment| segment.info().number.0).collect()
}

#[test]
fn seq_12_nothing_goes_before_its_time() {
    let mut retention = Retention::default();
    retention.push(segment(1), at(10));
    retention.push(segment(2), at(16));
    assert_eq!(popped(&mut retention, at(9)), []);
    assert_eq!(popped(&mut retention, at(10)), [1]);
    assert_eq!(retention.next_due(), Some(at(16)));
    assert_eq!(popped(&mut retention, at(100)), [2]);
}

#[test]
fn a_later_segment_waits_for_the_earlier() {
    let mut retention = Retention::default();
    retention.push(segment(1), at(20));
    retention.push(segment(2), at(10));
    assert_eq!(popped(&mut retention, at(19)), []);
    assert_eq!(popped(&mut retention, at(20)), [1, 2]);
}

#[test]
fn one_that_could_not_be_deleted_comes_again() {
    let mut retention = Retention::default();
    retention.push_back(segment(1), at(10), Duration::from_secs(5));
    assert_eq!(popped(&mut retention, at(14)), []);
    assert_eq!(popped(&mut retention, at(15)), [1]);
}
