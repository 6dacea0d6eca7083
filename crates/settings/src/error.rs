//! The one error: where, which key, what is wrong.

use std::fmt;

/// Longest complaint in characters; what is longer ends in `…`. Chosen, so that
/// a line stays readable whatever the file holds.
const WHAT_CHARS_MAX: usize = 400;

/// What is wrong with a setting, as one line: `file:line: key.path: what`.
///
/// Never holds a line break or another control character, nor a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    place: String,
    line: Option<usize>,
    key: String,
    what: String,
}

impl Error {
    /// A complaint about a whole file, or about a thing that is not in one.
    pub fn new(place: impl AsRef<str>, what: impl fmt::Display) -> Self {
        Self::at(place, None, "", what)
    }

    /// A complaint about one key; an empty `key` is the document itself.
    pub(crate) fn at(
        place: impl AsRef<str>,
        line: Option<usize>,
        key: &str,
        what: impl fmt::Display,
    ) -> Self {
        Self {
            place: one_line(place.as_ref()),
            line,
            key: one_line(key),
            what: one_line(&what.to_string()),
        }
    }

    /// The file, or the environment variable that gave the value.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The line in the file, from 1; `None` where no single line is to blame.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The key's path, `ingest.encoding.codec`; empty for the whole document.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong, without the place.
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// The text on one line, control characters escaped, cut at the limit.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(WHAT_CHARS_MAX));
    for (count, c) in text.chars().enumerate() {
        if count == WHAT_CHARS_MAX {
            line.push('…');
            break;
        }
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}
