//! How loud a stream is, frame by frame.
//!
//! The level of a frame is the root mean square of all its samples, of all
//! channels together, against full scale (dBFS): a sine of full amplitude has
//! -3 dBFS. No weighting, no gating: who wants loudness wants ITU-R BS.1770.

use media::Codec;

use crate::decoder::Decoder;

/// The level of one frame.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Level {
    /// Of samples between -1 and 1: 0 to 1.
    mean_square: f64,
}

/// Decodes one stream's frames and measures them.
///
/// Holds its decoder: about 400 KiB for AAC, 40 KiB for MP3.
#[derive(Debug)]
pub struct Meter {
    decoder: Decoder,
}

impl Level {
    /// No sound at all.
    pub const NONE: Self = Self { mean_square: 0.0 };

    /// The level of interleaved samples; without any, [`Self::NONE`].
    pub fn of(samples: &[i16]) -> Self {
        let mut sum = Sum::default();
        sum.add(samples);
        sum.level()
    }

    /// Of samples between -1 and 1.
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    pub(crate) fn mean_square(self) -> f32 {
        self.mean_square as f32
    }

    /// In dB against full scale: 0 or less; minus infinity for [`Self::NONE`].
    pub fn dbfs(self) -> f64 {
        10.0 * self.mean_square.log10()
    }
}

impl Meter {
    /// For a stream of this codec; `None` without memory.
    ///
    /// Sampling rate and channels have to stay those of the first frame.
    pub fn new(codec: Codec) -> Option<Self> {
        Some(Self { decoder: Decoder::new(codec)? })
    }

    /// Measures one whole frame, its header included; `None` when it does not
    /// decode.
    pub fn measure(&mut self, frame: &[u8]) -> Option<Level> {
        let mut sum = Sum::default();
        self.decoder.decode(frame, |samples| sum.add(samples))?;
        Some(sum.level())
    }
}

/// The squares of samples, added up: exact, 2^64 holds 2^34 of the greatest.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    squares: u64,
    count: u32,
}

impl Sum {
    pub(crate) fn add(&mut self, samples: &[i16]) {
        let squares = samples.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2));
        self.squares += squares.sum::<u64>();
        self.count += u32::try_from(samples.len()).unwrap_or(u32::MAX);
    }

    #[expect(clippy::cast_precision_loss, reason = "a part in 2^53 is no level")]
    pub(crate) fn level(&self) -> Level {
        if self.count == 0 {
            return Level::NONE;
        }
        let full_scale = f64::from(1_u32 << 15).powi(2);
        Level { mean_square: self.squares as f64 / f64::from(self.count) / full_scale }
    }
}

#[cfg(test)]
mod tests;
