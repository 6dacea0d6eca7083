//! Encoded streams for tests, made on the spot: the time-code tone as frames.
//!
//! A second of sound takes about 10 ms, in a debug build too, as the codecs are
//! always built with optimisation.

use bytes::Bytes;
use media::AacProfile;

use crate::tones::TimeCode;
use crate::{Coder, Encoding, Source};

/// The time code as MP3 frames, reservoir on, the last ones flushed.
///
/// # Panics
///
/// On settings that LAME does not do: a fault of the test that asks.
pub fn mp3(seconds: u32, kbps: u16, sample_rate_hz: u32, channels: u8) -> Vec<Bytes> {
    frames(Encoding::Mp3 { kbps }, &mut TimeCode::new(sample_rate_hz, channels), seconds)
}

/// The time code as ADTS frames, the last ones flushed. The rate is the input's:
/// with SBR the headers say half.
///
/// # Panics
///
/// On settings that fdk-aac does not do: a fault of the test that asks.
pub fn aac(
    profile: AacProfile,
    seconds: u32,
    kbps: u16,
    sample_rate_hz: u32,
    channels: u8,
) -> Vec<Bytes> {
    let encoding = Encoding::Aac { profile, kbps };
    frames(encoding, &mut TimeCode::new(sample_rate_hz, channels), seconds)
}

/// The next seconds of any source as frames, from a fresh encoder.
///
/// # Panics
///
/// On settings that the codec does not do: a fault of the test that asks.
pub fn frames(encoding: Encoding, source: &mut dyn Source, seconds: u32) -> Vec<Bytes> {
    let (rate, channels) = (source.sample_rate_hz(), source.channels());
    let made = Coder::new(encoding, rate, channels).and_then(|mut coder| {
        let mut pcm = vec![0; rate as usize * usize::from(channels)];
        let mut frames = Vec::new();
        for _ in 0..seconds {
            source.fill(&mut pcm);
            frames.extend(coder.encode(&pcm)?);
        }
        frames.extend(coder.flush()?);
        Ok(frames)
    });
    made.expect("a test asks for what the codec does")
}

#[cfg(test)]
mod tests;
