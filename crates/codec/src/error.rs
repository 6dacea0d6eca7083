//! What can go wrong between us and the codec libraries.

/// Why an encoder was not made, or did not encode.
///
/// None of these is transient: the same call fails again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The codec has no such mode; the settings want changing.
    #[error("{codec} cannot be encoded so: {problem}")]
    Settings {
        /// The codec that was asked for.
        codec: &'static str,
        /// What it does not do, and what it does.
        problem: String,
    },
    /// Interleaved samples came whose number is no multiple of the channels.
    #[error("{samples} interleaved samples do not make whole groups of {channels} channels")]
    Uneven {
        /// Samples that were given.
        samples: usize,
        /// Channels that the encoder was made for.
        channels: u8,
    },
    /// The library refused: out of memory, or a fault in it or in its wrapper.
    #[error("{library} failed to {action}, code {code:#x}")]
    Library {
        /// The library's name.
        library: &'static str,
        /// What was attempted.
        action: &'static str,
        /// The library's own error code.
        code: i64,
    },
}
