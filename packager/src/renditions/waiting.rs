//! How long a rendition's work waits.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// What of a feed has been there and not been taken, and since when.
///
/// An encoder that sends a minute at once leaves a rendition a minute behind by its media,
/// which is no sign of a slow machine: what counts is how long that has to wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Positions at which the feed was seen to end, later ones last, and when it first was.
    ends: VecDeque<(u64, Instant)>,
}

impl Waiting {
    /// How long the oldest that is not taken has been known to wait, where a reader is at
    /// `position` of a feed that ends at `end`. It is called at every turn: what comes between
    /// two calls counts from the second on.
    pub(super) fn waited(&mut self, position: u64, end: u64, now: Instant) -> Duration {
        while self.ends.front().is_some_and(|(end, _)| *end <= position) {
            self.ends.pop_front();
        }
        if end > self.ends.back().map_or(position, |(end, _)| *end) {
            self.ends.push_back((end, now));
        }
        self.ends.front().map_or(Duration::ZERO, |(_, since)| now.saturating_duration_since(*since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_taken_at_once_does_not_wait() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        for turn in 0..10 {
            assert_eq!(waiting.waited(turn, turn, now + SECOND), Duration::ZERO);
        }
        assert!(waiting.ends.is_empty());
    }

    #[test]
    fn much_at_once_waits_as_long_as_it_takes() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        for turn in 0..10 {
            let waited = waiting.waited(u64::from(turn) * 100, 1_000, now + SECOND * turn);
            assert_eq!(waited, SECOND * turn);
        }
        assert_eq!(waiting.waited(1_000, 1_000, now + SECOND * 10), Duration::ZERO);
    }

    #[test]
    fn one_who_takes_half_of_what_comes_waits_ever_longer() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        for turn in 1..=12_u32 {
            let (position, end) = (u64::from(turn), 2 * u64::from(turn));
            // The oldest came half the time ago, and was seen a turn later.
            let waited = waiting.waited(position, end, now + SECOND * turn);
            assert_eq!(waited, SECOND * ((turn - 1) / 2), "{turn}");
        }
    }
}
