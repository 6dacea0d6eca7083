//! symphonia's decoders: MP3, and AAC-LC of one or two channels.

use std::fmt;

use symphonia_bundle_mp3::MpaDecoder;
use symphonia_codec_aac::AacDecoder;
use symphonia_core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_MP3};
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

use super::{Form, Heard};
use crate::Error;

/// A decoder of symphonia's.
pub(super) struct Symphonia {
    form: Form,
    /// Taken away after a frame that broke it, and made anew for the next.
    inner: Option<Box<dyn AudioDecoder>>,
    interleaved: Vec<f32>,
}

impl Symphonia {
    /// For a stream that symphonia decodes.
    ///
    /// # Errors
    ///
    /// [`Error::Library`] where it does not.
    pub(super) fn open(form: &Form) -> Result<Self, Error> {
        let opened = inner(form).ok_or(Error::Library {
            library: "symphonia",
            action: "open a decoder",
            code: -1,
        })?;
        Ok(Self { form: *form, inner: Some(opened), interleaved: Vec::new() })
    }

    /// Decodes what the form gives of a frame; `None` where it does not decode.
    pub(super) fn decode(&mut self, payload: &[u8], pcm: &mut Vec<f32>) -> Option<Heard> {
        if self.inner.is_none() {
            self.inner = inner(&self.form);
        }
        let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, payload);
        let decoded = self.inner.as_mut()?.decode_ref(&packet).ok()?;
        decoded.copy_to_vec_interleaved(&mut self.interleaved);
        pcm.extend_from_slice(&self.interleaved);
        Some(Heard::Clean)
    }

    /// Forgets all frames.
    ///
    /// What a broken one has left would spoil those after it: bits that MP3 frames
    /// borrow, and which elements an AAC stream has. A fresh decoder fades in.
    pub(super) fn restart(&mut self) {
        self.inner = None;
    }
}

impl fmt::Debug for Symphonia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Symphonia").field("form", &self.form).finish_non_exhaustive()
    }
}

fn inner(form: &Form) -> Option<Box<dyn AudioDecoder>> {
    let config = form.audio_specific_config();
    let mut parameters = AudioCodecParameters::new();
    let options = AudioDecoderOptions::default();
    if config.is_empty() {
        parameters.for_codec(CODEC_ID_MP3);
        return Some(Box::new(MpaDecoder::try_new(&parameters, &options).ok()?));
    }
    parameters.for_codec(CODEC_ID_AAC).with_extra_data(config.into());
    Some(Box::new(AacDecoder::try_new(&parameters, &options).ok()?))
}
