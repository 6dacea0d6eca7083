//! Timeshift: media playlists that begin in the past, at the same segments and
//! numbers as the live one.
//!
//! [`Shelf`] knows what can be listed, in 24 bytes a segment; [`Shelf::select`]
//! says what a [`Span`] means now; [`Cut::render`] is the text, a pure function.
//! A playlist without an end follows the rules of live ones (RFC 8216 §6.2.2):
//! its numbers never go back, and it lists no less than a live window does.

mod moment;
mod shelf;

use std::time::Duration;

use media::{Codec, SegmentInfo, WallTime};

use crate::media_playlist::{self, Ending, Header};
use crate::text::line;
use crate::title::{self, TitleRange};

pub use moment::{MOMENT_LEN_MAX, Moment, Query, QueryError, Span};
pub use shelf::{Range, Refusal, Shelf};

/// Segments in one playlist, chosen: a day at six seconds. One that would have
/// more begins later than it was asked to.
pub const SEGMENTS_MAX: usize = 14_400;

/// Titles in one playlist, chosen: one every 43 s of a day. Of more, the oldest
/// are left out.
pub const TITLES_MAX: usize = 2_000;

/// What one playlist lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    target_secs: u64,
    segments: Vec<SegmentInfo>,
    titles: Vec<TitleRange>,
    start: Option<Duration>,
    ending: Ending,
}

impl Cut {
    /// The text of the media playlist.
    ///
    /// Each segment has the lines that it has in the live playlist.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(512 + 128 * self.segments.len());
        let first = self.segments.first();
        let gone = first.map_or(0, |first| {
            first.discontinuity_sequence.saturating_sub(u64::from(first.discontinuity))
        });
        let header = Header {
            target_secs: self.target_secs,
            media_sequence: first.map_or(0, |first| first.number.0),
            discontinuity_sequence: gone,
            is_independent: first.is_some_and(|first| first.codec == Codec::Aac),
        };
        header.render(&mut text);
        if let Some(start) = self.start {
            let micros = start.subsec_micros();
            let secs = start.as_secs();
            line(
                &mut text,
                format_args!("#EXT-X-START:TIME-OFFSET={secs}.{micros:06},PRECISE=YES"),
            );
        }
        for range in &self.titles {
            title::render(&mut text, range);
        }
        for segment in &self.segments {
            media_playlist::render_segment(&mut text, segment, &segment.file_name());
        }
        if self.ending == Ending::Ended {
            line(&mut text, format_args!("#EXT-X-ENDLIST"));
        }
        text
    }

    /// Segments listed.
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Wall-clock time of the first sample after the last segment.
    pub fn wall_end(&self) -> Option<WallTime> {
        self.segments.last().map(SegmentInfo::wall_end)
    }
}

#[cfg(test)]
mod tests;
