//! Loudness to a target, by what came before and nothing else.
//!
//! A rendition's segment is made anew by whoever comes to it, so its gain has to
//! follow from a bounded past, and two processes have to get the same. The parts:
//!
//! - [`Meter`] measures one span of samples, as a segment of the source, and gives
//!   a [`Span`]: a number for each tenth of a second. Spans are put one behind the
//!   other; so a caller keeps those of the last segments, or makes them again from
//!   the segments themselves.
//! - [`Gain::towards`] says what the next segment is multiplied by.
//! - [`Ramp`] goes from one segment's gain to the next one's.
//! - [`Limiter`] keeps the true peak below a ceiling.
//!
//! For segment j, with the spans of the segments before it, of about a minute in all
//! (a few seconds make a gain that follows the music):
//!
//! ```text
//! gain(j) = Gain::towards(target, spans of j - 10 to j - 1, appended, .lufs())
//! samples -> Ramp { at: begin of j, len: a second, from: gain(j - 1), to: gain(j) }
//!         -> Limiter, begun `behind` samples before what is encoded -> encoder
//! ```
//!
//! Sources: ITU-R BS.1770-4 (weighting, gating, true peak), EBU R 128. All of it is
//! the same to the bit on every processor but [`Span::lufs`], which is a logarithm;
//! gains are rounded to a tenth of a dB, so they do not show it.

mod limiter;
mod peak;
mod weighting;

use crate::Error;
use crate::exact::tenths_of_decibels;
use weighting::Weighting;

pub use limiter::Limiter;

/// Measures a span of one stream.
///
/// Holds 4 bytes for each tenth of a second of the span.
#[derive(Debug)]
pub struct Meter {
    weighting: Weighting,
    /// Samples per channel of a tenth of a second.
    step_len: u32,
    /// Of these, how many have come, and the sum of their weighted squares.
    filled: u32,
    sum: f64,
    /// Mean squares of the last tenths of a second, the newest last.
    steps: [f64; STEPS_PER_BLOCK],
    steps_count: usize,
    span: Span,
}

/// How loud a span of samples was, in blocks of 400 ms that begin every 100 ms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Span {
    /// Weighted mean squares, summed over the channels.
    powers: Vec<f32>,
}

/// What samples are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    factor: f32,
}

/// A change from one gain to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// Sample of the timeline at which it begins; all before have `from`.
    pub at: i64,
    /// Samples per channel that it takes; all behind have `to`. 0 is a jump.
    pub len: u32,
    /// The gain before.
    pub from: Gain,
    /// The gain behind.
    pub to: Gain,
}

/// Tenths of a second that make up a block.
const STEPS_PER_BLOCK: usize = 4;

/// What is quieter is no programme (BS.1770-4 annex 1): -70 LUFS as a mean square.
const ABSOLUTE_GATE: f64 = 1.172e-7;

/// What is 10 LU below the mean does not count, likewise.
const RELATIVE_GATE: f64 = 0.1;

/// The most that a gain takes away, and adds, in tenths of a dB. Chosen: a loud
/// master of -5 LUFS comes down to -25; a quiet one is not made all noise.
const TENTHS: std::ops::RangeInclusive<i32> = -200..=120;

impl Meter {
    /// Begins a span.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] without channels, or at another rate than 8,000 to
    /// 192,000 Hz.
    pub fn new(sample_rate_hz: u32, channels: u8) -> Result<Self, Error> {
        if channels == 0 || !(8_000..=192_000).contains(&sample_rate_hz) {
            let problem = format!("{channels} channels at {sample_rate_hz} Hz");
            return Err(Error::Settings { codec: "PCM", problem });
        }
        Ok(Self {
            weighting: Weighting::new(sample_rate_hz, channels),
            step_len: sample_rate_hz / 10,
            filled: 0,
            sum: 0.0,
            steps: [0.0; STEPS_PER_BLOCK],
            steps_count: 0,
            span: Span::default(),
        })
    }

    /// Measures interleaved samples, nominally -1 to 1. An incomplete group of
    /// samples at the end is thrown away.
    pub fn push(&mut self, pcm: &[f32]) {
        for group in pcm.chunks_exact(self.weighting.channels()) {
            self.sum += self.weighting.square(group);
            self.filled += 1;
            if self.filled == self.step_len {
                self.step();
            }
        }
    }

    /// Ends the span. What is shorter than 400 ms has no block.
    pub fn finish(self) -> Span {
        self.span
    }

    /// Ends a tenth of a second, and the block that ends with it.
    #[expect(clippy::cast_possible_truncation, reason = "a mean square")]
    fn step(&mut self) {
        self.steps.rotate_left(1);
        if let Some(newest) = self.steps.last_mut() {
            *newest = self.sum / f64::from(self.step_len);
        }
        (self.filled, self.sum) = (0, 0.0);
        self.steps_count += 1;
        if self.steps_count >= STEPS_PER_BLOCK {
            let [first, second, third, fourth] = self.steps;
            self.span.powers.push(((first + second + third + fourth) / 4.0) as f32);
        }
    }
}

impl Span {
    /// Puts another span behind this one.
    pub fn append(&mut self, later: &Self) {
        self.powers.extend_from_slice(&later.powers);
    }

    /// Gated loudness in LUFS; `None` where there is no sound above -70 LUFS.
    pub fn lufs(&self) -> Option<f64> {
        let above = |gate: f64| {
            let powers = self.powers.iter().map(|power| f64::from(*power));
            let loud = powers.filter(|power| *power >= gate);
            let (sum, count) = loud.fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
            (count > 0.0).then(|| sum / count)
        };
        let mean = above(ABSOLUTE_GATE)?;
        let mean = above(ABSOLUTE_GATE.max(mean * RELATIVE_GATE))?;
        Some(loudness(mean))
    }
}

impl Gain {
    /// Changes nothing.
    pub const UNITY: Self = Self { factor: 1.0 };

    /// What brings a loudness to a target, both in LUFS: -20 to 12 dB, in steps of
    /// 0.1 dB. [`Self::UNITY`] where there was no sound.
    #[expect(clippy::cast_possible_truncation, reason = "within a range of tenths")]
    pub fn towards(target_lufs: f64, heard_lufs: Option<f64>) -> Self {
        let missing = heard_lufs.map_or(0.0, |heard| target_lufs - heard);
        let tenths = ((missing * 10.0).round() as i32).clamp(*TENTHS.start(), *TENTHS.end());
        Self { factor: tenths_of_decibels(tenths) as f32 }
    }

    /// In dB.
    pub fn decibels(self) -> f32 {
        20.0 * self.factor.log10()
    }
}

impl Ramp {
    /// Multiplies interleaved samples, of which the first is number `first` of the
    /// timeline. The same whatever they are cut into.
    pub fn apply(&self, first: i64, channels: u8, pcm: &mut [f32]) {
        if self.from == Gain::UNITY && self.to == Gain::UNITY {
            return;
        }
        let groups = pcm.chunks_mut(usize::from(channels.max(1)));
        for (group, number) in groups.zip(first..) {
            let factor = self.factor_at(number);
            for sample in group {
                *sample *= factor;
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a part of a ramp")]
    fn factor_at(&self, number: i64) -> f32 {
        let behind = number.saturating_sub(self.at);
        if behind <= 0 && self.len > 0 || behind < 0 {
            return self.from.factor;
        }
        if behind >= i64::from(self.len) {
            return self.to.factor;
        }
        let part = behind as f32 / self.len as f32;
        self.from.factor + (self.to.factor - self.from.factor) * part
    }
}

/// The loudness of a mean square in LUFS.
fn loudness(power: f64) -> f64 {
    10.0 * power.log10() - 0.691
}

#[cfg(test)]
mod tests;
