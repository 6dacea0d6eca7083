//! The test tone that tells the time: its pitch says which second it is.
//!
//! What comes out of a chain of servers can so be compared with what went in: a
//! second that is missing, repeated or late is heard as a wrong pitch, and as the
//! phase never jumps, a click is a fault too.

use crate::Source;
use crate::source::fill_alike;

/// Pitches before they repeat, one a second.
pub const SECONDS: u32 = 20;

/// Peak of the tone, of full scale: -8 dBFS.
const LEVEL: f64 = 0.4;

/// Pitch of second zero, and how much higher each next one is, in Hz.
const LOWEST_HZ: u32 = 300;
const STEP_HZ: u32 = 40;

/// A sine of 300 + 40 · (t mod 20) Hz in second t, the same in all channels.
#[derive(Debug, Clone)]
pub struct TimeCode {
    sample_rate_hz: u32,
    channels: u8,
    position: u64,
}

impl TimeCode {
    /// Begins at second zero. A rate or a number of channels of zero counts as one.
    pub fn new(sample_rate_hz: u32, channels: u8) -> Self {
        Self { sample_rate_hz: sample_rate_hz.max(1), channels: channels.max(1), position: 0 }
    }

    /// The tone at a sample's place.
    #[expect(clippy::cast_possible_truncation, reason = "a sine of level 0.4 is within i16")]
    pub fn sample_at(&self, sample: u64) -> i16 {
        let rate = u64::from(self.sample_rate_hz);
        // Every second holds whole periods, so the phase is zero where it begins:
        // the phase within it is exact, however long the tone has lasted.
        let in_second = sample % rate;
        let hz = u64::from(frequency_hz(sample / rate));
        let ticks = u32::try_from(hz * in_second % rate).unwrap_or(0);
        let phase = f64::from(ticks) / f64::from(self.sample_rate_hz);
        (LEVEL * f64::from(i16::MAX) * (phase * std::f64::consts::TAU).sin()).round() as i16
    }
}

impl Source for TimeCode {
    fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    fn channels(&self) -> u8 {
        self.channels
    }

    fn fill(&mut self, out: &mut [i16]) {
        fill_alike(out, self.channels, || {
            let sample = self.sample_at(self.position);
            self.position += 1;
            sample
        });
    }

    fn title_at(&self, sample: u64) -> String {
        let second = sample / u64::from(self.sample_rate_hz);
        format!("Skywave - Time code {}", second / u64::from(SECONDS))
    }
}

/// The pitch of a second in Hz: 300 to 1,060.
pub fn frequency_hz(second: u64) -> u32 {
    let step = u32::try_from(second % u64::from(SECONDS)).unwrap_or(0);
    LOWEST_HZ + STEP_HZ * step
}

/// Which second, of 0 to 19, is heard in a piece of one channel, or `None` where
/// no pitch holds most of the sound: silence, noise, a change of the second.
///
/// A tenth of a second is enough; at least 25 ms are needed to tell neighbours
/// apart.
pub fn second_heard(samples: &[i16], sample_rate_hz: u32) -> Option<u32> {
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let power = |second: u32| goertzel(samples, frequency_hz(second.into()), sample_rate_hz);
    let strongest = (0..SECONDS).map(|second| (second, power(second)));
    let (second, power) = strongest.max_by(|a, b| a.1.total_cmp(&b.1))?;
    // A lone sine of n samples has a power of n / 2 times its energy.
    let lone = energy * f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX)) / 2.0;
    (energy > 0.0 && power > lone * SHARE_MIN).then_some(second)
}

/// Part of the sound's energy that its pitch must hold: a coded tone has above
/// 0.95, two neighbours that share a window have about half.
const SHARE_MIN: f64 = 0.7;

/// The power of one frequency (Goertzel's algorithm).
fn goertzel(samples: &[i16], hz: u32, sample_rate_hz: u32) -> f64 {
    let turn = f64::from(hz) / f64::from(sample_rate_hz.max(1)) * std::f64::consts::TAU;
    let factor = 2.0 * turn.cos();
    let (last, before) = samples.iter().fold((0.0, 0.0), |(last, before), sample| {
        (f64::from(*sample) + factor * last - before, last)
    });
    last * last + before * before - factor * last * before
}

#[cfg(test)]
mod tests;
