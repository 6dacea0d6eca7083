//! What is kept of a rendition's past, and the playlists of it.
//!
//! The origin puts in what it knows; requests select and render. A request holds
//! the lock for as long as it takes to copy what a playlist lists; the text is
//! made and compressed outside, few at a time, once for all who ask for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use media::{EpochId, MediaSequence, SegmentInfo, WallTime};
use playlists::TitleRange;
use playlists::timeshift::{Cut, Range, Refusal, Shelf, Span};
use tokio::sync::Semaphore;

use crate::document::Document;

/// Playlists of the past that are rendered at a time, in the process; chosen: one
/// of a day has 1.5 MB, compressed 160 KB, and takes 10 ms of a processor. Others
/// wait for their turn, [`WAITING_MAX`] at the most.
pub(crate) const RENDERS_MAX: usize = 2;

/// Requests that wait for their turn, in the process; chosen: two seconds of
/// rendering, and far fewer than a port has connections. Who asks for each second
/// of the past anew takes no place of those who hear what is live.
pub(crate) const WAITING_MAX: usize = 400;

/// Playlists that are at hand for the next who asks, of one rendition.
const DOCUMENTS_MAX: usize = 64;

/// Bytes of these, text and gzip, chosen: eight of a day.
const DOCUMENTS_LEN_MAX: usize = 16 << 20;

/// A rendition's past.
#[derive(Debug)]
pub struct Timeshift {
    kept: RwLock<Kept>,
    /// The newest last.
    documents: Mutex<VecDeque<(Range, Arc<Document>)>>,
}

#[derive(Debug)]
struct Kept {
    shelf: Shelf,
    /// Whether what was before the process is in it.
    is_whole: bool,
}

/// Turns to render. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Renders {
    turns: Arc<Semaphore>,
    /// Of those who have a turn or wait for one.
    places: Arc<Semaphore>,
}

impl Default for Renders {
    fn default() -> Self {
        let places = Semaphore::new(RENDERS_MAX + WAITING_MAX);
        Self { turns: Arc::new(Semaphore::new(RENDERS_MAX)), places: Arc::new(places) }
    }
}

impl Timeshift {
    /// Of segments of `target_secs`, `dvr` of them. Nothing is listed before
    /// [`Self::put_before`].
    pub(crate) fn new(target_secs: u64, dvr: Duration) -> Self {
        let kept = Kept { shelf: Shelf::new(target_secs, dvr), is_whole: false };
        Self { kept: RwLock::new(kept), documents: Mutex::default() }
    }

    /// The next segment is listed, at `now`.
    pub fn push(&self, info: &SegmentInfo, now: WallTime) {
        self.write(|kept| kept.shelf.push(info, now));
    }

    /// A title; its segment comes after it.
    pub fn push_title(&self, range: TitleRange) {
        self.write(|kept| kept.shelf.push_title(range));
    }

    /// What the bucket has from before the process, oldest first: from now on
    /// the past is known.
    pub fn put_before(&self, infos: &[SegmentInfo], titles: Vec<TitleRange>) {
        self.write(|kept| {
            kept.shelf.put_before(infos, titles);
            kept.is_whole = true;
        });
    }

    /// Whether a segment is kept.
    pub fn contains(&self, number: MediaSequence, epoch: EpochId) -> bool {
        self.read(|kept| kept.shelf.contains(number, epoch))
    }

    /// The end of the newest segment.
    pub(crate) fn wall_end(&self) -> WallTime {
        self.read(|kept| kept.shelf.wall_end()).unwrap_or_default()
    }

    /// What a span means at `now`; `None` while the past is not known: a playlist
    /// that began later would have to go back.
    pub(crate) fn select(&self, span: &Span, now: WallTime) -> Option<Result<Range, Refusal>> {
        self.read(|kept| kept.is_whole.then(|| kept.shelf.select(span, now)))
    }

    /// The playlist of a range; `None` where it is not at hand and too many wait
    /// for theirs, or the process ends.
    pub(crate) async fn document(&self, range: Range, renders: &Renders) -> Option<Arc<Document>> {
        if let Some(document) = self.at_hand(&range) {
            return Some(document);
        }
        let _place = renders.places.try_acquire().ok()?;
        let _turn = renders.turns.acquire().await.ok()?;
        // Somebody else may have had it rendered meanwhile.
        if let Some(document) = self.at_hand(&range) {
            return Some(document);
        }
        let cut = self.read(|kept| kept.shelf.cut(&range));
        // Cancelled where the runtime ends before it has begun.
        let rendered = tokio::task::spawn_blocking(move || Arc::new(render(&cut))).await;
        let document = rendered.ok()?;
        self.keep(range, &document);
        Some(document)
    }

    fn at_hand(&self, range: &Range) -> Option<Arc<Document>> {
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        let found = documents.iter().rev().find(|(known, _)| known == range);
        found.map(|(_, document)| Arc::clone(document))
    }

    fn keep(&self, range: Range, document: &Arc<Document>) {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.push_back((range, Arc::clone(document)));
        let len = |documents: &VecDeque<(Range, Arc<Document>)>| -> usize {
            documents.iter().map(|(_, one)| one.text.len() + one.gzip.len()).sum()
        };
        while documents.len() > DOCUMENTS_MAX
            || (documents.len() > 1 && len(&documents) > DOCUMENTS_LEN_MAX)
        {
            documents.pop_front();
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Kept) -> T) -> T {
        look(&self.kept.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept.write().unwrap_or_else(PoisonError::into_inner));
    }
}

fn render(cut: &Cut) -> Document {
    Document::new(cut.render(), cut.wall_end().unwrap_or_default())
}

#[cfg(test)]
mod tests;
