//! Rules of a multivariant playlist.

use super::attributes;
use super::findings::{Findings, Violation};
use super::lines::{Content, split};

/// What `CODECS` may say of packed audio.
const CODECS: [&str; 4] = ["mp4a.40.2", "mp4a.40.5", "mp4a.40.29", "mp4a.40.34"];

/// A variant as listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedVariant {
    /// Its URI as it stands.
    pub uri: String,
    /// `BANDWIDTH`, bits per second.
    pub bandwidth_bps: Option<u64>,
    /// `AVERAGE-BANDWIDTH`, bits per second.
    pub average_bandwidth_bps: Option<u64>,
    /// `CODECS`, without the quotes.
    pub codecs: Option<String>,
}

/// Checks a multivariant playlist of packed audio.
pub fn check_multivariant(text: &[u8]) -> Vec<Violation> {
    read_multivariant(text).1
}

/// Reads a multivariant playlist, and gives the rules that it breaks.
pub fn read_multivariant(text: &[u8]) -> (Vec<ListedVariant>, Vec<Violation>) {
    let mut findings = Findings::default();
    let mut variants = Vec::new();
    let mut next: Option<ListedVariant> = None;
    for line in split(text, &mut findings) {
        match line.content {
            Content::Tag("EXT-X-STREAM-INF", value) => {
                if next.replace(stream_inf(line.number, value, &mut findings)).is_some() {
                    findings.add("MV-1", line.number, "a variant without a URI");
                }
            }
            Content::Tag(name, _) if is_media_tag(name) => {
                findings.add("SYN-6", line.number, "a tag of media playlists");
            }
            Content::Tag(..) => {}
            Content::Uri(uri) => match next.take() {
                Some(variant) => variants.push(ListedVariant { uri: uri.to_owned(), ..variant }),
                None => findings.add("MV-1", line.number, "a URI without EXT-X-STREAM-INF"),
            },
        }
    }
    if next.is_some() || variants.is_empty() {
        findings.add("MV-1", 0, "no variant, or the last one without a URI");
    }
    (variants, findings.into_violations())
}

fn stream_inf(line: usize, value: &str, findings: &mut Findings) -> ListedVariant {
    let attributes = attributes::parse(value).unwrap_or_else(|what| {
        findings.add("SYN-4", line, what);
        Vec::new()
    });
    let get = |name: &str| attributes.iter().find(|one| one.name == name);
    let number = |name: &str| get(name)?.value.parse::<u64>().ok();
    let variant = ListedVariant {
        uri: String::new(),
        bandwidth_bps: number("BANDWIDTH"),
        average_bandwidth_bps: number("AVERAGE-BANDWIDTH"),
        codecs: get("CODECS").filter(|one| one.quoted).map(|one| one.value.clone()),
    };
    let (peak, average) = (variant.bandwidth_bps, variant.average_bandwidth_bps);
    if peak.unwrap_or(0) == 0 || average.is_none() || variant.codecs.is_none() {
        findings.add("MV-1", line, "no BANDWIDTH, AVERAGE-BANDWIDTH or CODECS");
    }
    if average > peak {
        findings.add("MV-2", line, "the average exceeds the peak");
    }
    if variant.codecs.as_deref().is_some_and(|codecs| !CODECS.contains(&codecs)) {
        findings.add("MV-3", line, "CODECS names no format of packed audio");
    }
    variant
}

/// Tags that only media playlists have (RFC 8216 §4.3.2, §4.3.3).
fn is_media_tag(name: &str) -> bool {
    matches!(
        name,
        "EXTINF"
            | "EXT-X-BYTERANGE"
            | "EXT-X-DATERANGE"
            | "EXT-X-DISCONTINUITY"
            | "EXT-X-DISCONTINUITY-SEQUENCE"
            | "EXT-X-ENDLIST"
            | "EXT-X-KEY"
            | "EXT-X-MAP"
            | "EXT-X-MEDIA-SEQUENCE"
            | "EXT-X-PLAYLIST-TYPE"
            | "EXT-X-PROGRAM-DATE-TIME"
            | "EXT-X-TARGETDURATION"
    )
}
