//! A source, its encoder, and the next frame.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;

use crate::{Coder, Encoding, Source};

/// Frames of a source, each with its place.
pub(super) struct Feed {
    source: Box<dyn Source>,
    coder: Coder,
    ready: VecDeque<Bytes>,
    pcm: Vec<i16>,
    /// Samples per channel in the frames that were taken.
    position: u64,
}

/// One frame, and where it lies.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) data: Bytes,
    /// Its first sample since the source began.
    pub(super) start: u64,
}

impl Feed {
    pub(super) fn new(encoding: Encoding, source: Box<dyn Source>) -> Result<Self, codec::Error> {
        let channels = source.channels();
        let coder = Coder::new(encoding, source.sample_rate_hz(), channels)?;
        let pcm = vec![0; coder.frame_len() as usize * usize::from(channels)];
        Ok(Self { source, coder, ready: VecDeque::new(), pcm, position: 0 })
    }

    /// Encodes until there is a frame, and takes it.
    pub(super) fn next_frame(&mut self) -> Result<Timed, codec::Error> {
        loop {
            if let Some(data) = self.ready.pop_front() {
                let start = self.position;
                self.position += u64::from(self.coder.frame_len());
                return Ok(Timed { data, start });
            }
            self.source.fill(&mut self.pcm);
            self.ready.extend(self.coder.encode(&self.pcm)?);
        }
    }

    pub(super) fn title_at(&self, sample: u64) -> String {
        self.source.title_at(sample)
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn sample_rate_hz(&self) -> u32 {
        self.source.sample_rate_hz()
    }

    pub(super) fn channels(&self) -> u8 {
        self.source.channels()
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("position", &self.position).finish_non_exhaustive()
    }
}
