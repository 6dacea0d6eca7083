//! A decoder for whichever codec a stream has, for those who only listen.

use media::Codec;

use crate::{aac, mp3};

/// Decodes one stream's frames.
///
/// Holds about 400 KiB for AAC, 40 KiB for MP3.
#[derive(Debug)]
pub(crate) enum Decoder {
    Mp3(mp3::Decoder),
    Aac(Box<aac::Decoder>),
}

impl Decoder {
    /// For a stream of this codec; `None` without memory.
    pub(crate) fn new(codec: Codec) -> Option<Self> {
        Some(match codec {
            Codec::Mp3 => Self::Mp3(mp3::Decoder::new()),
            Codec::Aac => Self::Aac(Box::new(aac::Decoder::new()?)),
        })
    }

    /// Decodes one whole frame, its header included, and gives its samples,
    /// interleaved, in one piece or several; `None` when it does not decode.
    pub(crate) fn decode(&mut self, frame: &[u8], mut heard: impl FnMut(&[i16])) -> Option<()> {
        match self {
            Self::Mp3(decoder) => heard(decoder.decode(frame)?),
            Self::Aac(decoder) => {
                decoder.decode(frame, heard)?;
            }
        }
        Some(())
    }
}
