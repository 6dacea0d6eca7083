//! The path feed: what one ingest tells, in the order in which it came.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use media::{AacProfile, FrameHeader, Title, WallTime};

/// One item of a path feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathItem {
    /// A source is there, and its first frames have been seen.
    Connected(SourceInfo),
    /// A frame came.
    Unit(PathUnit),
    /// A title came; it holds from the next unit on.
    Title(Arc<Title>),
    /// The source is gone: closed, timed out or replaced.
    Gone,
}

/// An item and its place in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathEntry {
    /// Its place: they rise, with holes where a process began anew, and none is
    /// used twice.
    pub position: u64,
    /// The item.
    pub item: PathItem,
}

/// The position from which on a path feed counts for a programme that begins anew:
/// what is before it came before that programme's time. It is told once, at the
/// latest when the feed's first item comes. Clones hear of the same.
#[derive(Debug, Clone, Default)]
pub struct OwnFrom(Arc<OnceLock<Told>>);

#[derive(Debug, Clone, Copy)]
struct Told {
    position: u64,
    /// Whether the feed had not come to that position by then.
    is_end: bool,
}

impl OwnFrom {
    /// One that is known already.
    pub fn known(position: u64) -> Self {
        let own_from = Self::default();
        own_from.0.get_or_init(|| Told { position, is_end: false });
        own_from
    }

    /// Tells that it is the feed's end, as that is now; what was told before holds.
    pub fn tell_end(&self, position: u64) {
        self.0.get_or_init(|| Told { position, is_end: true });
    }

    /// What was told.
    pub fn get(&self) -> Option<u64> {
        self.0.get().map(|told| told.position)
    }

    /// Whether the feed may have come to a position by the time that this was told: no
    /// feed goes back, so a higher one was another feed's.
    pub fn has_come_to(&self, position: u64) -> bool {
        self.0.get().is_none_or(|told| !told.is_end || position <= told.position)
    }
}

impl PathEntry {
    /// Bytes that it keeps in memory, roughly.
    pub fn weight(&self) -> usize {
        self.item.weight() + size_of::<u64>()
    }
}

/// What is known of a source once its first frames have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceInfo {
    /// What the first frame's header says.
    pub header: FrameHeader,
    /// Which AAC tools the payload uses; `None` for MP3.
    pub profile: Option<AacProfile>,
}

/// A frame as it came from the encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathUnit {
    /// What its header says.
    pub header: FrameHeader,
    /// Header and payload.
    pub data: Bytes,
    /// When its last byte came, on a clock that never steps.
    pub arrival: WallTime,
}

impl PathItem {
    /// Bytes that it keeps in memory, roughly.
    pub fn weight(&self) -> usize {
        match self {
            Self::Unit(unit) => unit.data.len() + size_of::<Self>(),
            Self::Title(title) => title.weight() + size_of::<Self>(),
            Self::Connected(_) | Self::Gone => size_of::<Self>(),
        }
    }
}
