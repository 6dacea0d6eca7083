//! When whom is visited: an interval cut into slots, one slot after the other.
//!
//! Sans-IO: it holds no listeners, only how many are in each slot.

use std::time::{Duration, Instant};

/// Turns once an interval.
#[derive(Debug)]
pub(super) struct Wheel {
    load: Vec<usize>,
    step: Duration,
    next: usize,
    next_at: Instant,
    turn: u32,
}

/// A slot whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// The slot.
    pub(super) slot: usize,
    /// How late it comes.
    pub(super) late: Duration,
}

impl Wheel {
    /// A wheel that begins with slot 0 at `now`.
    pub(super) fn new(interval: Duration, slots: usize, now: Instant) -> Self {
        let slots = slots.max(1);
        let step = interval / u32::try_from(slots).unwrap_or(u32::MAX);
        let step = step.max(Duration::from_micros(100));
        Self { load: vec![0; slots], step, next: 0, next_at: now, turn: 0 }
    }

    /// Number of slots.
    pub(super) fn slots(&self) -> usize {
        self.load.len()
    }

    /// Turns begun, wrapping.
    pub(super) fn turn(&self) -> u32 {
        self.turn
    }

    /// When the next slot is due.
    pub(super) fn poll_timeout(&self) -> Instant {
        self.next_at
    }

    /// Gives the slot that is due at `now`, if one is.
    ///
    /// Slots that are late come one after the other, in order, none is left
    /// out; but who is more than a turn late does not catch up the rest.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        let late = now.checked_duration_since(self.next_at)?;
        let slot = self.next;
        self.next = (slot + 1) % self.load.len();
        let turn_length = self.step * u32::try_from(self.load.len()).unwrap_or(u32::MAX);
        self.next_at = if late > turn_length { now } else { self.next_at } + self.step;
        if slot == 0 {
            self.turn = self.turn.wrapping_add(1);
        }
        Some(Due { slot, late })
    }

    /// The slot with the fewest listeners, the first of several.
    pub(super) fn emptiest(&self) -> usize {
        let least = self.load.iter().enumerate().min_by_key(|(_, load)| **load);
        least.map_or(0, |(slot, _)| slot)
    }

    /// The slot an eighth of a turn after `slot`; itself where there are fewer
    /// than eight.
    pub(super) fn soon_after(&self, slot: usize) -> usize {
        (slot + self.load.len() / 8) % self.load.len()
    }

    /// A listener came into `slot`.
    pub(super) fn enter(&mut self, slot: usize) {
        if let Some(load) = self.load.get_mut(slot) {
            *load += 1;
        }
    }

    /// A listener left `slot`.
    pub(super) fn leave(&mut self, slot: usize) {
        if let Some(load) = self.load.get_mut(slot) {
            *load = load.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
