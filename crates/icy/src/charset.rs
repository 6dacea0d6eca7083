//! Text of unknown or declared encoding, made into clean UTF-8.
//!
//! Encoders send UTF-8 and Latin-1 alike and often declare the wrong one.
//! Icecast takes Latin-1 for granted, icecast-kh UTF-8; here valid UTF-8 is
//! UTF-8, and the charset counts for the rest. Text that was encoded twice, or
//! as HTML, stays as it is: to mend it is to guess.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use media::text;

/// The encoding of text that is not valid UTF-8.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// windows-1252, which holds Latin-1.
    #[default]
    Auto,
    /// The one named. Never `replacement` and its kind.
    Of(&'static Encoding),
}

/// A name of no known charset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "charset is not known; \"auto\", \"utf-8\", \"latin1\", \"windows-1251\" and the other names of the WHATWG Encoding Standard are"
)]
pub struct UnknownCharset;

impl Charset {
    /// UTF-8 whatever comes: what is not becomes U+FFFD.
    pub const UTF_8: Self = Self::Of(UTF_8);

    /// Latin-1 as the web has it: windows-1252.
    pub const LATIN_1: Self = Self::Of(WINDOWS_1252);

    /// The charset's name, as [`FromStr`] takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Of(encoding) => encoding.name(),
        }
    }

    /// Decodes text, cleans it ([`media::text::clean`]) and takes the spaces off its
    /// ends; at most `len_max` bytes of UTF-8 come out.
    ///
    /// A byte order mark is dropped. Under [`Self::Auto`], UTF-8 that was cut
    /// within its last character is UTF-8 if another character of it is not ASCII.
    pub fn decode(self, bytes: &[u8], len_max: usize) -> String {
        // Whatever the encoding, a byte gives three bytes of UTF-8 at most and
        // a quarter of one at least: what lies behind cannot come out.
        let bytes = bytes.get(..bytes.len().min(len_max.saturating_mul(4))).unwrap_or_default();
        // Twice: spaces may fill the room, and may come out from behind controls.
        text::clean(self.to_utf8(bytes).trim(), len_max).trim().to_owned()
    }

    fn to_utf8(self, bytes: &[u8]) -> Cow<'_, str> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let encoding = match self {
            Self::Auto => WINDOWS_1252,
            Self::Of(encoding) => encoding,
        };
        if encoding.is_ascii_compatible()
            && let Some(text) = as_utf8(bytes)
        {
            return Cow::Borrowed(text);
        }
        encoding.decode_without_bom_handling(bytes).0
    }
}

/// The bytes as UTF-8, without a last character that was cut.
///
/// Cut UTF-8 must hold one whole character beyond ASCII: a single-byte text
/// may end like a cut character, as `Café` in Latin-1 does.
fn as_utf8(bytes: &[u8]) -> Option<&str> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Some(text),
        Err(error) => error,
    };
    let text = std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?;
    (error.error_len().is_none() && !text.is_ascii()).then_some(text)
}

impl FromStr for Charset {
    type Err = UnknownCharset;

    /// Takes `auto` and the labels of the WHATWG Encoding Standard, without
    /// regard to case.
    fn from_str(name: &str) -> Result<Self, UnknownCharset> {
        if name.trim().eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        // The manifest's short name for what the standard calls ISO-8859-1.
        let name = if name.trim().eq_ignore_ascii_case("latin-1") { "latin1" } else { name };
        Encoding::for_label_no_replacement(name.as_bytes()).map(Self::Of).ok_or(UnknownCharset)
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
