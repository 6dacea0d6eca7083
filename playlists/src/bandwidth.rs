//! What `BANDWIDTH` and `AVERAGE-BANDWIDTH` declare, measured on segments.

use std::collections::VecDeque;

use media::{MediaSequence, SegmentInfo};

/// Segments over which a run is looked for, chosen: four are enough at the
/// nominal length, more come only of many epochs in a row. Older ones are
/// forgotten.
pub const RUN_LEN_MAX: usize = 64;

/// Declared values are whole multiples of this many bits per second, so that
/// the tag of a title does not change them.
const STEP_BPS: u64 = 1_000;

/// Measures a rendition's bit rate, container bytes included.
///
/// What it declares is meant to stay: a player reads it once. The peak never
/// goes down; the average moves only when it is exceeded, or was 10 % too high
/// (the tolerance of Apple's validator). Holds the sizes of at most
/// [`RUN_LEN_MAX`] segments, and two sums.
#[derive(Debug, Clone)]
pub struct Meter {
    run_min_micros: u64,
    run_max_micros: u64,
    recent: VecDeque<Sample>,
    last: Option<MediaSequence>,
    peak_bps: Option<u64>,
    average_bps: Option<u64>,
    total: Sample,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    bytes: u64,
    micros: u64,
}

impl Meter {
    /// Measures segments of a playlist whose target duration is `target_secs`,
    /// at least 1.
    pub fn new(target_secs: u64) -> Self {
        let target_micros = target_secs.max(1).saturating_mul(1_000_000);
        Self {
            run_min_micros: target_micros / 2,
            run_max_micros: target_micros.saturating_add(target_micros / 2).saturating_add(500_000),
            recent: VecDeque::new(),
            last: None,
            peak_bps: None,
            average_bps: None,
            total: Sample::default(),
        }
    }

    /// Takes the next segment. After a hole in the numbers runs begin anew; one
    /// already taken, or older, is ignored.
    pub fn push(&mut self, info: &SegmentInfo) {
        if self.last.is_some_and(|last| info.number <= last) {
            return;
        }
        if self.last.is_some_and(|last| info.number.0 - last.0 != 1) {
            self.recent.clear();
        }
        self.last = Some(info.number);
        let sample = Sample { bytes: info.bytes, micros: info.duration.micros(info.timescale) };
        self.total.add(sample);
        self.recent.push_front(sample);
        self.recent.truncate(RUN_LEN_MAX);
        self.measure_peak();
        self.measure_average();
    }

    /// `BANDWIDTH`: the largest bit rate of any contiguous run that lasts half to
    /// one and a half target durations, and half a second more (rfc8216bis §4.1,
    /// Apple's rounding), up to whole 1,000 bits per second.
    ///
    /// `None` until such a run was seen.
    pub fn peak_bps(&self) -> Option<u64> {
        self.peak_bps
    }

    /// `AVERAGE-BANDWIDTH`: all bits over all time so far, up to whole 1,000 bits
    /// per second; never above the peak.
    ///
    /// `None` exactly as long as [`Meter::peak_bps`].
    pub fn average_bps(&self) -> Option<u64> {
        let peak = self.peak_bps?;
        self.average_bps.map(|average| average.min(peak))
    }

    /// Runs that end with the newest segment: the others were measured before.
    fn measure_peak(&mut self) {
        let mut run = Sample::default();
        for sample in &self.recent {
            run.add(*sample);
            if run.micros > self.run_max_micros {
                break;
            }
            if run.micros >= self.run_min_micros {
                self.peak_bps = self.peak_bps.max(run.declared_bps());
            }
        }
    }

    fn measure_average(&mut self) {
        let Some(now) = self.total.declared_bps() else { return };
        let declared = self.average_bps.unwrap_or(0);
        if now > declared || now < declared - declared / 10 {
            self.average_bps = Some(now);
        }
    }
}

impl Sample {
    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.micros = self.micros.saturating_add(other.micros);
    }

    /// Bits per second, up to a whole [`STEP_BPS`]; `None` of no time.
    fn declared_bps(self) -> Option<u64> {
        let bits = u128::from(self.bytes) * 8 * 1_000_000;
        let micros = u128::from(self.micros) * u128::from(STEP_BPS);
        let steps = (self.micros > 0).then(|| bits.div_ceil(micros))?;
        Some(u64::try_from(steps).unwrap_or(u64::MAX).saturating_mul(STEP_BPS))
    }
}

#[cfg(test)]
mod tests;
