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
