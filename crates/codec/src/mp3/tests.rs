#![expect(clippy::cast_possible_truncation, reason = "test signals are within range")]

use super::*;
use crate::testing::mp3_frames;

const STEREO: Settings = Settings {
    sample_rate_hz: 44_100,
    channels: 2,
    bitrate_kbps: 128,
    quality: 5,
    reservoir: Reservoir::On,
};
const MONO: Settings = Settings { channels: 1, bitrate_kbps: 64, ..STEREO };

/// A chirp with pauses: the quiet parts fill the reservoir, the loud ones use it.
fn samples(settings: &Settings, count: u32) -> Vec<i16> {
    let sample = |n: u32| {
        let t = f64::from(n) / f64::from(settings.sample_rate_hz);
        let level = if (n / 5_000).is_multiple_of(2) { 12_000.0 } else { 40.0 };
        [300.0, 500.0]
            .map(|hz| ((t * (hz + 900.0 * t) * std::f64::consts::TAU).sin() * level) as i16)
            .into_iter()
            .take(settings.channels.into())
    };
    (0..count).flat_map(sample).collect()
}

fn encoded(settings: &Settings, pcm: &[i16], samples_a_call: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(settings).unwrap();
    let mut out = Vec::new();
    for part in pcm.chunks(samples_a_call * usize::from(settings.channels)) {
        encoder.encode(part, &mut out).unwrap();
    }
    encoder.flush(&mut out).unwrap();
    out
}

/// Cuts a stream of constant bit rate by the length formula of ISO/IEC 11172-3.
fn frames<'a>(settings: &Settings, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let factor = if settings.sample_rate_hz >= 32_000 { 144_000 } else { 72_000 };
    let length = factor * usize::from(settings.bitrate_kbps) / settings.sample_rate_hz as usize;
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        assert_eq!((bytes[0], bytes[1] & 0xE0), (0xFF, 0xE0), "a frame begins");
        let (frame, rest) = bytes.split_at(length + usize::from(bytes[2] >> 1 & 1));
        frames.push(frame);
        bytes = rest;
    }
    frames
}

/// How many bytes before it a frame's data begins.
fn main_data_begin(frame: &[u8]) -> u16 {
    u16::from(frame[4]) << 1 | u16::from(frame[5] >> 7)
}

fn check(settings: &Settings, header: [u8; 4], mask: [u8; 4]) {
    let count = settings.sample_rate_hz * 5;
    let bytes = encoded(settings, &samples(settings, count), 1152);
    let frames = frames(settings, &bytes);
    let frame_len = Encoder::new(settings).unwrap().frame_len();
    let expected = (count + DELAY).div_ceil(frame_len) as usize;
    assert!((expected..=expected + 1).contains(&frames.len()), "{} {expected}", frames.len());
    for frame in frames {
        for (index, (byte, bits)) in header.into_iter().zip(mask).enumerate() {
            assert_eq!(frame[index] & bits, byte & bits, "header byte {index}");
        }
    }
}

#[test]
fn headers_say_what_was_asked_for() {
    // The masks leave out padding and what joint stereo decides by frame.
    let mask = [0xFF, 0xFF, 0xFC, 0xC0];
    check(&STEREO, [0xFF, 0xFB, 0x90, 0x40], mask);
    check(&MONO, [0xFF, 0xFB, 0x50, 0xC0], mask);
    check(&Settings { bitrate_kbps: 320, ..STEREO }, [0xFF, 0xFB, 0xE0, 0x40], mask);
    check(&Settings { bitrate_kbps: 56, ..MONO }, [0xFF, 0xFB, 0x40, 0xC0], mask);
    let half = Settings { sample_rate_hz: 22_050, ..MONO };
    check(&half, [0xFF, 0xF3, 0x80, 0xC0], mask);
    check(&Settings { bitrate_kbps: 144, ..half }, [0xFF, 0xF3, 0xD0, 0xC0], mask);
    let quarter = Settings { sample_rate_hz: 11_025, bitrate_kbps: 32, ..MONO };
    check(&quarter, [0xFF, 0xE3, 0x40, 0xC0], mask);
}

#[test]
fn channels_are_coded_as_was_asked_for() {
    let pcm = samples(&STEREO, 44_100);
    for (settings, mode, bits) in [
        (STEREO, ChannelMode::JointStereo, 0x40),
        (STEREO, ChannelMode::Stereo, 0x00),
        (MONO, ChannelMode::Mono, 0xC0),
    ] {
        let mut encoder = Encoder::with_channel_mode(&settings, mode).unwrap();
        let mut bytes = Vec::new();
        encoder.encode(&pcm, &mut bytes).unwrap();
        encoder.flush(&mut bytes).unwrap();
        assert!(frames(&settings, &bytes).iter().all(|frame| frame[3] & 0xC0 == bits), "{mode:?}");
    }
    for (settings, mode) in
        [(STEREO, ChannelMode::Mono), (MONO, ChannelMode::Stereo), (MONO, ChannelMode::JointStereo)]
    {
        let refused = Encoder::with_channel_mode(&settings, mode);
        assert!(matches!(refused, Err(Error::Settings { .. })), "{mode:?}");
    }
}

#[test]
fn an_encoder_opened_again_gives_the_same_bytes() {
    let pcm = samples(&STEREO, 44_100);
    assert_eq!(encoded(&STEREO, &pcm, 1152), encoded(&STEREO, &pcm, 1152));
}

#[test]
fn no_tag_is_written() {
    let bytes = encoded(&STEREO, &samples(&STEREO, 44_100), 1152);
    for text in [b"Xing", b"Info", b"ID3\x03", b"ID3\x04"] {
        assert!(!bytes.windows(4).any(|window| window == text));
    }
}

#[test]
fn without_a_reservoir_every_frame_stands_alone() {
    let begins = |reservoir| {
        let settings = Settings { reservoir, ..STEREO };
        let bytes = encoded(&settings, &samples(&settings, 441_000), 1152);
        frames(&settings, &bytes).into_iter().map(main_data_begin).collect::<Vec<_>>()
    };
    assert!(begins(Reservoir::Off).iter().all(|begin| *begin == 0));
    assert!(begins(Reservoir::On).iter().any(|begin| *begin > 0));
}

#[test]
fn any_chunking_gives_the_same_bytes() {
    for settings in [STEREO, MONO, Settings { reservoir: Reservoir::Off, ..STEREO }] {
        let pcm = samples(&settings, 22_050);
        let whole = encoded(&settings, &pcm, pcm.len());
        for samples_a_call in [1, 7, 1460, 65_536] {
            assert_eq!(encoded(&settings, &pcm, samples_a_call), whole, "{samples_a_call}");
        }
    }
}

#[test]
fn bytes_are_appended() {
    let mut encoder = Encoder::new(&STEREO).unwrap();
    let mut out = b"before".to_vec();
    encoder.encode(&samples(&STEREO, 4_410), &mut out).unwrap();
    encoder.flush(&mut out).unwrap();
    assert_eq!(out[..8], *b"before\xFF\xFB");
}

#[test]
fn half_a_sample_group_is_refused() {
    let mut encoder = Encoder::new(&STEREO).unwrap();
    let mut out = Vec::new();
    let refused = encoder.encode(&[0; 5], &mut out);
    assert_eq!(refused, Err(Error::Uneven { samples: 5, channels: 2 }));
    assert!(out.is_empty());
}

#[test]
fn impossible_settings_are_refused_with_a_reason() {
    let refused = |settings: Settings| Encoder::new(&settings).unwrap_err().to_string();
    assert_eq!(
        refused(Settings { sample_rate_hz: 44_000, ..STEREO }),
        "MP3 cannot be encoded so: 44000 Hz is none of its sampling rates"
    );
    assert_eq!(
        refused(Settings { channels: 3, ..STEREO }),
        "MP3 cannot be encoded so: 3 channels, not 1 or 2"
    );
    assert_eq!(
        refused(Settings { quality: QUALITY_MAX + 1, ..STEREO }),
        "MP3 cannot be encoded so: quality 10, not 0 to 9"
    );
    assert!(Encoder::new(&Settings { quality: QUALITY_MAX, ..STEREO }).is_ok());
    let not_in_mpeg1 = refused(Settings { bitrate_kbps: 144, ..STEREO });
    assert!(not_in_mpeg1.contains("144 kbit/s at 44100 Hz, not [32, 40,"), "{not_in_mpeg1}");
}

#[test]
fn every_bit_rate_of_a_version_is_kept() {
    let versions: [(u32, &[u16]); 3] =
        [(44_100, &MPEG1_KBPS), (22_050, &MPEG2_KBPS), (11_025, &MPEG25_KBPS)];
    for (sample_rate_hz, rates) in versions {
        for &bitrate_kbps in rates {
            let settings = Settings { sample_rate_hz, bitrate_kbps, ..MONO };
            let bytes = encoded(&settings, &samples(&settings, 4_410), 1152);
            frames(&settings, &bytes);
        }
    }
}

#[test]
fn a_cut_frame_waits() {
    let frames = mp3_frames(&vec![0; 2 * 8 * 1_152]);
    let whole = frames.concat();
    let mut buffer = whole[..1_000].to_vec();
    assert_eq!(whole_frames(&mut buffer).len(), 2);
    assert!(buffer.len() < 418);
    buffer.extend(&whole[1_000..]);
    whole_frames(&mut buffer);
    assert!(buffer.is_empty());
}
