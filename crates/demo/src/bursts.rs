//! Bursts of noise, each as long and as loud as chance has it: sound of which no second
//! is like another one, and that costs next to nothing.

use crate::Source;
use crate::source::fill_alike;

/// Peak of the loudest, of full scale.
const LEVEL: f64 = 0.4;

/// The shortest burst, and by how much the longest is longer, in seconds.
const SHORTEST: f64 = 0.05;
const LONGER: f64 = 0.4;

/// Bursts of noise that die away, the same in all channels; what they are follows from
/// the seed.
#[derive(Debug, Clone)]
pub struct Bursts {
    sample_rate_hz: u32,
    channels: u8,
    rng: fastrand::Rng,
    /// Samples of the burst, and those that are left of it.
    length: u32,
    left: u32,
    peak: f64,
}

impl Bursts {
    /// Begins with the first burst. A rate or a number of channels of zero counts as one.
    pub fn new(seed: u64, sample_rate_hz: u32, channels: u8) -> Self {
        let (sample_rate_hz, channels) = (sample_rate_hz.max(1), channels.max(1));
        let rng = fastrand::Rng::with_seed(seed);
        Self { sample_rate_hz, channels, rng, length: 0, left: 0, peak: 0.0 }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within range")]
    fn next_sample(&mut self) -> i16 {
        if self.left == 0 {
            let secs = SHORTEST + LONGER * self.rng.f64();
            self.length = (f64::from(self.sample_rate_hz) * secs).max(1.0) as u32;
            self.left = self.length;
            self.peak = LEVEL * f64::from(i16::MAX) * self.rng.f64();
        }
        let rest = f64::from(self.left) / f64::from(self.length);
        self.left -= 1;
        ((self.rng.f64() * 2.0 - 1.0) * self.peak * rest * rest) as i16
    }
}

impl Source for Bursts {
    fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    fn channels(&self) -> u8 {
        self.channels
    }

    fn fill(&mut self, out: &mut [i16]) {
        fill_alike(out, self.channels, || self.next_sample());
    }

    fn title_at(&self, _sample: u64) -> String {
        "Skywave - Bursts".to_owned()
    }
}

#[cfg(test)]
mod tests;
