#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "test signals are within range"
)]

use std::ops::RangeInclusive;

use media::{AacProfile, Codec, StreamInfo, Timescale};

use super::*;
use crate::testing::{aac_frames, mp3_frames};

/// Samples a second, per channel.
const HZ: usize = 44_100;

/// What is compared here, in seconds.
const SECS: usize = 40;

const WITHIN: RangeInclusive<i64> = -20_000_000_000..=20_000_000_000;

/// Notes of noise, each as long and as loud as chance has it, in both channels.
fn notes(seed: u64, secs: usize) -> Vec<i16> {
    let mut state = seed;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from((state >> 33) as u32) / f64::from(1_u32 << 31)
    };
    let (mut pcm, mut left, mut length, mut peak) = (Vec::new(), 0, 0.0, 0.0);
    for _ in 0..secs * HZ {
        if left == 0 {
            left = (random() * 0.4 * 44_100.0) as u32 + 2_000;
            (length, peak) = (f64::from(left), 12_000.0 * random());
        }
        left -= 1;
        // It dies away, as what is struck does.
        let sample = (random() - 0.5) * peak * (f64::from(left) / length).powi(2);
        pcm.extend([sample as i16; 2]);
    }
    pcm
}

/// From a sample group on, so many seconds of it.
fn from(pcm: &[i16], group: usize) -> &[i16] {
    &pcm[group * 2..(group + SECS * HZ) * 2]
}

fn stream(codec: Codec, profile: Option<AacProfile>) -> StreamInfo {
    let (hz, samples_per_frame) = match (codec, profile) {
        (Codec::Mp3, _) => (44_100, 1_152),
        (Codec::Aac, Some(AacProfile::HeV1 | AacProfile::HeV2)) => (22_050, 1_024),
        (Codec::Aac, _) => (44_100, 1_024),
    };
    StreamInfo { codec, timescale: Timescale::new(hz).unwrap(), channels: 2, samples_per_frame }
}

fn traced(stream: StreamInfo, frames: &[Vec<u8>]) -> Envelope {
    let mut tracer = Tracer::new(stream).unwrap();
    for frame in frames {
        tracer.push(frame);
    }
    tracer.finish()
}

fn mp3(pcm: &[i16]) -> Envelope {
    traced(stream(Codec::Mp3, None), &mp3_frames(pcm))
}

fn aac(profile: AacProfile, pcm: &[i16]) -> Envelope {
    traced(stream(Codec::Aac, Some(profile)), &aac_frames(profile, pcm))
}

/// The second one begins so many sample groups later in the same sound.
#[track_caller]
fn assert_lag(one: &Envelope, other: &Envelope, groups: usize) {
    let wanted = -(i64::try_from(groups).unwrap() * 1_000_000_000 / 44_100);
    let lag = one.lag_of(other, WITHIN).unwrap().nanos;
    assert!((lag - wanted).abs() < 3_000_000, "{lag} {wanted}");
    let lag = other.lag_of(one, WITHIN).unwrap().nanos;
    assert!((lag + wanted).abs() < 3_000_000, "{lag} {wanted}");
}

#[test]
fn two_encoders_of_one_sound_are_told_within_three_milliseconds() {
    let pcm = notes(1, SECS + 20);
    let own = mp3(from(&pcm, 0));
    // Off the grid of either's frames and of the bins.
    for groups in [77, 3 * HZ + 501, 19 * HZ + 9] {
        assert_lag(&own, &mp3(from(&pcm, groups)), groups);
    }
    for profile in [AacProfile::Lc, AacProfile::HeV1, AacProfile::HeV2] {
        let groups = 2 * HZ + 333;
        assert_lag(&aac(profile, from(&pcm, 0)), &aac(profile, from(&pcm, groups)), groups);
    }
}

#[test]
fn how_loud_it_is_and_how_much_louder_the_loud_parts_are_does_not_matter() {
    let pcm = notes(1, SECS + 20);
    let (own, groups) = (mp3(from(&pcm, 0)), 5 * HZ + 77);
    let soft: Vec<i16> = from(&pcm, groups).iter().map(|sample| sample / 8).collect();
    assert_lag(&own, &mp3(&soft), groups);
    // Bent as by a limiter.
    let bend = |sample: &i16| (f64::from(*sample) / 2_000.0).tanh() * 20_000.0;
    let bent: Vec<i16> = from(&pcm, groups).iter().map(|sample| bend(sample) as i16).collect();
    assert_lag(&own, &mp3(&bent), groups);
}

#[test]
fn another_sound_has_no_lag() {
    let own = mp3(&notes(1, SECS));
    for seed in 2..8 {
        assert_eq!(own.lag_of(&mp3(&notes(seed, SECS)), WITHIN), None, "{seed}");
    }
}

#[test]
fn what_repeats_itself_has_no_lag() {
    let bar = notes(1, 2);
    let bars: Vec<i16> = bar.iter().copied().cycle().take((SECS + 10) * HZ * 2).collect();
    assert_eq!(mp3(from(&bars, 0)).lag_of(&mp3(from(&bars, 1_000)), WITHIN), None);
}

#[test]
fn what_has_no_shape_has_no_lag() {
    let pcm = notes(1, SECS);
    let steady: Vec<i16> = (0..SECS * HZ)
        .flat_map(|group| [((group as f64 * 0.06).sin() * 9_000.0) as i16; 2])
        .collect();
    let own = mp3(&pcm);
    for flat in [vec![0; pcm.len()], steady] {
        let flat = mp3(&flat);
        assert_eq!(own.lag_of(&flat, WITHIN), None);
        assert_eq!(flat.lag_of(&flat, WITHIN), None);
    }
}

#[test]
fn a_lag_outside_of_what_is_asked_for_is_none() {
    let pcm = notes(1, SECS + 20);
    let (one, other) = (mp3(from(&pcm, 0)), mp3(from(&pcm, 5 * HZ)));
    let lag = |within| one.lag_of(&other, within);
    assert!(lag(-5_100_000_000..=-4_900_000_000).is_some());
    assert_eq!(lag(-4_500_000_000..=4_500_000_000), None);
    assert_eq!(lag(-20_000_000_000..=-5_500_000_000), None);
}

#[test]
fn two_have_twenty_seconds_in_common_at_least() {
    let pcm = notes(1, SECS + 20);
    let frames = mp3_frames(from(&pcm, 0));
    // 20 s are 765.6 frames.
    let lag = |count: usize| {
        let one = traced(stream(Codec::Mp3, None), &frames[..count]);
        one.lag_of(&one, -1_000_000_000..=1_000_000_000)
    };
    assert_eq!(lag(765), None);
    assert!(lag(767).is_some());
    assert_eq!(Envelope::default().lag_of(&Envelope::default(), WITHIN), None);
}

#[test]
fn an_envelope_is_as_long_as_its_frames_whatever_becomes_of_them() {
    let pcm = notes(1, SECS);
    let mut frames = mp3_frames(&pcm);
    let whole = traced(stream(Codec::Mp3, None), &frames);
    let length = Duration::from_secs_f64(frames.len() as f64 * 1_152.0 / 44_100.0);
    assert!(whole.duration().abs_diff(length) <= BIN, "{:?} {length:?}", whole.duration());
    // Some do not decode: the rest stays where it was.
    for frame in frames.iter_mut().step_by(50) {
        frame.truncate(100);
    }
    let broken = traced(stream(Codec::Mp3, None), &frames);
    assert_eq!(broken.duration(), whole.duration());
    let lag = whole.lag_of(&broken, WITHIN).unwrap();
    assert!(lag.nanos.abs() < 3_000_000, "{lag:?}");
}
