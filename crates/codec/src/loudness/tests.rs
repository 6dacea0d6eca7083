#![expect(clippy::cast_possible_truncation, reason = "test signals are within range")]

use std::sync::Arc;

use super::*;
use crate::resample::{Filter, Resampler};
use crate::testing;

/// Interleaved stereo: so many seconds of a sine at a level in dB, in both channels.
fn sine(hz: f64, rate_hz: u32, secs: u32, level_db: f64) -> Vec<f32> {
    let level = 10.0_f64.powf(level_db / 20.0);
    let sample = |n: u32| {
        let turns = f64::from(n) / f64::from(rate_hz) * hz;
        ((turns * std::f64::consts::TAU).sin() * level) as f32
    };
    (0..rate_hz * secs).flat_map(|n| [sample(n); 2]).collect()
}

fn span(rate_hz: u32, pcm: &[f32]) -> Span {
    let mut meter = Meter::new(rate_hz, 2).unwrap();
    meter.push(pcm);
    meter.finish()
}

fn check(pcm: &[f32], lufs: f64) {
    let measured = span(48_000, pcm).lufs().unwrap();
    assert!((measured - lufs).abs() < 0.1, "{measured} LUFS, not {lufs}");
}

/// EBU Tech 3341 §2.9, cases 1 to 3: within 0.1 LU.
#[test]
fn a_sine_is_as_loud_as_the_standard_says() {
    check(&sine(1_000.0, 48_000, 20, -23.0), -23.0);
    check(&sine(1_000.0, 48_000, 20, -33.0), -33.0);
    let parts = [(10, -36.0), (60, -23.0), (10, -36.0)];
    let parts = parts.map(|(secs, level)| sine(1_000.0, 48_000, secs, level));
    check(&parts.concat(), -23.0);
}

#[test]
fn any_chunking_measures_the_same() {
    let pcm = sine(440.0, 44_100, 3, -12.0);
    let whole = span(44_100, &pcm);
    assert_eq!(whole.powers.len(), 27);
    for samples_a_call in [2, 14, 2_048] {
        let mut meter = Meter::new(44_100, 2).unwrap();
        for part in pcm.chunks(samples_a_call) {
            meter.push(part);
        }
        assert_eq!(meter.finish(), whole, "{samples_a_call}");
    }
}

#[test]
fn spans_one_behind_the_other_are_nearly_one() {
    let (loud, quiet) = (sine(1_000.0, 48_000, 6, -14.0), sine(1_000.0, 48_000, 6, -20.0));
    let mut spans = span(48_000, &loud);
    spans.append(&span(48_000, &quiet));
    let whole = span(48_000, &[loud, quiet].concat()).lufs().unwrap();
    // The blocks across the boundary are in none of them.
    assert!((spans.lufs().unwrap() - whole).abs() < 0.2);
}

#[test]
fn silence_has_no_loudness_and_a_short_span_no_block() {
    assert_eq!(span(44_100, &vec![0.0; 441_000]).lufs(), None);
    assert_eq!(span(44_100, &sine(440.0, 44_100, 1, -10.0)[..30_000]).lufs(), None);
    assert_eq!(Span::default().lufs(), None);
}

#[test]
fn a_gain_brings_a_loudness_to_the_target() {
    let gain = |heard| Gain::towards(-16.0, heard).decibels();
    for (heard, expected) in
        [(-16.0, 0.0), (-10.0, -6.0), (-20.04, 4.0), (-60.0, 12.0), (10.0, -20.0)]
    {
        assert!((gain(Some(heard)) - expected).abs() < 0.001, "{heard} LUFS");
    }
    assert_eq!(Gain::towards(-16.0, None), Gain::UNITY);
    assert_eq!(Gain::towards(-16.0, Some(-16.04)), Gain::UNITY);
}

#[test]
fn what_is_not_possible_is_refused() {
    for (rate_hz, channels) in [(0, 2), (44_100, 0)] {
        assert!(matches!(Meter::new(rate_hz, channels), Err(Error::Settings { .. })));
    }
}

#[test]
fn a_ramp_is_where_it_is_whatever_it_is_cut_into() {
    let (from, to) = (Gain::UNITY, Gain::towards(-22.0, Some(-16.0)));
    let ramp = Ramp { at: 100, len: 400, from, to };
    let whole = |first: i64| {
        let mut pcm = vec![1.0; 2_000];
        ramp.apply(first, 2, &mut pcm);
        pcm
    };
    let pcm = whole(0);
    assert_eq!(
        (pcm[0], pcm[200], pcm[201], pcm[1_000], pcm[1_999]),
        (1.0, 1.0, 1.0, to.factor, to.factor)
    );
    assert!(pcm.is_sorted_by(|one, two| one >= two));
    let mut pieces = vec![1.0; 2_000];
    for (nth, piece) in pieces.chunks_mut(14).enumerate() {
        ramp.apply(i64::try_from(nth).unwrap() * 7, 2, piece);
    }
    assert!(pieces == pcm);
    assert!(whole(500) == vec![to.factor; 2_000]);
    let jump = Ramp { len: 0, ..ramp };
    let mut pcm = vec![1.0; 4];
    jump.apply(98, 1, &mut pcm);
    assert_eq!(pcm, [1.0, 1.0, to.factor, to.factor]);
}

const RATE_HZ: u32 = 44_100;

/// Noise and beats, stereo, up to three times full scale.
fn loud() -> Vec<f32> {
    let noise = testing::noise(RATE_HZ * 2, 2);
    noise.iter().map(|sample| f32::from(*sample) / 4_000.0).collect()
}

fn limited(first: i64, pcm: &[f32]) -> Vec<f32> {
    let mut out = Vec::new();
    Limiter::new(RATE_HZ, 2, -1.0, first).process(pcm, &mut out);
    out
}

#[test]
fn true_peaks_stay_below_the_ceiling() {
    let steep = sine(f64::from(RATE_HZ) / 4.0 + 30.0, RATE_HZ, 1, 6.0);
    for (pcm, name) in [(loud(), "noise"), (steep, "a sine between the samples")] {
        let out = limited(0, &pcm);
        let db = |peak: f32| 20.0 * peak.log10();
        let left: Vec<f32> = out.iter().step_by(2).copied().collect();
        let measured = db(peak::true_peak(&left, 0.1));
        assert!((-2.0..-0.95).contains(&measured), "{name}: {measured} dBTP");
        // Four times the rate, whichever it is, by a filter that is much longer: the
        // standard's misses some tenths of a dB near half the rate.
        let filter = Arc::new(Filter::new(24_000, 96_000).unwrap());
        let mut between = Vec::new();
        Resampler::new(filter, 2, 0, 0).process(&out, &mut between);
        let true_db = db(between.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs())));
        assert!((-2.0..-0.5).contains(&true_db), "{name}: {true_db} dB");
    }
}

#[test]
fn what_is_below_the_ceiling_stays_to_the_bit() {
    let pcm = sine(440.0, RATE_HZ, 1, -1.5);
    let out = limited(7, &pcm);
    let ahead = Limiter::new(RATE_HZ, 2, -1.0, 7).ahead() as usize;
    assert!(out.len() / 2 + ahead >= pcm.len() / 2, "{} of {}", out.len(), pcm.len());
    assert!(out == pcm[..out.len()]);
}

#[test]
fn nothing_is_late_and_a_peak_leaves_no_hole() {
    let mut pcm = sine(440.0, RATE_HZ, 1, -6.0);
    pcm[40_000..40_010].fill(2.0);
    let out = limited(0, &pcm);
    let far = |at: usize| (out[at] - pcm[at]).abs();
    assert!((0..38_000).all(|at| far(at) == 0.0), "long before");
    assert!((40_000..40_010).all(|at| out[at].abs() < 0.9), "at the peak");
    assert!((60_000..out.len()).all(|at| far(at) == 0.0), "long behind");
    let steps = out.iter().step_by(2).zip(out.iter().step_by(2).skip(1));
    let steepest = steps.take(19_990).map(|(one, two)| (one - two).abs()).fold(0.0, f32::max);
    assert!(steepest < 0.05, "a step of {steepest}");
}

#[test]
fn any_chunking_limits_the_same() {
    let pcm = loud();
    let whole = limited(0, &pcm);
    for samples_a_call in [2, 14, 2_048] {
        let mut limiter = Limiter::new(RATE_HZ, 2, -1.0, 0);
        let mut out = Vec::new();
        for part in pcm.chunks(samples_a_call) {
            limiter.process(part, &mut out);
        }
        assert!(out == whole, "{samples_a_call}");
    }
}

#[test]
fn a_limiter_begun_elsewhere_gives_the_same_bits() {
    let pcm = loud();
    let whole = limited(-1_000, &pcm);
    let behind = Limiter::new(RATE_HZ, 2, -1.0, 0).behind() as usize;
    for begin in [1, 17, 5_000, 20_001] {
        let first = i64::try_from(begin).unwrap() - 1_000;
        let out = limited(first, &pcm[begin * 2..]);
        let settled = (begin + behind) * 2;
        assert!(out[behind * 2..] == whole[settled..], "{begin}");
    }
}

#[test]
fn limiters_take_any_number_and_any_sample() {
    for first in [i64::MIN, i64::MAX, 0] {
        let mut out = Vec::new();
        let mut limiter = Limiter::new(8_000, 1, -1.0, first);
        limiter.process(&[f32::MAX, f32::INFINITY, f32::NAN, -4.0], &mut out);
        limiter.process(&vec![0.5; 8_000], &mut out);
    }
}

/// Else two nodes of one programme would make different segments.
#[test]
fn the_limiter_has_the_same_bits_on_every_machine() {
    let out = limited(0, &loud());
    assert_eq!(testing::digest(&out), 0xB96B_559E_24AF_D04A);
}
