#![expect(clippy::cast_possible_truncation, reason = "test signals are within range")]

use super::*;
use crate::aac::{Encoder, Settings, Transport};

use AacProfile::{HeV1, HeV2, Lc};

/// Places in the stream at which the tests tune in: three periods of headers.
const OFFSETS: usize = 30;

/// Two tones and noise, so that there is something to replicate and to pan.
fn samples(rate: u32, channels: u8, seconds: u32) -> Vec<i16> {
    let mut seed = 1_u32;
    let sample = |n: u32| {
        let t = f64::from(n) / f64::from(rate);
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(seed >> 16) / 65_536.0 - 0.5;
        let left = 0.4 * (t * 440.0 * std::f64::consts::TAU).sin() + 0.1 * noise;
        let right = 0.3 * (t * 660.0 * std::f64::consts::TAU).sin() - 0.1 * noise;
        [left, right].into_iter().take(channels.into()).map(|x| (x * 32_767.0) as i16)
    };
    (0..rate * seconds).flat_map(sample).collect()
}

fn stream(profile: AacProfile, sample_rate_hz: u32, channels: u8, kbps: u32) -> Vec<Vec<u8>> {
    let bitrate_bps = kbps * 1000;
    let transport = Transport::Adts;
    let settings = Settings { profile, sample_rate_hz, channels, bitrate_bps, transport };
    let mut encoder = Encoder::new(&settings).unwrap();
    encoder.encode(&samples(sample_rate_hz, channels, 4)).unwrap()
}

/// Feeds frames until the detector decides; gives how many that took, and what.
fn detect<F: AsRef<[u8]>>(frames: &[F]) -> (usize, Option<AacProfile>) {
    let mut detector = Detector::new();
    let taken = frames.iter().position(|frame| detector.push(frame.as_ref()).is_some());
    (taken.map_or(frames.len(), |index| index + 1), detector.profile())
}

fn check(profile: AacProfile, rate: u32, channels: u8, kbps: u32, frames_needed: &[usize]) {
    let frames = stream(profile, rate, channels, kbps);
    for offset in 0..OFFSETS {
        let expected = frames_needed[offset % frames_needed.len()];
        let got = detect(&frames[offset..]);
        assert_eq!(got, (expected, Some(profile)), "{rate} Hz, from frame {offset}");
    }
}

#[test]
fn lc_is_told_from_every_place() {
    check(Lc, 44_100, 2, 128, &[LC_FRAMES_MIN]);
    check(Lc, 48_000, 1, 64, &[LC_FRAMES_MIN]);
}

#[test]
fn lc_at_the_rate_of_a_core_is_not_taken_for_he() {
    check(Lc, 22_050, 2, 48, &[LC_FRAMES_MIN]);
    check(Lc, 24_000, 1, 32, &[LC_FRAMES_MIN]);
}

#[test]
fn he_v1_in_stereo_is_told_from_every_place() {
    check(HeV1, 44_100, 2, 64, &[SBR_FRAMES_MIN]);
    check(HeV1, 48_000, 2, 48, &[SBR_FRAMES_MIN]);
}

#[test]
fn he_v1_in_mono_is_told_when_no_parametric_stereo_has_come() {
    check(HeV1, 44_100, 1, 32, &[DETECT_FRAMES_MAX]);
}

#[test]
fn he_v2_is_told_one_frame_after_the_next_header() {
    const FROM_OFFSET: [usize; 10] = [2, 11, 10, 9, 8, 7, 6, 5, 4, 3];
    check(HeV2, 44_100, 2, 32, &FROM_OFFSET);
    check(HeV2, 48_000, 2, 24, &FROM_OFFSET);
    check(HeV2, 32_000, 2, 24, &FROM_OFFSET);
}

#[test]
fn digital_silence_does_not_hide_the_profile() {
    for (profile, kbps) in [(Lc, 128), (HeV1, 64), (HeV2, 32)] {
        let settings = Settings {
            profile,
            sample_rate_hz: 44_100,
            channels: 2,
            bitrate_bps: kbps * 1000,
            transport: Transport::Adts,
        };
        let frames = Encoder::new(&settings).unwrap().encode(&vec![0; 2 * 44_100 * 4]).unwrap();
        for offset in 0..OFFSETS {
            assert_eq!(detect(&frames[offset..]).1, Some(profile), "from frame {offset}");
        }
    }
}

#[test]
fn garbage_ends_at_the_maximum_as_lc() {
    let noise: Vec<Vec<u8>> = (0..DETECT_FRAMES_MAX).map(|n| noise(n as u32, 400)).collect();
    assert_eq!(detect(&noise[1..]), (DETECT_FRAMES_MAX - 1, None));
    assert_eq!(detect(&noise), (DETECT_FRAMES_MAX, Some(Lc)));
    let empty = [[0_u8; 0]; DETECT_FRAMES_MAX];
    assert_eq!(detect(&empty), (DETECT_FRAMES_MAX, Some(Lc)));
}

#[test]
fn whole_frames_full_of_noise_are_survived() {
    let genuine = stream(HeV2, 44_100, 2, 32);
    for seed in 0..100 {
        let frames: Vec<Vec<u8>> = (genuine.iter().take(DETECT_FRAMES_MAX).zip(0..))
            .map(|(frame, n)| {
                let payload = noise(seed * 100 + n, frame.len() - 7);
                [&frame[..7], &payload].concat()
            })
            .collect();
        assert!(detect(&frames).1.is_some());
    }
}

#[test]
fn broken_frames_in_between_only_delay_the_answer() {
    for (profile, kbps) in [(Lc, 128), (HeV1, 64), (HeV2, 32)] {
        let mut frames = stream(profile, 44_100, 2, kbps);
        for frame in frames.iter_mut().skip(1).step_by(2).take(3) {
            frame.truncate(frame.len() / 2);
        }
        assert_eq!(detect(&frames).1, Some(profile));
    }
}

#[test]
fn one_stray_sbr_frame_does_not_make_a_stream_he() {
    let mut frames = stream(Lc, 22_050, 2, 48);
    frames[3] = stream(HeV1, 44_100, 2, 48).swap_remove(20);
    assert_eq!(detect(&frames), (LC_FRAMES_MIN, Some(Lc)));
}

#[test]
fn the_answer_stays() {
    let mut detector = Detector::default();
    for frame in stream(HeV1, 44_100, 2, 64).iter().take(SBR_FRAMES_MIN) {
        detector.push(frame);
    }
    for frame in &stream(Lc, 44_100, 2, 128) {
        assert_eq!(detector.push(frame), Some(HeV1));
    }
}

#[test]
fn frames_with_a_checksum_are_understood() {
    let with_checksum = |frame: &Vec<u8>| {
        let mut long = frame[..7].to_vec();
        long[1] &= 0xFE;
        set_length(&mut long, frame.len() + 2);
        long.extend([0xAB, 0xCD]);
        long.extend(&frame[7..]);
        long
    };
    for (profile, kbps) in [(Lc, 128), (HeV1, 64), (HeV2, 32)] {
        let frames: Vec<_> = stream(profile, 44_100, 2, kbps).iter().map(with_checksum).collect();
        assert_eq!(detect(&frames).1, Some(profile));
    }
}

#[test]
fn frames_of_several_blocks_are_understood() {
    let joined = |four: &[Vec<u8>]| {
        let mut long = four[0][..7].to_vec();
        long.extend(four.iter().flat_map(|frame| &frame[7..]));
        let length = long.len();
        set_length(&mut long, length);
        long[6] = long[6] & 0xFC | 0x03;
        long
    };
    for (profile, kbps) in [(Lc, 64), (HeV1, 64), (HeV2, 32)] {
        let frames: Vec<_> = stream(profile, 44_100, 2, kbps).chunks_exact(4).map(joined).collect();
        assert_eq!(detect(&frames).1, Some(profile));
    }
}

fn set_length(header: &mut [u8], length: usize) {
    header[3] = header[3] & 0xFC | (length >> 11) as u8;
    header[4] = (length >> 3) as u8;
    header[5] = header[5] & 0x1F | (length << 5) as u8;
}

fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8
    };
    (0..len).map(|_| next()).collect()
}
