//! One segment under way: a decoder, an encoder and what is between them, from the first
//! frame that the segment needs to its last packet.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use catalogue::Encoding;
use codec::loudness::Span;
use codec::pcm::{Decoder, Heard};
use codec::resample::Filter;
use feed::Grid;

use crate::Error;
use crate::chain::Chain;
use crate::coder::Coder;
use crate::loudness::{Leveller, Levels};
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
    /// Samples per channel that a limiter gets before those that are encoded.
    pub(crate) lead: u32,
    /// Whether segments are only measured, not encoded.
    pub(crate) only_measured: bool,
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
    /// Where the loudness is to be another.
    leveller: Option<Leveller>,
    /// How loud the segment is, once that is known, until it is taken.
    pub(crate) span: Option<Span>,
    /// Samples that are not encoded yet, of all channels.
    unencoded: usize,
    /// `None` where the segment is only measured.
    coder: Option<Coder>,
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
        let needed =
            self.filter.input_at(self.first_sample(segment)) - i64::from(self.filter.reach());
        let Ok(needed) = u64::try_from(needed) else { return (0, 0) };
        let unit = needed / u64::from(self.frame_len.max(1));
        match unit.checked_sub(self.warm_up) {
            Some(begin) => (begin, self.warm_up),
            // As far back as there is anything: what was before it is silence.
            None => (0, 0),
        }
    }

    /// The first sample of the epoch that a segment needs.
    fn first_sample(&self, segment: u64) -> i64 {
        self.plan.first_sample(&self.grid, segment) - i64::from(self.lead)
    }

    /// The sample of the epoch with which a segment begins.
    pub(crate) fn begin_of(&self, segment: u64) -> i64 {
        self.plan.sample_of(self.grid.first_index(segment))
    }

    /// The segment that a sample of the epoch belongs to; the first has all before it.
    pub(crate) fn segment_at(&self, sample: i64) -> u64 {
        let packet = u64::try_from(sample).unwrap_or(0) / u64::from(self.plan.packet_len.max(1));
        self.grid.segment_of(packet)
    }

    /// Tells how loud a lane's segment is, once that is known.
    pub(crate) fn note(&self, lane: &mut Lane, levels: Option<&mut Levels>) {
        if let Some((levels, span)) = levels.zip(lane.span.take()) {
            levels.note(self.source.first_number.0 + lane.segment, span);
        }
    }
}

impl Lane {
    /// A segment that has had nothing yet: its first unit is [`Way::begins`]'.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`].
    pub(crate) fn new(way: &Way, segment: u64, levels: Option<&Levels>) -> Result<Self, Error> {
        let (begin, unheard) = way.begins(segment);
        let decoder = Decoder::new(&way.source.stream, way.source.profile)?;
        let frame_len = i64::from(way.frame_len);
        let first_input = i64::try_from(begin + unheard).unwrap_or(i64::MAX) * frame_len;
        let first_output = way.first_sample(segment);
        let channels = (decoder.channels(), way.plan.channels);
        let chain = Chain::new(&way.filter, channels, (first_input, first_output));
        Ok(Self {
            segment,
            decoder,
            unheard,
            chain,
            leveller: levels
                .map(|levels| Leveller::new(levels, way, segment, first_output))
                .transpose()?,
            span: None,
            unencoded: way.lead as usize * usize::from(way.plan.channels),
            coder: (!way.only_measured).then(|| Coder::new(&way.encoding)).transpose()?,
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
    pub(crate) fn push(
        &mut self,
        unit: &[u8],
        way: &Way,
        levels: Option<&Levels>,
    ) -> Result<Heard, Error> {
        let mut samples = std::mem::take(&mut self.samples);
        samples.clear();
        let heard = self.decoder.decode(unit, &mut samples);
        if self.unheard > 0 {
            self.unheard -= 1;
        } else {
            self.encode(&samples, way, levels)?;
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
    pub(crate) fn finish(
        &mut self,
        packets: u64,
        way: &Way,
        levels: Option<&Levels>,
    ) -> Result<(), Error> {
        let first = way.grid.first_index(self.segment);
        let whole = way.grid.first_index(self.segment + 1) - first;
        self.missing = self.missing.saturating_sub(whole.saturating_sub(packets));
        if let Some(leveller) = &mut self.leveller {
            leveller.end_at(way.plan.sample_of(first + packets));
        }
        let silence = vec![0.0; way.frame_len as usize * usize::from(self.decoder.channels())];
        while !self.is_complete() {
            self.encode(&silence, way, levels)?;
        }
        Ok(())
    }

    fn encode(&mut self, samples: &[f32], way: &Way, levels: Option<&Levels>) -> Result<(), Error> {
        if self.is_complete() {
            return Ok(());
        }
        let words = match self.leveller.as_mut().zip(levels) {
            Some((leveller, levels)) => {
                let level = |samples: &mut Vec<f32>| leveller.process(samples, levels, way);
                let words = self.chain.process_with(samples, level);
                self.span = leveller.heard().or(self.span.take());
                words
            }
            None => self.chain.process(samples),
        };
        let Some(coder) = &mut self.coder else {
            if self.span.is_some() {
                self.missing = 0;
            }
            return Ok(());
        };
        let (early, words) = words.split_at(self.unencoded.min(words.len()));
        self.unencoded -= early.len();
        let mut made = VecDeque::new();
        coder.encode(words, &mut made)?;
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
