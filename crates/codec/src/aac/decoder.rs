//! The decoder: whole ADTS frames in, what was found in them out.

use super::instance::{Block, Instance, Transport};

/// An fdk-aac decoder for ADTS, limiter off.
///
/// Holds about 400 KiB.
#[derive(Debug)]
pub struct Decoder {
    instance: Instance,
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

/// `AC_SBR_PRESENT` of the library's `FDK_audio.h`, which its bindings leave out.
const SBR_PRESENT: u32 = 0x00_8000;

/// `AC_PS_PRESENT`, likewise.
const PS_PRESENT: u32 = 0x02_0000;

impl Decoder {
    /// Opens a decoder, or `None` without memory.
    pub fn new() -> Option<Self> {
        let instance = Instance::open(Transport::Adts)?;
        Some(Self { instance, plain: Vec::new() })
    }

    /// Decodes one whole frame. `None` when it is none, or no block of it came
    /// out clean.
    ///
    /// `heard` gets each clean block's samples, interleaved.
    pub fn decode(&mut self, frame: &[u8], mut heard: impl FnMut(&[i16])) -> Option<Found> {
        let blocks = plain_frame(frame, &mut self.plain)?;
        self.instance.clear();
        if !self.instance.fill(&self.plain) {
            return None;
        }
        let mut clean = false;
        for _ in 0..blocks {
            match self.instance.decode() {
                Block::Clean => {
                    clean = true;
                    heard(self.instance.block());
                }
                Block::Concealed | Block::Broken => {}
                Block::Missing => break,
            }
        }
        if clean { self.found() } else { None }
    }

    fn found(&self) -> Option<Found> {
        let info = self.instance.info()?;
        Some(Found {
            sbr: info.flags & SBR_PRESENT != 0,
            ps: info.flags & PS_PRESENT != 0,
            core_channels: u8::try_from(info.aacNumChannels).unwrap_or(0),
        })
    }
}

/// Copies a frame without checksum and with the buffer fullness of a variable
/// bit rate, and gives its raw data blocks, 1 to 4; or `None` where it is not one
/// whole ADTS frame.
///
/// The library waits for as many bits as the fullness claims before it decodes;
/// with 0x7FF it does not. For every block after the first it waits for as many as
/// the whole frame has, so zeros are put behind them. The checksum covers the
/// header, so it goes as well. A frame of several blocks with checksums between
/// them is not looked at.
pub(crate) fn plain_frame(frame: &[u8], out: &mut Vec<u8>) -> Option<u8> {
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
    if blocks_after_first > 0 {
        out.resize(out.len() * 2, 0);
    }
    Some(blocks_after_first + 1)
}

#[cfg(test)]
mod tests;
