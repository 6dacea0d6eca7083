//! One listener, and what a visit to it does.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use media::RenditionId;

use super::cursor::Cursor;
use super::ring::Ring;
use super::seat::{Place, Shared};
use super::sink::{Sink, Written};

/// Turns without a byte taken after which a listener that was killed is cut
/// off, chosen: about three seconds.
pub(super) const KILLED_TURNS: u32 = 3;

/// A connection that gets a mount's audio.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) cursor: Cursor,
    sink: Sink,
    farewell: Farewell,
    until: Option<Instant>,
    /// Turn of the wheel at which something was last taken, or nothing was due.
    moved: u32,
    was_skipped: bool,
    id: ListenerId,
    // Last, so that who hears of the end finds the place still counted.
    place: Place,
}

/// Which listener: unique in the process, and never used again. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(u64);

/// How a listener ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Bytes that were written to it: head, audio and metadata.
    pub bytes_sent: u64,
    /// The mount's media that was written to it, in whole frames.
    pub media: Duration,
    /// Why it ended.
    pub why: Why,
}

/// Why a listener ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It closed the connection.
    Left,
    /// It did not read as fast as the audio comes.
    Slow,
    /// The mount closed or went off the air.
    Ended,
    /// Its time was up.
    Limit,
    /// It was ended by itself, on someone's word.
    Killed,
}

/// Hears what becomes of a listener, on the engine's thread: it must not block.
///
/// Any `FnOnce(End)` is one that does not mind where the listener listens.
pub trait Observer: Send {
    /// The listener goes on at the mount of this name, and of this rendition.
    fn moved(&mut self, _mount: &str, _rendition: Option<&RenditionId>) {}

    /// The listener is over. This is said exactly once, even of one that never
    /// came to be.
    fn ended(self: Box<Self>, end: End);
}

/// Tells the end to whom it may concern, exactly once, even when the listener
/// never came to be.
pub(super) struct Farewell {
    pub(super) observer: Option<Box<dyn Observer>>,
    pub(super) end: End,
}

/// What holds for all visits to one slot of a mount.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub(super) now: Instant,
    pub(super) turn: u32,
    /// Turns without a byte taken after which a listener is dropped.
    pub(super) stalled_turns: u32,
    /// Before this position a listener is too slow.
    pub(super) danger: u64,
    /// Where it goes on then.
    pub(super) skip_to: u64,
    /// What a listener gets at once whose intro is through.
    pub(super) burst: Duration,
    /// Those that should have ended are cut off.
    pub(super) is_last_call: bool,
}

/// What a visit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Again after an interval.
    Stay,
    /// It takes bytes and more wait: again soon.
    Soon,
    /// It is no listener any more.
    Leave(Why),
}

/// What visits did, for the mount's counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) bytes: u64,
    pub(super) skipped: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    CaughtUp,
    Blocked,
    Gone,
}

impl Listener {
    /// A listener whose connection is ready for it.
    pub(super) fn new(id: ListenerId, cursor: Cursor, sink: Sink, place: Place) -> Self {
        let farewell = Farewell::new(None);
        let (moved, was_skipped) = (0, false);
        Self { cursor, sink, farewell, until: None, moved, was_skipped, id, place }
    }

    /// With its end told to `farewell`, and ended at `until`.
    pub(super) fn with(mut self, farewell: Farewell, until: Option<Instant>, turn: u32) -> Self {
        (self.farewell, self.until, self.moved) = (farewell, until, turn);
        self
    }

    /// Which one it is.
    pub(super) fn id(&self) -> ListenerId {
        self.id
    }

    /// Ends it after a whole frame, unless it is ending already. One that
    /// takes nothing of that for [`KILLED_TURNS`] is cut off.
    pub(super) fn kill(&mut self, ring: &Ring) {
        if !self.cursor.is_ending() {
            self.cursor.end_soon(ring);
            self.farewell.end.why = Why::Killed;
        }
    }

    /// Takes a place at another mount, if that has one and this listener is
    /// not ending, and says whether it did.
    pub(super) fn move_to(
        &mut self,
        from: &Ring,
        to: (&Ring, &Arc<Shared>),
        burst: Duration,
    ) -> bool {
        let (ring, shared) = to;
        if self.cursor.is_ending() || !self.place.move_to(&shared.crowd) {
            return false;
        }
        self.cursor.move_to(from, ring, burst);
        if let Some(observer) = &mut self.farewell.observer {
            observer.moved(&shared.name, shared.rendition.as_ref());
        }
        true
    }

    /// Writes what there is and is taken.
    pub(super) fn visit(&mut self, ring: &Ring, visit: &Visit, tally: &mut Tally) -> Verdict {
        if self.until.is_some_and(|until| visit.now >= until) {
            self.until = None;
            if !self.cursor.is_ending() {
                self.cursor.end_soon(ring);
                self.farewell.end.why = Why::Limit;
            }
        }
        if self.cursor.position() < ring.tail().position && !self.skip(ring, visit, tally) {
            return Verdict::Leave(Why::Slow);
        }
        let before = self.farewell.end.bytes_sent;
        let flow = self.write(ring, visit);
        let sent = self.farewell.end.bytes_sent - before;
        tally.bytes += sent;
        if sent > 0 || flow == Flow::CaughtUp {
            self.moved = visit.turn;
        }
        match flow {
            Flow::Gone => Verdict::Leave(Why::Left),
            Flow::CaughtUp if self.cursor.is_done() => Verdict::Leave(self.farewell.end.why),
            Flow::CaughtUp if sent == 0 && self.sink.is_gone() => Verdict::Leave(Why::Left),
            Flow::CaughtUp => Verdict::Stay,
            Flow::Blocked => self.judge(ring, visit, tally, sent),
        }
    }

    /// Takes the listener out of the world.
    pub(super) fn leave(mut self, why: Why) {
        self.farewell.end.why = why;
        match why {
            Why::Ended | Why::Limit => self.sink.close(),
            Why::Killed if self.cursor.is_done() => self.sink.close(),
            Why::Left | Why::Slow | Why::Killed => self.sink.cut_off(),
        }
    }

    /// As [`Self::leave`], but without regard to what is still to be sent.
    pub(super) fn cut_off(mut self, why: Why) {
        self.farewell.end.why = why;
        self.sink.cut_off();
    }

    /// What becomes of one that took `sent` bytes and has more waiting.
    fn judge(&mut self, ring: &Ring, visit: &Visit, tally: &mut Tally, sent: u64) -> Verdict {
        let still = visit.turn.wrapping_sub(self.moved);
        if self.farewell.end.why == Why::Killed && still >= KILLED_TURNS {
            return Verdict::Leave(Why::Killed);
        }
        let is_stalled = still >= visit.stalled_turns;
        if is_stalled || (visit.is_last_call && self.cursor.is_ending()) {
            return Verdict::Leave(Why::Slow);
        }
        if self.cursor.position() < visit.danger && !self.skip(ring, visit, tally) {
            return Verdict::Leave(Why::Slow);
        }
        if sent > 0 { Verdict::Soon } else { Verdict::Stay }
    }

    /// Skips ahead, unless it did before or has its end behind.
    fn skip(&mut self, ring: &Ring, visit: &Visit, tally: &mut Tally) -> bool {
        if self.was_skipped || self.cursor.is_ending() {
            return false;
        }
        self.was_skipped = true;
        tally.skipped += 1;
        self.cursor.skip(ring, visit.skip_to);
        true
    }

    /// Writes until nothing is left or nothing more is taken.
    fn write(&mut self, ring: &Ring, visit: &Visit) -> Flow {
        loop {
            let plan = self.cursor.plan(ring);
            let planned = plan.len();
            if planned == 0 {
                if self.cursor.settle(ring, visit.burst, visit.now) {
                    continue;
                }
                return Flow::CaughtUp;
            }
            match self.sink.write(plan.slices()) {
                Written::Gone => return Flow::Gone,
                Written::Full => return Flow::Blocked,
                Written::Took(taken) => {
                    let from = self.cursor.in_ring();
                    self.cursor.advance(ring, taken);
                    if let (Some(from), Some(to)) = (from, self.cursor.in_ring()) {
                        let written = ring.behind(from).saturating_sub(ring.behind(to));
                        self.farewell.end.media += written;
                    }
                    self.farewell.end.bytes_sent += taken as u64;
                    if taken < planned && self.sink.is_full_when_short() {
                        return Flow::Blocked;
                    }
                }
            }
        }
    }
}

impl Farewell {
    /// An end not come yet; should it never be said, it counts as [`Why::Ended`].
    pub(super) fn new(observer: Option<Box<dyn Observer>>) -> Self {
        Self { observer, end: End { bytes_sent: 0, media: Duration::ZERO, why: Why::Ended } }
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        if let Some(observer) = self.observer.take() {
            observer.ended(self.end);
        }
    }
}

impl ListenerId {
    /// One that nobody has had.
    pub fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Its number, at least 1.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for ListenerId {
    /// The one of this number, as an operator names it; there may be none.
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for ListenerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<F: FnOnce(End) + Send> Observer for F {
    fn ended(self: Box<Self>, end: End) {
        self(end);
    }
}

impl fmt::Debug for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Farewell").field("end", &self.end).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
