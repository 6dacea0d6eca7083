//! Names of resources and paths of mounts.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::limits::{PATH_SEGMENT_BYTES_MAX, PATH_SEGMENTS_MAX};

/// A resource's name, which is also its id: `^[a-z0-9][a-z0-9-]{0,62}$`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

/// A path at which a programme is heard or sent, without its leading slash: one
/// to three segments of `[A-Za-z0-9][A-Za-z0-9._~-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MountPath(String);

/// Why a text is no name or no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not as a resource's name has to be.
    #[error("`{0}` is no name: 1 to 63 of a-z, 0-9 and `-`, beginning with a letter or a digit")]
    Name(String),
    /// A leading slash.
    #[error("`{0}` begins with a slash; leave it out")]
    Slash(String),
    /// Not as a mount's path has to be.
    #[error(
        "`{0}` is no path: 1 to 3 parts between slashes, each 1 to 64 of A-Z, a-z, 0-9 and `._~-`, beginning with a letter or a digit"
    )]
    Path(String),
}

impl Name {
    /// Takes a text as a name.
    ///
    /// # Errors
    ///
    /// [`NameError::Name`].
    pub fn new(text: &str) -> Result<Self, NameError> {
        if settings::is_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Name(text.to_owned()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MountPath {
    /// Takes a text as a path.
    ///
    /// # Errors
    ///
    /// [`NameError::Slash`] and [`NameError::Path`].
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.starts_with('/') {
            return Err(NameError::Slash(text.to_owned()));
        }
        let segments_are_well = text.split('/').all(is_segment);
        if segments_are_well && text.split('/').count() <= PATH_SEGMENTS_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Path(text.to_owned()))
        }
    }

    /// The path as text, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_segment(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.len() <= PATH_SEGMENT_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b))
}

impl From<Name> for MountPath {
    /// Every name is a path.
    fn from(name: Name) -> Self {
        Self(name.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for MountPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for MountPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for MountPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
