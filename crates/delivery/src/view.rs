//! The playlists and segments of one rendition at one moment.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::{MediaSequence, WallTime};
use playlists::Variant;

use crate::document::Document;

/// The playlists and segments of one moment.
#[derive(Debug, Clone, Default)]
pub struct HlsView {
    /// The media playlist; `None` until three segments are listed.
    pub media: Option<Arc<Document>>,
    /// What the multivariant playlist says, without a prefix.
    pub variant: Option<Variant>,
    /// Number of the newest segment listed.
    pub number: Option<MediaSequence>,
    /// Segments listed.
    pub listed: usize,
    /// Segments in memory, by file name.
    pub segments: HashMap<String, Bytes>,
    /// What has become listed since the process began.
    pub heard: Heard,
    /// The media playlists that were shown lately, the newest last: as long as one of
    /// their segments is listed.
    pub shown: Vec<Shown>,
}

/// An amount of a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// Its media.
    pub media: Duration,
    /// Its bytes.
    pub bytes: u64,
}

/// A media playlist, as it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Since when.
    pub at: WallTime,
    /// The playlist.
    pub media: Arc<Document>,
    /// Number of its newest segment.
    pub last: MediaSequence,
    /// Where that ends.
    pub wall_end: WallTime,
}

impl HlsView {
    /// Notes what is shown now; forgets what has left the live window, whose oldest
    /// segment is `first`.
    pub fn note_shown(&mut self, shown: Shown, first: MediaSequence) {
        self.shown.retain(|one| one.last >= first && one.last < shown.last);
        self.shown.push(shown);
    }

    /// What was shown at a moment; `None` once that has left the live window, and where
    /// nothing was.
    pub(crate) fn shown_at(&self, at: WallTime) -> Option<&Shown> {
        self.shown.iter().rev().find(|shown| shown.at <= at)
    }
}
