//! The decoder's handle: whole ADTS frames in, what was found in them out.
#![expect(unsafe_code, reason = "fdk-aac is a C++ library with a C interface")]

use std::ffi::c_int;

use fdk_aac_sys as sys;

/// An fdk-aac decoder for ADTS, limiter off. The samples are thrown away.
///
/// Holds about 400 KiB.
#[derive(Debug)]
pub(super) struct Decoder {
    handle: Handle,
    pcm: Vec<i16>,
}

/// What the decoder knows after a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// SBR data has been seen.
    pub(super) sbr: bool,
    /// Parametric stereo has been applied.
    pub(super) ps: bool,
    /// Channels of the core, before parametric stereo; none seen is zero.
    pub(super) core_channels: u8,
}

/// The library's instance, closed when dropped; never null.
#[derive(Debug)]
struct Handle(sys::HANDLE_AACDECODER);

// SAFETY: the instance owns all that it points to, and the library keeps no
// state per thread; it is used through `&mut` only, hence not `Sync`.
unsafe impl Send for Handle {}

/// Samples of the largest frame: eight channels of 2,048, twice over for the
/// library's highest ratio of SBR.
const PCM_LEN: usize = 8 * 4096;

/// `AC_SBR_PRESENT` of the library's `FDK_audio.h`, which its bindings leave out.
const SBR_PRESENT: u32 = 0x00_8000;

/// `AC_PS_PRESENT`, likewise.
const PS_PRESENT: u32 = 0x02_0000;

/// Raw data blocks that one ADTS frame can hold (ISO/IEC 13818-7 §6.2.1).
const BLOCKS_MAX: usize = 4;

impl Decoder {
    /// Opens a decoder, or `None` without memory.
    pub(super) fn new() -> Option<Self> {
        // SAFETY: takes plain numbers; gives an instance or null.
        let raw = unsafe { sys::aacDecoder_Open(sys::TRANSPORT_TYPE_TT_MP4_ADTS, 1) };
        if raw.is_null() {
            return None;
        }
        let handle = Handle(raw);
        // The limiter only costs delay here. A refusal changes nothing.
        // SAFETY: the handle is open; the call takes plain numbers.
        unsafe {
            sys::aacDecoder_SetParam(handle.0, sys::AACDEC_PARAM_AAC_PCM_LIMITER_ENABLE, 0);
        }
        Some(Self { handle, pcm: vec![0; PCM_LEN] })
    }

    /// Decodes one whole frame. `None` when no block of it came out clean.
    pub(super) fn decode(&mut self, frame: &[u8]) -> Option<Found> {
        self.clear();
        if !self.fill(frame) {
            return None;
        }
        let mut clean = false;
        for _ in 0..BLOCKS_MAX {
            match self.decode_block() {
                Block::Clean => clean = true,
                Block::Broken => {}
                Block::Missing => break,
            }
        }
        if clean { self.found() } else { None }
    }

    /// Throws away what an earlier, broken frame left in the input buffer.
    fn clear(&mut self) {
        // SAFETY: the handle is open; the call takes plain numbers.
        unsafe {
            sys::aacDecoder_SetParam(self.handle.0, sys::AACDEC_PARAM_AAC_TPDEC_CLEAR_BUFFER, 1);
        }
    }

    /// Copies a frame to the library's buffer; false when not all of it fits.
    fn fill(&mut self, frame: &[u8]) -> bool {
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

    fn decode_block(&mut self) -> Block {
        let room = c_int::try_from(self.pcm.len()).unwrap_or(c_int::MAX);
        // SAFETY: the handle is open; the library writes at most `room` samples.
        let code =
            unsafe { sys::aacDecoder_DecodeFrame(self.handle.0, self.pcm.as_mut_ptr(), room, 0) };
        match code {
            sys::AAC_DECODER_ERROR_AAC_DEC_OK => Block::Clean,
            sys::AAC_DECODER_ERROR_AAC_DEC_NOT_ENOUGH_BITS
            | sys::AAC_DECODER_ERROR_AAC_DEC_TRANSPORT_SYNC_ERROR => Block::Missing,
            _ => Block::Broken,
        }
    }

    fn found(&mut self) -> Option<Found> {
        // SAFETY: the handle is open; the library gives a pointer into it, or null.
        let info = unsafe { sys::aacDecoder_GetStreamInfo(self.handle.0).as_ref() }?;
        Some(Found {
            sbr: info.flags & SBR_PRESENT != 0,
            ps: info.flags & PS_PRESENT != 0,
            core_channels: u8::try_from(info.aacNumChannels).unwrap_or(0),
        })
    }
}

/// How the decoding of one raw data block went.
#[derive(Debug, Clone, Copy)]
enum Block {
    Clean,
    Broken,
    /// Nothing more is in the buffer.
    Missing,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open and is not used again.
        unsafe { sys::aacDecoder_Close(self.0) };
    }
}
