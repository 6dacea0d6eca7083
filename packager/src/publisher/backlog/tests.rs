use bytes::Bytes;
use media::{EpochId, MediaDuration, MediaSequence, MediaTime, SegmentInfo, WallTime};

use super::*;
use crate::testing;

fn segment(number: u64, len: usize) -> Segment {
    let stream = testing::header().stream;
    let info = SegmentInfo {
        number: MediaSequence(number),
        epoch: EpochId(1),
        discontinuity_sequence: 0,
        discontinuity: false,
        codec: stream.codec,
        start: MediaTime::from_ticks(0),
        duration: MediaDuration::from_ticks(96_000),
        timescale: stream.timescale,
        wall_start: WallTime::default(),
        bytes: len as u64,
    };
    Segment { info, body: Bytes::from(vec![0; len]) }
}

#[test]
fn what_is_put_off_is_bounded() {
    let mut backlog = Backlog::default();
    let len = BYTES_MAX / 4;
    for number in 0..4 {
        assert_eq!(backlog.push(segment(number, len)), 0);
    }
    assert_eq!(backlog.push(segment(4, 1)), 1, "the oldest goes");
    assert_eq!(backlog.pop().unwrap().info.number, MediaSequence(1));
    assert_eq!((backlog.len(), backlog.bytes), (3, 2 * len + 1));
}

#[test]
fn what_is_before_one_that_is_taken_is_not_wanted_any_more() {
    let mut backlog = Backlog::default();
    for number in [2, 3, 5, 6] {
        backlog.push(segment(number, 10));
    }
    let mut take = |number, epoch| {
        let taken = backlog.pop_up_to(MediaSequence(number), EpochId(epoch));
        (taken.map(|segment| segment.info.number.0), backlog.len(), backlog.bytes)
    };
    assert_eq!(take(1, 1), (None, 4, 40));
    assert_eq!(take(3, 1), (Some(3), 2, 20));
    assert_eq!(take(4, 1), (None, 2, 20));
    assert_eq!(take(5, 2), (None, 1, 10), "of another epoch");
    assert_eq!(take(6, 1), (Some(6), 0, 0));
}
