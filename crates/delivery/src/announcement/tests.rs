use media::synthetic::mp3_frame;
use media::{ChannelMode, mp3};

use super::*;

/// An announcement of so many frames of MP3, 26 ms each.
pub(crate) fn file(frames: u64) -> AudioFile {
    let frame = |nth| {
        let data: Bytes = mp3_frame(128, 44_100, ChannelMode::JointStereo, nth).into();
        let header = mp3::Header::parse(&data).unwrap().to_frame_header().unwrap();
        Frame { header, data }
    };
    AudioFile { frames: (0..frames).map(frame).collect() }
}

#[test]
fn no_segment_is_longer_than_the_target_and_all_of_it_is_in_them() {
    for (frames, wanted) in [(1, 1), (229, 1), (230, 2), (500, 3)] {
        let file = file(frames);
        let said = Announcement::new(&file, 6).unwrap();
        assert_eq!(said.segments.len(), wanted, "{frames}");
        assert!(said.segments.iter().all(|piece| piece.duration <= Duration::from_secs(6)));
        assert_eq!(said.duration().as_millis(), file.duration().as_millis());
        let all: Vec<u8> = file.frames.iter().flat_map(|frame| frame.data.clone()).collect();
        assert_eq!(said.audio(), &all);
        let len: usize = said.segments.iter().map(|piece| piece.body.len()).sum();
        assert!(len > all.len(), "with a tag before each");
    }
    assert!(Announcement::new(&AudioFile { frames: Vec::new() }, 6).is_none());
}

#[test]
fn its_segments_are_found_by_names_that_no_other_announcement_has() {
    let (one, other) = (Announcement::new(&file(500), 6), Announcement::new(&file(499), 6));
    let (one, other) = (one.unwrap(), other.unwrap());
    for spot in one.spots() {
        assert!(is_name(spot.uri) && one.segment(spot.uri).is_some(), "{}", spot.uri);
        assert!(other.segment(spot.uri).is_none());
    }
    assert!(!is_name("41-000000e0.mp3"));
    assert_eq!(one.segments[0].name.rsplit('.').next(), Some("mp3"));
}

#[test]
fn its_timestamps_go_on_from_segment_to_segment() {
    let said = Announcement::new(&file(500), 6).unwrap();
    let stamps: Vec<_> = said.segments.iter().map(|piece| piece.body[65..73].to_vec()).collect();
    assert!(stamps.windows(2).all(|two| two[0] < two[1]), "{stamps:?}");
}

#[test]
fn its_bandwidth_is_that_of_its_bytes() {
    let bps = Announcement::new(&file(500), 6).unwrap().bandwidth_bps();
    assert!((128_000..132_000).contains(&bps), "{bps}");
}
