//! Encoders and decoders: fdk-aac, LAME and symphonia behind small safe wrappers.
//!
//! The C libraries are called here and nowhere else. What they cannot do safely
//! (a sample slice of the wrong length, a frame that is cut) is refused before
//! they see it, so no input makes these types panic.

pub mod aac;
mod decoder;
pub mod envelope;
mod error;
mod exact;
pub mod level;
pub mod loudness;
pub mod mix;
pub mod mp3;
pub mod pcm;
pub mod resample;

pub use error::Error;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
