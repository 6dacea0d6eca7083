//! The decoder: whole ADTS frames in, what was found in them out.
#![expect(unsafe_code, reason = "fdk-aac is a C++ library with a C interface")]

use std::ffi::c_int;

use fdk_aac_sys as sys;

/// An fdk-aac decoder for ADTS, limiter off.
///
/// Holds about 400 KiB.
#[derive(Debug)]
pub struct Decoder {
    handle: Handle,
    pcm: Vec<i16>,
    /// The frame as the library takes it.
    plain: Vec<u8>,
}

/// What the decoder knows after a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// SBR data has been seen.
    pub sbr: bool,
    /// Parametric stereo has been applied.
    pub ps: bool,
    /// Channels of the core, before parametric stereo; none seen is zero.
    pub core_channels: u8,
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
    pub fn new() -> Option<Self> {
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
        Some(Self { handle, pcm: vec![0; PCM_LEN], plain: Vec::new() })
    }

    /// Decodes one whole frame. `None` when it is none, or no block of it came
    /// out clean.
    ///
    /// `heard` gets each clean block's samples, interleaved.
    pub fn decode(&mut self, frame: &[u8], mut heard: impl FnMut(&[i16])) -> Option<Found> {
        plain_frame(frame, &mut self.plain)?;
        self.clear();
        if !self.fill() {
            return None;
        }
        let mut clean = false;
        for _ in 0..BLOCKS_MAX {
            match self.decode_block() {
                Block::Clean => {
                    clean = true;
                    heard(self.block());
                }
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
    fn fill(&mut self) -> bool {
        let Ok(len) = u32::try_from(self.plain.len()) else { return false };
        let mut start = self.plain.as_mut_ptr();
        let mut valid = len;
        // SAFETY: the handle is open; the pointer and the length are the vector's,
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

    /// The samples of the block that was decoded last.
    fn block(&self) -> &[i16] {
        // SAFETY: the handle is open; the library gives a pointer into it, or null.
        let info = unsafe { sys::aacDecoder_GetStreamInfo(self.handle.0).as_ref() };
        let len = info.map_or(0, |info| info.frameSize.saturating_mul(info.numChannels));
        let len = usize::try_from(len).unwrap_or(0);
        self.pcm.get(..len).unwrap_or_default()
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

/// Copies a frame without checksum and with the buffer fullness of a variable
/// bit rate, or gives `None` where it is not one whole ADTS frame.
///
/// The library waits for as many bits as the fullness claims before it decodes;
/// with 0x7FF it does not. The checksum covers the header, so it goes as well. A
/// frame of several blocks with checksums between them is not looked at.
fn plain_frame(frame: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (&header, mut payload) = frame.split_first_chunk::<7>()?;
    let [b0, b1, b2, b3, b4, b5, b6] = header;
    let length = usize::from(b3 & 0x03) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
    let (synced, blocks_after_first) = (b0 == 0xFF && b1 & 0xF6 == 0xF0, b6 & 0x03);
    if !synced || length != frame.len() {
        return None;
    }
    let has_checksum = b1 & 0x01 == 0;
    if has_checksum {
        if blocks_after_first > 0 {
            return None;
        }
        payload = payload.get(2..)?;
    }
    let length = u16::try_from(7 + payload.len()).ok()?;
    let [length_high, length_low] = (length << 5).to_be_bytes();
    let length_top = u8::try_from(length >> 11).ok()?;
    out.clear();
    out.extend([b0, b1 | 0x01, b2, b3 & 0xFC | length_top]);
    out.extend([length_high, length_low | 0x1F, 0xFC | blocks_after_first]);
    out.extend(payload);
    Some(())
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

#[cfg(test)]
mod tests;
