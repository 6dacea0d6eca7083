//! An instance of fdk-aac's decoder behind safe calls.
#![expect(unsafe_code, reason = "fdk-aac is a C++ library with a C interface")]

use std::ffi::c_int;

use fdk_aac_sys as sys;

/// An instance with its limiter off, which only costs delay, and with room for
/// the samples of one raw data block.
///
/// Holds about 400 KiB.
#[derive(Debug)]
pub(crate) struct Instance {
    handle: Handle,
    pcm: Vec<i16>,
}

/// In what frames come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Transport {
    /// ADTS frames, which say what they are.
    Adts,
    /// Raw data blocks without a header; the instance is told what they are.
    Raw,
}

/// How the decoding of one raw data block went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// As it was encoded.
    Clean,
    /// Broken, and made up by the library; its length is right.
    Concealed,
    /// Broken, without samples.
    Broken,
    /// Nothing more is in the input buffer.
    Missing,
}

/// The library's instance, closed when dropped; never null.
#[derive(Debug)]
struct Handle(sys::HANDLE_AACDECODER);

// SAFETY: the instance owns all that it points to, and the library keeps no
// state per thread; it is used through `&mut` only, hence not `Sync`.
unsafe impl Send for Handle {}

/// Samples of the largest block: eight channels of 2,048, twice over for the
/// library's highest ratio of SBR.
const PCM_LEN: usize = 8 * 4096;

/// From the first to the last of the library's codes for a block that is broken
/// and concealed (`IS_DECODE_ERROR` of `aacdecoder_lib.h`).
const CONCEALED: std::ops::RangeInclusive<u32> = 0x4000..=0x4FFF;

impl Instance {
    /// Opens an instance, or `None` without memory.
    pub(crate) fn open(transport: Transport) -> Option<Self> {
        let transport = match transport {
            Transport::Adts => sys::TRANSPORT_TYPE_TT_MP4_ADTS,
            Transport::Raw => sys::TRANSPORT_TYPE_TT_MP4_RAW,
        };
        // SAFETY: takes plain numbers; gives an instance or null.
        let raw = unsafe { sys::aacDecoder_Open(transport, 1) };
        if raw.is_null() {
            return None;
        }
        let mut instance = Self { handle: Handle(raw), pcm: vec![0; PCM_LEN] };
        // A refusal changes nothing.
        let _ = instance.set(sys::AACDEC_PARAM_AAC_PCM_LIMITER_ENABLE, 0);
        Some(instance)
    }

    /// Sets one of the library's parameters; false where it refuses.
    pub(crate) fn set(&mut self, param: sys::AACDEC_PARAM, value: c_int) -> bool {
        // SAFETY: the handle is open; the call takes plain numbers.
        let code = unsafe { sys::aacDecoder_SetParam(self.handle.0, param, value) };
        code == sys::AAC_DECODER_ERROR_AAC_DEC_OK
    }

    /// Tells by an `AudioSpecificConfig` what the raw blocks are; false where the
    /// library refuses.
    pub(crate) fn configure(&mut self, config: &[u8]) -> bool {
        let Ok(len) = u32::try_from(config.len()) else { return false };
        let mut start = config.as_ptr().cast_mut();
        // SAFETY: the handle is open; the pointer and the length are the slice's,
        // which the library only reads and does not keep.
        let code =
            unsafe { sys::aacDecoder_ConfigRaw(self.handle.0, &raw mut start, &raw const len) };
        code == sys::AAC_DECODER_ERROR_AAC_DEC_OK
    }

    /// Throws away what an earlier, broken frame left in the input buffer.
    pub(crate) fn clear(&mut self) {
        let _ = self.set(sys::AACDEC_PARAM_AAC_TPDEC_CLEAR_BUFFER, 1);
    }

    /// Copies a frame to the input buffer; false when not all of it fits.
    pub(crate) fn fill(&mut self, frame: &[u8]) -> bool {
        let Ok(len) = u32::try_from(frame.len()) else { return false };
        let mut start = frame.as_ptr().cast_mut();
        let mut valid = len;
        // SAFETY: the handle is open; the pointer and the length are the slice's,
        // which the library copies from and does not write to nor keep.
        let code = unsafe {
            sys::aacDecoder_Fill(self.handle.0, &raw mut start, &raw const len, &raw mut valid)
        };
        code == sys::AAC_DECODER_ERROR_AAC_DEC_OK && valid == 0
    }

    /// Decodes the next block of what is in the input buffer.
    pub(crate) fn decode(&mut self) -> Block {
        self.run(0)
    }

    /// Makes up a block in place of one that is lost.
    pub(crate) fn conceal(&mut self) -> Block {
        self.run(sys::AACDEC_CONCEAL)
    }

    /// The samples of the block that came last, interleaved.
    pub(crate) fn block(&self) -> &[i16] {
        let info = self.info();
        let len = info.map_or(0, |info| info.frameSize.saturating_mul(info.numChannels));
        let len = usize::try_from(len).unwrap_or(0);
        self.pcm.get(..len).unwrap_or_default()
    }

    /// What the library says of the block that came last.
    pub(crate) fn info(&self) -> Option<&sys::CStreamInfo> {
        // SAFETY: the handle is open; the library gives a pointer into it, or null.
        unsafe { sys::aacDecoder_GetStreamInfo(self.handle.0).as_ref() }
    }

    fn run(&mut self, flags: u32) -> Block {
        let room = c_int::try_from(self.pcm.len()).unwrap_or(c_int::MAX);
        // SAFETY: the handle is open; the library writes at most `room` samples.
        let code = unsafe {
            sys::aacDecoder_DecodeFrame(self.handle.0, self.pcm.as_mut_ptr(), room, flags)
        };
        match code {
            sys::AAC_DECODER_ERROR_AAC_DEC_OK => Block::Clean,
            sys::AAC_DECODER_ERROR_AAC_DEC_NOT_ENOUGH_BITS
            | sys::AAC_DECODER_ERROR_AAC_DEC_TRANSPORT_SYNC_ERROR => Block::Missing,
            code if CONCEALED.contains(&code) => Block::Concealed,
            _ => Block::Broken,
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open and is not used again.
        unsafe { sys::aacDecoder_Close(self.0) };
    }
}
