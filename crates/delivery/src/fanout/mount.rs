//! One mount as the engine has it: its ring, and its listeners by slot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::cursor::Cursor;
use super::listener::{Listener, ListenerId, Tally, Verdict, Visit, Why};
use super::ring::{Mark, Ring};
use super::seat::{Air, Shared};
use super::sink::{NOT_SENT_MAX, NOT_SENT_MIN, Sink};
use super::wheel::Wheel;
use super::{Joining, MountSettings, TimedFrame, Way, Which};

/// Where a listener goes on that was too slow, behind the newest frame, chosen:
/// little, for it still has what the kernel holds for it to read.
const SKIP_BEHIND: Duration = Duration::from_secs(2);

/// How long listeners have to take what is left when their mount closes, chosen.
const CLOSE_GRACE: Duration = Duration::from_secs(10);

/// A mount's audio and its listeners.
#[derive(Debug)]
pub(super) struct Mount {
    shared: Arc<Shared>,
    ring: Ring,
    burst: Duration,
    slots: Vec<Vec<Listener>>,
    /// Nothing is due before the oldest of these: everybody was visited since.
    visited: Mark,
    turn_began: Mark,
    silence: Silence,
}

/// What the engine tells a mount about the moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Instant,
    pub(super) interval: Duration,
    /// Turns without a byte taken after which a listener is dropped.
    pub(super) stalled_turns: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    /// Frames come, or are awaited without a limit.
    None,
    /// Listeners are held until then.
    Held { until: Instant },
    /// Listeners have been told the end, and are cut off then.
    Over { cut_at: Instant },
}

impl Mount {
    /// An empty mount, for a wheel of `slots`.
    pub(super) fn new(shared: Arc<Shared>, settings: &MountSettings, slots: usize) -> Self {
        // A burst has to lie in the newer half of the ring.
        let keep = settings.ring.max(settings.burst.saturating_mul(2));
        Self {
            shared,
            ring: Ring::new(keep, settings.ring_bytes_max),
            burst: settings.burst,
            slots: (0..slots).map(|_| Vec::new()).collect(),
            visited: Mark::default(),
            turn_began: Mark::default(),
            silence: Silence::None,
        }
    }

    /// Closed, and the last listener is gone.
    pub(super) fn is_finished(&self) -> bool {
        self.shared.air() == Air::Closed && self.slots.iter().all(Vec::is_empty)
    }

    /// Takes frames into the ring. Listeners get them at their next visit,
    /// except when so many come that the ring would overtake someone first.
    pub(super) fn push(&mut self, frames: &[TimedFrame], moment: &Moment, wheel: &mut Wheel) {
        self.shared.queued.fetch_sub(1, Ordering::AcqRel);
        if self.shared.air() == Air::Closed {
            return;
        }
        if self.silence != Silence::None {
            self.silence = Silence::None;
            self.shared.set_air(Air::Open);
        }
        for frame in frames {
            if !self.ring.push(&frame.data, frame.duration) {
                add(&self.shared.crowd.counts.frames_refused, 1);
            }
            if self.ring.has_moved(self.visited) {
                self.visit_all(moment, wheel);
            }
        }
    }

    /// The metadata block from the next frame on.
    pub(super) fn set_title(&mut self, block: Bytes) {
        self.ring.set_title(block);
    }

    /// No burst reaches back before the next frame.
    pub(super) fn cut(&mut self) {
        self.ring.cut();
    }

    /// Ends the listeners at `until`, unless a frame comes before.
    pub(super) fn hold(&mut self, until: Instant) {
        if !matches!(self.silence, Silence::Over { .. }) {
            self.silence = Silence::Held { until };
        }
    }

    /// Ends all listeners after what there is, and takes no more.
    pub(super) fn close(&mut self, now: Instant) {
        if self.shared.air() != Air::Closed {
            self.shared.set_air(Air::Closed);
            self.end_listeners(now);
        }
    }

    /// Lets a listener in and gives it the head and the burst at once.
    pub(super) fn join(&mut self, joining: Joining, moment: &Moment, wheel: &mut Wheel) {
        add(&self.shared.crowd.counts.joined, 1);
        let sink = match joining.way {
            Way::Socket(stream) => Sink::socket(stream, self.not_sent(moment.interval)),
            Way::Pipe(sink) => Ok(sink),
        };
        let Ok(sink) = sink else {
            // The connection is not one any more.
            return add(&self.shared.crowd.counts.left, 1);
        };
        let start = self.ring.burst_start(self.burst);
        let mut cursor = Cursor::new(joining.head, start, joining.metaint);
        if let Some(intro) = joining.intro {
            cursor = cursor.behind(intro, moment.now);
        }
        if self.shared.air() != Air::Open {
            cursor.end_at(start);
        }
        let mut listener = Listener::new(joining.id, cursor, sink, joining.place).with(
            joining.farewell,
            joining.until,
            wheel.turn(),
        );
        let mut tally = Tally::default();
        let verdict = listener.visit(&self.ring, &self.visit(moment, wheel), &mut tally);
        self.count(tally);
        if let Verdict::Leave(why) = verdict {
            return self.dismiss(listener, why);
        }
        let slot = wheel.emptiest();
        if let Some(listeners) = self.slots.get_mut(slot) {
            listeners.push(listener);
            wheel.enter(slot);
        }
    }

    /// Ends a listener after a whole frame, at its next visit; says whether it
    /// is here.
    pub(super) fn end(&mut self, id: ListenerId) -> bool {
        let found = self.slots.iter_mut().flatten().find(|listener| listener.id() == id);
        found.map(|listener| listener.kill(&self.ring)).is_some()
    }

    /// Gives listeners to another mount on the same wheel, in the slots that
    /// they have: as many as it has places for, and none while it takes none.
    pub(super) fn give(&mut self, to: &mut Self, which: Which) {
        if to.shared.air() != Air::Open {
            return;
        }
        let (mut given, burst) = (0, to.burst);
        for (slot, place) in self.slots.iter_mut().zip(&mut to.slots) {
            let chosen = |listener: &mut Listener| {
                which.includes(listener.id())
                    && listener.move_to(&self.ring, (&to.ring, &to.shared), burst)
            };
            for listener in slot.extract_if(.., chosen) {
                given += 1;
                place.push(listener);
            }
        }
        add(&self.shared.crowd.counts.moved, given);
        add(&to.shared.crowd.counts.joined, given);
    }

    /// Visits the listeners of one slot, and does what is due by time.
    pub(super) fn turn(&mut self, slot: usize, moment: &Moment, wheel: &mut Wheel) {
        if slot == 0 {
            self.visited = self.turn_began;
            self.turn_began = self.ring.head();
        }
        if self.shared.abandoned.load(Ordering::Acquire) {
            self.close(moment.now);
        }
        if let Silence::Held { until } = self.silence
            && moment.now >= until
        {
            self.shared.set_air(Air::Off);
            self.end_listeners(moment.now);
        }
        let visit = self.visit(moment, wheel);
        self.visit_slot(slot, &visit, wheel);
    }

    /// Cuts off whoever is left.
    pub(super) fn abort(&mut self, wheel: &mut Wheel) {
        for (slot, listeners) in self.slots.iter_mut().enumerate() {
            for listener in listeners.drain(..) {
                wheel.leave(slot);
                add(&self.shared.crowd.counts.ended, 1);
                listener.cut_off(Why::Ended);
            }
        }
    }

    fn end_listeners(&mut self, now: Instant) {
        self.silence = Silence::Over { cut_at: now + CLOSE_GRACE };
        self.ring.cut();
        let end = self.ring.head().position;
        for listener in self.slots.iter_mut().flatten() {
            listener.cursor.end_at(end);
        }
    }

    /// Unsent bytes the kernel may hold for one listener: an interval of audio
    /// and a quarter. One that fell behind catches up all the same, for it is
    /// visited more often.
    fn not_sent(&self, interval: Duration) -> usize {
        let needed = self.ring.bytes_in(interval * 5 / 4);
        usize::try_from(needed).unwrap_or(NOT_SENT_MAX).clamp(NOT_SENT_MIN, NOT_SENT_MAX)
    }

    fn visit(&self, moment: &Moment, wheel: &Wheel) -> Visit {
        Visit {
            now: moment.now,
            turn: wheel.turn(),
            stalled_turns: moment.stalled_turns,
            danger: self.ring.danger(),
            skip_to: self.ring.boundary_behind(SKIP_BEHIND.min(self.burst)),
            burst: self.burst,
            is_last_call: matches!(self.silence, Silence::Over { cut_at } if moment.now >= cut_at),
        }
    }

    fn visit_all(&mut self, moment: &Moment, wheel: &mut Wheel) {
        let visit = self.visit(moment, wheel);
        for slot in 0..self.slots.len() {
            self.visit_slot(slot, &visit, wheel);
        }
        self.turn_began = self.ring.head();
        self.visited = self.turn_began;
    }

    fn visit_slot(&mut self, slot: usize, visit: &Visit, wheel: &mut Wheel) {
        let Some(listeners) = self.slots.get_mut(slot) else { return };
        if listeners.is_empty() {
            return;
        }
        let mut listeners = std::mem::take(listeners);
        let soon = wheel.soon_after(slot);
        let (mut index, mut tally) = (0, Tally::default());
        while let Some(listener) = listeners.get_mut(index) {
            match listener.visit(&self.ring, visit, &mut tally) {
                Verdict::Soon if soon != slot => {
                    wheel.leave(slot);
                    wheel.enter(soon);
                    let listener = listeners.swap_remove(index);
                    self.slots.get_mut(soon).expect("a slot of this wheel").push(listener);
                }
                Verdict::Leave(why) => {
                    wheel.leave(slot);
                    self.dismiss(listeners.swap_remove(index), why);
                }
                Verdict::Stay | Verdict::Soon => index += 1,
            }
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = listeners;
        }
        self.count(tally);
    }

    fn dismiss(&self, listener: Listener, why: Why) {
        let counts = &self.shared.crowd.counts;
        add(
            match why {
                Why::Left => &counts.left,
                Why::Slow => &counts.slow,
                Why::Ended | Why::Limit => &counts.ended,
                Why::Killed => &counts.killed,
            },
            1,
        );
        listener.leave(why);
    }

    fn count(&self, tally: Tally) {
        if tally.bytes > 0 {
            add(&self.shared.crowd.counts.bytes, tally.bytes);
        }
        if tally.skipped > 0 {
            add(&self.shared.crowd.counts.skipped, tally.skipped);
        }
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

#[cfg(test)]
mod tests;
