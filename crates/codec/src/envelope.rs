//! How loud a stream is from moment to moment: what two encoders of one programme
//! have in common, and by which the time between them is found.
//!
//! Their frames are other bytes, and their samples are other numbers; when it
//! becomes loud or quiet is the same. A gain, a limiter or another bit rate changes
//! little of that.

mod lag;

use std::time::Duration;

use media::StreamInfo;

use crate::decoder::Decoder;
use crate::level::Sum;

pub use lag::{Lag, OVERLAP_MIN};

/// Bins a second. Chosen: an encoder's blocks are no shorter by much, and two
/// programmes are compared within milliseconds.
const BINS_PER_SEC: u64 = 200;

/// Length of a bin.
pub const BIN: Duration = Duration::from_millis(1_000 / BINS_PER_SEC);

/// The power of a stream in every [`BIN`].
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// Mean squares of samples between -1 and 1.
    powers: Vec<f32>,
}

/// Decodes a stream's frames, one after the other, and makes their envelope.
///
/// Holds its decoder, and 16 bytes a bin.
#[derive(Debug)]
pub struct Tracer {
    decoder: Decoder,
    stream: StreamInfo,
    frames: u64,
    pcm: Vec<i16>,
    sums: Vec<Sum>,
}

impl Tracer {
    /// For a stream of this form; `None` without memory.
    pub fn new(stream: StreamInfo) -> Option<Self> {
        let decoder = Decoder::new(stream.codec)?;
        Some(Self { decoder, stream, frames: 0, pcm: Vec::new(), sums: Vec::new() })
    }

    /// The next whole frame, its header included. One that does not decode is quiet.
    pub fn push(&mut self, frame: &[u8]) {
        let Self { decoder, pcm, .. } = self;
        pcm.clear();
        // What came of a broken frame counts for nothing.
        if decoder.decode(frame, |samples| pcm.extend_from_slice(samples)).is_none() {
            pcm.clear();
        }
        self.add();
        self.frames += 1;
    }

    /// The envelope of all frames.
    pub fn finish(self) -> Envelope {
        Envelope { powers: self.sums.iter().map(|sum| sum.level().mean_square()).collect() }
    }

    /// Puts a frame's samples into their bins. With SBR there are more of them than the
    /// header says: they are spread over the frame's time.
    fn add(&mut self) {
        let frame_len = u64::from(self.stream.samples_per_frame);
        let rate = u64::from(self.stream.timescale.hz());
        let (start, end) = (self.frames * frame_len, (self.frames + 1) * frame_len);
        let mut rest = self.pcm.as_slice();
        let count = rest.len() as u64;
        let bin_of = |tick: u64| tick * BINS_PER_SEC / rate;
        for bin in bin_of(start)..=bin_of(end - 1) {
            // Up to the bin's end.
            let until = ((bin + 1) * rate).div_ceil(BINS_PER_SEC).min(end) - start;
            let until = usize::try_from(until * count / frame_len).unwrap_or(usize::MAX);
            let taken = until.saturating_sub(self.pcm.len() - rest.len()).min(rest.len());
            let (samples, behind) = rest.split_at(taken);
            rest = behind;
            let place = usize::try_from(bin).unwrap_or(usize::MAX);
            if self.sums.len() <= place {
                self.sums.resize(place + 1, Sum::default());
            }
            if let Some(sum) = self.sums.get_mut(place) {
                sum.add(samples);
            }
        }
    }
}

impl Envelope {
    /// How long it is.
    pub fn duration(&self) -> Duration {
        BIN * u32::try_from(self.powers.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
