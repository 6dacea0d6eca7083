//! Whose fault an error is.

/// Whose fault an error is: it decides the status code, the log level and the
/// label of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The encoder or listener that talks to us.
    Peer,
    /// Something we depend on: the bucket, another server.
    Upstream,
    /// A fault of our own.
    Us,
}

impl Blame {
    /// The label that metrics and logs carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Upstream => "upstream",
            Self::Us => "us",
        }
    }
}
