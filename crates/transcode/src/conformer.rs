//! A source that does not follow its ingest's settings, made to follow them.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use catalogue::Encoding;
use codec::pcm::{Decoder, Heard};
use codec::resample::Filter;
use media::{AacProfile, Frame, FrameHeader, StreamInfo};

use crate::Error;
use crate::chain::Chain;
use crate::coder::Coder;

/// Decodes a source's frames and encodes them as its ingest is to be.
///
/// The encoder runs on from one end to the other, as the station's own would; two of them
/// that hear the same do not make the same bytes.
#[derive(Debug)]
pub struct Conformer {
    encoding: Encoding,
    coder: Coder,
    way: Option<Way>,
    packets: VecDeque<Bytes>,
}

/// From frames of one form to the encoder.
#[derive(Debug)]
struct Way {
    form: (StreamInfo, Option<AacProfile>),
    decoder: Decoder,
    chain: Chain,
    /// Samples of the frame at hand, kept for their allocation.
    samples: Vec<f32>,
}

impl Conformer {
    /// For an ingest of this encoding; where that varies in its bit rate, the mean is kept.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`], where no encoder makes it.
    pub fn new(encoding: &Encoding) -> Result<Self, Error> {
        let (way, packets) = (None, VecDeque::new());
        Ok(Self { encoding: *encoding, coder: Coder::new(encoding)?, way, packets })
    }

    /// Takes the source's next frame; gives those that it completes. One that does not
    /// decode is concealed.
    ///
    /// # Errors
    ///
    /// [`Error`]: the source cannot be made to follow.
    pub fn push(
        &mut self,
        frame: &[u8],
        stream: &StreamInfo,
        profile: Option<AacProfile>,
    ) -> Result<(Vec<Frame>, Heard), Error> {
        let mut way = match self.way.take().filter(|way| way.form == (*stream, profile)) {
            Some(way) => way,
            None => Way::new((*stream, profile), &self.encoding)?,
        };
        way.samples.clear();
        let heard = way.decoder.decode(frame, &mut way.samples);
        self.coder.encode(way.chain.process(&way.samples), &mut self.packets)?;
        self.way = Some(way);
        let frames = self.packets.drain(..).map(|data| {
            let header = FrameHeader::of(&data).ok_or(Error::NoFrame)?;
            Ok(Frame { header, data })
        });
        Ok((frames.collect::<Result<_, Error>>()?, heard))
    }
}

impl Way {
    fn new(form: (StreamInfo, Option<AacProfile>), encoding: &Encoding) -> Result<Self, Error> {
        let decoder = Decoder::new(&form.0, form.1)?;
        let filter = Arc::new(Filter::new(decoder.sample_rate_hz(), encoding.sample_rate_hz)?);
        let channels = (decoder.channels(), encoding.channels());
        let chain = Chain::new(&filter, channels, (0, 0));
        Ok(Self { form, decoder, chain, samples: Vec::new() })
    }
}

#[cfg(test)]
mod tests;
