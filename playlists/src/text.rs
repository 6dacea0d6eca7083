//! Text that is safe by construction: whatever comes in, the line or the
//! document that it lands in stays whole.

use std::fmt::{self, Write as _};

use unicode_normalization::UnicodeNormalization as _;

/// Appends one line to a playlist.
pub(crate) fn line(text: &mut String, content: fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("writing to a String cannot fail");
}

/// Makes the inside of a quoted string (RFC 8216 §4.2) of at most `len_max` bytes.
///
/// `"` becomes `'`, control characters and line separators a space, byte order
/// marks go, the rest is brought to NFC (RFC 8216 §4.1).
pub(crate) fn quoted(value: &str, len_max: usize) -> String {
    let mut text = String::with_capacity(value.len().min(len_max));
    for c in value.nfc().filter_map(harmless) {
        let c = if c == '"' { '\'' } else { c };
        if text.len() + c.len_utf8() > len_max {
            break;
        }
        text.push(c);
    }
    text
}

/// Makes one line of plain text, as in the values of a `.pls`.
pub(crate) fn one_line(value: &str) -> String {
    value.nfc().filter_map(harmless).collect()
}

/// Makes the text of an XML element or attribute (XML 1.0 §2.2, §2.4).
pub(crate) fn xml(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.nfc().filter_map(harmless) {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&apos;"),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c => text.push(c),
        }
    }
    text
}

/// Makes a URI reference that stays one: what RFC 3986 §2 has no place for is
/// percent-encoded, and so is `#`, with which a comment would begin.
pub(crate) fn uri(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    text
}

fn harmless(c: char) -> Option<char> {
    match c {
        '\u{FEFF}' => None,
        '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() => Some(' '),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests;
