//! When a programme counts as silent.
//!
//! Media time counts, not the time that passes: a stall is no silence (the
//! egress goes off air), and a burst of silence is as long as it will be heard.

use std::time::Duration;

use catalogue::limits::SILENCE_DBFS;

/// How long frames are quiet, one after the other, until that is silence.
pub const SILENCE_AFTER: Duration = Duration::from_secs(15);

/// How long a programme has been quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Silence {
    quiet: Duration,
}

impl Silence {
    /// The next frame, its level in dBFS and its length. `None` where it does
    /// not decode: it counts as quiet, since nobody hears anything of it.
    pub fn handle_frame(&mut self, dbfs: Option<f64>, length: Duration) {
        if dbfs.is_some_and(|dbfs| dbfs >= SILENCE_DBFS) {
            self.quiet = Duration::ZERO;
        } else {
            self.quiet = self.quiet.saturating_add(length);
        }
    }

    /// What follows is not known to follow on what was: the programme has ended,
    /// or frames of it were missed.
    pub fn handle_gap(&mut self) {
        self.quiet = Duration::ZERO;
    }

    /// Whether there is silence now.
    pub fn is_silent(&self) -> bool {
        self.quiet >= SILENCE_AFTER
    }
}

pub(super) fn detail() -> String {
    format!("below {SILENCE_DBFS} dBFS for {} s", SILENCE_AFTER.as_secs())
}

#[cfg(test)]
mod tests;
