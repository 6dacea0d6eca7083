//! Segments, as RFC 8216 §3 names them, and what identifies them.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::stream::Codec;
use crate::time::{MediaDuration, MediaTime, Timescale, WallTime};

/// Media sequence number: the place of a segment in its playlist (RFC 8216 §3).
///
/// Never used twice and never going back within one egress, across restarts too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaSequence(pub u64);

/// Name of an epoch: a stretch of unbroken units with constant parameters.
///
/// Eight lower-case hexadecimal digits, made from the epoch's first number and
/// first frame, so that who sees the same beginning gives the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpochId(pub u32);

/// One encoding of one programme, for example `mp3-128` or `he-aac-48`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenditionId(String);

/// What is on air, as the encoder told it.
///
/// All three are clean text: valid UTF-8 in NFC as far as the sender's was,
/// without control and bidirectional-override characters, at most 4,000 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Title {
    /// The whole `StreamTitle`, usually `Artist - Title`.
    pub stream_title: String,
    /// The part before ` - `, empty where there is none.
    pub artist: String,
    /// The part after ` - `, or the whole.
    pub title: String,
    /// `StreamUrl`, empty where none was sent.
    pub url: String,
}

/// What is known of a segment apart from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Place in the playlist.
    pub number: MediaSequence,
    /// The epoch it belongs to.
    pub epoch: EpochId,
    /// Discontinuities before it since the programme began, its own included
    /// (RFC 8216 §6.2.2).
    pub discontinuity_sequence: u64,
    /// An `EXT-X-DISCONTINUITY` stands before it.
    pub discontinuity: bool,
    /// How its frames are coded.
    pub codec: Codec,
    /// Time of the first sample since the epoch's first.
    pub start: MediaTime,
    /// Sum of its frames' durations, exactly.
    pub duration: MediaDuration,
    /// Timescale of `start` and `duration`.
    pub timescale: Timescale,
    /// Wall-clock time of the first sample: `EXT-X-PROGRAM-DATE-TIME`.
    pub wall_start: WallTime,
    /// Bytes of the body, tag included.
    pub bytes: u64,
}

/// A finished segment, not stored yet: immutable from here on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What is known of it.
    pub info: SegmentInfo,
    /// The body as it is stored and served.
    pub body: Bytes,
}

/// A segment that lies in the bucket, so that the bucket's playlist may name it.
///
/// Only the `store` crate makes one of a [`Segment`]: it is the proof that the
/// bucket has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRef {
    info: SegmentInfo,
}

impl Title {
    /// Splits a clean `StreamTitle` at the first ` - `.
    pub fn new(stream_title: impl Into<String>, url: impl Into<String>) -> Self {
        let stream_title = stream_title.into();
        let (artist, title) = match stream_title.split_once(" - ") {
            Some((artist, title)) => (artist.trim().to_owned(), title.trim().to_owned()),
            None => (String::new(), stream_title.trim().to_owned()),
        };
        Self { stream_title, artist, title, url: url.into() }
    }

    /// Bytes that its text takes.
    pub fn weight(&self) -> usize {
        2 * self.stream_title.len() + self.url.len()
    }
}

impl SegmentInfo {
    /// The segment's name in its rendition's folder: `{number}-{epoch}.{ext}`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.{}", self.number.0, self.epoch, self.codec.extension())
    }

    /// How long after the epoch's first sample it begins.
    pub fn since_start(&self) -> Duration {
        let ticks = u64::try_from(self.start.ticks()).unwrap_or_default();
        MediaDuration::from_ticks(ticks).to_std(self.timescale)
    }

    /// Wall-clock time of the epoch's first sample, as this segment has it.
    pub fn origin(&self) -> WallTime {
        self.wall_start.minus(self.since_start())
    }

    /// Wall-clock time of the first sample after it.
    pub fn wall_end(&self) -> WallTime {
        self.wall_start.plus(self.duration.to_std(self.timescale))
    }
}

impl SegmentRef {
    /// States that the bucket has this segment. For the `store` crate alone.
    pub fn stored(info: SegmentInfo) -> Self {
        Self { info }
    }

    /// What is known of it.
    pub fn info(&self) -> &SegmentInfo {
        &self.info
    }
}

impl RenditionId {
    /// Names an encoding: the codec's name, then kilobits a second.
    pub fn new(codec: &str, bitrate_kbps: u32) -> Self {
        Self(format!("{codec}-{bitrate_kbps}"))
    }

    /// The name as it stands in URLs and keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RenditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for EpochId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Display for MediaSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
