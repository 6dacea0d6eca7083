//! MPEG audio frame headers: Layer III in full, Layers I and II as far as it
//! takes to name them.
//!
//! Sources: ISO/IEC 11172-3 §2.4.2.3 (header), §2.4.3.1 (frame length),
//! ISO/IEC 13818-3 §2.4.2.3 (lower sampling rates). MPEG-2.5 is Fraunhofer's
//! extension: sync of 11 bits, version 0, half the rates of MPEG-2.
//!
//! Reads headers alone: payload and CRC are never looked at.

use crate::stream::{ChannelMode, Codec, FrameHeader, StreamInfo};
use crate::time::Timescale;

/// Bytes of a header, without the CRC that may follow it.
pub const HEADER_LEN: usize = 4;

/// Bytes of the longest Layer III frame that declares a bit rate: 320 kbit/s
/// at 32 kHz, or 160 kbit/s at 8 kHz, with padding.
pub const FRAME_LEN_MAX: usize = 1_441;

/// One MPEG audio header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Which part of the standard.
    pub version: Version,
    /// Which layer.
    pub layer: Layer,
    /// Kilobits a second, or `None` for free format.
    pub bitrate_kbps: Option<u16>,
    /// Sampling rate in Hz.
    pub rate_hz: u32,
    /// The frame is one slot longer: a byte, or four in Layer I.
    pub padding: bool,
    /// A CRC of two bytes follows the header.
    pub crc: bool,
    /// How the channels are coded.
    pub channel_mode: ChannelMode,
}

/// Version of MPEG audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// ISO/IEC 11172-3: 32, 44.1 and 48 kHz.
    Mpeg1,
    /// ISO/IEC 13818-3: 16, 22.05 and 24 kHz.
    Mpeg2,
    /// Fraunhofer's extension: 8, 11.025 and 12 kHz.
    Mpeg25,
}

/// Layer of MPEG audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Layer I.
    One,
    /// Layer II, `.mp2`.
    Two,
    /// Layer III, `.mp3`.
    Three,
}

/// MPEG-1 Layer I, kbit/s by `bitrate_index` from 1 (ISO/IEC 11172-3 §2.4.2.3).
const MPEG1_LAYER1: [u16; 14] = [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448];
/// MPEG-1 Layer II.
const MPEG1_LAYER2: [u16; 14] = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
/// MPEG-1 Layer III.
const MPEG1_LAYER3: [u16; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// MPEG-2 Layer I (ISO/IEC 13818-3 §2.4.2.3).
const MPEG2_LAYER1: [u16; 14] = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
/// MPEG-2 Layers II and III.
const MPEG2_LAYER23: [u16; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

impl Header {
    /// Reads a header, or `None` where the four bytes are none: no sync, a
    /// reserved or forbidden value, or too few bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[0xFF, b1, b2, b3, ..] = bytes else { return None };
        // Emphasis 2 is reserved.
        if b1 & 0xE0 != 0xE0 || b3 & 0x03 == 0x02 {
            return None;
        }
        let (version, rate_shift) = match b1 >> 3 & 0x03 {
            0 => (Version::Mpeg25, 2),
            2 => (Version::Mpeg2, 1),
            3 => (Version::Mpeg1, 0),
            _ => return None,
        };
        let layer = match b1 >> 1 & 0x03 {
            1 => Layer::Three,
            2 => Layer::Two,
            3 => Layer::One,
            _ => return None,
        };
        let rate = *[44_100_u32, 48_000, 32_000].get(usize::from(b2 >> 2 & 0x03))?;
        let bitrate_kbps = match b2 >> 4 {
            0 => None,
            index => Some(*bitrates(version, layer).get(usize::from(index) - 1)?),
        };
        Some(Self {
            version,
            layer,
            bitrate_kbps,
            rate_hz: rate >> rate_shift,
            padding: b2 & 0x02 != 0,
            crc: b1 & 0x01 == 0,
            channel_mode: match b3 >> 6 {
                1 => ChannelMode::JointStereo,
                3 => ChannelMode::Mono,
                _ => ChannelMode::Stereo,
            },
        })
    }

    /// Bytes of the whole frame, header included, or `None` for free format,
    /// whose length no header says (ISO/IEC 11172-3 §2.4.3.1).
    pub fn frame_len(&self) -> Option<usize> {
        let bits_per_sec = u32::from(self.bitrate_kbps?) * 1_000;
        let padding = u32::from(self.padding);
        let len = match self.layer {
            Layer::One => (12 * bits_per_sec / self.rate_hz + padding) * 4,
            _ => self.samples() / 8 * bits_per_sec / self.rate_hz + padding,
        };
        usize::try_from(len).ok()
    }

    /// Samples per channel in a frame: 384, 1,152, or 576 for Layer III at the
    /// lower sampling rates.
    pub const fn samples(&self) -> u32 {
        match (self.layer, self.version) {
            (Layer::One, _) => 384,
            (Layer::Three, Version::Mpeg2 | Version::Mpeg25) => 576,
            _ => 1_152,
        }
    }

    /// Channels: 1 or 2.
    pub const fn channels(&self) -> u8 {
        match self.channel_mode {
            ChannelMode::Mono => 1,
            _ => 2,
        }
    }

    /// Bytes of Layer III side information (ISO/IEC 11172-3 §2.4.1.7).
    pub const fn side_info_len(&self) -> usize {
        match (self.version, self.channel_mode) {
            (Version::Mpeg1, ChannelMode::Mono) => 17,
            (Version::Mpeg1, _) => 32,
            (_, ChannelMode::Mono) => 9,
            _ => 17,
        }
    }

    /// The same in the words of every codec, or `None` unless it is Layer III.
    pub fn to_frame_header(&self) -> Option<FrameHeader> {
        if self.layer != Layer::Three {
            return None;
        }
        Some(FrameHeader {
            stream: StreamInfo {
                codec: Codec::Mp3,
                timescale: Timescale::new(self.rate_hz)?,
                channels: self.channels(),
                samples_per_frame: self.samples(),
            },
            bitrate_bps: self.bitrate_kbps.map(|kbps| u32::from(kbps) * 1_000),
            channel_mode: self.channel_mode,
        })
    }
}

/// Whether a whole Layer III frame is no audio but the table of contents that
/// encoders put first into a file: `Xing`, `Info` (LAME) or `VBRI` (Fraunhofer).
///
/// The name stands where the main data would begin, or at byte 36 for `VBRI`,
/// and the side information before it is empty, so a frame of audio is not
/// taken for one by chance.
pub fn is_info_frame(frame: &[u8]) -> bool {
    let Some(header) = Header::parse(frame) else { return false };
    let empty_from = HEADER_LEN + if header.crc { 2 } else { 0 };
    let side_end = HEADER_LEN + header.side_info_len();
    let is_at = |at: usize, names: &[&[u8]]| {
        let name = frame.get(at..).and_then(|rest| rest.first_chunk::<4>());
        let names_it = name.is_some_and(|name| names.contains(&name.as_slice()));
        names_it && frame.get(empty_from..at).is_some_and(|side| side.iter().all(|&b| b == 0))
    };
    // LAME writes its name as if there were no CRC; others count the CRC in.
    is_at(side_end, &[b"Xing", b"Info"])
        || header.crc && is_at(side_end + 2, &[b"Xing", b"Info"])
        || is_at(36, &[b"VBRI"])
}

fn bitrates(version: Version, layer: Layer) -> &'static [u16; 14] {
    match (version, layer) {
        (Version::Mpeg1, Layer::One) => &MPEG1_LAYER1,
        (Version::Mpeg1, Layer::Two) => &MPEG1_LAYER2,
        (Version::Mpeg1, Layer::Three) => &MPEG1_LAYER3,
        (_, Layer::One) => &MPEG2_LAYER1,
        _ => &MPEG2_LAYER23,
    }
}

#[cfg(test)]
mod tests;
