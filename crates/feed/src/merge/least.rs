//! The least of what was seen lately: what the network's jitter only adds to.

use std::time::Duration;

use media::WallTime;

/// How long a value counts: between one and two of these.
///
/// Chosen: longer than a source's time-out, so that a stall and the burst after
/// it do not move the least.
const WATCHED: Duration = Duration::from_secs(30);

/// The least of a value over the last half minute or more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Least {
    current: i64,
    before: i64,
    since: WallTime,
}

impl Least {
    /// The first value.
    pub(super) fn new(value: i64, now: WallTime) -> Self {
        Self { current: value, before: value, since: now }
    }

    /// Takes the next value.
    pub(super) fn observe(&mut self, value: i64, now: WallTime) {
        if now.since(self.since) >= WATCHED {
            (self.before, self.current, self.since) = (self.current, value, now);
        }
        self.current = self.current.min(value);
    }

    /// The least.
    pub(super) fn get(&self) -> i64 {
        self.current.min(self.before)
    }
}

/// A moment, moved by nanoseconds.
pub(super) fn moved(moment: WallTime, nanos: i64) -> WallTime {
    let length = Duration::from_nanos(nanos.unsigned_abs());
    if nanos < 0 { moment.minus(length) } else { moment.plus(length) }
}
