//! Rules that one media playlist can break by itself.

use std::collections::{HashMap, HashSet};

use super::findings::{Findings, Violation};
use super::reader::{DateRange, ListedSegment, MediaPlaylist, date_micros, read_into};
use crate::window::{OVERLAP_LIMIT, SEGMENTS_TO_BEGIN};

/// By how much two dates may differ from the media between them within an
/// epoch: the mapping to wall-clock time is moved in steps below 10 ms, and both
/// are rounded to microseconds.
const STEP_MICROS: u64 = 10_000;

/// Checks a live media playlist against the rules that need no second one.
pub fn check(text: &[u8]) -> Vec<Violation> {
    let mut findings = Findings::default();
    let playlist = read_into(text, &mut findings);
    check_header(&playlist, &mut findings);
    check_segments(&playlist, &mut findings);
    for (segment, next) in playlist.segments.iter().zip(playlist.segments.iter().skip(1)) {
        check_neighbours(segment, next, &mut findings);
        check_runt(&playlist, segment, next, &mut findings);
    }
    check_date_ranges(&playlist, &mut findings);
    findings.into_violations()
}

fn check_header(playlist: &MediaPlaylist, findings: &mut Findings) {
    // Six decimals need 3; no tag that this project writes needs more.
    if playlist.version != Some(3) {
        findings.add("SYN-5", 0, "EXT-X-VERSION is not 3");
    }
    if playlist.target_secs.unwrap_or(0) == 0 {
        findings.add("TD-1", 0, "no EXT-X-TARGETDURATION of at least 1");
    }
    if playlist.media_sequence.is_none() {
        findings.add("SYN-7", 0, "no EXT-X-MEDIA-SEQUENCE");
    }
    if playlist.discontinuity_sequence.is_none() {
        findings.add("SEQ-4", 0, "no EXT-X-DISCONTINUITY-SEQUENCE");
    }
    if playlist.segments.len() < SEGMENTS_TO_BEGIN && !playlist.ended {
        findings.add("SEQ-9", 0, format!("lists fewer than {SEGMENTS_TO_BEGIN} segments"));
    }
}

fn check_segments(playlist: &MediaPlaylist, findings: &mut Findings) {
    let mut uris = HashSet::new();
    for segment in &playlist.segments {
        let rounded = segment.micros.saturating_add(500_000) / 1_000_000;
        if rounded > playlist.target_secs.unwrap_or(0) || segment.micros == 0 {
            findings.add("TD-1", segment.line, "EXTINF does not fit the target duration");
        }
        if segment.date_micros.is_none() {
            findings.add("PDT-1", segment.line, "a segment without a date");
        }
        if !uris.insert(segment.uri.as_str()) {
            findings.add("SEQ-3", segment.line, "a URI stands twice");
        }
        let Some((number, _, extension)) = segment.name() else { continue };
        if number != segment.number {
            findings.add("SEQ-3", segment.line, "the name bears another number");
        }
        if extension == "mp3" && playlist.independent_segments {
            findings.add("PA-6", segment.line, "MP3 segments are not independent");
        }
    }
}

/// A segment and the one right after it, in one playlist or in two.
pub(super) fn check_neighbours(
    segment: &ListedSegment,
    next: &ListedSegment,
    findings: &mut Findings,
) {
    if let Some((_, epoch, extension)) = segment.name()
        && let Some((_, next_epoch, next_extension)) = next.name()
    {
        if (epoch != next_epoch) != next.discontinuity {
            findings.add("SEQ-5", next.line, "a new epoch and a discontinuity go together");
        }
        if extension != next_extension {
            findings.add("SEQ-5", next.line, "another codec");
        }
    }
    if let (Some(start), Some(end), Some(next_start)) =
        (segment.date_micros, segment.end_micros(), next.date_micros)
    {
        let overlap = end.saturating_sub(next_start);
        let limit = i64::try_from(OVERLAP_LIMIT.as_micros()).unwrap_or(i64::MAX);
        if next_start < start || overlap >= limit {
            findings.add("PDT-3", next.line, "its date lies in the segment before it");
        } else if !next.discontinuity && overlap.unsigned_abs() > STEP_MICROS {
            findings.add("PDT-3", next.line, "dates and durations do not agree");
        }
    }
}

/// Only an epoch's last segment may be short.
fn check_runt(
    playlist: &MediaPlaylist,
    segment: &ListedSegment,
    next: &ListedSegment,
    findings: &mut Findings,
) {
    let half = playlist.target_secs.unwrap_or(0).saturating_mul(500_000);
    if segment.micros < half && !next.discontinuity {
        findings.add("TD-6", segment.line, "a short segment within an epoch");
    }
}

fn check_date_ranges(playlist: &MediaPlaylist, findings: &mut Findings) {
    let dated = playlist.segments.iter().any(|segment| segment.date_micros.is_some());
    let mut ids: HashMap<&str, &DateRange> = HashMap::new();
    let mut starts = HashSet::new();
    for range in &playlist.date_ranges {
        if !dated {
            findings.add("DR-1", range.line, "a date range without any date");
        }
        check_times(range, findings);
        check_end_on_next(range, findings);
        check_names(range, findings);
        if let Some(id) = range.get("ID") {
            match ids.insert(id, range) {
                Some(other) if !agree(other, range) => {
                    findings.add("DR-2", range.line, "two ranges of one ID do not agree");
                }
                Some(_) => continue,
                None => {}
            }
        }
        if let (Some(class), Some(start)) = (range.get("CLASS"), range.start_micros())
            && !starts.insert((class, start))
        {
            findings.add("DR-2", range.line, "two ranges of one class overlap");
        }
    }
}

fn check_times(range: &DateRange, findings: &mut Findings) {
    if range.get("ID").is_none() || range.start_micros().is_none() {
        findings.add("DR-1", range.line, "no ID, or no START-DATE that can be read");
    }
    let end = range.get("END-DATE").and_then(date_micros);
    if end.zip(range.start_micros()).is_some_and(|(end, start)| end < start) {
        findings.add("DR-1", range.line, "ends before it starts");
    }
    if range.get("DURATION").is_some_and(|duration| duration.starts_with('-')) {
        findings.add("DR-1", range.line, "a negative duration");
    }
}

fn check_end_on_next(range: &DateRange, findings: &mut Findings) {
    let Some(end_on_next) = range.get("END-ON-NEXT") else { return };
    if end_on_next != "YES" {
        findings.add("DR-2", range.line, "END-ON-NEXT is not YES");
    }
    if range.get("CLASS").is_none() {
        findings.add("DR-2", range.line, "END-ON-NEXT without CLASS");
    }
    if range.get("DURATION").is_some() || range.get("END-DATE").is_some() {
        findings.add("DR-2", range.line, "END-ON-NEXT with an end");
    }
}

/// `X-` is followed by a reversed domain name and the attribute's own.
fn check_names(range: &DateRange, findings: &mut Findings) {
    for attribute in &range.attributes {
        let own = attribute.name.strip_prefix("X-");
        if own.is_some_and(|own| own.split('-').filter(|part| !part.is_empty()).count() < 3) {
            findings.add("DR-5", range.line, format!("{} is in no domain", attribute.name));
        }
    }
}

/// Whether two ranges agree on every attribute that both have.
pub(super) fn agree(one: &DateRange, other: &DateRange) -> bool {
    one.attributes
        .iter()
        .all(|attribute| other.get(&attribute.name).is_none_or(|value| value == attribute.value))
}
