//! What a programme does beside another packager's.

use bytes::Bytes;
use feed::Snapshot;
use tracing::{info, warn};

use super::Task;
use crate::publisher::standing::Word;

/// Segments for which it is waited until one begins whose number is not used yet.
const AHEAD_MAX: u64 = 64;

/// Where a programme goes on with another packager's epoch.
#[derive(Debug)]
pub(super) struct Joins {
    /// Place in the line of the first unit.
    place: u64,
    snapshot: Box<Snapshot>,
    /// Whether nothing goes out until then.
    pauses: bool,
}

impl Task {
    /// What the publisher has heard of others.
    pub(super) fn hear(&mut self, word: Word) {
        match word {
            Word::Told(fact) => self.timeline.handle_told(&fact),
            Word::Place { snapshot, units } => self.place(&snapshot, &units),
            Word::Begin(resume) => self.timeline.begin_behind(resume),
        }
    }

    /// Another packager's epoch is at the snapshot behind these units: from the next
    /// boundary on that has not gone out, the programme goes on with it.
    fn place(&mut self, snapshot: &Snapshot, units: &[Bytes]) {
        let Some(found) = self.merger.locate(units) else {
            info!(egress = self.egress, "not found in the other packager's epoch yet");
            return;
        };
        let (Some(released), Some(behind)) = (self.merger.released(), snapshot.next_index()) else {
            return;
        };
        let later = (0..AHEAD_MAX).filter_map(|segments| {
            let later = snapshot.clone().advanced(segments)?;
            let place = found + units.len() as u64 + later.next_index()?.checked_sub(behind)?;
            Some((place, Box::new(later)))
        });
        let later: Vec<_> = later.filter(|(place, _)| *place >= released).collect();
        let free = later.iter().find(|(place, one)| self.timeline.may_join(one, place - released));
        let pause = || later.iter().find(|(_, one)| self.timeline.may_join(one, 0));
        let Some((place, snapshot)) = free.or_else(pause).cloned() else { return };
        // Where nothing is running nothing else begins until then.
        let pauses = free.is_none() || self.timeline.epoch().is_none();
        if pauses {
            // Its own numbers are ahead: it has to wait for the other one's.
            warn!(egress = self.egress, "programme waits for the other packager's numbers");
            self.timeline.handle_end();
        }
        self.joins = Some(Joins { place, snapshot, pauses });
    }

    /// Whether a unit of this place goes out. Where it is the first of the other
    /// packager's epoch, that is gone on with.
    pub(super) fn passes(&mut self, place: Option<u64>) -> bool {
        let Some(joins) = &self.joins else { return true };
        if place.is_none_or(|place| place < joins.place) {
            return !joins.pauses;
        }
        let Some(joins) = self.joins.take() else { return true };
        if place == Some(joins.place) {
            if joins.pauses
                && let Some(keeper) = &mut self.keeper
            {
                // Units were left out.
                keeper.begin(joins.snapshot.epoch().and_then(|epoch| epoch.profile));
            }
            self.join(*joins.snapshot);
        }
        true
    }

    fn join(&mut self, snapshot: Snapshot) {
        let number = snapshot.number().0 + 1;
        if self.timeline.join(snapshot) {
            info!(egress = self.egress, number, "programme goes on with another packager's epoch");
        }
    }
}
