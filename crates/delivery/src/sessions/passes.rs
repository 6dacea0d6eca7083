//! Those whom a back end has let in, and whose session has not begun: it does with the
//! first media playlist, a moment after the multivariant one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use media::{SessionId, WallTime};

use crate::auth::Ticket;

/// How long one has time to begin, chosen: players take a second. The back end hears then
/// that it has gone.
const BEGIN_WITHIN: Duration = Duration::from_mins(1);

/// Of these at a time, chosen: more than back ends are asked about in that time.
pub(crate) const PASSES_MAX: usize = 20_000;

/// What a back end has said of a session.
#[derive(Debug)]
pub(crate) struct Granted {
    /// By which name it was let in.
    pub(crate) user: Option<String>,
    /// The back end hears of the end when it is dropped.
    pub(crate) ticket: Option<Ticket>,
}

/// Those who may begin. Clones are handles to the same ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Passes(Arc<Mutex<HashMap<SessionId, (WallTime, Granted)>>>);

impl Passes {
    /// Notes one that may begin; says whether there was room.
    pub(crate) fn put(&self, id: SessionId, granted: Granted, now: WallTime) -> bool {
        let mut passes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = passes.len() < PASSES_MAX;
        if has_room {
            passes.insert(id, (now, granted));
        }
        has_room
    }

    /// Takes what was said of one that begins.
    pub(crate) fn take(&self, id: SessionId) -> Option<Granted> {
        let mut passes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        passes.remove(&id).map(|(_, granted)| granted)
    }

    /// Forgets those that have not begun.
    pub(crate) fn sweep(&self, now: WallTime) {
        let mut passes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        passes.retain(|_, (since, _)| now.since(*since) < BEGIN_WITHIN);
    }
}

#[cfg(test)]
mod tests;
