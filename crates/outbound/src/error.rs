//! What can go wrong on the way out.

use std::io;
use std::time::Duration;

use icy::response::ResponseError;
use media::Blame;

use crate::policy::Forbidden;
use crate::target::TargetError;

/// A URL could not be opened, or nothing of use came back. Texts name the
/// origin alone, never a user, a path or a query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// None of the host's addresses may be connected to.
    #[error("{origin} may not be connected to: {refused}")]
    Forbidden {
        /// Scheme, host and port.
        origin: String,
        /// The first of them.
        refused: Forbidden,
    },
    /// The host has no address, or nobody could be asked.
    #[error("cannot resolve the host of {origin}: {source}")]
    Resolve {
        /// Scheme, host and port.
        origin: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// No address could be connected to.
    #[error("cannot connect to {origin}: {source}")]
    Connect {
        /// Scheme, host and port.
        origin: String,
        /// What the last address tried says.
        source: io::Error,
    },
    /// There is no TLS with the server: it speaks none, or its certificate is
    /// not trusted.
    #[error("no TLS with {origin}: {source}")]
    Tls {
        /// Scheme, host and port.
        origin: String,
        /// What is wrong.
        source: io::Error,
    },
    /// It took too long.
    #[error("{origin} took longer than {time:?} to {phase}")]
    Late {
        /// Scheme, host and port.
        origin: String,
        /// What it took too long to do.
        phase: Phase,
        /// How long it had.
        time: Duration,
    },
    /// The connection broke before the head was whole.
    #[error("connection to {origin} broke before its answer: {source}")]
    Broken {
        /// Scheme, host and port.
        origin: String,
        /// How.
        source: io::Error,
    },
    /// The answer's head cannot be read.
    #[error("cannot read the answer of {origin}: {source}")]
    Head {
        /// Scheme, host and port.
        origin: String,
        /// What is wrong with it.
        source: ResponseError,
    },
    /// The answer to a POST cannot be read.
    #[error("cannot read the answer of {origin}: {source}")]
    Answer {
        /// Scheme, host and port.
        origin: String,
        /// What is wrong with it.
        source: hyper::Error,
    },
    /// The server refuses, or has nothing there.
    #[error("{origin} answers with status {status}")]
    Status {
        /// Scheme, host and port.
        origin: String,
        /// The status, none of 200 to 299.
        status: u16,
    },
    /// A redirect leads to what cannot be connected to.
    #[error("redirect of {origin} cannot be followed: {source}")]
    Redirect {
        /// Scheme, host and port of who sent it.
        origin: String,
        /// What is wrong with it.
        source: TargetError,
    },
    /// More than [`REDIRECTS_MAX`](crate::REDIRECTS_MAX) redirects.
    #[error("more than {} redirects, the last one by {origin}", crate::REDIRECTS_MAX)]
    TooManyRedirects {
        /// Scheme, host and port.
        origin: String,
    },
    /// A header to be sent is no header.
    #[error("header cannot be sent: {name:?}")]
    Header {
        /// Its name.
        name: String,
    },
}

/// What a server can take too long for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Resolution, TCP and TLS.
    Connect,
    /// All of it.
    Answer,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Answer => "answer",
        })
    }
}

impl Error {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Header { .. } => Blame::Us,
            _ => Blame::Upstream,
        }
    }

    /// Whether the same may succeed later with nobody's help. A status of 404
    /// counts: so answers Icecast for a mount whose source is away.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Late { .. }
            | Self::Broken { .. } => true,
            // What is wrong with a certificate is told as invalid data.
            Self::Tls { source, .. } => source.kind() != io::ErrorKind::InvalidData,
            Self::Answer { source, .. } => !source.is_parse(),
            Self::Status { status, .. } => matches!(status, 404 | 408 | 429 | 500..),
            Self::Forbidden { .. }
            | Self::Head { .. }
            | Self::Redirect { .. }
            | Self::TooManyRedirects { .. }
            | Self::Header { .. } => false,
        }
    }
}
