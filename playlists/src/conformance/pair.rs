//! Rules between two media playlists: two reloads, or two renditions.

use std::collections::HashMap;

use super::findings::{Findings, Violation};
use super::reader::{DateRange, ListedSegment, MediaPlaylist, read};
use super::single::{agree, check_neighbours};
use crate::window::SEGMENTS_MIN;

/// By how much the starts of one number may differ between renditions: one unit
/// of the lowest rate, 1,024 samples at 8 kHz, and a rounding.
const UNIT_MICROS: u64 = 128_001;

/// Checks that a listener may see `old` and later `new` at one URL.
///
/// They need not be neighbours: between them the playlist may have changed many
/// times. What each breaks by itself is not said again; see [`check`](super::check).
pub fn check_pair(old: &[u8], new: &[u8]) -> Vec<Violation> {
    let ((old, _), (new, _)) = (read(old), read(new));
    let mut findings = Findings::default();
    check_header(&old, &new, &mut findings);
    check_survivors(&old, &new, &mut findings);
    check_seam(&old, &new, &mut findings);
    check_removal(&old, &new, &mut findings);
    check_date_ranges(&old, &new, &mut findings);
    findings.into_violations()
}

/// Checks that two renditions of one programme, fetched at about the same time,
/// agree (RFC 8216 §6.2.4).
pub fn check_renditions(one: &[u8], other: &[u8]) -> Vec<Violation> {
    let ((one, _), (other, _)) = (read(one), read(other));
    let mut findings = Findings::default();
    if one.target_secs != other.target_secs {
        findings.add("TD-3", 0, "target durations differ");
    }
    for (segment, same) in common(&one, &other) {
        let sequence =
            |segment: &ListedSegment| (segment.discontinuity_sequence, segment.discontinuity);
        if sequence(segment) != sequence(same) {
            findings.add("SEQ-6", same.line, "discontinuities differ");
        }
        let dates = segment.date_micros.zip(same.date_micros);
        if dates.is_some_and(|(date, other)| date.abs_diff(other) > UNIT_MICROS) {
            findings.add("PDT-2", same.line, "dates differ by more than a unit");
        }
    }
    for (range, same) in same_ids(&one, &other) {
        if range.attributes != same.attributes {
            findings.add("DR-4", same.line, "date ranges of one ID differ");
        }
    }
    findings.into_violations()
}

fn check_header(old: &MediaPlaylist, new: &MediaPlaylist, findings: &mut Findings) {
    if old.target_secs != new.target_secs {
        findings.add("TD-2", 0, "the target duration changed");
    }
    if new.media_sequence < old.media_sequence {
        findings.add("SEQ-1", 0, "the media sequence went back");
    }
    let last = |playlist: &MediaPlaylist| playlist.segments.last().map(|last| last.number);
    if last(new) < last(old) {
        findings.add("SEQ-1", 0, "the last number went back");
    }
    if new.discontinuity_sequence < old.discontinuity_sequence {
        findings.add("SEQ-4", 0, "the discontinuity sequence went back");
    }
    if old.ended && !(new.ended && last(new) == last(old)) {
        findings.add("SEQ-15", 0, "the playlist went on after its end");
    }
    let first = |playlist: &MediaPlaylist| playlist.segments.first()?.date_micros;
    if first(old).zip(first(new)).is_some_and(|(old, new)| new < old) {
        findings.add("PDT-3", 0, "the first date went back");
    }
}

/// What a segment that is listed in both says of itself may not change.
fn check_survivors(old: &MediaPlaylist, new: &MediaPlaylist, findings: &mut Findings) {
    for (was, is) in common(old, new) {
        if was.uri != is.uri {
            findings.add("SEQ-3", is.line, "another URI for one number");
        }
        if was.discontinuity_sequence != is.discontinuity_sequence {
            findings.add("SEQ-4", is.line, "the discontinuity sequence of a segment changed");
        }
        if (was.micros, was.discontinuity) != (is.micros, is.discontinuity) {
            findings.add("SEQ-2", is.line, "a listed segment changed");
        }
        if was.date_micros != is.date_micros {
            findings.add("PDT-3", is.line, "the date of a segment changed");
        }
    }
    let numbers: HashMap<_, _> =
        old.segments.iter().map(|segment| (segment.uri.as_str(), segment.number)).collect();
    for is in &new.segments {
        if numbers.get(is.uri.as_str()).is_some_and(|number| *number != is.number) {
            findings.add("SEQ-1", is.line, "another number for one URI");
        }
    }
}

/// Where the new playlist begins after the old one's end.
fn check_seam(old: &MediaPlaylist, new: &MediaPlaylist, findings: &mut Findings) {
    let (Some(last), Some(first)) = (old.segments.last(), new.segments.first()) else { return };
    if first.number <= last.number {
        return;
    }
    let rise = u64::from(first.discontinuity);
    let least = last.discontinuity_sequence.saturating_add(rise);
    let next = last.number.checked_add(1) == Some(first.number);
    if next {
        check_neighbours(last, first, findings);
    }
    let got = first.discontinuity_sequence;
    if got < least || (next && got > least) {
        findings.add("SEQ-4", first.line, "the discontinuity sequence does not continue");
    }
}

/// A playlist from which something was removed stays long enough.
fn check_removal(old: &MediaPlaylist, new: &MediaPlaylist, findings: &mut Findings) {
    if new.ended || new.media_sequence <= old.media_sequence {
        return;
    }
    let listed = new.segments.iter().fold(0_u64, |sum, segment| sum.saturating_add(segment.micros));
    // Each duration is rounded by half a microsecond at most.
    let rounding = u64::try_from(new.segments.len()).unwrap_or(u64::MAX);
    let least = new.target_secs.unwrap_or(0).saturating_mul(3_000_000);
    if listed.saturating_add(rounding) < least {
        findings.add("SEQ-9", 0, "a removal left less than three target durations");
    }
    if old.segments.len() >= SEGMENTS_MIN && new.segments.len() < SEGMENTS_MIN {
        findings.add("SEQ-9", 0, format!("a removal left fewer than {SEGMENTS_MIN} segments"));
    }
}

fn check_date_ranges(old: &MediaPlaylist, new: &MediaPlaylist, findings: &mut Findings) {
    for (was, is) in same_ids(old, new) {
        if !agree(was, is) {
            findings.add("DR-2", is.line, "a date range changed");
        }
    }
    let ids: HashMap<_, _> = by_id(new);
    for was in &old.date_ranges {
        let gone = was.get("ID").is_some_and(|id| !ids.contains_key(id));
        if gone && is_listed(was, old, new) {
            let what = format!("the range of line {} left while it is on air", was.line);
            findings.add("DR-3", 0, what);
        }
    }
}

/// Whether a date of `range`, which ends on the next of its class, maps to a
/// segment of `new`.
fn is_listed(range: &DateRange, old: &MediaPlaylist, new: &MediaPlaylist) -> bool {
    let Some(start) = range.start_micros() else { return false };
    let end = old
        .date_ranges
        .iter()
        .chain(&new.date_ranges)
        .filter(|other| other.get("CLASS") == range.get("CLASS"))
        .filter_map(DateRange::start_micros)
        .filter(|next| *next > start)
        .min()
        .unwrap_or(i64::MAX);
    new.segments.iter().any(|segment| {
        let Some((from, to)) = segment.date_micros.zip(segment.end_micros()) else { return false };
        from < end && start < to
    })
}

/// The segments that both list, by their numbers.
fn common<'a>(
    one: &'a MediaPlaylist,
    other: &'a MediaPlaylist,
) -> impl Iterator<Item = (&'a ListedSegment, &'a ListedSegment)> {
    let numbers: HashMap<_, _> =
        one.segments.iter().map(|segment| (segment.number, segment)).collect();
    other.segments.iter().filter_map(move |same| Some((*numbers.get(&same.number)?, same)))
}

fn same_ids<'a>(
    one: &'a MediaPlaylist,
    other: &'a MediaPlaylist,
) -> impl Iterator<Item = (&'a DateRange, &'a DateRange)> {
    let ids = by_id(one);
    other.date_ranges.iter().filter_map(move |same| Some((*ids.get(same.get("ID")?)?, same)))
}

fn by_id(playlist: &MediaPlaylist) -> HashMap<&str, &DateRange> {
    playlist.date_ranges.iter().filter_map(|range| Some((range.get("ID")?, range))).collect()
}
