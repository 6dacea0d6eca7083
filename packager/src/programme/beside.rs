//! What a programme does beside another packager's.

use bytes::Bytes;
use feed::Snapshot;
use tracing::{info, warn};

use super::Task;
use crate::publisher::standing::Word;

/// Segments for which it is waited until one begins whose number is not used yet.
const AHEAD_MAX: u64 = 64;

impl Task {
    /// What the publisher has heard of others.
    pub(super) fn hear(&mut self, word: Word) {
        match word {
            Word::Told(fact) => self.timeline.handle_told(&fact),
            Word::Place { snapshot, units } => self.place(*snapshot, &units),
            Word::Begin(resume) => self.timeline.begin_behind(resume),
        }
    }

    /// Another packager's epoch is at the snapshot behind these units: from the next
    /// boundary on that has not gone out, the programme goes on with it.
    fn place(&mut self, snapshot: Snapshot, units: &[Bytes]) {
        let Some(found) = self.merger.locate(units) else {
            info!(egress = self.egress, "not found in the other packager's epoch yet");
            return;
        };
        let (Some(released), Some(behind)) = (self.merger.released(), snapshot.next_index()) else {
            return;
        };
        let place = |later: &Snapshot| {
            Some(found + units.len() as u64 + later.next_index()?.checked_sub(behind)?)
        };
        let later = (0..AHEAD_MAX).filter_map(|segments| snapshot.clone().advanced(segments));
        let joins = later.filter(|later| self.timeline.may_join(later)).find_map(|later| {
            let at = place(&later).filter(|at| *at >= released)?;
            Some((at, Box::new(later)))
        });
        if joins.is_none() {
            warn!(egress = self.egress, "no boundary ahead in the other packager's epoch");
        }
        self.joins = joins.or(self.joins.take());
    }

    pub(super) fn join(&mut self, snapshot: Snapshot) {
        let number = snapshot.number().0 + 1;
        if self.timeline.join(snapshot) {
            info!(egress = self.egress, number, "programme goes on with another packager's epoch");
        }
    }
}
