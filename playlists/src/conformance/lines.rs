//! A playlist as lines (RFC 8216 §4.1).

use unicode_normalization::is_nfc;

use super::findings::Findings;

/// Bytes of a playlist that are read, chosen: a day of six-second segments takes
/// 2 MB. Longer ones are not read at all.
pub const PLAYLIST_LEN_MAX: usize = 4 << 20;

/// Lines of a playlist that are read, chosen: a day of six-second segments takes
/// 45,000. Playlists of more are not read at all.
pub const LINES_MAX: usize = 100_000;

/// One line and its number, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) content: Content<'a>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// `#EXT…`, without the `#`; the value is what follows the first colon.
    Tag(&'a str, &'a str),
    /// Neither empty nor a comment.
    Uri(&'a str),
}

/// Splits a playlist into what counts, and checks the text as such.
///
/// Gives nothing of a text that is no UTF-8 or beyond the limits.
pub(super) fn split<'a>(text: &'a [u8], findings: &mut Findings) -> Vec<Line<'a>> {
    if text.len() > PLAYLIST_LEN_MAX {
        findings.add("LIMIT", 0, format!("{} bytes", text.len()));
        return Vec::new();
    }
    let Ok(text) = std::str::from_utf8(text) else {
        findings.add("SYN-2", 0, "not UTF-8");
        return Vec::new();
    };
    let without_mark = text.strip_prefix('\u{FEFF}');
    if without_mark.is_some() {
        findings.add("SYN-2", 1, "a byte order mark");
    }
    let text = without_mark.unwrap_or(text);
    if text.split('\n').nth(LINES_MAX + 1).is_some() {
        findings.add("LIMIT", 0, format!("more than {LINES_MAX} lines"));
        return Vec::new();
    }
    if !text.ends_with('\n') {
        findings.add("SEQ-10", 0, "ends within a line");
    }
    let lines = || text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    if lines().next() != Some("#EXTM3U") {
        findings.add("SYN-1", 1, "the first line is not #EXTM3U");
    }
    for (number, line) in (1..).zip(lines()) {
        check_characters(number, line, findings);
    }
    (1..).zip(lines()).filter_map(|(number, line)| parse(number, line)).collect()
}

fn check_characters(number: usize, line: &str, findings: &mut Findings) {
    if line.contains('\u{FEFF}') {
        findings.add("SYN-2", number, "a byte order mark");
    }
    if line.chars().any(char::is_control) {
        findings.add("SYN-2", number, "a control character");
    }
    if !is_nfc(line) {
        findings.add("SYN-2", number, "not in NFC");
    }
}

fn parse(number: usize, line: &str) -> Option<Line<'_>> {
    let content = match line.strip_prefix('#') {
        Some(tag) if tag.starts_with("EXT") => {
            let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
            Content::Tag(name, value)
        }
        None if !line.is_empty() => Content::Uri(line),
        _ => return None,
    };
    Some(Line { number, content })
}
