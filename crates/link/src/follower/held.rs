//! What another node has from before it was read. Sans-IO.

use std::time::Duration;

use feed::{PathEntry, PathItem};
use media::WallTime;

/// Holds back what came to a node before it was read in the place of another one,
/// until it is known how much of it counts: what is older than the time in which
/// nothing was read is known already, or is another source's.
///
/// Holds at most what the node remembers of its feed.
#[derive(Debug)]
pub(super) struct Held {
    /// Position of the first item that came since; `None` where nothing is held.
    next: Option<u64>,
    missing: Duration,
    entries: Vec<PathEntry>,
}

impl Held {
    /// All items count.
    pub(super) fn nothing() -> Self {
        Self { next: None, missing: Duration::ZERO, entries: Vec::new() }
    }

    /// Of what is before `next` the last `missing` counts.
    pub(super) fn before(next: u64, missing: Duration) -> Self {
        Self { next: Some(next), missing, entries: Vec::new() }
    }

    /// Takes the next item; gives what counts.
    pub(super) fn push(&mut self, entry: PathEntry, out: &mut Vec<PathEntry>) {
        let is_held = self.next.is_some_and(|next| entry.position < next);
        if is_held {
            if matches!(entry.item, PathItem::Connected(_) | PathItem::Gone) {
                self.entries.clear();
            }
            self.entries.push(entry);
        } else {
            self.release(out);
            out.push(entry);
        }
    }

    /// Gives what counts of what is held; from now on all does.
    pub(super) fn release(&mut self, out: &mut Vec<PathEntry>) {
        self.next = None;
        let held = std::mem::take(&mut self.entries);
        let newest = held.iter().rev().find_map(arrival);
        let since = newest.map(|newest| newest.minus(self.missing));
        let counts = |entry: &PathEntry| match &entry.item {
            PathItem::Unit(unit) => since.is_none_or(|since| unit.arrival >= since),
            PathItem::Connected(_) | PathItem::Title(_) | PathItem::Gone => true,
        };
        out.extend(held.into_iter().filter(counts));
    }
}

fn arrival(entry: &PathEntry) -> Option<WallTime> {
    match &entry.item {
        PathItem::Unit(unit) => Some(unit.arrival),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
