//! The line: the one sequence that all paths of a programme are merged into.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use media::{StreamInfo, Title, WallTime};

use super::hashes::Hashes;
use super::least::{Least, moved};
use super::{LINE_UNITS_MAX, PENDING_BYTES_MAX, Rank};
use crate::path::PathUnit;

/// How much the schedule is put off at a unit at most, so that it follows an
/// encoder whose clock is slow: about 1 ms a second, twice the worst that
/// encoders are known to do.
const PUT_OFF_MAX_NANOS: i64 = 25_000;

/// Units with their places, the last ones of which wait for their time.
///
/// Holds the hashes of [`LINE_UNITS_MAX`] units, and the bytes of those that have
/// not been released: what `hold_back` and the paths' skew come to, at most
/// [`PENDING_BYTES_MAX`].
#[derive(Debug, Default)]
pub(super) struct Line {
    stream: Option<StreamInfo>,
    /// Of all units that are remembered, the pending ones last.
    hashes: Hashes,
    pending: VecDeque<Pending>,
    pending_bytes: usize,
    /// When unit 0 is due if it is not held back, in nanoseconds since 1970.
    origin: i64,
    least: Option<Least>,
    appended: Option<WallTime>,
    begun: WallTime,
}

/// A unit that waits for its time.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) unit: PathUnit,
    /// The title that begins with it.
    pub(super) title: Option<Arc<Title>>,
    /// Who delivered it first.
    pub(super) by: Rank,
}

/// What the line has at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Too long ago.
    Forgotten,
    /// A unit of this hash.
    Unit(u64),
    /// Nothing yet: it is the next one.
    End,
    /// Nothing, and others come before it.
    Beyond,
}

impl Line {
    /// A line that goes on behind units that were released: the next one is due now.
    pub(super) fn resume(
        stream: StreamInfo,
        released: impl Iterator<Item = u64>,
        now: WallTime,
    ) -> Self {
        let mut line = Self { stream: Some(stream), ..Self::default() };
        for hash in released {
            line.hashes.push(hash);
            if line.hashes.len() > LINE_UNITS_MAX {
                line.hashes.forget_first();
            }
        }
        let begun = now.minus(stream.duration_of(line.end()));
        line.observe(begun.nanos_since(WallTime::default()), now);
        line.appended = Some(now);
        line
    }

    /// One that begins at a time, with nothing.
    pub(super) fn new(begun: WallTime) -> Self {
        Self { begun, ..Self::default() }
    }

    /// When it began.
    pub(super) fn begun(&self) -> WallTime {
        self.begun
    }

    /// One past the last place.
    pub(super) fn end(&self) -> u64 {
        self.hashes.end()
    }

    /// The first place that has not been released.
    pub(super) fn released(&self) -> u64 {
        self.end() - self.pending.len() as u64
    }

    /// What the units have in common; `None` before the first.
    pub(super) fn stream(&self) -> Option<StreamInfo> {
        self.stream
    }

    /// When the last unit was appended.
    pub(super) fn appended(&self) -> Option<WallTime> {
        self.appended
    }

    pub(super) fn at(&self, place: u64) -> At {
        match self.hashes.get(place) {
            Some(hash) => At::Unit(hash),
            None if place < self.hashes.first() => At::Forgotten,
            None if place == self.end() => At::End,
            None => At::Beyond,
        }
    }

    /// The hashes of what is remembered.
    pub(super) fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// Appends a unit that came, or would have come by the path that the schedule
    /// goes by, at `arrival`.
    pub(super) fn append(&mut self, hash: u64, pending: Pending, arrival: WallTime) {
        let stream = *self.stream.get_or_insert(pending.unit.header.stream);
        let media = stream.duration_of(self.end());
        self.observe(arrival.minus(media).nanos_since(WallTime::default()), arrival);
        self.appended = Some(self.appended.map_or(arrival, |last| last.max(arrival)));
        self.pending_bytes += pending.unit.data.len();
        self.hashes.push(hash);
        self.pending.push_back(pending);
        self.forget_old();
    }

    fn forget_old(&mut self) {
        while self.hashes.len() > LINE_UNITS_MAX.max(self.pending.len()) {
            self.hashes.forget_first();
        }
    }

    /// Moves the schedule: earlier at once, later bit by bit.
    fn observe(&mut self, origin: i64, now: WallTime) {
        let Some(least) = &mut self.least else {
            (self.origin, self.least) = (origin, Some(Least::new(origin, now)));
            return;
        };
        least.observe(origin, now);
        let put_off = (least.get() - self.origin).min(PUT_OFF_MAX_NANOS);
        self.origin = (self.origin + put_off).min(origin);
    }

    /// When the unit of a place is due if it is not held back.
    pub(super) fn due(&self, place: u64) -> WallTime {
        let media = self.stream.map_or(Duration::ZERO, |stream| stream.duration_of(place));
        moved(WallTime::default(), self.origin).plus(media)
    }

    /// How long `units` units last.
    pub(super) fn length(&self, units: u64) -> Duration {
        self.stream.map_or(Duration::ZERO, |stream| stream.duration_of(units))
    }

    /// Puts units before the one of a place that has not been released.
    pub(super) fn insert(&mut self, place: u64, units: Vec<(u64, Pending)>) {
        let Some(offset) = self.pending_offset(place) else { return };
        for ((place, offset), (hash, pending)) in (place..).zip(offset..).zip(units) {
            self.pending_bytes += pending.unit.data.len();
            self.hashes.insert(place, hash);
            self.pending.insert(offset, pending);
        }
        self.forget_old();
    }

    /// Takes back what follows from a place on, which has not been released.
    pub(super) fn truncate(&mut self, place: u64) -> Vec<(u64, Pending)> {
        let Some(offset) = self.pending_offset(place) else { return Vec::new() };
        let hashes = self.hashes.split_off(place);
        let taken: Vec<_> = hashes.into_iter().zip(self.pending.split_off(offset)).collect();
        self.pending_bytes -= taken.iter().map(|(_, one)| one.unit.data.len()).sum::<usize>();
        taken
    }

    /// The unit of a place that has not been released.
    pub(super) fn pending_at(&mut self, place: u64) -> Option<&mut Pending> {
        let offset = self.pending_offset(place)?;
        self.pending.get_mut(offset)
    }

    /// Takes the oldest unit that waits.
    pub(super) fn release(&mut self) -> Option<Pending> {
        let pending = self.pending.pop_front()?;
        self.pending_bytes -= pending.unit.data.len();
        Some(pending)
    }

    /// Whether something waits.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether more waits than may.
    pub(super) fn is_over_full(&self) -> bool {
        self.pending_bytes > PENDING_BYTES_MAX
    }

    fn pending_offset(&self, place: u64) -> Option<usize> {
        usize::try_from(place.checked_sub(self.released())?).ok()
    }
}
