//! Segments that a bucket has missed while it was away: they go to it behind those of
//! the live window, for timeshift and export, oldest first.

use std::collections::VecDeque;

use media::{EpochId, MediaSequence, Segment};
use tracing::{info, warn};

use super::shelf::Put;
use super::{Listed, Place, Task};

/// Bytes that wait: more than the feed holds, which is ten minutes of 320 kbit/s.
const BYTES_MAX: usize = 64 << 20;

/// What waits, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    segments: VecDeque<Segment>,
    bytes: usize,
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(super) fn len(&self) -> u64 {
        self.segments.len() as u64
    }

    /// Takes another one; gives those for which there is no room any more.
    pub(crate) fn push(&mut self, segment: Segment) -> u64 {
        let mut lost = 0;
        self.bytes += segment.body.len();
        self.segments.push_back(segment);
        while self.bytes > BYTES_MAX
            && let Some(oldest) = self.pop()
        {
            drop(oldest);
            lost += 1;
        }
        lost
    }

    fn pop(&mut self) -> Option<Segment> {
        let segment = self.segments.pop_front()?;
        self.bytes -= segment.body.len();
        Some(segment)
    }

    /// The one of this number and epoch; those before it are not wanted any more.
    pub(crate) fn pop_up_to(&mut self, number: MediaSequence, epoch: EpochId) -> Option<Segment> {
        while self.segments.front().is_some_and(|segment| segment.info.number <= number) {
            let segment = self.pop()?;
            if (segment.info.number, segment.info.epoch) == (number, epoch) {
                return Some(segment);
            }
        }
        None
    }
}

impl Task {
    /// Whether a segment has left the live window by now, because the bucket was away.
    pub(super) fn is_late(&self, number: MediaSequence) -> bool {
        let window = self.shelf.egress.mount.window.max(self.shelf.egress.mount.segment * 3);
        let segments = window.as_secs().div_ceil(u64::from(self.shelf.egress.target_secs()).max(1));
        self.closed().saturating_sub(number.0) >= segments
    }

    /// Keeps a segment until those of the live window are stored.
    pub(super) fn put_off(&mut self, segment: Segment) {
        if self.backlog.is_empty() {
            let (egress, number) = (self.name(), segment.info.number.0);
            info!(egress, number, "the live window goes first; what is older follows");
        }
        let lost = self.backlog.push(segment);
        if lost > 0 {
            warn!(egress = self.name(), lost, "the bucket was away for too long");
            self.metrics.given_up.inc_by(lost);
        }
    }

    /// Stores the oldest one that waits, unless it would be deleted at once.
    pub(super) async fn catch_up(&mut self) {
        let Some(segment) = self.backlog.pop() else { return };
        let told = Listed::past(&segment.info);
        let put = self.shelf.put_late(segment).await;
        self.metrics.segments.inc_by(u64::from(put == Put::Stored));
        self.metrics.given_up.inc_by(u64::from(put == Put::Refused));
        let place = if put == Put::Stored { Place::Late } else { Place::GivenUp };
        self.listed.push(Listed { place, ..told });
        self.show_lag();
    }

    /// Stores all that waits.
    pub(super) async fn catch_up_wholly(&mut self) {
        while !self.backlog.is_empty() {
            self.catch_up().await;
        }
    }
}

#[cfg(test)]
mod tests;
