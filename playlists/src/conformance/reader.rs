//! Reads a media playlist into values, and checks its syntax on the way.

use std::collections::HashSet;

use jiff::Timestamp;

use super::attributes::{self, Attribute};
use super::findings::{Findings, Violation};
use super::lines::{Content, split};

/// Date ranges of a playlist that are read, chosen: ten times what is written.
/// Further ones are passed over.
pub const DATE_RANGES_MAX: usize = 1_000;

/// A media playlist as read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaPlaylist {
    /// `EXT-X-VERSION`.
    pub version: Option<u64>,
    /// `EXT-X-TARGETDURATION`, in seconds.
    pub target_secs: Option<u64>,
    /// `EXT-X-MEDIA-SEQUENCE`.
    pub media_sequence: Option<u64>,
    /// `EXT-X-DISCONTINUITY-SEQUENCE`.
    pub discontinuity_sequence: Option<u64>,
    /// `EXT-X-INDEPENDENT-SEGMENTS` is there.
    pub independent_segments: bool,
    /// `EXT-X-ENDLIST` is there.
    pub ended: bool,
    /// The segments, oldest first.
    pub segments: Vec<ListedSegment>,
    /// The date ranges, in the order of the text.
    pub date_ranges: Vec<DateRange>,
}

/// A segment as listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedSegment {
    /// The line of its URI, from 1.
    pub line: usize,
    /// Its media sequence number.
    pub number: u64,
    /// Its discontinuity sequence number, its own tag included.
    pub discontinuity_sequence: u64,
    /// An `EXT-X-DISCONTINUITY` stands before it.
    pub discontinuity: bool,
    /// `EXTINF`, in microseconds.
    pub micros: u64,
    /// `EXT-X-PROGRAM-DATE-TIME`, in microseconds since 1970.
    pub date_micros: Option<i64>,
    /// Its URI as it stands.
    pub uri: String,
}

/// An `EXT-X-DATERANGE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateRange {
    /// The line, from 1.
    pub line: usize,
    /// Its attributes in the order of the text.
    pub attributes: Vec<Attribute>,
}

/// Reads a media playlist, and gives the rules of syntax that it breaks.
///
/// What cannot be read is left out of the playlist.
pub fn read(text: &[u8]) -> (MediaPlaylist, Vec<Violation>) {
    let mut findings = Findings::default();
    let playlist = read_into(text, &mut findings);
    (playlist, findings.into_violations())
}

pub(super) fn read_into(text: &[u8], findings: &mut Findings) -> MediaPlaylist {
    let mut reader = Reader {
        playlist: MediaPlaylist::default(),
        next: None,
        seen: HashSet::new(),
        line: 0,
        findings,
    };
    for line in split(text, reader.findings) {
        reader.line = line.number;
        match line.content {
            Content::Tag(name, value) => reader.tag(name, value),
            Content::Uri(uri) => reader.uri(uri),
        }
    }
    if reader.next.is_some() {
        reader.fail("SEQ-10", "the last segment's tags have no URI");
    }
    reader.playlist
}

impl DateRange {
    /// The value of an attribute, without quotes.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|one| one.name == name).map(|one| one.value.as_str())
    }

    /// `START-DATE`, in microseconds since 1970.
    pub fn start_micros(&self) -> Option<i64> {
        self.get("START-DATE").and_then(date_micros)
    }
}

impl ListedSegment {
    /// When it ends, in microseconds since 1970.
    pub fn end_micros(&self) -> Option<i64> {
        let micros = i64::try_from(self.micros).ok()?;
        self.date_micros?.checked_add(micros)
    }

    /// Number, epoch and extension, if it is named as this project names segments:
    /// `{number}-{epoch}.{extension}`.
    pub fn name(&self) -> Option<(u64, &str, &str)> {
        let path = self.uri.split(['?', '#']).next()?;
        let file = path.rsplit('/').next()?;
        let (stem, extension) = file.rsplit_once('.')?;
        let (number, epoch) = stem.split_once('-')?;
        Some((number.parse().ok()?, epoch, extension))
    }
}

/// Tags of which a media playlist has at most one, with the rule that says so.
const ONCE: [(&str, &str); 7] = [
    ("EXTM3U", "SYN-1"),
    ("EXT-X-VERSION", "SYN-5"),
    ("EXT-X-TARGETDURATION", "SYN-7"),
    ("EXT-X-MEDIA-SEQUENCE", "SYN-7"),
    ("EXT-X-DISCONTINUITY-SEQUENCE", "SYN-7"),
    ("EXT-X-INDEPENDENT-SEGMENTS", "SYN-7"),
    ("EXT-X-ENDLIST", "SYN-7"),
];

struct Reader<'f> {
    playlist: MediaPlaylist,
    /// The segment whose tags were read and whose URI was not; its duration,
    /// once there was an `EXTINF`.
    next: Option<(ListedSegment, Option<u64>)>,
    seen: HashSet<&'static str>,
    line: usize,
    findings: &'f mut Findings,
}

impl Reader<'_> {
    fn fail(&mut self, rule: &'static str, what: &str) {
        self.findings.add(rule, self.line, what);
    }

    fn tag(&mut self, name: &str, value: &str) {
        self.check_once(name);
        match name {
            "EXT-X-VERSION" => self.playlist.version = self.number("SYN-5", value),
            "EXT-X-TARGETDURATION" => self.playlist.target_secs = self.number("TD-1", value),
            "EXT-X-MEDIA-SEQUENCE" => {
                self.check_before_segments(name);
                self.playlist.media_sequence = self.number("SYN-7", value);
            }
            "EXT-X-DISCONTINUITY-SEQUENCE" => {
                self.check_before_segments(name);
                self.playlist.discontinuity_sequence = self.number("SYN-7", value);
            }
            "EXT-X-INDEPENDENT-SEGMENTS" => self.playlist.independent_segments = true,
            "EXT-X-ENDLIST" => self.playlist.ended = true,
            "EXT-X-DATERANGE" => self.date_range(value),
            "EXTINF" | "EXT-X-DISCONTINUITY" | "EXT-X-PROGRAM-DATE-TIME" => {
                self.segment_tag(name, value);
            }
            _ => self.foreign_tag(name),
        }
    }

    /// Tags that a live playlist of packed audio must not have.
    fn foreign_tag(&mut self, name: &str) {
        match name {
            "EXT-X-STREAM-INF"
            | "EXT-X-MEDIA"
            | "EXT-X-SESSION-DATA"
            | "EXT-X-SESSION-KEY"
            | "EXT-X-I-FRAME-STREAM-INF"
            | "EXT-X-CONTENT-STEERING" => {
                self.fail("SYN-6", "a tag of multivariant playlists");
            }
            "EXT-X-PLAYLIST-TYPE" => self.fail("SYN-9", "a live playlist with a type"),
            "EXT-X-ALLOW-CACHE" => self.fail("SYN-10", "EXT-X-ALLOW-CACHE was removed"),
            "EXT-X-MAP" => self.fail("PA-4", "packed audio has no EXT-X-MAP"),
            _ => {}
        }
    }

    fn segment_tag(&mut self, name: &str, value: &str) {
        match name {
            "EXTINF" => {
                let micros = self.extinf(value);
                let (_, duration) = self.next.get_or_insert_default();
                if duration.replace(micros).is_some() {
                    self.fail("SYN-8", "two EXTINF for one segment");
                }
            }
            "EXT-X-DISCONTINUITY" => {
                let (segment, _) = self.next.get_or_insert_default();
                segment.discontinuity = true;
            }
            _ => {
                let micros = date_micros(value);
                if micros.is_none() {
                    self.fail("PDT-1", "a date not of the form YYYY-MM-DDThh:mm:ss.ssssssZ");
                }
                let (segment, _) = self.next.get_or_insert_default();
                segment.date_micros = micros;
            }
        }
    }

    fn uri(&mut self, uri: &str) {
        let (mut segment, duration) = self.next.take().unwrap_or_default();
        if duration.is_none() {
            self.fail("SYN-8", "a segment without EXTINF");
        }
        let playlist = &mut self.playlist;
        let before = playlist.segments.last();
        segment.number = before
            .map_or(playlist.media_sequence.unwrap_or(0), |before| before.number.saturating_add(1));
        segment.discontinuity_sequence = before
            .map_or(playlist.discontinuity_sequence.unwrap_or(0), |before| {
                before.discontinuity_sequence
            })
            .saturating_add(u64::from(segment.discontinuity));
        segment.line = self.line;
        segment.micros = duration.unwrap_or(0);
        uri.clone_into(&mut segment.uri);
        playlist.segments.push(segment);
    }

    fn date_range(&mut self, value: &str) {
        match attributes::parse(value) {
            Ok(_) if self.playlist.date_ranges.len() >= DATE_RANGES_MAX => {
                self.fail("LIMIT", "too many date ranges");
            }
            Ok(attributes) => {
                self.playlist.date_ranges.push(DateRange { line: self.line, attributes });
            }
            Err(what) => self.fail("SYN-4", what),
        }
    }

    /// The duration in microseconds, zero where it cannot be read.
    fn extinf(&mut self, value: &str) -> u64 {
        let duration = value.split(',').next().unwrap_or_default();
        if duration.len() == value.len() {
            self.fail("SYN-8", "EXTINF without a comma");
        }
        let Some((secs, fraction)) = duration.split_once('.') else {
            self.fail("SYN-8", "EXTINF without decimals");
            return self.number("SYN-8", duration).unwrap_or(0).saturating_mul(1_000_000);
        };
        if fraction.len() != 6 {
            self.fail("TD-4", "EXTINF has not six decimals");
        }
        let secs = self.number("SYN-8", secs).unwrap_or(0);
        let micros = fraction.chars().chain("000000".chars()).take(6).collect::<String>();
        let micros = self.number("SYN-8", &micros).unwrap_or(0);
        secs.saturating_mul(1_000_000).saturating_add(micros)
    }

    /// A decimal integer (RFC 8216 §4.2).
    fn number(&mut self, rule: &'static str, value: &str) -> Option<u64> {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse().ok().filter(|_| digits);
        if number.is_none() {
            self.fail(rule, "not a decimal integer");
        }
        number
    }

    fn check_once(&mut self, name: &str) {
        if let Some((tag, rule)) = ONCE.into_iter().find(|(tag, _)| *tag == name)
            && !self.seen.insert(tag)
        {
            self.fail(rule, "the tag stands twice");
        }
    }

    fn check_before_segments(&mut self, name: &str) {
        if self.next.is_some() || !self.playlist.segments.is_empty() {
            self.fail("SYN-7", &format!("{name} after the first segment"));
        }
    }
}

/// Reads `YYYY-MM-DDThh:mm:ss.ssssssZ` as microseconds since 1970.
pub(super) fn date_micros(text: &str) -> Option<i64> {
    let form = b"dddd-dd-ddTdd:dd:dd.ddddddZ";
    let fits = text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, expected)| match expected {
            b'd' => byte.is_ascii_digit(),
            other => byte == *other,
        });
    let time: Timestamp = fits.then(|| text.parse().ok()).flatten()?;
    Some(time.as_microsecond())
}
