//! How loud a stream is, frame by frame.
//!
//! The level of a frame is the root mean square of all its samples, of all
//! channels together, against full scale (dBFS): a sine of full amplitude has
//! -3 dBFS. No weighting, no gating: who wants loudness wants ITU-R BS.1770.

use media::Codec;

use crate::{aac, mp3};

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

#[derive(Debug)]
enum Decoder {
    Mp3(mp3::Decoder),
    Aac(Box<aac::Decoder>),
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
        let decoder = match codec {
            Codec::Mp3 => Decoder::Mp3(mp3::Decoder::new()),
            Codec::Aac => Decoder::Aac(Box::new(aac::Decoder::new()?)),
        };
        Some(Self { decoder })
    }

    /// Measures one whole frame, its header included; `None` when it does not
    /// decode.
    pub fn measure(&mut self, frame: &[u8]) -> Option<Level> {
        match &mut self.decoder {
            Decoder::Mp3(decoder) => decoder.decode(frame).map(Level::of),
            Decoder::Aac(decoder) => {
                let mut sum = Sum::default();
                decoder.decode(frame, |samples| sum.add(samples))?;
                Some(sum.level())
            }
        }
    }
}

/// The squares of samples, added up: exact, 2^64 holds 2^34 of the greatest.
#[derive(Debug, Default)]
struct Sum {
    squares: u64,
    count: u32,
}

impl Sum {
    fn add(&mut self, samples: &[i16]) {
        let squares = samples.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2));
        self.squares += squares.sum::<u64>();
        self.count += u32::try_from(samples.len()).unwrap_or(u32::MAX);
    }

    #[expect(clippy::cast_precision_loss, reason = "a part in 2^53 is no level")]
    fn level(&self) -> Level {
        if self.count == 0 {
            return Level::NONE;
        }
        let full_scale = f64::from(1_u32 << 15).powi(2);
        Level { mean_square: self.squares as f64 / f64::from(self.count) / full_scale }
    }
}

#[cfg(test)]
mod tests;
