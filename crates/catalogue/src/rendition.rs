//! Which encodings of a programme listeners get.

use std::fmt;
use std::time::Duration;

use media::{ChannelMode, Codec, RenditionId, StreamInfo, Timescale};

use crate::encoding::{Encoding, EncodingCodec, EncodingError, RateControl, Setting};
use crate::limits::{self, BITRATE_KBPS_MAX};

/// Bit rates that an AAC rendition made by itself can have, kbit/s: chosen, as players'
/// ladders have them. More than 192 on cellular lines Apple does not allow (iOS 9.21).
const AUTO_AAC_KBPS: [u32; 8] = [192, 160, 128, 96, 64, 48, 32, 24];

/// Greatest bit rate of MPEG-2.5 Layer III that LAME keeps, kbit/s.
const MPEG25_KBPS_MAX: u32 = 64;

/// One encoding of a programme that listeners get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Its name in URLs and keys.
    pub id: RenditionId,
    /// How it is encoded.
    pub encoding: Encoding,
    /// Who has encoded it.
    pub made: Made,
}

/// Who has encoded a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Made {
    /// The station's encoder: these are the ingest's own bytes.
    Outside,
    /// Skywave.
    Here,
}

/// The renditions of an egress: at least one, in the order of the multivariant playlist.
#[derive(Clone, PartialEq, Eq)]
pub struct Renditions {
    listed: Vec<Rendition>,
}

/// Why renditions cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenditionError {
    /// No encoder makes one of them.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// Two would have one name, or one that of the ingest's own bytes.
    #[error("there is a rendition `{0}` already")]
    Twice(RenditionId),
}

impl Renditions {
    /// Those of a programme of this encoding for which none are asked: its own bytes, and
    /// before them AAC-LC where they are MP3 and `auto_aac` is set.
    pub(crate) fn automatic(source: &Encoding, segment: Duration, auto_aac: bool) -> Self {
        let aac = (auto_aac && source.codec == EncodingCodec::Mp3).then(|| aac_of(source));
        let aac = aac.map(|encoding| Rendition::made_here(encoding, segment));
        Self { listed: aac.into_iter().chain([Rendition::source(source, segment)]).collect() }
    }

    /// Those that were asked for; one of the source's own encoding is its own bytes.
    ///
    /// # Errors
    ///
    /// [`RenditionError`] with the place of the first in the list that cannot be.
    pub(crate) fn asked(
        source: &Encoding,
        segment: Duration,
        asked: &[Encoding],
    ) -> Result<Self, (usize, RenditionError)> {
        let of_source = Rendition::source(source, segment);
        let mut listed: Vec<Rendition> = Vec::with_capacity(asked.len());
        for (nth, encoding) in asked.iter().enumerate() {
            let rendition = if encoding == source {
                of_source.clone()
            } else {
                check(encoding).map_err(|error| (nth, error.into()))?;
                Rendition::made_here(*encoding, segment)
            };
            let is_made = rendition.made == Made::Here;
            let is_taken = listed.iter().any(|one| one.id == rendition.id);
            if is_taken || is_made && rendition.id == of_source.id {
                return Err((nth, RenditionError::Twice(rendition.id)));
            }
            listed.push(rendition);
        }
        Ok(Self { listed })
    }

    /// All of them, in the order of the multivariant playlist.
    pub fn iter(&self) -> impl Iterator<Item = &Rendition> {
        self.listed.iter()
    }

    /// Those that are made here.
    pub fn made_here(&self) -> impl Iterator<Item = &Rendition> {
        self.listed.iter().filter(|rendition| rendition.made == Made::Here)
    }

    /// What `/{mount}` is over ICY: the ingest's own bytes where they are listed, else
    /// the first.
    pub fn of_mount(&self) -> Option<&Rendition> {
        let own = self.listed.iter().find(|rendition| rendition.made == Made::Outside);
        own.or(self.listed.first())
    }
}

impl fmt::Debug for Renditions {
    /// Their names; of those that are made here how.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |rendition: &Rendition| match rendition.made {
            Made::Outside => rendition.id.to_string(),
            Made::Here => format!("{} ({})", rendition.id, rendition.encoding),
        };
        f.write_str(&self.listed.iter().map(name).collect::<Vec<_>>().join(" + "))
    }
}

impl Rendition {
    pub(crate) fn source(encoding: &Encoding, segment: Duration) -> Self {
        let id = encoding.rendition_id(segment);
        Self { id, encoding: *encoding, made: Made::Outside }
    }

    fn made_here(encoding: Encoding, segment: Duration) -> Self {
        Self { id: encoding.rendition_id(segment), encoding, made: Made::Here }
    }
}

impl Encoding {
    /// What the frames of this encoding look like. An HE-AAC core has half the sampling
    /// rate, and with parametric stereo one channel.
    pub fn stream(&self) -> Option<StreamInfo> {
        let (codec, hz) = (self.codec, self.sample_rate_hz);
        let (hz, samples_per_frame) = match codec {
            EncodingCodec::Mp3 if limits::MPEG1_RATES_HZ.contains(&hz) => (hz, 1_152),
            EncodingCodec::Mp3 => (hz, 576),
            EncodingCodec::Aac => (hz, 1_024),
            EncodingCodec::HeAac | EncodingCodec::HeAacV2 => (hz / 2, 1_024),
        };
        let channels = if codec == EncodingCodec::HeAacV2 { 1 } else { self.channels() };
        let timescale = Timescale::new(hz)?;
        Some(StreamInfo { codec: codec.family(), timescale, channels, samples_per_frame })
    }
}

/// The AAC-LC rendition of an MP3 programme: of its sampling rate and channels, and of the
/// greatest usual bit rate that is not above its own.
fn aac_of(source: &Encoding) -> Encoding {
    let channel_mode = match source.channel_mode {
        ChannelMode::Mono => ChannelMode::Mono,
        ChannelMode::Stereo | ChannelMode::JointStereo => ChannelMode::Stereo,
    };
    let mut encoding = Encoding {
        codec: EncodingCodec::Aac,
        bitrate_kbps: 0,
        channel_mode,
        rate_control: RateControl::Cbr,
        ..*source
    };
    let (least, most) = aac_kbps(&encoding);
    let most = most.min(source.bitrate_kbps);
    let usual = AUTO_AAC_KBPS.into_iter().find(|kbps| (least..=most).contains(kbps));
    encoding.bitrate_kbps = usual.unwrap_or(least);
    encoding
}

/// Whether it can be made here.
pub(crate) fn check(encoding: &Encoding) -> Result<(), EncodingError> {
    if encoding.rate_control == RateControl::Vbr {
        let what = "a rendition has a constant bit rate: `cbr`".to_owned();
        return Err(EncodingError { setting: Setting::BitrateKbps, what });
    }
    let kbps = encoding.bitrate_kbps;
    let (least, most) = match encoding.codec.family() {
        Codec::Aac => aac_kbps(encoding),
        Codec::Mp3 if encoding.sample_rate_hz <= 12_000 => (8, MPEG25_KBPS_MAX),
        Codec::Mp3 => (8, limits::MP3_BITRATE_KBPS_MAX),
    };
    if (least..=most).contains(&kbps) {
        return Ok(());
    }
    let what = format!(
        "{} of {} Hz and {} channels is encoded with {least} to {most} kbit/s, not {kbps}",
        encoding.codec,
        encoding.sample_rate_hz,
        encoding.channels()
    );
    Err(EncodingError { setting: Setting::BitrateKbps, what })
}

/// The least and the greatest bit rate of AAC that fdk-aac encodes, in kbit/s: within what
/// it was measured to take, by a round rule.
fn aac_kbps(encoding: &Encoding) -> (u32, u32) {
    let (hz, channels) = (encoding.sample_rate_hz, u32::from(encoding.channels()));
    // Six bits a sample and channel of what is coded (ISO/IEC 14496-3 §4.5.3.1).
    let of_core = |hz: u32, channels: u32| (hz * 6 * channels / 1_000).min(bitrate_max());
    match encoding.codec {
        EncodingCodec::HeAac => {
            let least = match (hz, channels) {
                (..=32_000, 1) => 8,
                (32_001..=48_000, 1) => 12,
                (..=48_000, _) => 16,
                _ => 40,
            };
            (least, of_core(hz / 2, channels))
        }
        EncodingCodec::HeAacV2 => {
            let least = match hz {
                ..=32_000 => 8,
                32_001..=48_000 => 12,
                _ => 32,
            };
            (least, of_core(hz / 2, 1))
        }
        EncodingCodec::Aac | EncodingCodec::Mp3 => {
            let least = if channels == 1 { hz / 4_000 + 1 } else { hz / 3_200 + 1 };
            (least.max(8), of_core(hz, channels))
        }
    }
}

fn bitrate_max() -> u32 {
    u32::try_from(BITRATE_KBPS_MAX).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
