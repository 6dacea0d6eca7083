//! What can go wrong.

/// Why a rendition is not made, or a segment of it is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A codec library refused.
    #[error(transparent)]
    Codec(#[from] codec::Error),
    /// The settings are none that frames can have.
    #[error("no rendition can have {0} Hz")]
    SampleRate(u32),
    /// The encoder gave something that is no frame.
    #[error("the encoder gave bytes that are no MP3 frame")]
    NoFrame,
}
