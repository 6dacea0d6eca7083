//! Encoding settings: what an encoder is told to send, and whether it does.

use std::fmt;
use std::time::Duration;

use media::{AacProfile, ChannelMode, Codec, RenditionId};
use serde::{Deserialize, Serialize};

use crate::limits::{
    ADTS_RATES_HZ, MP3_BITRATE_KBPS_MAX, MPEG1_BITRATES_KBPS, MPEG1_RATES_HZ, MPEG2_BITRATES_KBPS,
    MPEG2_RATES_HZ, SEGMENT_MS_DEFAULT,
};

mod mismatch;

pub use mismatch::Mismatch;

/// How a programme is encoded. A checked value is one that an encoder can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// Codec and, for AAC, the tools it uses.
    pub codec: EncodingCodec,
    /// Bit rate in kbit/s; a mean where the rate varies.
    pub bitrate_kbps: u32,
    /// Sampling rate in Hz that is heard; an HE-AAC core has half of it.
    pub sample_rate_hz: u32,
    /// Channels, and how two of them are coded.
    pub channel_mode: ChannelMode,
    /// Whether every frame has the bit rate, or only their mean.
    pub rate_control: RateControl,
}

/// Codecs as operators know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncodingCodec {
    /// MPEG-1, MPEG-2 or MPEG-2.5 Layer III.
    Mp3,
    /// AAC-LC.
    Aac,
    /// AAC-LC with spectral band replication.
    HeAac,
    /// The same with parametric stereo.
    HeAacV2,
}

/// Whether the bit rate is constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateControl {
    /// Constant.
    #[default]
    Cbr,
    /// Varying.
    Vbr,
}

/// One of the settings of an [`Encoding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// `codec`
    Codec,
    /// `bitrate_kbps`
    BitrateKbps,
    /// `sample_rate_hz`
    SampleRateHz,
    /// `channel_mode`
    ChannelMode,
}

/// Settings that no encoder can follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct EncodingError {
    /// Which setting does not go with the others.
    pub setting: Setting,
    /// What is wrong with it.
    pub what: String,
}

impl Encoding {
    /// Stereo of a constant bit rate, in kbit/s, and a sampling rate, in Hz; not checked.
    pub const fn stereo(codec: EncodingCodec, bitrate_kbps: u32, sample_rate_hz: u32) -> Self {
        let (channel_mode, rate_control) = (ChannelMode::Stereo, RateControl::Cbr);
        Self { codec, bitrate_kbps, sample_rate_hz, channel_mode, rate_control }
    }

    /// Checks that the settings go together.
    ///
    /// # Errors
    ///
    /// The first setting that does not go with those before it.
    pub fn check(&self) -> Result<(), EncodingError> {
        match self.codec {
            EncodingCodec::Mp3 => self.check_mp3(),
            EncodingCodec::Aac => self.check_aac_rate(self.sample_rate_hz),
            EncodingCodec::HeAac | EncodingCodec::HeAacV2 => self.check_he_aac(),
        }
    }

    /// The name of this encoding in URLs and keys: codec, kbit/s, and where a
    /// segment has not the usual length, its seconds.
    ///
    /// The sampling rate, the channels and the rate control are not in it: they
    /// change within a rendition, as another epoch.
    pub fn rendition_id(&self, segment: Duration) -> RenditionId {
        if segment == Duration::from_millis(SEGMENT_MS_DEFAULT) {
            return RenditionId::new(self.codec.id(), self.bitrate_kbps);
        }
        let codec = format!("{}-{}s", self.codec.id(), segment.as_secs());
        RenditionId::new(&codec, self.bitrate_kbps)
    }

    /// Channels that are heard.
    pub fn channels(&self) -> u8 {
        if self.channel_mode == ChannelMode::Mono { 1 } else { 2 }
    }

    fn check_mp3(&self) -> Result<(), EncodingError> {
        let bitrates = if MPEG1_RATES_HZ.contains(&self.sample_rate_hz) {
            MPEG1_BITRATES_KBPS
        } else if MPEG2_RATES_HZ.contains(&self.sample_rate_hz) {
            MPEG2_BITRATES_KBPS
        } else {
            return Err(self.no_rate(&[&MPEG2_RATES_HZ[..], &MPEG1_RATES_HZ[..]].concat()));
        };
        let is_mean = self.rate_control == RateControl::Vbr;
        if bitrates.contains(&self.bitrate_kbps)
            || is_mean && self.bitrate_kbps <= MP3_BITRATE_KBPS_MAX
        {
            return Ok(());
        }
        let what = format!(
            "mp3 at {} Hz has no {} kbit/s, but {}",
            self.sample_rate_hz,
            self.bitrate_kbps,
            listed(&bitrates)
        );
        Err(EncodingError { setting: Setting::BitrateKbps, what })
    }

    fn check_he_aac(&self) -> Result<(), EncodingError> {
        self.check_aac_rate(self.sample_rate_hz)?;
        // The core is coded at half the rate, which has to be one of ADTS's too.
        if !ADTS_RATES_HZ.contains(&(self.sample_rate_hz / 2)) {
            let rates: Vec<u32> = ADTS_RATES_HZ.into_iter().filter(|hz| *hz >= 16_000).collect();
            return Err(self.no_rate(&rates));
        }
        if self.codec == EncodingCodec::HeAacV2 && self.channel_mode == ChannelMode::Mono {
            let what = "he_aac_v2 is stereo by its nature; mono is he_aac".to_owned();
            return Err(EncodingError { setting: Setting::ChannelMode, what });
        }
        Ok(())
    }

    fn check_aac_rate(&self, rate_hz: u32) -> Result<(), EncodingError> {
        if ADTS_RATES_HZ.contains(&rate_hz) { Ok(()) } else { Err(self.no_rate(&ADTS_RATES_HZ)) }
    }

    fn no_rate(&self, rates: &[u32]) -> EncodingError {
        let what =
            format!("{} has no {} Hz, but {}", self.codec, self.sample_rate_hz, listed(rates));
        EncodingError { setting: Setting::SampleRateHz, what }
    }
}

impl EncodingCodec {
    /// How the frames are framed.
    pub const fn family(self) -> Codec {
        match self {
            Self::Mp3 => Codec::Mp3,
            Self::Aac | Self::HeAac | Self::HeAacV2 => Codec::Aac,
        }
    }

    /// Which AAC tools are used; none for MP3.
    pub const fn profile(self) -> Option<AacProfile> {
        match self {
            Self::Mp3 => None,
            Self::Aac => Some(AacProfile::Lc),
            Self::HeAac => Some(AacProfile::HeV1),
            Self::HeAacV2 => Some(AacProfile::HeV2),
        }
    }

    /// The codec's name in a rendition's id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::HeAac => "he-aac",
            Self::HeAacV2 => "he-aac-v2",
        }
    }

    /// The codec's name in manifests and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::HeAac => "he_aac",
            Self::HeAacV2 => "he_aac_v2",
        }
    }
}

impl Setting {
    /// The setting's key in manifests and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Codec => "codec",
            Self::BitrateKbps => "bitrate_kbps",
            Self::SampleRateHz => "sample_rate_hz",
            Self::ChannelMode => "channel_mode",
        }
    }
}

impl fmt::Display for EncodingCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Encoding {
    /// One line for people: `mp3 128 kbit/s cbr, 44100 Hz, joint_stereo`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate_control = match self.rate_control {
            RateControl::Cbr => "cbr",
            RateControl::Vbr => "vbr",
        };
        write!(
            f,
            "{} {} kbit/s {rate_control}, {} Hz, {}",
            self.codec,
            self.bitrate_kbps,
            self.sample_rate_hz,
            channel_mode_str(self.channel_mode)
        )
    }
}

/// The mode's name in manifests and the API.
pub(crate) const fn channel_mode_str(mode: ChannelMode) -> &'static str {
    match mode {
        ChannelMode::Mono => "mono",
        ChannelMode::Stereo => "stereo",
        ChannelMode::JointStereo => "joint_stereo",
    }
}

fn listed(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
