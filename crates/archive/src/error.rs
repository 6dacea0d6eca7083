//! What can go wrong between the bucket and a file.

use std::io;

/// Why a stretch of the past is not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bucket's.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The file that is written.
    #[error("writing: {0}")]
    Write(#[from] io::Error),
    /// There is neither a log nor a segment of it.
    #[error("the bucket has nothing of `{egress}`")]
    Unknown {
        /// The egress asked for.
        egress: String,
    },
    /// Nothing of that time is kept.
    #[error("no frame of that time is in the bucket")]
    Nothing,
    /// The programme changes its codec, which no file can follow.
    #[error("the codec is {wanted} at first and {got} from {date} on: export each by itself")]
    Codec {
        /// Of the first segment.
        wanted: &'static str,
        /// Of a later one.
        got: &'static str,
        /// When that one begins (RFC 3339).
        date: String,
    },
}
