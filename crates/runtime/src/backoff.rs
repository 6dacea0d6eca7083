//! When to try again: ever later, and never all at the same moment.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

/// Waits of `first`, twice that, four times, up to `longest`, each shortened at
/// random by up to a half, so that peers that failed together do not come back
/// together.
///
/// It starts over once a try has held for `longest`: what fails again at once
/// does not get back to the short waits.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    /// Failures since the start or since the last good stretch.
    failures: u32,
    up_since: Option<Instant>,
}

impl Backoff {
    /// No failure yet. `first` above `longest` counts as `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first: first.min(longest), longest, failures: 0, up_since: None }
    }

    /// A try has succeeded.
    pub fn handle_success(&mut self, now: Instant) {
        self.up_since.get_or_insert(now);
    }

    /// A try has failed, or what it had set up has ended: when to try again.
    /// `random` is any number, evenly distributed.
    pub fn handle_failure(&mut self, now: Instant, random: u64) -> Instant {
        let held = self.up_since.take().map(|since| now.saturating_duration_since(since));
        if held.is_some_and(|held| held >= self.longest) {
            self.failures = 0;
        }
        let wait = self.first.saturating_mul(1 << self.failures.min(30)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        now + wait.saturating_sub(jitter(wait, random))
    }

    /// Failures in a row, for logs.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// A number for [`Backoff::handle_failure`], from the seed that the system gave
/// to this process's hash maps: no two processes have the same. Not for secrets.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Nothing to a half of `wait`, evenly.
fn jitter(wait: Duration, random: u64) -> Duration {
    let half = u64::try_from(wait.as_nanos() / 2).unwrap_or(u64::MAX);
    Duration::from_nanos(random.checked_rem(half.saturating_add(1)).unwrap_or(0))
}

#[cfg(test)]
mod tests;
