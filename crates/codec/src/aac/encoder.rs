//! The encoder: interleaved samples in, whole coded frames out.
#![expect(unsafe_code, reason = "fdk-aac is a C++ library with a C interface")]

use std::ffi::{c_int, c_void};
use std::mem;
use std::ops::RangeInclusive;
use std::ptr;

use fdk_aac_sys as sys;
use media::AacProfile;

use crate::Error;

/// An fdk-aac encoder of constant bit rate, afterburner on.
///
/// Holds about 300 KiB in the library, and less than one frame of samples. Cheap to
/// open: 14 µs, a fifteenth of what a frame takes.
///
/// With SBR, the headers of SBR and PS are in the first frame and in every tenth
/// after it: who tunes in between hears no highs until the next.
#[derive(Debug)]
pub struct Encoder {
    handle: Handle,
    info: Info,
    channels: u8,
    /// Interleaved samples that do not fill a frame yet.
    pending: Vec<i16>,
    /// Room for the largest frame, reused.
    out: Vec<u8>,
}

/// What to encode, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which tools to use.
    pub profile: AacProfile,
    /// Sampling rate of the input in Hz, one of ISO/IEC 14496-3's from 8,000 to
    /// 96,000; with SBR the coded core has half of it.
    pub sample_rate_hz: u32,
    /// Channels of the input: 1 or 2; HE-AAC v2 needs 2.
    pub channels: u8,
    /// Bits per second of the whole stream.
    pub bitrate_bps: u32,
    /// How frames are wrapped.
    pub transport: Transport,
}

/// How frames are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// With a header of seven bytes (ISO/IEC 13818-7 §6.2), SBR signalled by its
    /// presence alone.
    Adts,
    /// Bare access units, described by [`Encoder::audio_specific_config`].
    Raw,
}

/// What the library tells of itself once it is set up.
#[derive(Debug, Clone)]
struct Info {
    frame_len: u32,
    delay: u32,
    config: Vec<u8>,
}

/// The library's instance, closed when dropped.
#[derive(Debug)]
struct Handle(sys::HANDLE_AACENCODER);

// SAFETY: the instance owns all that it points to, and the library keeps no
// state per thread; it is used through `&mut` only, hence not `Sync`.
unsafe impl Send for Handle {}

/// Sampling rates of ISO/IEC 14496-3 table 1.18 that the library encodes.
const SAMPLE_RATES_HZ: [u32; 12] =
    [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000];

/// Bit rates that are offered to the library; it does not look at what it divides by.
const BITRATES_BPS: RangeInclusive<u32> = 6_000..=1_000_000;

impl Encoder {
    /// Sets up an encoder.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] where the profile does not go with the channels, the
    /// rate or the bit rate; [`Error::Library`] without memory.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        check_ranges(settings)?;
        let mut handle = Handle::open(settings.channels)?;
        handle.configure(settings)?;
        let (info, out_len) = handle.info()?;
        let (channels, out) = (settings.channels, vec![0; out_len]);
        Ok(Self { handle, info, channels, pending: Vec::new(), out })
    }

    /// Encodes interleaved samples and gives the frames they complete.
    ///
    /// Any number of samples may come at once; what does not fill a frame waits
    /// for the next call. The first frames hold the codec's own delay.
    ///
    /// # Errors
    ///
    /// [`Error::Uneven`], with nothing encoded; [`Error::Library`].
    pub fn encode(&mut self, pcm: &[i16]) -> Result<Vec<Vec<u8>>, Error> {
        if !pcm.len().is_multiple_of(usize::from(self.channels)) {
            return Err(Error::Uneven { samples: pcm.len(), channels: self.channels });
        }
        let mut frames = Vec::new();
        let mut rest = pcm;
        while !rest.is_empty() {
            let wanted = self.whole_len().saturating_sub(self.pending.len());
            let (now, later) = rest.split_at(wanted.min(rest.len()));
            self.pending.extend(now);
            rest = later;
            if self.pending.len() == self.whole_len() {
                frames.push(self.encode_pending()?);
            }
        }
        Ok(frames)
    }

    /// Ends the stream and gives the last frames, padded with silence: with those
    /// before, the least number that holds the delay and all samples.
    ///
    /// # Errors
    ///
    /// [`Error::Library`].
    pub fn flush(mut self) -> Result<Vec<Vec<u8>>, Error> {
        // The library's own flush reckons with the core's channels where it means
        // the input's, so for HE-AAC v2 it would not append silence.
        let waiting = self.pending.len() / usize::from(self.channels);
        let left = (waiting + self.info.delay as usize).div_ceil(self.info.frame_len as usize);
        let mut frames = Vec::with_capacity(left);
        for _ in 0..left {
            self.pending.resize(self.whole_len(), 0);
            frames.push(self.encode_pending()?);
        }
        Ok(frames)
    }

    /// Samples per channel in a frame, at the input's rate: 1,024, or 2,048 with
    /// SBR.
    pub fn frame_len(&self) -> u32 {
        self.info.frame_len
    }

    /// Samples per channel, at the input's rate, that a decoder puts out before
    /// the first input sample: 2,048 for LC, 5,058 for HE-AAC v1, 7,106 for v2.
    pub fn delay(&self) -> u32 {
        self.info.delay
    }

    /// The `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1) that describes the
    /// frames. In [`Transport::Adts`] it is the core's, without SBR.
    pub fn audio_specific_config(&self) -> &[u8] {
        &self.info.config
    }

    /// Interleaved samples of a whole frame.
    fn whole_len(&self) -> usize {
        self.info.frame_len as usize * usize::from(self.channels)
    }

    /// Encodes the frame that is complete.
    fn encode_pending(&mut self) -> Result<Vec<u8>, Error> {
        let written = self.handle.encode(&self.pending, &mut self.out)?;
        self.pending.clear();
        match self.out.get(..written) {
            Some(frame) if !frame.is_empty() => Ok(frame.to_vec()),
            _ => Err(failed("give a frame", sys::AACENC_ERROR_AACENC_ENCODE_ERROR)),
        }
    }
}

impl Handle {
    /// Opens an instance with all modules, for at most so many channels.
    fn open(channels: u8) -> Result<Self, Error> {
        let mut raw = ptr::null_mut();
        // SAFETY: `raw` lives through the call, which only writes a handle to it.
        let code = unsafe { sys::aacEncOpen(&raw mut raw, 0, channels.into()) };
        check("open an encoder", code)?;
        Ok(Self(raw))
    }

    /// Sets every parameter and has the library check them together.
    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        use sys::{
            AACENC_PARAM_AACENC_AFTERBURNER as AFTERBURNER, AACENC_PARAM_AACENC_AOT as AOT,
            AACENC_PARAM_AACENC_BITRATE as BITRATE, AACENC_PARAM_AACENC_CHANNELMODE as CHANNELS,
            AACENC_PARAM_AACENC_CHANNELORDER as ORDER, AACENC_PARAM_AACENC_SAMPLERATE as RATE,
            AACENC_PARAM_AACENC_TRANSMUX as TRANSPORT,
        };
        /// Channels in the order of WAV files.
        const WAV_ORDER: u32 = 1;
        let transport = match settings.transport {
            Transport::Raw => 0,
            Transport::Adts => 2,
        };
        let wanted = [
            (AOT, object_type(settings.profile)),
            (RATE, settings.sample_rate_hz),
            (CHANNELS, settings.channels.into()),
            (ORDER, WAV_ORDER),
            (BITRATE, settings.bitrate_bps),
            (TRANSPORT, transport),
            (AFTERBURNER, 1),
        ];
        for (param, value) in wanted {
            // SAFETY: the handle is open; the call takes plain numbers.
            let code = unsafe { sys::aacEncoder_SetParam(self.0, param, value) };
            if code != sys::AACENC_ERROR_AACENC_OK {
                let problem = format!("parameter {param:#x} may not be {value}");
                return Err(refused(settings, problem));
            }
        }
        // SAFETY: the handle is open; with no buffers the call applies the parameters.
        let code = unsafe {
            sys::aacEncEncode(self.0, ptr::null(), ptr::null(), ptr::null(), ptr::null_mut())
        };
        if code != sys::AACENC_ERROR_AACENC_OK {
            let Settings { sample_rate_hz, channels, bitrate_bps, .. } = settings;
            let problem = format!("{sample_rate_hz} Hz, {channels} channels, {bitrate_bps} bit/s");
            return Err(refused(settings, problem));
        }
        // SAFETY: the handle is open; the call gives a plain number.
        let bitrate = unsafe { sys::aacEncoder_GetParam(self.0, BITRATE) };
        if bitrate == settings.bitrate_bps {
            Ok(())
        } else {
            // The library moves a bit rate out of range into it, without a word.
            let problem = format!("{} bit/s, nearest is {bitrate}", settings.bitrate_bps);
            Err(refused(settings, problem))
        }
    }

    /// Gives what the instance says of itself, and the length of its largest frame.
    fn info(&mut self) -> Result<(Info, usize), Error> {
        // SAFETY: a plain C struct of integers and bytes, for which zero is valid.
        let mut raw: sys::AACENC_InfoStruct = unsafe { mem::zeroed() };
        // SAFETY: the handle is open, and `raw` lives through the call.
        let code = unsafe { sys::aacEncInfo(self.0, &raw mut raw) };
        check("describe the encoder", code)?;
        let config = raw.confBuf.iter().copied().take(raw.confSize as usize).collect();
        let info = Info { frame_len: raw.frameLength, delay: raw.nDelay, config };
        Ok((info, raw.maxOutBufBytes as usize))
    }

    /// Encodes a whole frame and gives the length of what it became.
    ///
    /// Never less than a frame: fdk-aac 2.0.1 miscounts the room in its input
    /// buffer when HE-AAC v2 comes in parts, and writes past its end.
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, Error> {
        let too_long = |_| failed("take samples", sys::AACENC_ERROR_AACENC_INVALID_CONFIG);
        let count = c_int::try_from(pcm.len()).map_err(too_long)?;
        let mut in_ptr = pcm.as_ptr().cast_mut().cast::<c_void>();
        let mut in_id = sys::AACENC_BufferIdentifier_IN_AUDIO_DATA.cast_signed();
        let (mut in_size, mut in_element) = (count.saturating_mul(2), 2);
        let in_desc = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut in_ptr,
            bufferIdentifiers: &raw mut in_id,
            bufSizes: &raw mut in_size,
            bufElSizes: &raw mut in_element,
        };
        let mut out_ptr = out.as_mut_ptr().cast::<c_void>();
        let mut out_id = sys::AACENC_BufferIdentifier_OUT_BITSTREAM_DATA.cast_signed();
        let mut out_size = c_int::try_from(out.len()).map_err(too_long)?;
        let mut out_element = 1;
        let out_desc = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut out_ptr,
            bufferIdentifiers: &raw mut out_id,
            bufSizes: &raw mut out_size,
            bufElSizes: &raw mut out_element,
        };
        let in_args = sys::AACENC_InArgs { numInSamples: count, numAncBytes: 0 };
        // SAFETY: a plain C struct of integers, for which zero is valid.
        let mut out_args: sys::AACENC_OutArgs = unsafe { mem::zeroed() };
        // SAFETY: the handle is open. Every pointer above is to a local or to the
        // slices, all alive through the call, with their true lengths; the library
        // only reads the samples and keeps no pointer.
        let code = unsafe {
            sys::aacEncEncode(
                self.0,
                &raw const in_desc,
                &raw const out_desc,
                &raw const in_args,
                &raw mut out_args,
            )
        };
        check("encode", code)?;
        if out_args.numInSamples != count {
            return Err(failed("take a whole frame", sys::AACENC_ERROR_AACENC_ENCODE_ERROR));
        }
        Ok(usize::try_from(out_args.numOutBytes).unwrap_or(0))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open and is not used again.
        unsafe { sys::aacEncClose(&raw mut self.0) };
    }
}

/// Keeps from the library what it would divide by or index with unseen.
fn check_ranges(settings: &Settings) -> Result<(), Error> {
    let Settings { profile, sample_rate_hz, channels, bitrate_bps, .. } = *settings;
    let (low, high) = if profile == AacProfile::HeV2 { (2, 2) } else { (1, 2) };
    if !(low..=high).contains(&channels) {
        return Err(refused(settings, format!("{channels} channels, not {low} to {high}")));
    }
    if !SAMPLE_RATES_HZ.contains(&sample_rate_hz) {
        let problem = format!("{sample_rate_hz} Hz, not one of {SAMPLE_RATES_HZ:?}");
        return Err(refused(settings, problem));
    }
    if !BITRATES_BPS.contains(&bitrate_bps) {
        let (low, high) = (BITRATES_BPS.start(), BITRATES_BPS.end());
        return Err(refused(settings, format!("{bitrate_bps} bit/s, not {low} to {high}")));
    }
    Ok(())
}

/// Audio object types of ISO/IEC 14496-3 table 1.17.
const fn object_type(profile: AacProfile) -> u32 {
    match profile {
        AacProfile::Lc => 2,
        AacProfile::HeV1 => 5,
        AacProfile::HeV2 => 29,
    }
}

fn refused(settings: &Settings, problem: String) -> Error {
    let codec = match settings.profile {
        AacProfile::Lc => "AAC-LC",
        AacProfile::HeV1 => "HE-AAC v1",
        AacProfile::HeV2 => "HE-AAC v2",
    };
    Error::Settings { codec, problem }
}

fn check(action: &'static str, code: sys::AACENC_ERROR) -> Result<(), Error> {
    if code == sys::AACENC_ERROR_AACENC_OK { Ok(()) } else { Err(failed(action, code)) }
}

fn failed(action: &'static str, code: sys::AACENC_ERROR) -> Error {
    Error::Library { library: "fdk-aac", action, code: code.into() }
}

#[cfg(test)]
mod tests;
