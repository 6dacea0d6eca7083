//! Titles as date ranges (rfc8216bis §4.4.5.1).

use std::collections::HashSet;
use std::fmt::Write as _;

use media::{Title, WallTime};

use crate::date;
use crate::text::{line, quoted};
use crate::window::{Listed, LiveWindow};

/// The class of titles. Within it ranges do not overlap: each ends where the
/// next begins.
pub const TITLE_CLASS: &str = "org.skywave.title";

/// Title ranges in one playlist, chosen: one every 0.6 s in a window of a
/// minute. Of more, the oldest are left out.
pub const TITLES_MAX: usize = 100;

/// Bytes of one attribute's value, chosen: longer ones are cut between two
/// characters. No console shows more, and a playlist is fetched every few seconds.
pub const VALUE_LEN_MAX: usize = 500;

/// From when on a title is on air; until the next one's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleRange {
    /// Names the range; never used for another one of the same programme.
    pub id: String,
    /// Wall-clock time of the first sample, on the segments' own clock.
    pub start: WallTime,
    /// What is on air; an empty one ends the one before.
    pub title: Title,
}

/// The titles that a playlist of `window` must carry, by their start.
///
/// All that are on air at some time between the oldest segment's start and the
/// newest one's end, the running one included, although it began before
/// (rfc8216bis §6.2.1). Of several with one id the first in `titles` counts; of
/// several with one start the last, since the others were never on air. At most
/// [`TITLES_MAX`].
pub fn titles_in_window<'a, S: Listed>(
    titles: &'a [TitleRange],
    window: &LiveWindow<S>,
) -> Vec<&'a TitleRange> {
    let Some(first) = window.first() else { return Vec::new() };
    let begin = first.info().wall_start;
    let end = window.segments().map(|segment| segment.info().wall_end()).max().unwrap_or(begin);
    let mut seen = HashSet::new();
    let mut sorted: Vec<_> = titles.iter().filter(|range| seen.insert(range.id.as_str())).collect();
    sorted.sort_by_key(|range| range.start);
    let nexts =
        sorted.iter().skip(1).map(|range| range.start).chain([WallTime::from_nanos(u64::MAX)]);
    let mut listed: Vec<_> = sorted
        .iter()
        .zip(nexts)
        .filter(|(range, next)| *next > begin && *next > range.start && range.start < end)
        .map(|(range, _)| *range)
        .collect();
    listed.drain(..listed.len().saturating_sub(TITLES_MAX));
    listed
}

/// Appends the range's `EXT-X-DATERANGE`, the same text at every reload.
pub(crate) fn render(text: &mut String, range: &TitleRange) {
    let id = quoted(&range.id, VALUE_LEN_MAX);
    let start = date::rfc3339(range.start);
    let mut tag = format!(
        "#EXT-X-DATERANGE:ID=\"{id}\",CLASS=\"{TITLE_CLASS}\",START-DATE=\"{start}\",END-ON-NEXT=YES"
    );
    let Title { title, artist, url, .. } = &range.title;
    for (name, value) in [("TITLE", title), ("ARTIST", artist), ("URL", url)] {
        let value = quoted(value, VALUE_LEN_MAX);
        if !value.is_empty() {
            write!(tag, ",X-ORG-SKYWAVE-{name}=\"{value}\"").expect("a String takes it");
        }
    }
    line(text, format_args!("{tag}"));
}

#[cfg(test)]
mod tests;
