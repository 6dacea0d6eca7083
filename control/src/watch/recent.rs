//! What has happened lately.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Event;

/// Events that are kept for the API. Chosen: a bad night of a station.
pub const EVENTS_KEPT_MAX: usize = 100;

/// The last [`EVENTS_KEPT_MAX`] events. Cheap to clone; clones are one list.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    events: Arc<Mutex<VecDeque<Event>>>,
}

impl Recent {
    /// Adds an event; the oldest goes where there are too many.
    pub fn push(&self, event: Event) {
        let mut events = self.lock();
        events.push_front(event);
        events.truncate(EVENTS_KEPT_MAX);
    }

    /// All of them, the newest first.
    pub fn events(&self) -> Vec<Event> {
        self.lock().iter().cloned().collect()
    }

    /// No code panics while it holds the lock, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
