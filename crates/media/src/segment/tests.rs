use super::*;

#[test]
fn a_title_splits_at_the_first_dash() {
    let title = Title::new("A - B - C", "");
    assert_eq!((title.artist.as_str(), title.title.as_str()), ("A", "B - C"));
    let title = Title::new("News", "");
    assert_eq!((title.artist.as_str(), title.title.as_str()), ("", "News"));
}

#[test]
fn a_segment_is_named_by_number_and_epoch() {
    let info = SegmentInfo {
        number: MediaSequence(17),
        epoch: EpochId(0xAB),
        discontinuity_sequence: 0,
        discontinuity: false,
        codec: Codec::Mp3,
        start: MediaTime::ZERO,
        duration: MediaDuration::from_ticks(48_000),
        timescale: Timescale::new(48_000).unwrap(),
        wall_start: WallTime::from_nanos(5),
        bytes: 0,
    };
    assert_eq!(info.file_name(), "17-000000ab.mp3");
    assert_eq!(info.wall_end(), WallTime::from_nanos(1_000_000_005));
}
