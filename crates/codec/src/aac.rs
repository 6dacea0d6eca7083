//! AAC by Fraunhofer's fdk-aac: low complexity, HE-AAC v1 and v2.
//!
//! The safe crate over the library lacks flush, afterburner and limiter control,
//! hence wrappers of our own over its `-sys` crate. The [`Decoder`] does not decode for
//! listening: it serves the [`Detector`], the [`Meter`](crate::level::Meter), and
//! who compares what was heard. What is encoded again is decoded by
//! [`pcm::Decoder`](crate::pcm::Decoder).

mod decoder;
mod detector;
mod encoder;
pub(crate) mod instance;

pub(crate) use decoder::plain_frame;
pub use decoder::{Decoder, Found};
pub use detector::{DETECT_FRAMES_MAX, Detector, LC_FRAMES_MIN, SBR_FRAMES_MIN};
pub use encoder::{Encoder, Settings, Transport};
