//! Functions whose results have the same bits on every processor.
//!
//! Nothing but what IEEE 754 defines to the bit: the system's library has another
//! sine, tangent and power where there are fused multiplications, and two nodes that
//! make the same segment would differ by it.

use std::f64::consts::PI;

/// sin(pi x).
pub(crate) fn sine(x: f64) -> f64 {
    // Whole turns away, then to where the series is short; all of it is exact.
    let turned = x - 2.0 * (x / 2.0).round();
    let folded = if turned > 0.5 {
        1.0 - turned
    } else if turned < -0.5 {
        -1.0 - turned
    } else {
        turned
    };
    let angle = PI * folded;
    let square = angle * angle;
    // Taylor's series, from its end. Of angles up to pi / 2 the 13th term is 1e-20.
    let series = (1..=12)
        .rev()
        .map(f64::from)
        .fold(1.0, |series, n| 1.0 - series * square / ((2.0 * n) * (2.0 * n + 1.0)));
    angle * series
}

/// The modified Bessel function of the first kind and of order zero.
pub(crate) fn bessel(x: f64) -> f64 {
    let square = x * x / 4.0;
    // For x up to 11 the 40th term is below 1e-30 of the sum.
    (1..=40).rev().map(f64::from).fold(1.0, |series, n| 1.0 + series * square / (n * n))
}

/// tan(pi x).
pub(crate) fn tangent(x: f64) -> f64 {
    sine(x) / sine(0.5 - x)
}

/// The factor of so many tenths of a dB.
pub(crate) fn tenths_of_decibels(tenths: i32) -> f64 {
    /// 10^(1/200).
    const TENTH: f64 = 1.011_579_454_259_898_5;
    let factor = (0..tenths.unsigned_abs()).fold(1.0, |factor, _| factor * TENTH);
    if tenths < 0 { 1.0 / factor } else { factor }
}

#[cfg(test)]
mod tests;
