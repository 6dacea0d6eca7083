//! How much later one envelope has what another one has.
//!
//! All lags are tried in steps of 50 ms, and the best of them in bins.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use super::{BIN, Envelope};

/// What two envelopes have to have in common at least to be compared.
pub const OVERLAP_MIN: Duration = Duration::from_secs(20);

/// From this correlation on two envelopes are of the same sound.
///
/// Measured with the demo's music: 0.75 and more by another encoder, another codec,
/// with a seventh of the loudness and through a limiter; other pieces 0.4 at most.
const LIKENESS_MIN: f32 = 0.6;

/// How much worse any other lag has to be: music repeats itself. Measured likewise:
/// 0.4 and more, of other pieces 0.1 at most.
const LEAD_MIN: f32 = 0.2;

/// Bins on either side of one whose mean it is compared with: how loud a programme is
/// in general says nothing about the time.
const MEAN_BINS: usize = 60;

/// What is so much quieter than the whole, in dB, is as quiet as that: encoders differ
/// in their noise. Measured: 8 and 25 tell less.
const FLOOR_DB: f32 = 16.0;

/// What changes by less than this, root mean square of dB, has no shape.
const CHANGE_MIN_DB: f64 = 0.5;

/// Bins of a step of the first search.
const STEP_BINS: usize = 10;

/// Lags of the first search that are looked at closely.
const CANDIDATES_MAX: usize = 8;

/// Bins within which lags are one.
const ONE_LAG_BINS: i64 = 30;

/// How much later an envelope has what another one has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    /// Nanoseconds, right within some milliseconds; below zero where it is earlier.
    pub nanos: i64,
    /// The correlation of the two there, at most 1.
    pub likeness: f32,
}

impl Envelope {
    /// How much later `other` has what this one has, if they are of the same sound and
    /// one time within these nanoseconds shows clearly.
    pub fn lag_of(&self, other: &Self, within: RangeInclusive<i64>) -> Option<Lag> {
        let (own, other) = (Shape::of(self), Shape::of(other));
        let bin = i64::try_from(BIN.as_nanos()).unwrap_or(i64::MAX);
        let bins = within.start().div_euclid(bin)..=within.end().div_euclid(bin) + 1;
        let candidates = own.candidates(&other, &bins).into_iter();
        let mut found: Vec<_> = candidates.filter_map(|near| own.best(&other, near)).collect();
        found.sort_by(|one, two| two.likeness.total_cmp(&one.likeness));
        let best = *found.first()?;
        let rival = found.iter().find(|rival| (rival.bins - best.bins).abs() > ONE_LAG_BINS);
        let leads = rival.is_none_or(|rival| best.likeness - rival.likeness >= LEAD_MIN);
        let is_it = best.likeness >= LIKENESS_MIN && leads;
        let nanos = best.bins * bin + own.beside(&other, best.bins, bin);
        is_it.then_some(Lag { nanos, likeness: best.likeness })
    }
}

/// How alike two shapes are at a lag.
#[derive(Debug, Clone, Copy)]
struct Match {
    bins: i64,
    likeness: f32,
}

/// An envelope in dB without what does not tell, and the same in steps.
struct Shape {
    bins: Vec<f32>,
    steps: Vec<f32>,
}

impl Shape {
    fn of(envelope: &Envelope) -> Self {
        let bins = without_mean(&decibels(&envelope.powers));
        let steps = bins.chunks_exact(STEP_BINS).map(mean).collect();
        Self { bins, steps }
    }

    /// The lags at which the steps are most alike.
    fn candidates(&self, other: &Self, bins: &RangeInclusive<i64>) -> Vec<i64> {
        let step = i64::try_from(STEP_BINS).unwrap_or(i64::MAX);
        // With one more at either end, so that each has two neighbours.
        let lags = bins.start().div_euclid(step) - 1..=bins.end().div_euclid(step) + 2;
        let all: Vec<_> = lags
            .map(|lag| {
                let likeness = correlation(&self.steps, &other.steps, lag, STEP_BINS);
                Match { bins: lag * step, likeness: likeness.unwrap_or(-1.0) }
            })
            .collect();
        let peaks = all.windows(3).filter_map(|three| match three {
            [before, here, behind] if before.likeness < here.likeness => {
                (behind.likeness <= here.likeness).then_some(*here)
            }
            _ => None,
        });
        let mut peaks: Vec<_> = peaks.collect();
        peaks.sort_by(|one, two| two.likeness.total_cmp(&one.likeness));
        peaks.iter().take(CANDIDATES_MAX).map(|peak| peak.bins).collect()
    }

    /// The lag around a step's at which the bins are most alike.
    fn best(&self, other: &Self, near: i64) -> Option<Match> {
        let step = i64::try_from(STEP_BINS).unwrap_or(i64::MAX);
        let all = (near - step..=near + step).filter_map(|bins| {
            let likeness = correlation(&self.bins, &other.bins, bins, 1)?;
            Some(Match { bins, likeness })
        });
        all.max_by(|one, two| one.likeness.total_cmp(&two.likeness))
    }

    /// How far from a lag the peak is, at most half a bin of `bin` nanoseconds: that of
    /// a parabola through it and its neighbours.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "half a bin")]
    fn beside(&self, other: &Self, bins: i64, bin: i64) -> i64 {
        let at = |lag| correlation(&self.bins, &other.bins, lag, 1);
        let (Some(before), Some(here), Some(behind)) = (at(bins - 1), at(bins), at(bins + 1))
        else {
            return 0;
        };
        let curve = before - 2.0 * here + behind;
        let part = if curve < 0.0 { (before - behind) / (2.0 * curve) } else { 0.0 };
        (part.clamp(-0.5, 0.5) * bin as f32) as i64
    }
}

/// Powers in dB, those far below the whole raised to one floor.
fn decibels(powers: &[f32]) -> Vec<f32> {
    let floor = mean(powers) * 10_f32.powf(-FLOOR_DB / 10.0);
    // Where all is silence nothing is above it.
    let floor = floor.max(f32::MIN_POSITIVE);
    powers.iter().map(|power| 10.0 * power.max(floor).log10()).collect()
}

/// Each bin less the mean of those around it.
fn without_mean(bins: &[f32]) -> Vec<f32> {
    let around = |nth: usize| nth.saturating_sub(MEAN_BINS)..(nth + MEAN_BINS + 1).min(bins.len());
    let shaped = bins.iter().enumerate().map(|(nth, bin)| {
        let around = bins.get(around(nth)).unwrap_or_default();
        bin - mean(around)
    });
    shaped.collect()
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a mean")]
fn mean(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
    (sum / values.len().max(1) as f64) as f32
}

/// Pearson's, of all of `one` with what `other` has `lag` later; each value stands for
/// so many bins. `None` where that is too short, or where one of them has no shape.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "-1 to 1")]
fn correlation(one: &[f32], other: &[f32], lag: i64, bins: usize) -> Option<f32> {
    let own = one.get(common(one.len(), other.len(), lag)?)?;
    let other = other.get(common(other.len(), one.len(), -lag)?)?;
    if BIN * u32::try_from(own.len() * bins).ok()? < OVERLAP_MIN {
        return None;
    }
    let (mut sums, mut squares, mut products) = ((0.0, 0.0), (0.0, 0.0), 0.0);
    for (one, other) in own.iter().zip(other) {
        let (one, other) = (f64::from(*one), f64::from(*other));
        sums = (sums.0 + one, sums.1 + other);
        squares = (squares.0 + one * one, squares.1 + other * other);
        products += one * other;
    }
    let len = own.len() as f64;
    let spread = |sum: f64, squares: f64| squares - sum * sum / len;
    let (spread, other_spread) = (spread(sums.0, squares.0), spread(sums.1, squares.1));
    let is_flat = spread.min(other_spread) < len * CHANGE_MIN_DB * CHANGE_MIN_DB;
    let common = products - sums.0 * sums.1 / len;
    (!is_flat).then(|| (common / (spread * other_spread).sqrt()) as f32)
}

/// Of `len` values those that have a partner `lag` later among `other_len`.
fn common(len: usize, other_len: usize, lag: i64) -> Option<Range<usize>> {
    let (len, other_len) = (i64::try_from(len).ok()?, i64::try_from(other_len).ok()?);
    let (start, end) = ((-lag).max(0), len.min(other_len - lag));
    (start < end).then_some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}
