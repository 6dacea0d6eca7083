//! What flows: coded frames, and what their headers say.

use std::time::Duration;

use bytes::Bytes;

use crate::time::{MediaDuration, Timescale};
use crate::{adts, mp3};

/// How frames are coded and framed. A stream never changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    /// MPEG-1, MPEG-2 or MPEG-2.5 Layer III (ISO/IEC 11172-3, 13818-3).
    Mp3,
    /// AAC in ADTS framing (ISO/IEC 13818-7 §6.2), with or without SBR and PS.
    Aac,
}

impl Codec {
    /// The media type of an elementary stream: ICY mounts and packed audio.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Aac => "audio/aac",
        }
    }

    /// The file name extension of packed audio, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
        }
    }
}

/// Which AAC tools the payload uses. ADTS headers do not say (they signal
/// HE-AAC implicitly), so a decoder tells it over the first frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AacProfile {
    /// Low complexity (`mp4a.40.2`).
    Lc,
    /// With spectral band replication (`mp4a.40.5`).
    HeV1,
    /// With parametric stereo as well (`mp4a.40.29`).
    HeV2,
}

/// What does not change between two frames of one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamInfo {
    /// How the frames are coded.
    pub codec: Codec,
    /// Sampling rate in Hz as the frame header has it, which is also the
    /// timescale. For HE-AAC that is the core's rate, half of what is heard.
    pub timescale: Timescale,
    /// Channels as the frame header signals them, 1 to 8; HE-AAC v2 says 1.
    pub channels: u8,
    /// Samples per channel in a frame, at the header's rate: 1,152 or 576 for
    /// MP3, 1,024 times the raw data blocks for AAC.
    pub samples_per_frame: u32,
}

impl StreamInfo {
    /// How long a frame lasts, rounded down to a nanosecond.
    pub fn frame_duration(&self) -> Duration {
        self.duration_of(1)
    }

    /// How long so many frames last, likewise.
    pub fn duration_of(&self, frames: u64) -> Duration {
        let ticks = frames.saturating_mul(u64::from(self.samples_per_frame));
        MediaDuration::from_ticks(ticks).to_std(self.timescale)
    }
}

/// How the channels of a frame are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelMode {
    /// One channel.
    Mono,
    /// Two channels, or more, each for itself.
    Stereo,
    /// Two channels coded together where that is smaller. MP3 only: AAC does
    /// not say it in the header.
    JointStereo,
}

/// What a frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    /// What is constant in an epoch.
    pub stream: StreamInfo,
    /// Bits per second that an MP3 header declares; ADTS headers have none.
    pub bitrate_bps: Option<u32>,
    /// How the channels are coded; dual channel counts as [`ChannelMode::Stereo`].
    pub channel_mode: ChannelMode,
}

impl FrameHeader {
    /// What a frame's own header says; no frame is of both kinds.
    pub fn of(frame: &[u8]) -> Option<Self> {
        let mp3 = mp3::Header::parse(frame).and_then(|header| header.to_frame_header());
        mp3.or_else(|| adts::Header::parse(frame)?.to_frame_header())
    }
}

/// One whole coded frame, header included, as it came from the encoder.
///
/// The smallest piece that is never split. Cheap to clone: the bytes are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What its header says.
    pub header: FrameHeader,
    /// The frame's bytes, header and payload.
    pub data: Bytes,
}
