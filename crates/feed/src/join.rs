//! Where a source that came back goes on: by its frames' bytes, not by clocks.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use bytes::Bytes;

/// Units of the past that are remembered: a minute and more at every rate
/// (44.1 kHz MP3 has 38 a second, 48 kHz AAC 47).
pub const RECENT_UNITS_MAX: usize = 4096;

/// Units that have to agree before a source counts as going on.
pub const RUN_LEN: usize = 8;

/// Units after which an ambiguous run (digital silence repeats one frame) is
/// taken for a new beginning: two to three seconds, less than a listener's burst.
pub const RUN_LEN_MAX: usize = 100;

/// What is known of a source that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// More units are needed.
    Undecided,
    /// The first unit pushed is this index of the epoch.
    GoesOn {
        /// Index of the first unit pushed.
        index: u64,
    },
    /// None of it has been on air.
    New,
}

/// Finds a run of units among those that were on air last.
///
/// Holds [`RECENT_UNITS_MAX`] hashes, and [`RUN_LEN_MAX`] of the newcomer.
#[derive(Debug, Default)]
pub struct Joiner {
    recent: VecDeque<u64>,
    /// Index of the oldest in `recent`.
    first_index: u64,
    run: Vec<u64>,
}

impl Joiner {
    /// Remembers a unit that went on air.
    pub fn remember(&mut self, data: &Bytes) {
        self.recent.push_back(hash(data));
        if self.recent.len() > RECENT_UNITS_MAX {
            self.recent.pop_front();
            self.first_index += 1;
        }
    }

    /// Whether the unit that went on air as `index` is remembered and had these
    /// bytes.
    pub fn had(&self, index: u64, data: &Bytes) -> bool {
        let place = index.checked_sub(self.first_index).and_then(|at| usize::try_from(at).ok());
        place.and_then(|at| self.recent.get(at)).is_some_and(|recent| *recent == hash(data))
    }

    /// Forgets all: a new epoch counts from 0.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// A source came back: the units pushed from now on are its first.
    pub fn start(&mut self) {
        self.run.clear();
    }

    /// Takes the newcomer's next unit and says what is known now.
    ///
    /// A run has to match in one place only: stations play files again, byte
    /// for byte. The part of it behind the last unit on air is new audio and
    /// matches anything, but [`RUN_LEN`] units have to be known.
    pub fn push(&mut self, data: &Bytes) -> Join {
        self.run.push(hash(data));
        if self.run.len() < RUN_LEN {
            return Join::Undecided;
        }
        let mut places = self.places();
        match (places.next(), places.next()) {
            (None, _) => Join::New,
            (Some(place), None) => Join::GoesOn { index: self.first_index + place as u64 },
            (Some(_), Some(_)) if self.run.len() >= RUN_LEN_MAX => Join::New,
            (Some(_), Some(_)) => Join::Undecided,
        }
    }

    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let known = (self.recent.len() + 1).saturating_sub(RUN_LEN);
        (0..known).filter(|place| {
            self.recent.range(*place..).zip(&self.run).all(|(recent, new)| recent == new)
        })
    }
}

/// Within one process only: the hash is never stored nor sent.
fn hash(data: &Bytes) -> u64 {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
