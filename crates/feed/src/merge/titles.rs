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
    /// The place where it begins.
    at: u64,
    /// The one that was given out last.
    given: Option<Arc<Title>>,
}

impl Titles {
    /// Units were put before a place.
    pub(super) fn shift(&mut self, place: u64, units: u64) {
        if self.at >= place {
            self.at += units;
        }
    }

    /// Units were taken back from a place on.
    pub(super) fn truncate(&mut self, place: u64) {
        if self.at >= place {
            (self.last, self.at) = (None, place);
        }
    }

    /// Whether a title is another one than what was given out last.
    pub(super) fn give(&mut self, title: &Arc<Title>) -> bool {
        self.given.replace(Arc::clone(title)).as_ref() != Some(title)
    }
}

impl Merger {
    /// A unit of a path has this place, and `title` begins with it.
    ///
    /// One path's titles count: those of the most preferred one that is locked
    /// and has told any, so that two spellings of one title do not take turns.
    pub(super) fn tell(&mut self, rank: Rank, place: u64, title: Option<Arc<Title>>) {
        let Some(title) = title else { return };
        if let Some(path) = self.path_mut(rank)
            && path.title.as_ref().is_none_or(|(_, told)| *told != title)
        {
            path.title = Some((place, Arc::clone(&title)));
        }
        if !self.has_the_word(rank) {
            return;
        }
        let (Some(line), titles) = (&mut self.line, &mut self.titles) else { return };
        let is_last = place >= titles.at || titles.last.is_none();
        if is_last && titles.last.as_ref() == Some(&title) {
            return;
        }
        // What was released has its title: it holds from the next unit on, unless
        // another one does by then.
        let shown = if is_last { place.max(line.released()) } else { place };
        if let Some(pending) = line.pending_at(shown) {
            pending.title = Some(Arc::clone(&title));
            if is_last {
                (titles.last, titles.at) = (Some(title), place);
            }
        }
    }

    /// A line begins: titles are told anew.
    pub(super) fn forget_titles(&mut self) {
        self.titles = Titles::default();
    }

    /// The title that holds for a path's next unit: one that takes over goes on with
    /// its own.
    pub(super) fn told(&self, rank: Rank) -> Option<Arc<Title>> {
        self.path(rank).and_then(|path| path.title.clone()).map(|(_, title)| title)
    }

    fn has_the_word(&self, rank: Rank) -> bool {
        let tells = |path: &Path| path.lock().is_some() && path.title.is_some();
        self.ranked().find(|(_, path)| tells(path)).is_some_and(|(first, _)| first == rank)
    }
}
