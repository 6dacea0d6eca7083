//! What an encoder sends against what it was told to send.

use std::fmt;

use media::{AacProfile, ChannelMode, Codec, FrameHeader};
use serde::Serialize;

use super::{Encoding, EncodingCodec, RateControl, Setting, channel_mode_str};
use crate::limits::is_near;

/// One setting that an encoder does not follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Mismatch {
    /// Which one.
    pub setting: Setting,
    /// What the ingest is declared with.
    pub wanted: String,
    /// What comes.
    pub got: String,
    /// The frames are of another codec, which is refused whatever the ingest's
    /// `on_mismatch` says.
    pub is_other_codec: bool,
}

impl Mismatch {
    fn new(setting: Setting, wanted: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self { setting, wanted: wanted.to_string(), got: got.to_string(), is_other_codec: false }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: wanted {}, got {}", self.setting, self.wanted, self.got)
    }
}

impl Encoding {
    /// Compares a frame's header with these settings; empty when it follows them.
    ///
    /// `profile` is what a decoder has found in the payload, `None` before it
    /// has: then HE-AAC is taken on trust, its core at half the rate. A frame of
    /// another codec has that one mismatch only, the rest would mean nothing.
    pub fn mismatch(&self, header: &FrameHeader, profile: Option<AacProfile>) -> Vec<Mismatch> {
        let family = header.stream.codec;
        if family != self.codec.family() {
            let got = match family {
                Codec::Mp3 => "mp3",
                Codec::Aac => "aac",
            };
            let other = Mismatch::new(Setting::Codec, self.codec, got);
            return vec![Mismatch { is_other_codec: true, ..other }];
        }
        [
            self.profile_mismatch(profile),
            self.header_bitrate_mismatch(header),
            self.rate_mismatch(header, profile),
            self.channels_mismatch(header),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether a frame can stand in a stream of this encoding: codec, sampling
    /// rate and number of channels are the same. HE-AAC is taken on trust.
    pub fn fits(&self, header: &FrameHeader) -> bool {
        let has_channels = match self.codec {
            // Parametric stereo codes one channel.
            EncodingCodec::HeAacV2 => header.stream.channels <= 2,
            _ => (self.channel_mode == ChannelMode::Mono) == (header.stream.channels == 1),
        };
        header.stream.codec == self.codec.family()
            && self.rate_mismatch(header, None).is_none()
            && has_channels
    }

    /// Compares a mean bit rate with these settings, where headers have none
    /// (AAC) or vary (VBR). Within a tenth counts as followed; a varying rate is
    /// not compared at all, since its mean follows the programme.
    pub fn mean_bitrate_mismatch(&self, mean_bps: u32) -> Option<Mismatch> {
        let wanted_bps = u64::from(self.bitrate_kbps) * 1_000;
        let follows = self.rate_control == RateControl::Vbr || is_near(wanted_bps, mean_bps.into());
        (!follows)
            .then(|| Mismatch::new(Setting::BitrateKbps, self.bitrate_kbps, in_kbps(mean_bps)))
    }

    fn profile_mismatch(&self, profile: Option<AacProfile>) -> Option<Mismatch> {
        let (wanted, got) = (self.codec.profile()?, profile?);
        let name = match got {
            AacProfile::Lc => EncodingCodec::Aac,
            AacProfile::HeV1 => EncodingCodec::HeAac,
            AacProfile::HeV2 => EncodingCodec::HeAacV2,
        };
        (wanted != got).then(|| Mismatch::new(Setting::Codec, self.codec, name))
    }

    /// Only MP3 headers have a bit rate, and each frame of VBR has its own.
    fn header_bitrate_mismatch(&self, header: &FrameHeader) -> Option<Mismatch> {
        let got = header.bitrate_bps?;
        let follows = self.rate_control == RateControl::Vbr || got == self.bitrate_kbps * 1_000;
        (!follows).then(|| Mismatch::new(Setting::BitrateKbps, self.bitrate_kbps, in_kbps(got)))
    }

    fn rate_mismatch(&self, header: &FrameHeader, profile: Option<AacProfile>) -> Option<Mismatch> {
        let header_hz = header.stream.timescale.hz();
        let has_sbr = |profile| matches!(profile, Some(AacProfile::HeV1 | AacProfile::HeV2));
        let got = if has_sbr(profile.or(self.codec.profile())) {
            header_hz.saturating_mul(2)
        } else {
            header_hz
        };
        (got != self.sample_rate_hz)
            .then(|| Mismatch::new(Setting::SampleRateHz, self.sample_rate_hz, got))
    }

    /// MP3 says mono, stereo or joint stereo in each frame; an encoder set to
    /// joint stereo may send plain stereo frames, the other way round is a
    /// mismatch. AAC says the number of channels alone, and HE-AAC v2 says one
    /// for its two.
    fn channels_mismatch(&self, header: &FrameHeader) -> Option<Mismatch> {
        let (wanted, got) = (self.channel_mode, header.channel_mode);
        let channels = header.stream.channels;
        let follows = match (self.codec, wanted) {
            (EncodingCodec::Mp3, ChannelMode::JointStereo) => got != ChannelMode::Mono,
            (EncodingCodec::Mp3, _) => got == wanted,
            (EncodingCodec::HeAacV2, _) => channels == 1 || channels == 2,
            (_, ChannelMode::Mono) => channels == 1,
            (_, ChannelMode::Stereo | ChannelMode::JointStereo) => channels == 2,
        };
        if follows {
            return None;
        }
        let wanted = channel_mode_str(wanted);
        Some(if channels > 2 {
            Mismatch::new(Setting::ChannelMode, wanted, format!("{channels} channels"))
        } else {
            Mismatch::new(Setting::ChannelMode, wanted, channel_mode_str(got))
        })
    }
}

/// `128`, or `127.6` where it is not a whole number.
fn in_kbps(bps: u32) -> String {
    if bps.is_multiple_of(1_000) {
        (bps / 1_000).to_string()
    } else {
        format!("{}.{}", bps / 1_000, bps % 1_000 / 100)
    }
}
