//! Text of a media playlist (RFC 8216 §4.3.3), as a pure function of the window.

use media::{Codec, SegmentInfo};

use crate::date;
use crate::text::{line, uri};
use crate::title::{self, TitleRange, titles_in_window};
use crate::window::{Listed, LiveWindow};

/// What a media playlist says apart from its segments.
#[derive(Debug, Clone, Copy, Default)]
pub struct MediaPlaylistOptions<'a> {
    /// What stands before each segment's name; empty where the playlist lies
    /// beside the segments.
    pub uri_prefix: &'a str,
    /// What stands after it, for example `?t=…`: a session's token. Constant for
    /// the session, since a number may not change its URI (rfc8216bis §6.3.4).
    pub uri_suffix: &'a str,
    /// Titles; those that fall into the window are listed, at most
    /// [`TITLES_MAX`](crate::TITLES_MAX).
    pub titles: &'a [TitleRange],
    /// Whether segments follow.
    pub ending: Ending,
}

/// Whether segments follow those listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ending {
    /// They do.
    #[default]
    Live,
    /// None will: the channel was closed for good (`EXT-X-ENDLIST`). The text
    /// may not change from here on.
    Ended,
}

/// What stands before titles and segments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) target_secs: u64,
    pub(crate) media_sequence: u64,
    pub(crate) discontinuity_sequence: u64,
    pub(crate) is_independent: bool,
}

/// Renders the window as a media playlist.
///
/// Every segment bears its date; durations and dates have six decimals, each
/// from the exact sample position. AAC alone is declared independent: an MP3
/// frame needs bytes of the frames before it. Byte for byte the same for the
/// same window and options. Not to be published before [`LiveWindow::is_ready`].
pub fn render<S: Listed>(window: &LiveWindow<S>, options: &MediaPlaylistOptions<'_>) -> String {
    let mut text = String::with_capacity(256 + 160 * window.len());
    let header = Header {
        target_secs: window.target_secs(),
        media_sequence: window.media_sequence().0,
        discontinuity_sequence: window.discontinuity_sequence(),
        is_independent: window.first().is_some_and(|first| first.info().codec == Codec::Aac),
    };
    header.render(&mut text);
    for range in titles_in_window(options.titles, window) {
        title::render(&mut text, range);
    }
    let (prefix, suffix) = (uri(options.uri_prefix), uri(options.uri_suffix));
    for segment in window.segments() {
        let name = segment.info().file_name();
        render_segment(&mut text, segment.info(), &format!("{prefix}{name}{suffix}"));
    }
    if options.ending == Ending::Ended {
        line(&mut text, format_args!("#EXT-X-ENDLIST"));
    }
    text
}

impl Header {
    pub(crate) fn render(&self, text: &mut String) {
        line(text, format_args!("#EXTM3U"));
        // Durations with decimals need 3, and nothing here needs more (rfc8216bis §8).
        line(text, format_args!("#EXT-X-VERSION:3"));
        line(text, format_args!("#EXT-X-TARGETDURATION:{}", self.target_secs));
        line(text, format_args!("#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence));
        let gone = self.discontinuity_sequence;
        line(text, format_args!("#EXT-X-DISCONTINUITY-SEQUENCE:{gone}"));
        if self.is_independent {
            line(text, format_args!("#EXT-X-INDEPENDENT-SEGMENTS"));
        }
    }
}

/// Appends the lines of one segment.
pub(crate) fn render_segment(text: &mut String, info: &SegmentInfo, uri: &str) {
    if info.discontinuity {
        line(text, format_args!("#EXT-X-DISCONTINUITY"));
    }
    line(text, format_args!("#EXT-X-PROGRAM-DATE-TIME:{}", date::rfc3339(info.wall_start)));
    let micros = info.duration.micros(info.timescale);
    line(text, format_args!("#EXTINF:{}.{:06},", micros / 1_000_000, micros % 1_000_000));
    line(text, format_args!("{uri}"));
}

#[cfg(test)]
mod tests;
