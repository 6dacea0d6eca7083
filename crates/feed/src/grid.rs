//! Where segments begin: exact integer arithmetic in samples.

use std::time::Duration;

use media::{MediaDuration, MediaTime, StreamInfo, Timescale};

/// The grid of an epoch: segment *j* holds the units whose start lies in
/// [j·T, (j+1)·T).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    timescale: Timescale,
    samples_per_unit: u64,
    samples_per_segment: u64,
}

impl Grid {
    /// The grid of a stream's units at `target_secs` a segment, at least 1.
    pub fn new(stream: &StreamInfo, target_secs: u32) -> Self {
        let hz = u64::from(stream.timescale.hz());
        Self {
            timescale: stream.timescale,
            samples_per_unit: u64::from(stream.samples_per_frame).max(1),
            samples_per_segment: hz * u64::from(target_secs.max(1)),
        }
    }

    /// The segment that a unit belongs to.
    pub fn segment_of(&self, index: u64) -> u64 {
        let start = u128::from(index) * u128::from(self.samples_per_unit);
        saturate(start / u128::from(self.samples_per_segment))
    }

    /// The first unit of a segment.
    pub fn first_index(&self, segment: u64) -> u64 {
        let start = u128::from(segment) * u128::from(self.samples_per_segment);
        saturate(start.div_ceil(u128::from(self.samples_per_unit)))
    }

    /// Units of another grid of the same epoch that begin before a unit of this one.
    pub fn units_before(&self, index: u64, other: &Self) -> u64 {
        let ticks = u128::from(index) * u128::from(self.samples_per_unit);
        let of_other = u128::from(other.samples_per_unit) * u128::from(self.timescale.hz());
        saturate((ticks * u128::from(other.timescale.hz())).div_ceil(of_other))
    }

    /// Time of a unit's first sample since the epoch's.
    pub fn start(&self, index: u64) -> MediaTime {
        let ticks = u128::from(index) * u128::from(self.samples_per_unit);
        MediaTime::from_ticks(i64::try_from(ticks).unwrap_or(i64::MAX))
    }

    /// The same as a [`Duration`], rounded down to a nanosecond.
    pub fn since_start(&self, index: u64) -> Duration {
        self.length(index).to_std(self.timescale)
    }

    /// Length of `units` units.
    pub fn length(&self, units: u64) -> MediaDuration {
        MediaDuration::from_ticks(units.saturating_mul(self.samples_per_unit))
    }

    /// Ticks per second of the above.
    pub fn timescale(&self) -> Timescale {
        self.timescale
    }
}

fn saturate(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
