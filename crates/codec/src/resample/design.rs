//! The filter's design: a sinc under a Kaiser window.
//!
//! In double precision, and with functions of our own ([`crate::exact`]).

use std::f64::consts::PI;

use super::LANES;
use crate::exact::{bessel, sine};

/// What is down by this many dB is not heard. The goal is 96; the rest is for the
/// coefficients' own rounding and for the edges of the window.
const DOWN_DB: f64 = 102.0;

/// The end of what passes, as a part of the lower rate's half: 20 of 22.05 kHz.
const PASS: f64 = 0.907;

/// The coefficients of all phases, one after the other, equally many of each and a
/// multiple of [`LANES`], for a ratio of the rates in lowest terms.
#[expect(clippy::cast_possible_truncation, reason = "coefficients of f32")]
pub(super) fn phases(up: u32, down: u32) -> Vec<f32> {
    // Both in parts of the input's rate.
    let lower = (f64::from(up) / f64::from(down)).min(1.0);
    let cutoff = lower * (1.0 + PASS) / 4.0;
    let half_len = half_len(lower * (1.0 - PASS) / 2.0);
    let shape = 0.1102 * (DOWN_DB - 8.7);
    let top = bessel(shape);
    let mut coefficients = Vec::with_capacity(up as usize * half_len as usize * 2);
    for phase in 0..up {
        let behind = f64::from(phase) / f64::from(up);
        let taps = (0..2 * half_len).map(|tap| {
            // From the output's place to the input sample's.
            let t = f64::from(tap) - f64::from(half_len - 1) - behind;
            let edge = t / f64::from(half_len);
            let window = bessel(shape * (1.0 - edge * edge).max(0.0).sqrt()) / top;
            2.0 * cutoff * sinc(2.0 * cutoff * t) * window
        });
        let taps: Vec<f64> = taps.collect();
        // So that no phase is louder than another.
        let sum: f64 = taps.iter().sum();
        coefficients.extend(taps.iter().map(|tap| (tap / sum) as f32));
    }
    coefficients
}

/// Kaiser's estimate of the length for a transition of so many parts of the rate:
/// half of it, so that the whole is a multiple of [`LANES`].
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 1,000")]
fn half_len(transition: f64) -> u32 {
    let len = ((DOWN_DB - 7.95) / (14.36 * transition)).ceil() as u32 + 1;
    len.next_multiple_of(LANES as u32) / 2
}

/// sin(pi x) / (pi x).
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { sine(x) / (PI * x) }
}

#[cfg(test)]
mod tests;
