//! HLS playlists: the live window and its text. Sans-IO.
//!
//! Written after RFC 8216 and draft-pantos-hls-rfc8216bis-20. What is listed is
//! a [`LiveWindow`]; [`media_playlist`] and [`multivariant`] are its text, as pure
//! functions; [`conformance`] reads such texts back and says which rules of
//! `docs/hls-checklist.md` they break.
//!
//! Not written here: partial segments, delta updates, encryption, `EXT-X-GAP`,
//! video. Nothing here waits, stores or reads a clock.

pub mod bandwidth;
pub mod closing;
pub mod conformance;
pub mod date;
mod live;
pub mod media_playlist;
pub mod multivariant;
mod text;
pub mod timeshift;
mod title;
pub mod tune_in;
pub mod window;

pub use bandwidth::Meter;
pub use live::LivePlaylists;
pub use media_playlist::{Ending, MediaPlaylistOptions};
pub use multivariant::{Variant, codecs_string};
pub use title::{TITLE_CLASS, TITLES_MAX, TitleRange, VALUE_LEN_MAX, titles_in_window};
pub use window::{Error, Listed, LiveWindow, Removed, SEGMENTS_MIN, TimelineFault};

/// The `Content-Type` of both kinds of playlist (RFC 8216 §4).
pub const MEDIA_TYPE: &str = "application/vnd.apple.mpegurl";

#[cfg(test)]
mod testing;
