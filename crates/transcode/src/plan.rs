//! From where decoder and encoder run for a segment, and what of it is thrown away.
//!
//! The numbers were measured: with fewer packets before a segment some joins click, with
//! more none sounds better (`cargo xtask lab joins`).

use std::time::Duration;

use catalogue::{Encoding, EncodingCodec};
use feed::Grid;
use media::{AacProfile, Codec};

/// Packets that an AAC-LC encoder makes before those that count.
const PREROLL_LC: u32 = 8;

/// The same of HE-AAC v1 and v2, with those of its delay: the library sends headers of SBR
/// and PS every ten packets from its start, and a segment has to begin with one.
const DISCARDED_HE: u32 = 20;

/// Packets that an MP3 encoder makes before those that count: without a reservoir only its
/// transform and its psychoacoustics reach back.
const PREROLL_MP3: u32 = 2;

/// Frames that a decoder gets before those that count. MP3 and AAC-LC without noise
/// substitution are exact after five at most; what else a decoder remembers is faint by
/// then, and begins from the same frame everywhere.
const WARM_UP: u64 = 10;

/// The same of HE-AAC, whose filter banks and envelopes reach further back.
const WARM_UP_HE: u64 = 20;

/// How far a decoder and an encoder of any rendition reach back before a segment: 5.3 s are
/// the most, of HE-AAC at 16 kHz.
pub const REACH: Duration = Duration::from_secs(6);

/// How the segments of a rendition are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Sampling rate that is encoded, in Hz.
    pub(crate) sample_rate_hz: u32,
    /// Channels that are encoded.
    pub(crate) channels: u8,
    /// Samples per channel in a packet, at that rate.
    pub(crate) packet_len: u32,
    /// Samples per channel that a decoder gives before the first that was encoded.
    pub(crate) delay: u32,
    /// Packets that are thrown away.
    pub(crate) discarded: u32,
}

impl Plan {
    /// The plan for an encoding; `delay` and `packet_len` are the encoder's.
    pub(crate) fn new(encoding: &Encoding, packet_len: u32, delay: u32) -> Self {
        let of_delay = delay.div_ceil(packet_len.max(1));
        let discarded = match encoding.codec {
            EncodingCodec::Aac => PREROLL_LC + of_delay,
            EncodingCodec::HeAac | EncodingCodec::HeAacV2 => DISCARDED_HE,
            EncodingCodec::Mp3 => PREROLL_MP3 + of_delay,
        };
        let (sample_rate_hz, channels) = (encoding.sample_rate_hz, encoding.channels());
        Self { sample_rate_hz, channels, packet_len, delay, discarded }
    }

    /// The sample of the epoch, at the encoded rate, that the encoder of a segment gets
    /// first; those below zero are silence. Its first packet that counts decodes to the
    /// segment's first sample.
    pub(crate) fn first_sample(&self, grid: &Grid, segment: u64) -> i64 {
        let before = i64::from(self.discarded) * i64::from(self.packet_len);
        self.sample_of(grid.first_index(segment)) - before + i64::from(self.delay)
    }

    /// The sample of the epoch with which a packet begins.
    pub(crate) fn sample_of(&self, packet: u64) -> i64 {
        let sample = packet.saturating_mul(u64::from(self.packet_len));
        i64::try_from(sample).unwrap_or(i64::MAX)
    }
}

/// Frames that a decoder of a stream gets before those that count.
pub(crate) fn warm_up(codec: Codec, profile: Option<AacProfile>) -> u64 {
    match (codec, profile) {
        (Codec::Aac, Some(AacProfile::HeV1 | AacProfile::HeV2)) => WARM_UP_HE,
        _ => WARM_UP,
    }
}
