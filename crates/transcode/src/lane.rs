//! One segment under way: a decoder, an encoder and what is between them, from the first
//! frame that the segment needs to its last packet.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use catalogue::Encoding;
use codec::pcm::{Decoder, Heard};
use codec::resample::Filter;
use feed::Grid;

use crate::Error;
use crate::chain::Chain;
use crate::coder::Coder;
use crate::plan::Plan;

/// What all segments of an epoch have in common.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) encoding: Encoding,
    pub(crate) plan: Plan,
    /// The rendition's grid.
    pub(crate) grid: Grid,
    /// The programme's epoch.
    pub(crate) source: feed::Epoch,
    pub(crate) filter: Arc<Filter>,
    /// Samples per channel that a frame of the programme gives.
    pub(crate) frame_len: u32,
    /// Frames that a decoder gets before those that count.
    pub(crate) warm_up: u64,
}

/// One segment under way.
#[derive(Debug)]
pub(crate) struct Lane {
    /// The segment's place in the epoch.
    pub(crate) segment: u64,
    decoder: Decoder,
    /// Frames of which the samples do not count yet.
    unheard: u64,
    chain: Chain,
    coder: Coder,
    /// Packets that are still thrown away.
    discard: u32,
    /// Packets that are still to come.
    missing: u64,
    /// Those that came and were not taken.
    pub(crate) packets: VecDeque<Bytes>,
    /// Samples of the frame at hand, kept for their allocation.
    samples: Vec<f32>,
}

impl Way {
    /// The first unit of the programme that a segment needs, and how many of them only
    /// warm the decoder up.
    pub(crate) fn begins(&self, segment: u64) -> (u64, u64) {
        let first = self.plan.first_sample(&self.grid, segment);
        let needed = self.filter.input_at(first) - i64::from(self.filter.reach());
        let Ok(needed) = u64::try_from(needed) else { return (0, 0) };
        let unit = needed / u64::from(self.frame_len.max(1));
        match unit.checked_sub(self.warm_up) {
            Some(begin) => (begin, self.warm_up),
            // As far back as there is anything: what was before it is silence.
            None => (0, 0),
        }
    }
}

impl Lane {
    /// A segment that has had nothing yet: its first unit is [`Way::begins`]'.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`].
    pub(crate) fn new(way: &Way, segment: u64) -> Result<Self, Error> {
        let (begin, unheard) = way.begins(segment);
        let decoder = Decoder::new(&way.source.stream, way.source.profile)?;
        let frame_len = i64::from(way.frame_len);
        let first_input = i64::try_from(begin + unheard).unwrap_or(i64::MAX) * frame_len;
        let first_output = way.plan.first_sample(&way.grid, segment);
        let channels = (decoder.channels(), way.plan.channels);
        let chain = Chain::new(&way.filter, channels, (first_input, first_output));
        Ok(Self {
            segment,
            decoder,
            unheard,
            chain,
            coder: Coder::new(&way.encoding)?,
            discard: way.plan.discarded,
            missing: way.grid.first_index(segment + 1) - way.grid.first_index(segment),
            packets: VecDeque::new(),
            samples: Vec::new(),
        })
    }

    /// Whether it has all its packets.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Takes the next unit of the programme; one that does not decode is concealed.
    ///
    /// # Errors
    ///
    /// [`Error`]: the segment cannot be completed any more.
    pub(crate) fn push(&mut self, unit: &[u8]) -> Result<Heard, Error> {
        let mut samples = std::mem::take(&mut self.samples);
        samples.clear();
        let heard = self.decoder.decode(unit, &mut samples);
        if self.unheard > 0 {
            self.unheard -= 1;
        } else {
            self.encode(&samples)?;
        }
        self.samples = samples;
        Ok(heard)
    }

    /// The programme ends: what is missing is made of silence, and the segment has only so
    /// many packets as are given.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub(crate) fn finish(&mut self, way: &Way, packets: u64) -> Result<(), Error> {
        let whole = way.grid.first_index(self.segment + 1) - way.grid.first_index(self.segment);
        self.missing = self.missing.saturating_sub(whole.saturating_sub(packets));
        let silence = vec![0.0; way.frame_len as usize * usize::from(self.decoder.channels())];
        while !self.is_complete() {
            self.encode(&silence)?;
        }
        Ok(())
    }

    fn encode(&mut self, samples: &[f32]) -> Result<(), Error> {
        if self.is_complete() {
            return Ok(());
        }
        let mut made = VecDeque::new();
        self.coder.encode(self.chain.process(samples), &mut made)?;
        for packet in made {
            if self.discard > 0 {
                self.discard -= 1;
            } else if self.missing > 0 {
                self.missing -= 1;
                self.packets.push_back(packet);
            }
        }
        Ok(())
    }
}
