//! What can go wrong with a bucket.

use std::fmt::Display;
use std::io;

use bytes::Bytes;
use media::Blame;

use crate::key::Key;
use crate::store::Entry;

/// What a backend's library said.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong with a bucket, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be used: correct the configuration.
    #[error("{url:?} is not a bucket's address: {reason}")]
    BadUrl {
        /// The address as it was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name is outside the grammar of keys.
    #[error("{key:?} is not a key: {reason}")]
    BadKey {
        /// The name as it was given, cut at the longest that a key may be.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Endpoint or credentials cannot be used: correct the configuration.
    #[error("settings of the bucket {url}: {reason}")]
    BadSettings {
        /// The bucket's address.
        url: String,
        /// What is wrong; never contains a secret.
        reason: String,
    },
    /// The object is not the one that was read: read it again and decide anew.
    #[error("{key} changed in the bucket since it was read")]
    Conflict {
        /// The object.
        key: Key,
    },
    /// A segment of this name is stored with other bytes: adopt those.
    #[error("{} is in the bucket with other bytes", entry.key())]
    Differs {
        /// The proof that the bucket has it, for [`Store::adopt_segment`].
        ///
        /// [`Store::adopt_segment`]: crate::Store::adopt_segment
        entry: Entry,
        /// The bytes that the bucket has.
        stored: Bytes,
    },
    /// The object is larger than the caller is ready to hold.
    #[error("{key} has {bytes} bytes, more than {bytes_max}")]
    TooLarge {
        /// The object.
        key: Key,
        /// Its size.
        bytes: u64,
        /// The bound that the caller gave.
        bytes_max: usize,
    },
    /// The folder holds more objects than the caller is ready to hold.
    #[error("{folder} holds more than {entries_max} objects")]
    TooMany {
        /// The folder.
        folder: Key,
        /// The bound that the caller gave.
        entries_max: usize,
    },
    /// The bucket does not do what the coordination of nodes rests on: use
    /// another one.
    #[error("the bucket at {url} {what}; nodes would overwrite each other, so it is not used")]
    NotConditional {
        /// The bucket's address.
        url: String,
        /// What it does.
        what: String,
    },
    /// The bucket refuses us: somebody has to change rights or credentials.
    #[error("{attempt}: the bucket denies it: {source}")]
    Denied {
        /// What was attempted.
        attempt: String,
        /// What the backend said.
        source: Source,
    },
    /// The bucket is down, slow, full or overloaded: try again later. A write
    /// may have landed all the same, and repeating it is safe.
    #[error("{attempt}: the bucket is out of reach: {source}")]
    Unavailable {
        /// What was attempted.
        attempt: String,
        /// What the backend said.
        source: Source,
    },
    /// The bucket answered with something that nothing can be made of.
    #[error("{attempt}: {source}")]
    Failed {
        /// What was attempted.
        attempt: String,
        /// What the backend said.
        source: Source,
    },
}

impl Error {
    /// Whose fault it is. A lost race counts as ours: another node of ours won.
    pub fn blame(&self) -> Blame {
        match self {
            Self::BadUrl { .. }
            | Self::BadKey { .. }
            | Self::BadSettings { .. }
            | Self::Conflict { .. }
            | Self::Differs { .. } => Blame::Us,
            Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::NotConditional { .. }
            | Self::Denied { .. }
            | Self::Unavailable { .. }
            | Self::Failed { .. } => Blame::Upstream,
        }
    }

    /// Whether the same call may succeed later with nobody's help.
    ///
    /// What waits to be stored should wait on even where this is false:
    /// [`Error::Denied`] ends when somebody corrects the rights.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// An [`Error::Unavailable`].
    pub(crate) fn unavailable(doing: &str, what: impl Display, source: impl Into<Source>) -> Self {
        Self::Unavailable { attempt: format!("{doing} {what}"), source: source.into() }
    }

    /// An [`Error::Failed`].
    pub(crate) fn failed(doing: &str, what: impl Display, source: impl Into<Source>) -> Self {
        Self::Failed { attempt: format!("{doing} {what}"), source: source.into() }
    }

    /// Sorts an error of the file system.
    ///
    /// A full, read-only or failing disk counts as transient: it is given space
    /// or mounted anew while the process lives.
    pub(crate) fn from_io(doing: &str, what: impl Display, source: io::Error) -> Self {
        let attempt = format!("{doing} {what}");
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied { attempt, source: source.into() },
            io::ErrorKind::Unsupported
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::TooManyLinks => Self::Failed { attempt, source: source.into() },
            _ => Self::Unavailable { attempt, source: source.into() },
        }
    }

    /// Sorts an error of the S3 client.
    ///
    /// The client tells a status code only for some of its errors, so that any
    /// other answer counts as transient: a bucket is never given up for one.
    pub(crate) fn from_s3(doing: &str, what: impl Display, source: object_store::Error) -> Self {
        use object_store::Error as S3;
        let attempt = format!("{doing} {what}");
        match source {
            S3::PermissionDenied { .. } | S3::Unauthenticated { .. } => {
                Self::Denied { attempt, source: source.into() }
            }
            S3::Generic { .. } | S3::JoinError { .. } => {
                Self::Unavailable { attempt, source: source.into() }
            }
            _ => Self::Failed { attempt, source: source.into() },
        }
    }
}

#[cfg(test)]
mod tests;
