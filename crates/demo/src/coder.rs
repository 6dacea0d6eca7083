//! One face for both encoders: interleaved samples in, whole frames out.

use bytes::Bytes;
use codec::{aac, mp3};
use media::{AacProfile, Codec};

/// An encoder that gives whole frames, whatever the codec.
#[derive(Debug)]
pub struct Coder {
    inner: Inner,
    frame_len: u32,
}

/// How a source is to be encoded; rate and channels are the source's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// MP3 of constant bit rate, joint stereo, with the reservoir: what stations
    /// send.
    Mp3 {
        /// Kilobits a second.
        kbps: u16,
    },
    /// AAC in ADTS.
    Aac {
        /// Which tools to use.
        profile: AacProfile,
        /// Kilobits a second.
        kbps: u16,
    },
}

#[derive(Debug)]
enum Inner {
    Mp3 { encoder: mp3::Encoder, buffer: Vec<u8> },
    Aac(aac::Encoder),
}

/// LAME's middle quality, its default.
const MP3_QUALITY: u8 = 5;

impl Encoding {
    /// The codec, and so the media type.
    pub const fn codec(self) -> Codec {
        match self {
            Self::Mp3 { .. } => Codec::Mp3,
            Self::Aac { .. } => Codec::Aac,
        }
    }

    /// Kilobits a second.
    pub const fn kbps(self) -> u16 {
        match self {
            Self::Mp3 { kbps } | Self::Aac { kbps, .. } => kbps,
        }
    }
}

impl Coder {
    /// Sets up an encoder.
    ///
    /// # Errors
    ///
    /// Those of [`aac::Encoder::new`] and [`mp3::Encoder::new`].
    pub fn new(
        encoding: Encoding,
        sample_rate_hz: u32,
        channels: u8,
    ) -> Result<Self, codec::Error> {
        match encoding {
            Encoding::Mp3 { kbps } => {
                let encoder = mp3::Encoder::new(&mp3::Settings {
                    sample_rate_hz,
                    channels,
                    bitrate_kbps: kbps,
                    quality: MP3_QUALITY,
                    reservoir: mp3::Reservoir::On,
                })?;
                let frame_len = encoder.frame_len();
                Ok(Self { inner: Inner::Mp3 { encoder, buffer: Vec::new() }, frame_len })
            }
            Encoding::Aac { profile, kbps } => {
                let encoder = aac::Encoder::new(&aac::Settings {
                    profile,
                    sample_rate_hz,
                    channels,
                    bitrate_bps: u32::from(kbps) * 1000,
                    transport: aac::Transport::Adts,
                })?;
                let frame_len = encoder.frame_len();
                Ok(Self { inner: Inner::Aac(encoder), frame_len })
            }
        }
    }

    /// Samples per channel in a frame, at the source's rate.
    pub fn frame_len(&self) -> u32 {
        self.frame_len
    }

    /// Encodes samples and gives the frames that are whole by now.
    ///
    /// # Errors
    ///
    /// Those of [`aac::Encoder::encode`] and [`mp3::Encoder::encode`].
    pub fn encode(&mut self, pcm: &[i16]) -> Result<Vec<Bytes>, codec::Error> {
        match &mut self.inner {
            Inner::Aac(encoder) => Ok(shared(encoder.encode(pcm)?)),
            Inner::Mp3 { encoder, buffer } => {
                encoder.encode(pcm, buffer)?;
                Ok(shared(mp3::whole_frames(buffer)))
            }
        }
    }

    /// Ends the stream and gives the last frames.
    ///
    /// # Errors
    ///
    /// Those of [`aac::Encoder::flush`] and [`mp3::Encoder::flush`].
    pub fn flush(self) -> Result<Vec<Bytes>, codec::Error> {
        match self.inner {
            Inner::Aac(encoder) => Ok(shared(encoder.flush()?)),
            Inner::Mp3 { encoder, mut buffer } => {
                encoder.flush(&mut buffer)?;
                Ok(shared(mp3::whole_frames(&mut buffer)))
            }
        }
    }
}

fn shared(frames: Vec<Vec<u8>>) -> Vec<Bytes> {
    frames.into_iter().map(Bytes::from).collect()
}

#[cfg(test)]
mod tests;
