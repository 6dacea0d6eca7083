//! When segments leave the bucket: behind the window and `dvr`, never before
//! their time of availability is over (RFC 8216 §6.2.2).

use std::collections::VecDeque;
use std::time::Duration;

use media::{MediaSequence, SegmentInfo, SegmentRef, WallTime};
use store::Key;

/// What waits for its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// A segment that has left the window.
    Segment(SegmentRef),
    /// A segment that no playlist can list: it lies before a hole, or nothing
    /// is known of its epoch.
    Stray(Key),
}

/// What has left the window and waits for its end.
#[derive(Debug, Default)]
pub(crate) struct Retention {
    /// Segments in the order of their numbers, none due before those before it.
    waiting: VecDeque<(WallTime, Leaving)>,
    /// Segments from this one on stay, whatever the time.
    held_from: Option<MediaSequence>,
}

impl Retention {
    /// A segment that may be deleted at `due`. They come in their order, so
    /// none is due before those that came before it.
    pub(crate) fn push(&mut self, leaving: Leaving, due: WallTime) {
        let last = self.waiting.back().map_or(due, |(last, _)| due.max(*last));
        self.waiting.push_back((last, leaving));
    }

    /// What left the window before all that waits, oldest first.
    pub(crate) fn put_before(&mut self, older: Vec<(Leaving, WallTime)>) {
        let mut due = self.next_due().unwrap_or(WallTime::from_nanos(u64::MAX));
        for (leaving, wanted) in older.into_iter().rev() {
            due = due.min(wanted);
            self.waiting.push_front((due, leaving));
        }
    }

    /// One that was stored late, behind those before it and before those behind it.
    pub(crate) fn put_between(&mut self, segment: SegmentRef, due: WallTime) {
        let number = segment.info().number;
        let before = self.waiting.iter().rposition(|(_, leaving)| match leaving {
            Leaving::Segment(other) => other.info().number < number,
            Leaving::Stray(_) => false,
        });
        let place = before.map_or(0, |before| before + 1);
        let before = before.and_then(|before| self.waiting.get(before));
        let due = before.map_or(due, |(before, _)| due.max(*before));
        let due = self.waiting.get(place).map_or(due, |(behind, _)| due.min(*behind));
        self.waiting.insert(place, (due, Leaving::Segment(segment)));
    }

    /// Segments from this one on stay, whatever the time.
    pub(crate) fn hold_from(&mut self, number: MediaSequence) {
        self.held_from = Some(number);
    }

    /// When the next one is due.
    pub(crate) fn next_due(&self) -> Option<WallTime> {
        self.waiting.front().filter(|(_, next)| !self.is_held(next)).map(|(due, _)| *due)
    }

    /// Takes one that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: WallTime) -> Option<Leaving> {
        self.next_due().filter(|due| *due <= now)?;
        self.waiting.pop_front().map(|(_, leaving)| leaving)
    }

    fn is_held(&self, leaving: &Leaving) -> bool {
        match leaving {
            Leaving::Segment(segment) => {
                self.held_from.is_some_and(|from| segment.info().number >= from)
            }
            Leaving::Stray(_) => false,
        }
    }

    /// One could not be deleted: it is due again `pause` from now.
    pub(crate) fn push_back(&mut self, leaving: Leaving, now: WallTime, pause: Duration) {
        self.waiting.push_front((now.plus(pause), leaving));
    }

    /// The oldest segment that the bucket still has for certain.
    pub(crate) fn oldest(&self) -> Option<&SegmentInfo> {
        self.waiting.iter().find_map(|(_, leaving)| match leaving {
            Leaving::Segment(segment) => Some(segment.info()),
            Leaving::Stray(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
