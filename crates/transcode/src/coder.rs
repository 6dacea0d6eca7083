//! An encoder for whichever codec a rendition has: samples in, packets out.

use std::collections::VecDeque;

use bytes::Bytes;
use catalogue::{Encoding, EncodingCodec};
use codec::{aac, mp3};
use media::mp3::{HEADER_LEN, Header};

use crate::Error;
use crate::plan::Plan;

/// Encodes one segment's samples.
#[derive(Debug)]
pub(crate) enum Coder {
    Aac(Box<aac::Encoder>),
    Mp3(Box<Mp3>),
}

/// LAME, and what it has given that is no whole frame yet.
#[derive(Debug)]
pub(crate) struct Mp3 {
    encoder: mp3::Encoder,
    bytes: Vec<u8>,
}

impl Coder {
    /// An encoder that has had nothing yet.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`].
    pub(crate) fn new(encoding: &Encoding) -> Result<Self, Error> {
        Ok(match encoding.codec.profile() {
            Some(profile) => Self::Aac(Box::new(aac::Encoder::new(&aac::Settings {
                profile,
                sample_rate_hz: encoding.sample_rate_hz,
                channels: encoding.channels(),
                bitrate_bps: encoding.bitrate_kbps * 1_000,
                transport: aac::Transport::Adts,
            })?)),
            None => Self::Mp3(Box::new(Mp3::new(encoding)?)),
        })
    }

    /// How segments are made with it.
    pub(crate) fn plan(&self, encoding: &Encoding) -> Plan {
        match self {
            Self::Aac(encoder) => Plan::new(encoding, encoder.frame_len(), encoder.delay()),
            Self::Mp3(mp3) => Plan::new(encoding, mp3.encoder.frame_len(), mp3::DELAY),
        }
    }

    /// Encodes interleaved samples; the packets that are complete go behind `packets`.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`], [`Error::NoFrame`]: of no use any more then.
    pub(crate) fn encode(
        &mut self,
        pcm: &[i16],
        packets: &mut VecDeque<Bytes>,
    ) -> Result<(), Error> {
        match self {
            Self::Aac(encoder) => packets.extend(encoder.encode(pcm)?.into_iter().map(Bytes::from)),
            Self::Mp3(mp3) => mp3.encode(pcm, packets)?,
        }
        Ok(())
    }
}

impl Mp3 {
    fn new(encoding: &Encoding) -> Result<Self, Error> {
        debug_assert_eq!(encoding.codec, EncodingCodec::Mp3);
        let settings = mp3::Settings {
            sample_rate_hz: encoding.sample_rate_hz,
            channels: encoding.channels(),
            bitrate_kbps: u16::try_from(encoding.bitrate_kbps).unwrap_or(u16::MAX),
            quality: QUALITY,
            // Every frame decodes without those before it, which another encoder made.
            reservoir: mp3::Reservoir::Off,
        };
        let encoder = mp3::Encoder::with_channel_mode(&settings, encoding.channel_mode)?;
        Ok(Self { encoder, bytes: Vec::new() })
    }

    fn encode(&mut self, pcm: &[i16], packets: &mut VecDeque<Bytes>) -> Result<(), Error> {
        self.encoder.encode(pcm, &mut self.bytes)?;
        packets.extend(mp3::whole_frames(&mut self.bytes).into_iter().map(Bytes::from));
        let is_frame = || Header::parse(&self.bytes).and_then(|header| header.frame_len());
        if self.bytes.len() >= HEADER_LEN && is_frame().is_none() {
            return Err(Error::NoFrame);
        }
        Ok(())
    }
}

/// LAME's scale, 0 to 9: its own default.
const QUALITY: u8 = 5;
