#![expect(clippy::cast_possible_truncation, reason = "test signals are within range")]

use media::{Codec, StreamInfo, Timescale};

use super::*;
use crate::pcm;

use AacProfile::{HeV1, HeV2, Lc};

const STEREO_LC: Settings = Settings {
    profile: Lc,
    sample_rate_hz: 44_100,
    channels: 2,
    bitrate_bps: 128_000,
    transport: Transport::Adts,
};

const STEREO_HE_V1: Settings = Settings { profile: HeV1, bitrate_bps: 64_000, ..STEREO_LC };
const STEREO_HE_V2: Settings = Settings { profile: HeV2, bitrate_bps: 32_000, ..STEREO_LC };
const MONO_LC: Settings = Settings { channels: 1, bitrate_bps: 64_000, ..STEREO_LC };

/// A chirp, different in each channel, so that no two frames are alike.
fn samples(settings: &Settings, count: u32) -> Vec<i16> {
    let sample = |n: u32| {
        let t = f64::from(n) / f64::from(settings.sample_rate_hz);
        [300.0, 500.0]
            .map(|hz| ((t * (hz + 200.0 * t) * std::f64::consts::TAU).sin() * 12_000.0) as i16)
            .into_iter()
            .take(settings.channels.into())
    };
    (0..count).flat_map(sample).collect()
}

fn encoded(settings: &Settings, pcm: &[i16], samples_a_call: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(settings).unwrap();
    let mut frames = Vec::new();
    for part in pcm.chunks(samples_a_call * usize::from(settings.channels)) {
        frames.extend(encoder.encode(part).unwrap());
    }
    frames.extend(encoder.flush().unwrap());
    frames
}

/// What the ADTS header says: whole length, rate index, channels.
fn header(frame: &[u8]) -> (usize, u8, u8) {
    assert_eq!(frame[..2], [0xFF, 0xF1], "MPEG-4, layer 0, no checksum");
    assert_eq!(frame[2] >> 6, 1, "low complexity");
    let length = usize::from(frame[3] & 3) << 11 | usize::from(frame[4]) << 3;
    let channels = (frame[2] & 1) << 2 | frame[3] >> 6;
    (length | usize::from(frame[5] >> 5), frame[2] >> 2 & 0xF, channels)
}

/// Checks ten seconds of a stream: frames, their headers, delay and bit rate.
fn check(settings: &Settings, frame_len: u32, delay: u32, rate_index: u8, channels: u8) {
    let encoder = Encoder::new(settings).unwrap();
    assert_eq!((encoder.frame_len(), encoder.delay()), (frame_len, delay));
    let count = settings.sample_rate_hz * 10;
    let frames = encoded(settings, &samples(settings, count), 1024);
    assert_eq!(frames.len(), (count + delay).div_ceil(frame_len) as usize);
    for frame in &frames {
        assert_eq!(header(frame), (frame.len(), rate_index, channels));
    }
    let bits = frames.iter().map(Vec::len).sum::<usize>() * 8;
    let length = frames.len() * frame_len as usize;
    let bitrate_bps = bits * settings.sample_rate_hz as usize / length;
    let permille = bitrate_bps * 1000 / settings.bitrate_bps as usize;
    assert!((970..1010).contains(&permille), "{permille} permille of the bit rate");
}

#[test]
fn lc_has_1024_samples_a_frame() {
    check(&STEREO_LC, 1024, 2048, 4, 2);
    check(&MONO_LC, 1024, 2048, 4, 1);
    check(&Settings { sample_rate_hz: 48_000, ..STEREO_LC }, 1024, 2048, 3, 2);
}

#[test]
fn he_v1_has_2048_and_a_core_of_half_the_rate() {
    check(&STEREO_HE_V1, 2048, 5058, 7, 2);
    check(&Settings { channels: 1, bitrate_bps: 32_000, ..STEREO_HE_V1 }, 2048, 5058, 7, 1);
}

#[test]
fn he_v2_has_a_core_of_one_channel() {
    check(&STEREO_HE_V2, 2048, 7106, 7, 1);
    check(&Settings { sample_rate_hz: 48_000, ..STEREO_HE_V2 }, 2048, 7106, 6, 1);
}

#[test]
fn any_chunking_gives_the_same_frames() {
    for settings in [STEREO_LC, MONO_LC, STEREO_HE_V1, STEREO_HE_V2] {
        let pcm = samples(&settings, 22_050);
        let whole = encoded(&settings, &pcm, pcm.len());
        for samples_a_call in [1, 7, 1460, 65_536] {
            assert_eq!(encoded(&settings, &pcm, samples_a_call), whole, "{samples_a_call}");
        }
    }
}

#[test]
fn nothing_in_gives_only_the_delay_out() {
    let encoder = Encoder::new(&STEREO_LC).unwrap();
    assert_eq!(encoder.flush().unwrap().len(), 2);
    let mut encoder = Encoder::new(&STEREO_LC).unwrap();
    assert_eq!(encoder.encode(&[]).unwrap(), Vec::<Vec<u8>>::new());
}

#[test]
fn raw_frames_come_with_their_config() {
    let config = |settings: &Settings| {
        let raw = Settings { transport: Transport::Raw, ..*settings };
        Encoder::new(&raw).unwrap().audio_specific_config().to_vec()
    };
    assert_eq!(config(&STEREO_LC), [0x12, 0x10]);
    assert_eq!(config(&STEREO_HE_V1), [0x2B, 0x92, 0x08, 0x00]);
    assert_eq!(config(&STEREO_HE_V2), [0xEB, 0x8A, 0x08, 0x00]);
    assert_eq!(Encoder::new(&STEREO_HE_V2).unwrap().audio_specific_config(), [0x13, 0x88]);
}

#[test]
fn raw_frames_are_adts_frames_without_the_header() {
    let pcm = samples(&STEREO_LC, 44_100);
    let raw = encoded(&Settings { transport: Transport::Raw, ..STEREO_LC }, &pcm, 1024);
    let adts = encoded(&STEREO_LC, &pcm, 1024);
    assert_eq!(raw.len(), adts.len());
    // The header's bits are part of the bit rate, so sizes differ, by little.
    assert!(raw.iter().all(|frame| frame[..2] != [0xFF, 0xF1]));
}

#[test]
fn half_a_sample_group_is_refused() {
    let mut encoder = Encoder::new(&STEREO_LC).unwrap();
    assert_eq!(encoder.encode(&[0; 5]), Err(Error::Uneven { samples: 5, channels: 2 }));
    assert!(encoder.encode(&[0; 6]).is_ok());
}

#[test]
fn impossible_settings_are_refused_with_a_reason() {
    let refused = |settings: Settings| Encoder::new(&settings).unwrap_err().to_string();
    assert_eq!(
        refused(Settings { channels: 1, ..STEREO_HE_V2 }),
        "HE-AAC v2 cannot be encoded so: 1 channels, not 2 to 2"
    );
    assert_eq!(
        refused(Settings { channels: 3, ..STEREO_LC }),
        "AAC-LC cannot be encoded so: 3 channels, not 1 to 2"
    );
    for settings in [
        Settings { channels: 0, ..STEREO_LC },
        Settings { sample_rate_hz: 0, ..STEREO_LC },
        Settings { sample_rate_hz: 44_101, ..STEREO_LC },
        Settings { bitrate_bps: 0, ..STEREO_LC },
        Settings { bitrate_bps: 1_000, ..STEREO_LC },
        Settings { bitrate_bps: 10_000_000, ..STEREO_LC },
        Settings { bitrate_bps: 320_000, ..STEREO_HE_V2 },
    ] {
        let error = Encoder::new(&settings).unwrap_err();
        assert!(matches!(error, Error::Settings { .. }), "{settings:?}: {error}");
    }
}

#[test]
fn an_encoder_opened_again_gives_the_same_frames() {
    for settings in [STEREO_LC, STEREO_HE_V1, STEREO_HE_V2] {
        let pcm = samples(&settings, 44_100);
        assert_eq!(encoded(&settings, &pcm, 1024), encoded(&settings, &pcm, 1024));
    }
}

/// How loud the highs are, that SBR makes, two frames after somebody tuned in.
fn highs(frames: &[Vec<u8>]) -> f32 {
    let mut out = Vec::new();
    let stream = StreamInfo {
        codec: Codec::Aac,
        timescale: Timescale::new(22_050).unwrap(),
        channels: header(&frames[0]).2,
        samples_per_frame: 1024,
    };
    let profile = if stream.channels == 1 { HeV2 } else { HeV1 };
    let mut decoder = pcm::Decoder::new(&stream, Some(profile)).unwrap();
    for frame in &frames[..3] {
        decoder.decode(frame, &mut out);
    }
    let left: Vec<f32> = out[2 * 2 * 2048..].iter().step_by(2).copied().collect();
    // Twice the difference of neighbours leaves next to nothing below 5 kHz.
    let steps = left.windows(3).map(|three| three[0] - 2.0 * three[1] + three[2]);
    steps.map(|step| step * step).sum()
}

/// Who cuts segments begins each with such a frame: it has the header without which
/// there are no highs.
#[test]
fn every_tenth_frame_of_he_aac_can_be_tuned_in_at() {
    for settings in [STEREO_HE_V1, STEREO_HE_V2] {
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 17) as i16 - (1 << 14)
        });
        let frames = encoded(&settings, &noise.take(44_100 * 6).collect::<Vec<_>>(), 1024);
        let whole = highs(&frames[20..]);
        for first in 20..50 {
            let is_whole = highs(&frames[first..]) > whole / 4.0;
            // The next header comes too soon for the last ones to tell.
            let expected = match first % 10 {
                0 => true,
                1..7 => false,
                _ => continue,
            };
            assert_eq!(is_whole, expected, "{:?} from frame {first}", settings.profile);
        }
    }
}
