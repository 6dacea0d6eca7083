use bytes::Bytes;
use catalogue::EncodingCodec::{Aac, HeAac, Mp3};

use super::*;
use crate::testing::Programme;

#[test]
fn a_file_is_as_long_in_every_form_up_to_a_frame() {
    let programme = Programme::new(&Encoding::stereo(Mp3, 128, 44_100), 3);
    let frame = |data: &Bytes| {
        let header = FrameHeader::of(data).unwrap();
        Frame { header, data: data.clone() }
    };
    let frames: Vec<_> = programme.frames.iter().map(frame).collect();
    let length = |frames: &[Frame]| frames[0].header.stream.duration_of(frames.len() as u64);
    for encoding in [
        Encoding::stereo(Aac, 64, 44_100),
        Encoding::stereo(HeAac, 48, 44_100),
        Encoding::stereo(Mp3, 64, 44_100),
    ] {
        let made = encode_file(&frames, None, &encoding).unwrap();
        let (made, wanted) = (length(&made), length(&frames));
        let frame = std::time::Duration::from_millis(47);
        assert!(made >= wanted && made < wanted + frame, "{encoding}: {made:?} {wanted:?}");
    }
    assert_eq!(encode_file(&[], None, &Encoding::stereo(Aac, 64, 44_100)).unwrap(), []);
}
