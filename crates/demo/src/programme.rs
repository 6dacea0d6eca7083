//! The demo programme: quiet music made up on the spot, a new piece every 20 s.
//!
//! Chords that swell and fade, a plucked figure with echoes over them, a soft
//! bass. Nothing is recorded; every sample follows from the seed and its place,
//! so two programmes with one seed are the same programme. It starts at the first
//! piece and cannot be wound.

mod score;
mod synth;

use score::SCORES;
use synth::Performance;

use crate::Source;

/// Samples a second, per channel.
pub const SAMPLE_RATE_HZ: u32 = 44_100;

/// Length of every piece, and so the time between two titles.
pub const PIECE_SECS: u32 = 20;

/// No sample goes beyond this part of full scale: -3.3 dBFS.
pub const PEAK: f32 = 0.68;

/// Samples of a piece, per channel.
const PIECE_LEN: u32 = SAMPLE_RATE_HZ * PIECE_SECS;

/// Samples that are computed at once. Chosen: small enough for the stack.
const BLOCK_LEN: usize = 256;

/// Music without end, stereo at 44.1 kHz.
///
/// Costs 2.5 % of a core in a debug build, far less else; holds 500 KiB at most,
/// most of it echo.
#[derive(Debug)]
pub struct Programme {
    seed: u64,
    /// Number of the piece on air since the start.
    piece: u64,
    performance: Performance,
}

impl Programme {
    /// Begins with the first piece. The seed changes what is improvised, not the
    /// order of the pieces.
    pub fn new(seed: u64) -> Self {
        Self { seed, piece: 0, performance: Performance::new(score_of(0), seed) }
    }

    /// Computes the next samples of both channels, of one length within the block.
    fn block(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.performance.samples_left() == 0 {
            self.piece += 1;
            let seed = self.seed ^ self.piece.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.performance = Performance::new(score_of(self.piece), seed);
        }
        self.performance.render(left, right);
    }

    /// Samples that may be computed at once, from 1 to [`BLOCK_LEN`].
    fn block_len(&self, wanted: usize) -> usize {
        let left = match self.performance.samples_left() {
            0 => PIECE_LEN,
            left => left.min(self.performance.samples_to_event()),
        };
        wanted.min(BLOCK_LEN).min(left as usize)
    }
}

impl Source for Programme {
    fn sample_rate_hz(&self) -> u32 {
        SAMPLE_RATE_HZ
    }

    fn channels(&self) -> u8 {
        2
    }

    fn fill(&mut self, out: &mut [i16]) {
        let (mut left, mut right) = ([0.0; BLOCK_LEN], [0.0; BLOCK_LEN]);
        let (mut pairs, odd) = out.as_chunks_mut::<2>();
        odd.fill(0);
        while !pairs.is_empty() {
            let len = self.block_len(pairs.len());
            let (now, later) = pairs.split_at_mut(len);
            let (Some(left), Some(right)) = (left.get_mut(..len), right.get_mut(..len)) else {
                return;
            };
            self.block(left, right);
            for ((pair, left), right) in now.iter_mut().zip(left).zip(right) {
                *pair = [to_sample(*left), to_sample(*right)];
            }
            pairs = later;
        }
    }

    fn title_at(&self, sample: u64) -> String {
        score_of(sample / u64::from(PIECE_LEN)).title.to_owned()
    }
}

fn score_of(piece: u64) -> &'static score::Score {
    let count = u64::try_from(SCORES.len()).unwrap_or(1);
    let index = usize::try_from(piece % count).unwrap_or(0);
    SCORES.get(index).unwrap_or(&SCORES[0])
}

/// Rounds off peaks so that none passes [`PEAK`], by a rational likeness of the
/// hyperbolic tangent; quiet sound passes as it is.
#[expect(clippy::cast_possible_truncation, reason = "PEAK is below one, so it is within i16")]
fn to_sample(level: f32) -> i16 {
    let x = (level / PEAK).clamp(-3.0, 3.0);
    let rounded = PEAK * x * (27.0 + x * x) / (27.0 + 9.0 * x * x);
    (rounded * f32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests;
