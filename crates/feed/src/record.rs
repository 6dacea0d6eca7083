//! The programme feed: the merged, numbered units of one rendition, with what
//! has to be known of them.

use std::sync::Arc;

use bytes::Bytes;
use media::{AacProfile, EpochId, MediaSequence, StreamInfo, Title, WallTime};

/// One record of a programme feed, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An epoch begins; the next unit has index 0.
    Epoch(Epoch),
    /// The next unit.
    Unit(Unit),
    /// A title holds from this index on.
    Title(TitleMark),
    /// A segment has all its units.
    Closed(Closed),
    /// The clock moves with the segment that begins now.
    Clock(ClockMark),
    /// The epoch is over: its last segment was closed before this.
    Ended(EpochId),
}

/// A stretch of unbroken units with constant parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// Its name.
    pub id: EpochId,
    /// The parameters.
    pub stream: StreamInfo,
    /// Those of the ingest's own bytes, of which the rendition was made: the same where it
    /// is these.
    pub source: StreamInfo,
    /// Which AAC tools the payload uses; `None` for MP3.
    pub profile: Option<AacProfile>,
    /// Number of its segment 0.
    pub first_number: MediaSequence,
    /// Discontinuities since the programme began, its own beginning included;
    /// 0 for the first epoch of all.
    pub discontinuity_sequence: u64,
}

/// One unit of the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its place in the epoch, from 0, without holes.
    pub index: u64,
    /// Header and payload, as they came from the encoder.
    pub data: Bytes,
}

/// A title and the exact unit from which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleMark {
    /// The epoch that `index` counts in.
    pub epoch: EpochId,
    /// First unit of the title, in this rendition.
    pub index: u64,
    /// The same among the ingest's own units, which is the title's identity and tells its
    /// moment exactly: one title has one date range in all renditions.
    pub source_index: u64,
    /// The title.
    pub title: Arc<Title>,
}

/// From a segment on the epoch's index 0 stands for another moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockMark {
    /// The epoch.
    pub epoch: EpochId,
    /// The first segment of which it holds.
    pub number: MediaSequence,
    /// Wall-clock time of index 0.
    pub origin: WallTime,
}

/// A segment is complete: all that a view needs beside the units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Its number.
    pub number: MediaSequence,
    /// Its epoch, so that a reader may begin anywhere in the feed.
    pub epoch: Epoch,
    /// First unit.
    pub first_index: u64,
    /// One past its last unit.
    pub end_index: u64,
    /// Wall-clock time of its first sample.
    pub wall_start: WallTime,
    /// The title that its ID3 tag shows: the one that holds for the greater
    /// part of it.
    pub title: Option<Arc<Title>>,
}

impl Record {
    /// Bytes that it keeps in memory, roughly.
    pub fn weight(&self) -> usize {
        let held = match self {
            Self::Unit(unit) => unit.data.len(),
            Self::Title(mark) => mark.title.weight(),
            Self::Epoch(_) | Self::Closed(_) | Self::Clock(_) | Self::Ended(_) => 0,
        };
        held + size_of::<Self>()
    }
}

impl TitleMark {
    /// The identity of the title's date range: never used for another.
    pub fn id(&self) -> String {
        format!("{}-{}", self.epoch, self.source_index)
    }
}
