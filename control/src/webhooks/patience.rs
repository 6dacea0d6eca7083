//! What a try has come to, and whether and when there is another.

use std::time::{Duration, Instant};

use outbound::{Answer, Error};
use runtime::backoff::Backoff;

/// Tries of one event. Chosen: with the waits between them they last about as
/// long as [`AGE_MAX`].
pub const TRIES_MAX: u32 = 20;

/// How old an event may be when it is tried again; each is tried once at least,
/// however long it has waited for its turn. Chosen: who hears later than that has
/// heard from the listeners.
pub const AGE_MAX: Duration = Duration::from_hours(1);

/// The wait after the first failure.
const WAIT_MIN: Duration = Duration::from_secs(1);

/// The longest wait.
const WAIT_MAX: Duration = Duration::from_mins(5);

/// What a try has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The receiver has it.
    Taken,
    /// Not now, for this reason.
    Later(String),
    /// Never, for this reason.
    Never(String),
}

/// How often one event is tried.
#[derive(Debug)]
pub(super) struct Patience {
    since: Instant,
    backoff: Backoff,
}

impl Verdict {
    /// Success is 2xx. What a receiver refuses it would refuse again, but for
    /// 408 and 429 (RFC 9110 §15.5.9, RFC 6585 §4). Redirects are refusals: they
    /// lead where the operator has not said.
    pub(super) fn of(result: &Result<Answer, Error>) -> Self {
        match result {
            Ok(answer) => Self::of_status(answer.status),
            Err(error) if error.is_transient() => Self::Later(error.to_string()),
            Err(error) => Self::Never(error.to_string()),
        }
    }

    fn of_status(status: u16) -> Self {
        let why = format!("it answers with status {status}");
        match status {
            200..300 => Self::Taken,
            408 | 429 | 500.. => Self::Later(why),
            _ => Self::Never(why),
        }
    }
}

impl Patience {
    /// For an event that waits since `since`.
    pub(super) fn new(since: Instant) -> Self {
        Self { since, backoff: Backoff::new(WAIT_MIN, WAIT_MAX) }
    }

    /// A try has failed: when the next one is due, or `None` where it was the
    /// last. `random` is any number, evenly distributed.
    pub(super) fn handle_failure(&mut self, now: Instant, random: u64) -> Option<Instant> {
        let due = self.backoff.handle_failure(now, random);
        let is_young = due.saturating_duration_since(self.since) <= AGE_MAX;
        (self.tries() < TRIES_MAX && is_young).then_some(due)
    }

    /// Tries that have failed.
    pub(super) fn tries(&self) -> u32 {
        self.backoff.failures()
    }
}

#[cfg(test)]
mod tests;
