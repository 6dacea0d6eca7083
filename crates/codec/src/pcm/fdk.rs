//! fdk-aac's decoder: HE-AAC, frames of several blocks, more than two channels.

use std::ffi::c_int;

use fdk_aac_sys as sys;

use super::{Form, Heard};
use crate::Error;
use crate::aac::instance::{Block, Instance, Transport};
use crate::aac::plain_frame;

/// A decoder of fdk-aac's, which conceals by itself.
#[derive(Debug)]
pub(super) struct Fdk {
    instance: Instance,
    form: Form,
    /// A frame of several blocks as the library takes it.
    plain: Vec<u8>,
}

/// Concealment by noise in the shape of the last good spectrum. The library's
/// default, interpolation, delays all output by a frame.
const CONCEAL_BY_NOISE: c_int = 1;

/// For the gains that a stream asks for: none is applied.
const OFF: c_int = -1;

impl Fdk {
    /// For any stream of AAC.
    ///
    /// # Errors
    ///
    /// [`Error::Library`] without memory.
    pub(super) fn open(form: &Form) -> Result<Self, Error> {
        let failed = |action, code| Error::Library { library: "fdk-aac", action, code };
        let transport = if form.blocks() == 1 { Transport::Raw } else { Transport::Adts };
        let mut instance = Instance::open(transport).ok_or_else(|| failed("open a decoder", -1))?;
        let channels = c_int::from(form.channels());
        let wanted = [
            (sys::AACDEC_PARAM_AAC_CONCEAL_METHOD, CONCEAL_BY_NOISE),
            (sys::AACDEC_PARAM_AAC_DRC_REFERENCE_LEVEL, OFF),
            (sys::AACDEC_PARAM_AAC_UNIDRC_SET_EFFECT, OFF),
            // So that the number holds where parametric stereo comes late, or comes
            // to a stream without.
            (sys::AACDEC_PARAM_AAC_PCM_MIN_OUTPUT_CHANNELS, channels),
            (sys::AACDEC_PARAM_AAC_PCM_MAX_OUTPUT_CHANNELS, channels),
        ];
        for (param, value) in wanted {
            if !instance.set(param, value) {
                return Err(failed("set up a decoder", param.into()));
            }
        }
        // Told beforehand, SBR and PS hold from the first frame on.
        if form.blocks() == 1 && !instance.configure(&form.audio_specific_config()) {
            return Err(failed("configure a decoder", -1));
        }
        Ok(Self { instance, form: *form, plain: Vec::new() })
    }

    /// Decodes what the form gives of a frame, and conceals one that is none. What
    /// is appended has another length where the library gave nothing.
    pub(super) fn decode(&mut self, payload: Option<&[u8]>, pcm: &mut Vec<f32>) -> Heard {
        let is_filled = payload.is_some_and(|payload| self.fill(payload));
        let mut heard = Heard::Clean;
        for _ in 0..self.form.blocks() {
            let mut block = if is_filled { self.instance.decode() } else { Block::Missing };
            if matches!(block, Block::Broken | Block::Missing) {
                block = self.instance.conceal();
                heard = Heard::Concealed;
            }
            match block {
                Block::Clean => {}
                Block::Concealed => heard = Heard::Concealed,
                Block::Broken | Block::Missing => return Heard::Concealed,
            }
            let samples = self.instance.block().iter();
            pcm.extend(samples.map(|sample| f32::from(*sample) / 32_768.0));
        }
        heard
    }

    /// Puts a frame into the library's input buffer; false where it does not go in.
    fn fill(&mut self, payload: &[u8]) -> bool {
        self.instance.clear();
        if self.form.blocks() == 1 {
            return self.instance.fill(payload);
        }
        plain_frame(payload, &mut self.plain).is_some() && self.instance.fill(&self.plain)
    }
}
