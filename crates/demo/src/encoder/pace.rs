//! When each frame is due: by its place, from the beginning, so nothing drifts.

use std::time::{Duration, Instant};

use media::{MediaDuration, Timescale};

/// The real time of a stream of samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    start: Instant,
    first: u64,
    scale: Timescale,
    head_start: Duration,
}

impl Pace {
    /// The sample `first` is heard now, or later by the head start.
    pub(super) fn new(now: Instant, first: u64, scale: Timescale, head_start: Duration) -> Self {
        Self { start: now, first, scale, head_start }
    }

    /// How long to wait before a sample's frame is sent; zero when it is due or late.
    pub(super) fn wait(&self, sample: u64, now: Instant) -> Duration {
        let length = MediaDuration::from_ticks(sample.saturating_sub(self.first));
        let due = length.to_std(self.scale).saturating_sub(self.head_start);
        due.saturating_sub(now.saturating_duration_since(self.start))
    }
}

#[cfg(test)]
mod tests;
