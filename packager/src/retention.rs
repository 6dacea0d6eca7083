//! When segments leave the bucket: behind the window and `dvr`, never before
//! their time of availability is over (RFC 8216 §6.2.2).

use std::collections::VecDeque;
use std::time::Duration;

use media::{SegmentRef, WallTime};

/// Segments that have left the window and wait for their end.
#[derive(Debug, Default)]
pub(crate) struct Retention {
    waiting: VecDeque<(WallTime, SegmentRef)>,
}

impl Retention {
    /// A segment that may be deleted at `due`. They come in their order, so
    /// none is due before those that came before it.
    pub(crate) fn push(&mut self, segment: SegmentRef, due: WallTime) {
        let last = self.waiting.back().map_or(due, |(last, _)| due.max(*last));
        self.waiting.push_back((last, segment));
    }

    /// When the next one is due.
    pub(crate) fn next_due(&self) -> Option<WallTime> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// Takes one that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: WallTime) -> Option<SegmentRef> {
        self.waiting.pop_front_if(|(due, _)| *due <= now).map(|(_, segment)| segment)
    }

    /// One could not be deleted: it is due again `pause` from now.
    pub(crate) fn push_back(&mut self, segment: SegmentRef, now: WallTime, pause: Duration) {
        self.waiting.push_front((now.plus(pause), segment));
    }

    /// The oldest segment that the bucket still has for certain.
    pub(crate) fn oldest(&self) -> Option<&SegmentRef> {
        self.waiting.front().map(|(_, segment)| segment)
    }
}

#[cfg(test)]
mod tests;
