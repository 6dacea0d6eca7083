//! Playlists that end: what a session gets whose time is up, and what those hear who
//! may not listen.
//!
//! A refusal in mid-play makes players hunt through variants and fail with an error;
//! a playlist with an end (`EXT-X-ENDLIST`, RFC 8216 §4.3.3.4) lets them play what
//! they have, and stop as at the end of a file.

use std::time::Duration;

use media::WallTime;

use crate::date;
use crate::text::{line, uri};

/// A segment of an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot<'a> {
    /// Its URI.
    pub uri: &'a str,
    /// How long it lasts; no longer than the target duration.
    pub duration: Duration,
}

/// Ends a live media playlist: its text as it is, an announcement behind a
/// discontinuity if there is one, and the end. The dates go on from `wall_end`.
pub fn close(live: &str, spots: &[Spot<'_>], wall_end: WallTime) -> String {
    let mut text = live.to_owned();
    if !spots.is_empty() {
        line(&mut text, format_args!("#EXT-X-DISCONTINUITY"));
    }
    append(&mut text, spots, wall_end);
    text
}

/// The media playlist of an announcement alone, as of `wall_start`.
pub fn alone(target_secs: u64, spots: &[Spot<'_>], wall_start: WallTime) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("#EXTM3U"));
    line(&mut text, format_args!("#EXT-X-VERSION:3"));
    line(&mut text, format_args!("#EXT-X-TARGETDURATION:{target_secs}"));
    line(&mut text, format_args!("#EXT-X-MEDIA-SEQUENCE:0"));
    line(&mut text, format_args!("#EXT-X-DISCONTINUITY-SEQUENCE:0"));
    append(&mut text, spots, wall_start);
    text
}

/// Writes a suffix behind each segment's URI of a media playlist.
pub fn with_suffix(playlist: &str, suffix: &str) -> String {
    let mut text = String::with_capacity(playlist.len() * 2);
    for each in playlist.lines() {
        let is_uri = !each.is_empty() && !each.starts_with('#');
        let suffix = if is_uri { suffix } else { "" };
        line(&mut text, format_args!("{each}{suffix}"));
    }
    text
}

fn append(text: &mut String, spots: &[Spot<'_>], from: WallTime) {
    let mut wall = from;
    for spot in spots {
        line(text, format_args!("#EXT-X-PROGRAM-DATE-TIME:{}", date::rfc3339(wall)));
        let micros = spot.duration.as_micros();
        line(text, format_args!("#EXTINF:{}.{:06},", micros / 1_000_000, micros % 1_000_000));
        line(text, format_args!("{}", uri(spot.uri)));
        wall = wall.plus(spot.duration);
    }
    line(text, format_args!("#EXT-X-ENDLIST"));
}

#[cfg(test)]
mod tests;
