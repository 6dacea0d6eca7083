//! The decoder: whole frames in, samples out.

use std::fmt;

use symphonia_bundle_mp3::MpaDecoder;
use symphonia_core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

/// Decodes the frames of one stream, one after the other.
///
/// The sampling rate and the number of channels are those of the first frame;
/// frames of others do not decode, so a stream that changes takes a new decoder.
/// Where a frame borrows bits of frames that were not given, as at the
/// beginning, it is silent instead.
///
/// Holds about 40 KiB.
pub struct Decoder {
    inner: Box<MpaDecoder>,
    pcm: Vec<i16>,
}

impl Decoder {
    /// No frame yet.
    pub fn new() -> Self {
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_MP3);
        let inner = MpaDecoder::try_new(&parameters, &AudioDecoderOptions::default())
            .expect("the crate is built with MP3");
        Self { inner: Box::new(inner), pcm: Vec::new() }
    }

    /// Decodes one whole frame, its header included: at most 1,152 samples of
    /// each channel, interleaved. `None` when it does not decode; the next may.
    pub fn decode(&mut self, frame: &[u8]) -> Option<&[i16]> {
        let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, frame);
        let decoded = self.inner.decode_ref(&packet).ok()?;
        decoded.copy_to_vec_interleaved(&mut self.pcm);
        Some(&self.pcm)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
