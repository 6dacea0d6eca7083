//! What is sent: frames that are made once, each known by its bytes.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use codec::{aac, mp3};
use demo::{Programme, Source as _};
use fastrand::Rng;
use media::{AacProfile, Codec, Framer};

/// Samples a second of all that is heard.
pub const RATE_HZ: u32 = 44_100;

/// Noise under the music, in steps of 16 bits, so that no two frames are alike.
const NOISE: i16 = 48;

/// Length of the jingle.
pub const JINGLE_SECS: u32 = 5;

/// Frames of silence until nothing changes any more.
const QUIET_FROM: usize = 12;

/// How the frames are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// MP3 of 128 kbit/s whose frames borrow from each other.
    Mp3,
    /// The same without the reservoir.
    Mp3Alone,
    /// AAC-LC of 128 kbit/s.
    Aac,
    /// HE-AAC v1 of 64 kbit/s.
    HeAac,
}

/// A frame's bytes, as far as they tell it from others.
pub type Id = u64;

/// A programme's frames in their order.
#[derive(Debug)]
pub struct Track {
    /// How they are coded.
    pub coding: Coding,
    /// The frames.
    pub frames: Vec<Bytes>,
    /// Their ids.
    pub ids: Vec<Id>,
    /// Where another encoder begins, if one does.
    pub seam: Option<usize>,
    /// Frames of silence in the same coding, for decoders.
    pub quiet: Vec<Bytes>,
}

/// A stretch of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Music that does not repeat itself, in seconds.
    Music(u32),
    /// Digital silence, in seconds.
    Silence(u32),
}

impl Coding {
    /// All that are measured.
    pub const ALL: [Self; 4] = [Self::Mp3, Self::Mp3Alone, Self::Aac, Self::HeAac];

    /// As the table has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "MP3",
            Self::Mp3Alone => "MP3, no reservoir",
            Self::Aac => "AAC",
            Self::HeAac => "HE-AAC",
        }
    }

    /// In names of mounts.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Mp3Alone => "alone",
            Self::Aac => "aac",
            Self::HeAac => "he",
        }
    }

    /// The codec.
    pub const fn codec(self) -> Codec {
        match self {
            Self::Mp3 | Self::Mp3Alone => Codec::Mp3,
            Self::Aac | Self::HeAac => Codec::Aac,
        }
    }

    /// `ingest.encoding` of the manifest.
    pub const fn encoding(self) -> &'static str {
        match self {
            Self::Mp3 | Self::Mp3Alone => {
                "{ codec = \"mp3\", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"joint_stereo\" }"
            }
            Self::Aac => {
                "{ codec = \"aac\", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"stereo\" }"
            }
            Self::HeAac => {
                "{ codec = \"he_aac\", bitrate_kbps = 64, sample_rate_hz = 44100, channel_mode = \"stereo\" }"
            }
        }
    }

    /// Samples of a frame, at the rate that is heard.
    const fn frame_len(self) -> u32 {
        match self {
            Self::Mp3 | Self::Mp3Alone => 1_152,
            Self::Aac => 1_024,
            Self::HeAac => 2_048,
        }
    }

    /// So many frames' time.
    pub fn time(self, frames: usize) -> Duration {
        let samples = frames as u64 * u64::from(self.frame_len());
        Duration::from_nanos(samples * 1_000_000_000 / u64::from(RATE_HZ))
    }

    /// How many frames a time has, the last one whole.
    pub fn frames_in(self, time: Duration) -> usize {
        let samples = time.as_nanos() * u128::from(RATE_HZ) / 1_000_000_000;
        usize::try_from(samples / u128::from(self.frame_len())).unwrap_or(usize::MAX)
    }
}

impl Track {
    /// Encodes these parts, one after the other, in one go.
    ///
    /// # Errors
    ///
    /// The encoder fails, or music repeats itself.
    pub fn encode(coding: Coding, seed: u64, parts: &[Part]) -> Result<Self> {
        let frames = encode(coding, &samples(seed, parts))?;
        let track = Self::of(coding, frames)?;
        if !parts.iter().any(|part| matches!(part, Part::Silence(_))) {
            track.ensure_distinct()?;
        }
        Ok(track)
    }

    /// Music of so many seconds in which one jingle is played at several of them,
    /// the same bytes each time, as automation that does not encode plays files.
    ///
    /// # Errors
    ///
    /// As [`Self::encode`].
    pub fn with_jingle(coding: Coding, seed: u64, secs: u32, plays: &[u32]) -> Result<Self> {
        let music = Self::encode(coding, seed, &[Part::Music(secs)])?.frames;
        let jingle = encode(coding, &samples(!seed, &[Part::Music(JINGLE_SECS)]))?;
        let (mut frames, mut rest) = (Vec::new(), music.as_slice());
        for play in plays {
            let wanted = coding.frames_in(Duration::from_secs((*play).into()));
            let count = wanted.saturating_sub(frames.len()).min(rest.len());
            let (before, after) = rest.split_at(count);
            frames.extend_from_slice(before);
            frames.extend_from_slice(&jingle);
            rest = after;
        }
        frames.extend_from_slice(rest);
        Self::of(coding, frames)
    }

    /// The first `secs` of this, then all of another encoder's.
    ///
    /// # Errors
    ///
    /// As [`Self::of`].
    pub fn restarted(&self, secs: u32, other: &Self) -> Result<Self> {
        let seam = self.coding.frames_in(Duration::from_secs(secs.into()));
        let mut frames = self.frames.get(..seam).unwrap_or(&self.frames).to_vec();
        frames.extend_from_slice(&other.frames);
        Ok(Self { seam: Some(seam), ..Self::of(self.coding, frames)? })
    }

    /// These frames as they are.
    ///
    /// # Errors
    ///
    /// The encoder of silence fails.
    pub fn of(coding: Coding, frames: Vec<Bytes>) -> Result<Self> {
        let ids = frames.iter().map(|frame| id(frame)).collect();
        let mut quiet = encode(coding, &samples(0, &[Part::Silence(2)]))?;
        // The encoder's own beginning is none.
        quiet.drain(..quiet.len().min(QUIET_FROM));
        Ok(Self { coding, frames, ids, seam: None, quiet })
    }

    fn ensure_distinct(&self) -> Result<()> {
        let mut seen = HashMap::new();
        for (number, id) in self.ids.iter().enumerate() {
            let before = seen.insert(id, number);
            ensure!(before.is_none(), "frames {before:?} and {number} are the same");
        }
        Ok(())
    }
}

/// What tells a frame from others.
pub fn id(frame: &[u8]) -> Id {
    let mut hasher = DefaultHasher::new();
    frame.hash(&mut hasher);
    hasher.finish()
}

/// The whole frames of a stream, its end included, and the bytes in it that are
/// none.
///
/// # Errors
///
/// The framer refuses it.
pub fn cut(stream: &[u8]) -> Result<(Vec<Bytes>, u64)> {
    let mut framer = Framer::default();
    let mut frames = Vec::new();
    framer.push(stream);
    while let Some(frame) = framer.next_frame()? {
        frames.push(frame.data);
    }
    while let Some(frame) = framer.finish()? {
        frames.push(frame.data);
    }
    Ok((frames, framer.skipped().junk_bytes))
}

/// Interleaved stereo.
fn samples(seed: u64, parts: &[Part]) -> Vec<i16> {
    let (mut music, mut noise) = (Programme::new(seed), Rng::with_seed(seed));
    let mut samples = Vec::new();
    for part in parts {
        let (Part::Music(secs) | Part::Silence(secs)) = *part;
        let mut some = vec![0; (secs * RATE_HZ * 2) as usize];
        if let Part::Music(_) = part {
            music.fill(&mut some);
            for sample in &mut some {
                *sample = sample.saturating_add(noise.i16(-NOISE..=NOISE));
            }
        }
        samples.extend(some);
    }
    samples
}

fn encode(coding: Coding, samples: &[i16]) -> Result<Vec<Bytes>> {
    match coding {
        Coding::Mp3 => encode_mp3(mp3::Reservoir::On, samples),
        Coding::Mp3Alone => encode_mp3(mp3::Reservoir::Off, samples),
        Coding::Aac => encode_aac(AacProfile::Lc, 128_000, samples),
        Coding::HeAac => encode_aac(AacProfile::HeV1, 64_000, samples),
    }
}

fn encode_mp3(reservoir: mp3::Reservoir, samples: &[i16]) -> Result<Vec<Bytes>> {
    let settings = mp3::Settings {
        sample_rate_hz: RATE_HZ,
        channels: 2,
        bitrate_kbps: 128,
        quality: 5,
        reservoir,
    };
    let (mut encoder, mut stream) = (mp3::Encoder::new(&settings)?, Vec::new());
    encoder.encode(samples, &mut stream)?;
    encoder.flush(&mut stream)?;
    let (frames, junk) = cut(&stream).context("LAME's output")?;
    ensure!(junk == 0, "{junk} bytes of LAME's output are no frames");
    Ok(frames)
}

fn encode_aac(profile: AacProfile, bitrate_bps: u32, samples: &[i16]) -> Result<Vec<Bytes>> {
    let mut encoder = aac::Encoder::new(&aac::Settings {
        profile,
        sample_rate_hz: RATE_HZ,
        channels: 2,
        bitrate_bps,
        transport: aac::Transport::Adts,
    })?;
    let mut frames = encoder.encode(samples)?;
    frames.extend(encoder.flush()?);
    Ok(frames.into_iter().map(Bytes::from).collect())
}

#[cfg(test)]
mod tests;
