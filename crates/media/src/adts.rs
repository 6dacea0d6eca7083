//! ADTS headers: AAC in a byte stream.
//!
//! Source: ISO/IEC 13818-7 §6.2 (fixed and variable header), Table 35
//! (sampling frequencies); ISO/IEC 14496-3 §1.A.2.2 for the MPEG-4 id.
//!
//! Reads headers alone. Whether the payload is HE-AAC no ADTS header says.

use std::fmt;

use crate::stream::{ChannelMode, Codec, FrameHeader, StreamInfo};
use crate::time::Timescale;

/// Bytes of a header, without the CRC that may follow it.
pub const HEADER_LEN: usize = 7;

/// Bytes of the longest frame: its length has 13 bits.
pub const FRAME_LEN_MAX: usize = 8_191;

/// Samples per channel in one raw data block.
pub const SAMPLES_PER_BLOCK: u32 = 1_024;

/// ISO/IEC 13818-7 Table 35, by `sampling_frequency_index`, in Hz.
const SAMPLE_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// One ADTS header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the payload is coded with.
    pub profile: Profile,
    /// Sampling rate of the core in Hz.
    pub rate_hz: u32,
    /// `channel_configuration`, 0 to 7: 0 is told in the payload, 7 is eight
    /// channels, others are the number of channels.
    pub channel_configuration: u8,
    /// Raw data blocks in the frame, 1 to 4.
    pub blocks: u8,
    /// A CRC follows the header.
    pub crc: bool,
    /// Bytes of the whole frame, header included: 7 to 8,191.
    pub frame_len: usize,
}

/// AAC profile of an ADTS header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Main.
    Main,
    /// Low complexity, the only one that players know.
    Lc,
    /// Scalable sampling rate.
    Ssr,
    /// Long-term prediction.
    Ltp,
}

impl Header {
    /// Reads a header, or `None` where the seven bytes are none: no sync, a
    /// reserved sampling rate, a frame shorter than its header, or too few bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[0xFF, b1, b2, b3, b4, b5, b6, ..] = bytes else { return None };
        if b1 & 0xF6 != 0xF0 {
            return None;
        }
        let crc = b1 & 0x01 == 0;
        let frame_len = usize::from(b3 & 0x03) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        if frame_len <= HEADER_LEN + if crc { 2 } else { 0 } {
            return None;
        }
        Some(Self {
            profile: match b2 >> 6 {
                0 => Profile::Main,
                1 => Profile::Lc,
                2 => Profile::Ssr,
                _ => Profile::Ltp,
            },
            rate_hz: *SAMPLE_RATES.get(usize::from(b2 >> 2 & 0x0F))?,
            channel_configuration: (b2 & 0x01) << 2 | b3 >> 6,
            blocks: (b6 & 0x03) + 1,
            crc,
            frame_len,
        })
    }

    /// Channels, or `None` where only the payload says (configuration 0).
    pub const fn channels(&self) -> Option<u8> {
        match self.channel_configuration {
            0 => None,
            7 => Some(8),
            channels => Some(channels),
        }
    }

    /// The same in the words of every codec, or `None` unless it is AAC-LC with
    /// one or two channels.
    pub fn to_frame_header(&self) -> Option<FrameHeader> {
        let channels = self.channels().filter(|&channels| channels <= 2)?;
        if self.profile != Profile::Lc {
            return None;
        }
        Some(FrameHeader {
            stream: StreamInfo {
                codec: Codec::Aac,
                timescale: Timescale::new(self.rate_hz)?,
                channels,
                samples_per_frame: SAMPLES_PER_BLOCK * u32::from(self.blocks),
            },
            bitrate_bps: None,
            channel_mode: if channels == 1 { ChannelMode::Mono } else { ChannelMode::Stereo },
        })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Main => "Main",
            Self::Lc => "LC",
            Self::Ssr => "SSR",
            Self::Ltp => "LTP",
        })
    }
}

#[cfg(test)]
mod tests;
