//! Names of objects.
//!
//! The grammar is narrower than what S3 and file systems take, so that a key
//! means the same in both and in a URL, and never leaves its root. It refuses
//! whatever would have to be escaped somewhere.

use std::fmt;

use crate::error::Error;

/// Most bytes of a key. S3 allows 1,024, of which half is left for the prefix.
pub(crate) const KEY_BYTES_MAX: usize = 512;
/// Most bytes between two slashes. Chosen below the 255 of file systems.
pub(crate) const PART_BYTES_MAX: usize = 128;
/// Most parts of a key. The deepest name in use has five.
pub(crate) const PARTS_MAX: usize = 8;

/// Name of an object, or of a folder of them, below the bucket's prefix.
///
/// One to eight parts with `/` between them, at most 512 bytes. The first is an
/// [`Area`]'s name. Each has 1 to 128 of `A-Z a-z 0-9 . _ ~ -` and begins with a
/// letter, a digit or `_`. Names of resources never begin with `_`, so that a
/// folder that does is nobody's egress.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// One of the bucket's two roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// `public/`: all that a CDN or a bucket policy may read.
    Public,
    /// `private/`: logs and records; may lie in a bucket of its own.
    Private,
}

impl Key {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`Error::BadKey`] outside the grammar.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        match fault(&text) {
            None => Ok(Self(text)),
            Some(reason) => {
                Err(Error::BadKey { key: text.chars().take(KEY_BYTES_MAX).collect(), reason })
            }
        }
    }

    /// The name of `part` in this folder.
    ///
    /// # Errors
    ///
    /// [`Error::BadKey`] where `part` is not one good part, or the whole is too
    /// long.
    pub fn child(&self, part: &str) -> Result<Self, Error> {
        match part_fault(part) {
            None => Self::new(format!("{self}/{part}")),
            Some(reason) => {
                Err(Error::BadKey { key: part.chars().take(KEY_BYTES_MAX).collect(), reason })
            }
        }
    }

    /// The name, without a slash in front.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The root it lies under.
    pub fn area(&self) -> Area {
        match self.parts().next() {
            Some("public") => Area::Public,
            _ => Area::Private,
        }
    }

    /// Its last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The last part of the folder that it is in; `None` for a key of one part.
    pub fn parent_name(&self) -> Option<&str> {
        self.0.rsplit('/').nth(1)
    }

    /// Its parts, of which there is at least one.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl Area {
    /// The root's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// The root as a folder.
    pub fn root(self) -> Key {
        Key(self.as_str().to_owned())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no key.
fn fault(text: &str) -> Option<&'static str> {
    if text.len() > KEY_BYTES_MAX {
        return Some("longer than 512 bytes");
    }
    if text.split('/').count() > PARTS_MAX {
        return Some("more than 8 parts");
    }
    if !matches!(text.split('/').next(), Some("public" | "private")) {
        return Some("neither under public/ nor under private/");
    }
    text.split('/').find_map(part_fault)
}

/// Why a text cannot stand between two slashes.
pub(crate) fn part_fault(part: &str) -> Option<&'static str> {
    let Some(first) = part.bytes().next() else {
        return Some("a part is empty");
    };
    if part.len() > PART_BYTES_MAX {
        return Some("a part is longer than 128 bytes");
    }
    if !(first.is_ascii_alphanumeric() || first == b'_') {
        return Some("a part begins with something else than a letter, a digit or _");
    }
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-');
    if part.bytes().all(good) { None } else { Some("has a character outside A-Z a-z 0-9 . _ ~ -") }
}

#[cfg(test)]
mod tests;
