//! How fast a source may be: in bursts, but not for ever.

use std::time::Duration;

use media::WallTime;

/// How far a source may be ahead of real time before it is made to wait: twice
/// the burst of 30 s that encoders and relays are known to send.
pub const BURST_MAX: Duration = Duration::from_mins(1);

/// How much faster than real time a source may be for ever, in percent: far
/// more than any sound card's clock is off, and nothing against a file that is
/// sent as fast as the line takes it.
const FASTER_PERCENT: u32 = 1;

/// Says how long a source has to wait, so that one that sends a file at line
/// speed fills neither feeds nor bucket.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    ahead: Duration,
    last: Option<WallTime>,
}

impl Pace {
    /// Takes note of `media` that came by `now`, and says how long not to read.
    pub(crate) fn push(&mut self, media: Duration, now: WallTime) -> Duration {
        let passed = self.last.replace(now).map_or(Duration::ZERO, |last| now.since(last));
        let allowed = passed + passed * FASTER_PERCENT / 100;
        self.ahead = self.ahead.saturating_sub(allowed) + media;
        self.ahead.saturating_sub(BURST_MAX)
    }
}

#[cfg(test)]
mod tests;
