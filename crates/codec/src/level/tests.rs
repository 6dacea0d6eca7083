#![expect(clippy::cast_possible_truncation, reason = "test signals are within range")]

use media::{AacProfile, Codec};

use super::*;
use crate::testing::{aac_frames, mp3_frames};

/// A second of a sine, at `peak` of 32,768, in both channels.
fn sine(hz: u32, peak: f64) -> Vec<i16> {
    let sample = |n: u32| (f64::from(n) / f64::from(hz) * 440.0 * std::f64::consts::TAU).sin();
    (0..hz).flat_map(|n| [(sample(n) * peak).round() as i16; 2]).collect()
}

/// The level in the middle of a stream, in dBFS.
fn middle(codec: Codec, frames: &[Vec<u8>]) -> f64 {
    let mut meter = Meter::new(codec).unwrap();
    let levels: Vec<_> = frames.iter().map(|frame| meter.measure(frame).unwrap()).collect();
    levels[levels.len() / 2].dbfs()
}

/// A sine of this peak is measured 3 dB below it, whatever carries it.
fn check(peak_dbfs: f64) {
    let pcm = sine(44_100, 32_768.0 * 10_f64.powf(peak_dbfs / 20.0));
    let wanted = peak_dbfs - 3.01;
    let streams = [
        (Codec::Mp3, mp3_frames(&pcm)),
        (Codec::Aac, aac_frames(AacProfile::Lc, &pcm)),
        (Codec::Aac, aac_frames(AacProfile::HeV1, &pcm)),
        (Codec::Aac, aac_frames(AacProfile::HeV2, &pcm)),
    ];
    for (number, (codec, frames)) in streams.iter().enumerate() {
        let got = middle(*codec, frames);
        assert!((got - wanted).abs() < 0.5, "stream {number}: {got} for {wanted} dBFS");
    }
}

#[test]
fn levels_are_told_within_half_a_decibel() {
    check(-6.0);
    check(-20.0);
    check(-46.0);
}

#[test]
fn levels_are_against_full_scale() {
    assert!(Level::of(&[i16::MIN; 8]).dbfs().abs() < 1e-9);
    assert_eq!(Level::of(&[0; 8]), Level::NONE);
    assert_eq!(Level::of(&[]), Level::NONE);
    assert!(Level::NONE.dbfs() < -1e9, "minus infinity");
    assert!((Level::of(&[104, -104]).dbfs() + 49.97).abs() < 0.01);
}

#[test]
fn one_loud_channel_of_two_is_3_db_below_both() {
    let (both, one) = (Level::of(&[1_000; 8]).dbfs(), Level::of(&[1_000, 0, 1_000, 0]).dbfs());
    assert!((both - one - 3.01).abs() < 0.01, "{both} and {one}");
}

#[test]
fn digital_silence_has_no_level() {
    let silence = vec![0; 88_200];
    assert!(middle(Codec::Mp3, &mp3_frames(&silence)) < -90.0);
    assert!(middle(Codec::Aac, &aac_frames(AacProfile::Lc, &silence)) < -90.0);
}

#[test]
fn what_does_not_decode_has_no_measure_and_the_next_frame_does() {
    let pcm = sine(44_100, 8_000.0);
    for (codec, frames) in
        [(Codec::Mp3, mp3_frames(&pcm)), (Codec::Aac, aac_frames(AacProfile::Lc, &pcm))]
    {
        let mut meter = Meter::new(codec).unwrap();
        for (number, frame) in frames.iter().take(20).enumerate() {
            assert_eq!(meter.measure(&frame[..frame.len() / 2]), None);
            assert!(meter.measure(frame).is_some(), "{codec:?} {number}");
        }
    }
}
