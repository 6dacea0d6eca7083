//! Text from strangers, made safe to store, log, list and put into headers.
//!
//! Everything that an encoder or a listener sends as text goes through here
//! once, at the rim. It judges no spelling and decodes no charset.

use unicode_normalization::UnicodeNormalization;

/// Longest title, in bytes of UTF-8. An ICY metadata block holds 4,080.
pub const TITLE_LEN_MAX: usize = 4_000;

/// Longest name, description or genre, in bytes of UTF-8. Chosen.
pub const NAME_LEN_MAX: usize = 255;

/// Cleans a title and cuts it to [`TITLE_LEN_MAX`].
pub fn clean_title(text: &str) -> String {
    clean(text, TITLE_LEN_MAX)
}

/// Cleans a name and cuts it to [`NAME_LEN_MAX`].
pub fn clean_name(text: &str) -> String {
    clean(text, NAME_LEN_MAX)
}

/// Drops what is not for reading, composes the rest (NFC), and cuts it to
/// `len_max` bytes at a character's boundary.
///
/// Dropped are control characters (C0, DEL, C1), line and paragraph separators,
/// marks, overrides and isolates of direction, byte order marks and
/// noncharacters. Cleaning what is clean changes nothing.
pub fn clean(text: &str, len_max: usize) -> String {
    let mut cleaned = String::with_capacity(text.len().min(len_max));
    // A character is a byte at least, so no more than `len_max` can be needed;
    // without this bound a run of combining marks would be sorted in memory.
    for char in text.chars().filter(|&char| !is_dropped(char)).take(len_max).nfc() {
        if cleaned.len() + char.len_utf8() > len_max {
            break;
        }
        cleaned.push(char);
    }
    cleaned
}

/// The longest beginning of `text` that has at most `len_max` bytes.
pub fn cut(text: &str, len_max: usize) -> &str {
    text.get(..text.floor_char_boundary(len_max)).unwrap_or(text)
}

fn is_dropped(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FEFF}')
        || u32::from(char) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests;
