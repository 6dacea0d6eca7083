//! The machine's clock, turned forward by hand.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use runtime::clock::{Clock, SystemClock};

/// It goes on by itself, so that all that waits for its ticks gets them.
#[derive(Debug, Default)]
pub struct Turned {
    ahead: Mutex<Duration>,
}

impl Turned {
    /// Turns both clocks on by `time`.
    pub fn advance(&self, time: Duration) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }

    fn ahead(&self) -> Duration {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Turned {
    fn monotonic(&self) -> Instant {
        SystemClock.monotonic() + self.ahead()
    }

    fn wall(&self) -> SystemTime {
        SystemClock.wall() + self.ahead()
    }
}
