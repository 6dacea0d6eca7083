//! MP3: an encoder, by LAME 3.100 and of constant bit rate, and a decoder, by
//! symphonia.
//!
//! No Xing or LAME tag is written: a live stream has no beginning to put it at.
#![expect(unsafe_code, reason = "the safe crate leaves out two of LAME's setters")]

mod decoder;

use std::fmt;
use std::num::NonZeroU32;

use media::ChannelMode;
use media::mp3::Header;
use mp3lame_encoder as lame;

use crate::Error;

pub use decoder::Decoder;

/// A LAME encoder.
///
/// Holds about 300 KiB in the library, and less than three frames of samples. Opened
/// in 0.3 ms, as long as one frame and a half take.
pub struct Encoder {
    inner: lame::Encoder,
    settings: Settings,
}

/// What to encode, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Sampling rate in Hz: 32,000, 44,100, 48,000 or half or a quarter of them.
    pub sample_rate_hz: u32,
    /// Of the input and of the stream: 1 or 2.
    pub channels: u8,
    /// Kilobits a second, one of those that the rate's MPEG version has.
    pub bitrate_kbps: u16,
    /// LAME's scale of speed: 0 is best and slowest, 9 is worst; 5 is its default.
    pub quality: u8,
    /// Whether a frame may borrow bits from those before it.
    pub reservoir: Reservoir,
}

/// Whether a frame may borrow bits from those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservoir {
    /// Better sound at the same rate; a cut spoils the frame or two after it.
    On,
    /// Every frame decodes without those before it, for segments that are cut.
    Off,
}

/// Samples per channel, at the input's rate, that a decoder puts out before the
/// first input sample: LAME's 576 and the decoder's 529.
pub const DELAY: u32 = 1_105;

/// Slowest quality setting: LAME's worst.
const QUALITY_MAX: u8 = 9;

/// Bit rates of MPEG-1 Layer III in kbit/s (ISO/IEC 11172-3 §2.4.2.3).
const MPEG1_KBPS: [u16; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

/// Bit rates of MPEG-2 Layer III in kbit/s (ISO/IEC 13818-3 §2.4.2.3).
const MPEG2_KBPS: [u16; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Bit rates of MPEG-2.5 up to which LAME keeps the rate that is asked for.
const MPEG25_KBPS: [u16; 8] = [8, 16, 24, 32, 40, 48, 56, 64];

impl Encoder {
    /// Sets up an encoder; two channels are joint stereo.
    ///
    /// # Errors
    ///
    /// Those of [`Self::with_channel_mode`].
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let is_mono = settings.channels == 1;
        let mode = if is_mono { ChannelMode::Mono } else { ChannelMode::JointStereo };
        Self::with_channel_mode(settings, mode)
    }

    /// Sets up an encoder whose channels are coded so.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] where a value is out of range, the bit rate does not go
    /// with the sampling rate or the mode with the channels; [`Error::Library`]
    /// without memory.
    pub fn with_channel_mode(settings: &Settings, mode: ChannelMode) -> Result<Self, Error> {
        check(settings)?;
        if (mode == ChannelMode::Mono) != (settings.channels == 1) {
            let problem = format!("{} channels as {mode:?}", settings.channels);
            return Err(Error::Settings { codec: "MP3", problem });
        }
        let mut builder = lame::Builder::new().ok_or(Error::Library {
            library: "LAME",
            action: "open an encoder",
            code: -10,
        })?;
        configure(&mut builder, settings, mode).map_err(not_set)?;
        let inner = builder.build().map_err(not_set)?;
        Ok(Self { inner, settings: *settings })
    }

    /// Encodes interleaved samples and appends the bytes that are ready to `out`.
    ///
    /// Bytes, not frames: with the reservoir on, a call may end within a frame.
    ///
    /// # Errors
    ///
    /// [`Error::Uneven`], with nothing encoded; [`Error::Library`].
    pub fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), Error> {
        let channels = self.settings.channels;
        if !pcm.len().is_multiple_of(usize::from(channels)) {
            return Err(Error::Uneven { samples: pcm.len(), channels });
        }
        for part in pcm.chunks(PART_LEN * usize::from(channels)) {
            out.reserve(lame::max_required_buffer_size(PART_LEN));
            let coded = if channels == 1 {
                self.inner.encode_to_vec(lame::MonoPcm(part), out)
            } else {
                self.inner.encode_to_vec(lame::InterleavedPcm(part), out)
            };
            coded.map_err(|error| not_encoded("encode", error))?;
        }
        Ok(())
    }

    /// Ends the stream and appends the last frames, padded with silence.
    ///
    /// # Errors
    ///
    /// [`Error::Library`].
    pub fn flush(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.reserve(lame::max_required_buffer_size(PART_LEN));
        self.inner
            .flush_to_vec::<lame::FlushGap>(out)
            .map(drop)
            .map_err(|error| not_encoded("flush", error))
    }

    /// Samples per channel in a frame: 1,152, or 576 below 32 kHz.
    pub fn frame_len(&self) -> u32 {
        if self.settings.sample_rate_hz >= 32_000 { 1_152 } else { 576 }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Samples per channel that are given to LAME at once, so that its buffer is small.
const PART_LEN: usize = 1_152;

/// Takes the whole frames from the front of what [`Encoder`] gives, which has nothing else;
/// the beginning of the next one stays.
pub fn whole_frames(bytes: &mut Vec<u8>) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some(len) = Header::parse(rest).and_then(|header| header.frame_len())
        && let Some((frame, after)) = rest.split_at_checked(len)
    {
        frames.push(frame.to_vec());
        rest = after;
    }
    let taken = bytes.len() - rest.len();
    bytes.drain(..taken);
    frames
}

fn check(settings: &Settings) -> Result<(), Error> {
    let refused = |problem: String| Err(Error::Settings { codec: "MP3", problem });
    let rates: &[u16] = match settings.sample_rate_hz {
        32_000 | 44_100 | 48_000 => &MPEG1_KBPS,
        16_000 | 22_050 | 24_000 => &MPEG2_KBPS,
        8_000 | 11_025 | 12_000 => &MPEG25_KBPS,
        other => return refused(format!("{other} Hz is none of its sampling rates")),
    };
    if !rates.contains(&settings.bitrate_kbps) {
        let Settings { bitrate_kbps, sample_rate_hz, .. } = settings;
        return refused(format!("{bitrate_kbps} kbit/s at {sample_rate_hz} Hz, not {rates:?}"));
    }
    if !(1..=2).contains(&settings.channels) {
        return refused(format!("{} channels, not 1 or 2", settings.channels));
    }
    if settings.quality > QUALITY_MAX {
        return refused(format!("quality {}, not 0 to {QUALITY_MAX}", settings.quality));
    }
    Ok(())
}

fn configure(
    builder: &mut lame::Builder,
    settings: &Settings,
    mode: ChannelMode,
) -> Result<(), lame::BuildError> {
    builder.set_num_channels(settings.channels)?;
    builder.set_mode(match mode {
        ChannelMode::Mono => lame::Mode::Mono,
        ChannelMode::Stereo => lame::Mode::Stereo,
        ChannelMode::JointStereo => lame::Mode::JointStereo,
    })?;
    builder.set_sample_rate(settings.sample_rate_hz)?;
    // Else LAME lowers the rate by itself where bits are few.
    builder.set_output_sample_rate(NonZeroU32::new(settings.sample_rate_hz))?;
    builder.set_vbr_mode(lame::VbrMode::Off)?;
    builder.set_to_write_vbr_tag(false)?;
    let no_reservoir = i32::from(settings.reservoir == Reservoir::Off);
    // SAFETY: the pointer is the builder's own and alive; the setters only store
    // numbers. The crate's list of bit rates lacks 56 and 144 kbit/s, and its
    // enumeration of qualities cannot be made from a number.
    let results = unsafe {
        let raw = builder.as_ptr();
        [
            lame::ffi::lame_set_brate(raw, settings.bitrate_kbps.into()),
            lame::ffi::lame_set_quality(raw, settings.quality.into()),
            lame::ffi::lame_set_disable_reservoir(raw, no_reservoir),
        ]
    };
    match results.into_iter().find(|result| *result < 0) {
        Some(code) => Err(lame::BuildError::Other(code)),
        None => Ok(()),
    }
}

fn not_set(error: lame::BuildError) -> Error {
    let code = match error {
        lame::BuildError::Generic => -1,
        lame::BuildError::NoMem => -10,
        lame::BuildError::BadBRate => -11,
        lame::BuildError::BadSampleFreq => -12,
        lame::BuildError::InternalError => -13,
        lame::BuildError::Other(code) => code,
    };
    Error::Library { library: "LAME", action: "set up an encoder", code: code.into() }
}

fn not_encoded(action: &'static str, error: lame::EncodeError) -> Error {
    let code = match error {
        lame::EncodeError::BufferTooSmall => -1,
        lame::EncodeError::NoMem => -2,
        lame::EncodeError::InvalidState => -3,
        lame::EncodeError::PsychoAcoustic => -4,
        lame::EncodeError::Other(code) => code,
    };
    Error::Library { library: "LAME", action, code: code.into() }
}

#[cfg(test)]
mod tests;
