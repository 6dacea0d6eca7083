//! What a stream's frames look like, and what they become.

use media::{AacProfile, Codec, StreamInfo, adts, mp3};

use crate::Error;

/// A stream's form, found to exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    stream: StreamInfo,
    /// None for MP3.
    profile: Option<AacProfile>,
}

/// Raw data blocks that one ADTS frame can hold (ISO/IEC 13818-7 §6.2.1).
const BLOCKS_MAX: u32 = 4;

/// ISO/IEC 14496-3 table 1.18, by `samplingFrequencyIndex`, in Hz.
const SAMPLE_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

impl Form {
    /// That of a stream.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] where no such stream exists.
    pub(super) fn of(stream: &StreamInfo, profile: Option<AacProfile>) -> Result<Self, Error> {
        let form = match stream.codec {
            Codec::Mp3 => Self { stream: *stream, profile: None },
            Codec::Aac => {
                Self { stream: *stream, profile: Some(profile.unwrap_or(AacProfile::Lc)) }
            }
        };
        let exists = match form.profile {
            None => form.is_mp3(),
            Some(profile) => form.is_aac(profile),
        };
        if exists { Ok(form) } else { Err(form.refused()) }
    }

    /// Whether symphonia decodes it whole.
    pub(super) fn is_for_symphonia(&self) -> bool {
        match self.profile {
            None => true,
            Some(AacProfile::Lc) => self.blocks() == 1 && self.stream.channels <= 2,
            Some(_) => false,
        }
    }

    /// Of what is heard, in Hz.
    pub(super) fn sample_rate_hz(&self) -> u32 {
        self.stream.timescale.hz() * self.upsampling()
    }

    /// That come out.
    pub(super) fn channels(&self) -> u8 {
        if self.profile == Some(AacProfile::HeV2) { 2 } else { self.stream.channels.min(2) }
    }

    /// Samples per channel of what is heard.
    pub(super) fn frame_len(&self) -> u32 {
        self.stream.samples_per_frame * self.upsampling()
    }

    /// Raw data blocks in a frame of AAC.
    pub(super) fn blocks(&self) -> u32 {
        self.stream.samples_per_frame / adts::SAMPLES_PER_BLOCK
    }

    /// What the decoder takes of a whole frame of this form; `None` where it is
    /// none. Of MP3, and where there are several blocks, that is the frame; else
    /// it is the raw data block.
    pub(super) fn payload<'a>(&self, frame: &'a [u8]) -> Option<&'a [u8]> {
        if self.profile.is_none() {
            let header = mp3::Header::parse(frame)?;
            let is_ours = header.to_frame_header()?.stream == self.stream;
            return (is_ours && header.frame_len()? == frame.len()).then_some(frame);
        }
        let header = adts::Header::parse(frame)?;
        let is_ours = header.profile == adts::Profile::Lc
            && header.rate_hz == self.stream.timescale.hz()
            && header.channels() == Some(self.stream.channels)
            && u32::from(header.blocks) == self.blocks();
        if !is_ours || header.frame_len != frame.len() {
            return None;
        }
        let checksum_len = if header.crc { 2 } else { 0 };
        let start = if header.blocks == 1 { adts::HEADER_LEN + checksum_len } else { 0 };
        frame.get(start..)
    }

    /// The `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1) of the raw data
    /// blocks, SBR and PS told at its beginning. Empty for MP3.
    pub(super) fn audio_specific_config(&self) -> Vec<u8> {
        let index = |hz: u32| {
            let found = (0_u32..).zip(SAMPLE_RATES).find(|(_, rate)| *rate == hz);
            found.map_or(0, |(index, _)| index)
        };
        let rate = index(self.stream.timescale.hz());
        let channels = match self.stream.channels {
            8 => 7,
            channels => u32::from(channels),
        };
        // Fields of 5, 4, 4, 4 and 5 bits, and three flags that are not set.
        let with_sbr = |object_type: u32| {
            let doubled = index(self.sample_rate_hz());
            object_type << 27 | rate << 23 | channels << 19 | doubled << 15 | LC << 10
        };
        match self.profile {
            None => Vec::new(),
            Some(AacProfile::Lc) => {
                let [b0, b1, ..] = (LC << 27 | rate << 23 | channels << 19).to_be_bytes();
                vec![b0, b1]
            }
            Some(AacProfile::HeV1) => with_sbr(SBR).to_be_bytes().to_vec(),
            Some(AacProfile::HeV2) => with_sbr(PS).to_be_bytes().to_vec(),
        }
    }

    fn upsampling(&self) -> u32 {
        match self.profile {
            None | Some(AacProfile::Lc) => 1,
            Some(AacProfile::HeV1 | AacProfile::HeV2) => 2,
        }
    }

    fn is_mp3(&self) -> bool {
        let frame_len = match self.stream.timescale.hz() {
            32_000 | 44_100 | 48_000 => 1_152,
            8_000 | 11_025 | 12_000 | 16_000 | 22_050 | 24_000 => 576,
            _ => return false,
        };
        self.stream.samples_per_frame == frame_len && (1..=2).contains(&self.stream.channels)
    }

    fn is_aac(&self, profile: AacProfile) -> bool {
        let channels = match profile {
            AacProfile::HeV2 => 1..=1,
            AacProfile::Lc | AacProfile::HeV1 => 1..=8,
        };
        let whole = self.stream.samples_per_frame.is_multiple_of(adts::SAMPLES_PER_BLOCK);
        channels.contains(&self.stream.channels)
            && SAMPLE_RATES.contains(&self.stream.timescale.hz())
            && SAMPLE_RATES.contains(&self.sample_rate_hz())
            && whole
            && (1..=BLOCKS_MAX).contains(&self.blocks())
    }

    fn refused(&self) -> Error {
        let codec = if self.profile.is_none() { "MP3" } else { "AAC" };
        let StreamInfo { channels, samples_per_frame, .. } = self.stream;
        let hz = self.stream.timescale.hz();
        let problem = format!("{samples_per_frame} samples of {channels} channels at {hz} Hz");
        Error::Settings { codec, problem }
    }
}

/// Audio object types of ISO/IEC 14496-3 table 1.17.
const LC: u32 = 2;
const SBR: u32 = 5;
const PS: u32 = 29;
