//! Reads playlists back and names the rules that they break.
//!
//! The rules are those of `docs/hls-checklist.md`, by number. The reader shares
//! nothing with the writer but the vocabulary, so that it can judge it; other
//! crates' tests use it on playlists fetched over HTTP. It reads what this
//! project writes: packed audio, whole segments, dates in UTC with six decimals;
//! tags it does not know are passed over, as RFC 8216 §6.3.1 has it.
//!
//! Any input is safe: at most [`PLAYLIST_LEN_MAX`] bytes and [`LINES_MAX`] lines
//! are read, and at most [`VIOLATIONS_MAX`] violations given.

mod attributes;
mod findings;
mod lines;
mod multivariant;
mod pair;
mod reader;
mod single;

use std::fmt::Write as _;

pub use attributes::Attribute;
pub use findings::Violation;
pub use lines::{LINES_MAX, PLAYLIST_LEN_MAX};
pub use multivariant::{ListedVariant, check_multivariant, read_multivariant};
pub use pair::{check_pair, check_renditions};
pub use reader::{DATE_RANGES_MAX, DateRange, ListedSegment, MediaPlaylist, read};
pub use single::check;

/// Violations given of one check, chosen: who sees so many reads no further.
pub const VIOLATIONS_MAX: usize = 100;

/// States that a media playlist breaks no rule by itself.
///
/// # Panics
///
/// When it does; the message has the rules and the text.
#[track_caller]
pub fn assert_conforms(text: &str) {
    let violations = check(text.as_bytes());
    assert!(violations.is_empty(), "{}in\n{text}", listing(&violations));
}

/// States that a reload which gave `old`, and later `new`, breaks no rule.
///
/// # Panics
///
/// When it does; the message has the rules and both texts.
#[track_caller]
pub fn assert_follows(old: &str, new: &str) {
    let violations = check_pair(old.as_bytes(), new.as_bytes());
    assert!(violations.is_empty(), "{}from\n{old}to\n{new}", listing(&violations));
}

fn listing(violations: &[Violation]) -> String {
    violations.iter().fold(String::new(), |mut text, violation| {
        writeln!(text, "{violation}").expect("a String takes it");
        text
    })
}

#[cfg(test)]
mod tests;
