//! Which path's titles count, and from which unit on.

use std::sync::Arc;

use media::Title;

use super::path::Path;
use super::{Merger, Rank};

/// The titles of the line.
#[derive(Debug, Default)]
pub(super) struct Titles {
    /// The one that holds at the line's end.
    last: Option<Arc<Title>>,
}

impl Merger {
    /// A unit of a path has this place, and `title` begins with it.
    ///
    /// One path's titles count: those of the most preferred one that is locked
    /// and has told any, so that two spellings of one title do not take turns.
    pub(super) fn place_title(&mut self, rank: Rank, place: u64, title: Option<Arc<Title>>) {
        if !self.has_the_word(rank) {
            return;
        }
        let Some(title) = title.filter(|title| self.titles.last.as_ref() != Some(title)) else {
            return;
        };
        let Some(line) = &mut self.line else { return };
        // What was released has its title: it holds from the next unit on.
        let place = place.max(line.released());
        if let Some(pending) = line.pending_at(place) {
            pending.title = Some(Arc::clone(&title));
            self.titles.last = Some(title);
        }
    }

    /// A line begins: titles are told anew.
    pub(super) fn forget_titles(&mut self) {
        self.titles.last = None;
    }

    /// The title that holds for a path's next unit: one that takes over goes on with
    /// its own.
    pub(super) fn told(&self, rank: Rank) -> Option<Arc<Title>> {
        self.path(rank).and_then(|path| path.title.clone())
    }

    fn has_the_word(&self, rank: Rank) -> bool {
        let tells = |path: &Path| path.lock().is_some() && path.title.is_some();
        self.ranked().find(|(_, path)| tells(path)).is_some_and(|(first, _)| first == rank)
    }
}
