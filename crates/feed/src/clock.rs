//! The clock of an epoch: which wall-clock moment its index 0 stands for.

use std::collections::VecDeque;
use std::time::Duration;

use media::WallTime;
use serde::{Deserialize, Serialize};

/// The most that the mapping moves at a segment's boundary.
///
/// Below the 10 ms that players are promised; 5 ms in 6 s follow an encoder
/// that is 800 ppm off, four times what the worst sound cards are.
pub const STEP_MAX: Duration = Duration::from_millis(5);

/// How far the arrival clock may be ahead of the media, for a whole minute,
/// before the epoch ends.
pub const OFF_CLOCK_MAX: Duration = Duration::from_secs(2);

/// How long the least delay is looked for: long enough that a stall of the
/// source's time-out, and the burst after it, pass unseen.
const WATCHED: Duration = Duration::from_mins(1);

/// Differences below this are the network's jitter, not the encoder's drift.
const DEAD_ZONE_NANOS: i128 = 10_000_000;

/// Follows the arrival of units, in steps that nobody notices.
///
/// The wall clock of index 0 is the least (arrival - media time) seen over the
/// first segment: a burst at the start does not put it ahead. From then on it
/// follows the least of the last minute by at most [`STEP_MAX`] a segment.
#[derive(Debug)]
pub struct MediaClock {
    not_before: i128,
    /// Wall-clock nanoseconds of index 0, once the first segment has closed.
    origin: Option<i128>,
    /// The least (arrival - media time) of the segment under way.
    least: Option<i128>,
    /// The same of the segments before, the newest last.
    watched: VecDeque<i128>,
    watched_max: usize,
}

/// A clock as it is kept on disk, in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClockState {
    not_before: i64,
    origin: Option<i64>,
    least: Option<i64>,
    watched: Vec<i64>,
}

impl ClockState {
    /// One of which only the origin is known, in nanoseconds since 1970.
    pub(crate) fn at(origin: u64) -> Self {
        let origin = i64::try_from(origin).ok();
        Self { not_before: 0, origin, least: None, watched: Vec::new() }
    }

    /// Wall-clock time of index 0, once that is fixed.
    pub(crate) fn origin(&self) -> Option<WallTime> {
        self.origin.and_then(|origin| u64::try_from(origin).ok()).map(WallTime::from_nanos)
    }
}

impl MediaClock {
    /// Takes over what another node says of index 0, in nanoseconds since 1970.
    pub(crate) fn set(&mut self, origin: u64) {
        self.origin = Some(i128::from(origin));
    }

    /// What another process needs to go on with it.
    pub(crate) fn state(&self) -> ClockState {
        let short = |nanos: i128| i64::try_from(nanos).unwrap_or(i64::MAX);
        ClockState {
            not_before: short(self.not_before),
            origin: self.origin.map(short),
            least: self.least.map(short),
            watched: self.watched.iter().copied().map(short).collect(),
        }
    }

    /// Goes on where another process was.
    pub(crate) fn restore(target_secs: u32, state: ClockState) -> Self {
        let clock = Self::new(target_secs, WallTime::default());
        let newest = state.watched.len().saturating_sub(clock.watched_max);
        Self {
            not_before: state.not_before.into(),
            origin: state.origin.map(i128::from),
            least: state.least.map(i128::from),
            watched: state.watched.into_iter().skip(newest).map(i128::from).collect(),
            ..clock
        }
    }

    /// A clock for segments of `target_secs`, of an epoch that may not begin
    /// before the one before it ended.
    pub fn new(target_secs: u32, not_before: WallTime) -> Self {
        let segments = WATCHED.as_secs() / u64::from(target_secs.max(1));
        let watched_max = usize::try_from(segments).unwrap_or(1).max(1);
        Self {
            not_before: i128::from(not_before.nanos()),
            origin: None,
            least: None,
            watched: VecDeque::new(),
            watched_max,
        }
    }

    /// Takes note of a unit that starts `media` after index 0.
    pub fn observe(&mut self, media: Duration, arrival: WallTime) {
        let offset = i128::from(arrival.nanos()) - nanos(media);
        self.least = Some(self.least.map_or(offset, |least| least.min(offset)));
    }

    /// Wall-clock time of the moment `media` after index 0, as it stands now.
    ///
    /// Before the first segment has closed it is the best guess so far.
    pub fn wall(&self, media: Duration) -> WallTime {
        let origin = self.origin.or(self.least).unwrap_or_default();
        WallTime::from_nanos(u64::try_from(origin + nanos(media)).unwrap_or(0))
    }

    /// Fixes the origin, at the first segment's end; later does nothing.
    pub fn fix(&mut self) {
        let least = self.least.map(|least| least.max(self.not_before));
        self.origin = self.origin.or(least);
    }

    /// Ends a segment: moves the mapping for the next one by a step at most.
    pub fn end_segment(&mut self) {
        self.fix();
        if let Some(least) = self.least.take() {
            self.watched.push_back(least);
            if self.watched.len() > self.watched_max {
                self.watched.pop_front();
            }
        }
        let (Some(origin), Some(least)) = (self.origin, self.watched.iter().min()) else { return };
        let error = least - origin;
        if error.abs() > DEAD_ZONE_NANOS {
            let step_max = nanos(STEP_MAX);
            self.origin = Some(origin + (error / 4).clamp(-step_max, step_max));
        }
    }

    /// Whether the arrival clock has been more than [`OFF_CLOCK_MAX`] ahead of
    /// the media for a whole minute: a stall whose audio never came.
    ///
    /// Media that is ahead (a burst that stays ahead) is no such case: dates do
    /// not go back, so no new epoch could mend it, and the steps do in time.
    pub fn is_off(&self) -> bool {
        let Some(origin) = self.origin else { return false };
        let late = origin + nanos(OFF_CLOCK_MAX);
        self.watched.len() == self.watched_max && self.watched.iter().all(|least| *least > late)
    }
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests;
