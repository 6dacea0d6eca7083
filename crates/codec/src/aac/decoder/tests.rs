use media::AacProfile;

use super::*;
use crate::aac::{Encoder, Settings, Transport};

/// One frame of silence.
fn frame() -> Vec<u8> {
    let settings = Settings {
        profile: AacProfile::Lc,
        sample_rate_hz: 44_100,
        channels: 2,
        bitrate_bps: 128_000,
        transport: Transport::Adts,
    };
    let mut encoder = Encoder::new(&settings).unwrap();
    encoder.encode(&vec![0; 44_100]).unwrap().swap_remove(9)
}

#[test]
fn a_plain_frame_keeps_its_payload() {
    let frame = frame();
    let mut out = Vec::new();
    plain_frame(&frame, &mut out).unwrap();
    assert_eq!(out[..5], frame[..5]);
    assert_eq!((out[5], out[6]), (frame[5] | 0x1F, 0xFC));
    assert_eq!(out[7..], frame[7..]);
}

#[test]
fn what_is_no_whole_frame_is_refused() {
    let frame = frame();
    let refused = |bytes: &[u8]| plain_frame(bytes, &mut Vec::new()).is_none();
    for len in [0, 1, 6, 7, 8, 9, frame.len() - 1] {
        assert!(refused(&frame[..len]), "{len} bytes");
    }
    assert!(refused(&[frame.as_slice(), &[0]].concat()));
    assert!(refused(&[&[0x49], &frame[1..]].concat()));
}
