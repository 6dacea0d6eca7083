//! Another sampling rate, the same on every processor.
//!
//! A polyphase filter whose phases are counted from the timeline's zero: what an
//! output sample is depends on its number and on the input around it, not on where
//! the process began, on how the input was cut or on the processor. Hence rates
//! are whole numbers whose ratio is exact, sums have one order, and the filter is
//! designed with additions, multiplications, divisions and square roots alone,
//! which IEEE 754 defines to the bit.
//!
//! Not done here: ratios that vary, as between clocks.

mod design;

use std::ops::Range;
use std::sync::Arc;

use crate::Error;

/// The filter from one sampling rate to another.
///
/// Flat within 0.1 dB to 0.907 of the lower rate's half (20 kHz of 44.1 kHz); what
/// is beyond that half, or is its image, is 96 dB down. Linear phase: output sample
/// n is of the time n / `to_hz`, without delay.
///
/// Costly to make, 3 ms from 44.1 to 48 kHz and at most 50; cheap to share. Holds
/// 90 KiB from 44.1 to 48 kHz, at most 1.5 MiB.
#[derive(Debug)]
pub struct Filter {
    /// Phases: places of an output sample between two of the input.
    up: u32,
    /// Of these, how many lie between two output samples.
    down: u32,
    /// Coefficients of a phase, a multiple of [`LANES`]; none where the rates are
    /// equal.
    taps: usize,
    /// All phases', one after the other.
    coefficients: Vec<f32>,
}

/// Changes the sampling rate of one stream.
///
/// Holds the filter's reach of input, and what was given last.
#[derive(Debug)]
pub struct Resampler {
    filter: Arc<Filter>,
    /// The input at hand, each channel for itself.
    planes: Vec<Vec<f32>>,
    /// The place of the planes' first sample.
    start: i64,
    /// Input samples per channel that are before the planes, still to come.
    skipped: u64,
    next: Place,
}

/// Where an output sample is.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The input sample at or before it.
    input: i64,
    /// How far behind that it is, in parts of [`Filter::up`].
    phase: u32,
}

/// Sums that are kept side by side, and added in the end: a fixed order, which
/// vectors of four, eight and sixteen follow alike.
const LANES: usize = 16;

/// Sampling rates of the MPEG families, in Hz.
const SAMPLE_RATES: [u32; 12] =
    [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000];

/// Input samples that have been used are thrown away from so many on. Chosen: what
/// is moved for it is little in comparison.
const USED_MAX: usize = 8_192;

impl Filter {
    /// Designs the filter between two sampling rates in Hz, 8,000 to 96,000, of
    /// MPEG's.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] for any other rate.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, Error> {
        for hz in [from_hz, to_hz] {
            if !SAMPLE_RATES.contains(&hz) {
                let problem = format!("{hz} Hz is none of {SAMPLE_RATES:?}");
                return Err(Error::Settings { codec: "PCM", problem });
            }
        }
        let common = common_divisor(from_hz, to_hz);
        let (up, down) = (to_hz / common, from_hz / common);
        let coefficients = if up == down { Vec::new() } else { design::phases(up, down) };
        let taps = coefficients.len() / up as usize;
        Ok(Self { up, down, taps, coefficients })
    }

    /// Input samples that are needed before and after an output sample's place; 0
    /// where the rates are equal.
    pub fn reach(&self) -> u32 {
        u32::try_from(self.taps / 2).unwrap_or(u32::MAX)
    }

    /// The input sample at an output sample's place, or the last before it.
    pub fn input_at(&self, output: i64) -> i64 {
        self.place(output).input
    }

    fn place(&self, output: i64) -> Place {
        let (up, parts) = (i128::from(self.up), i128::from(output) * i128::from(self.down));
        let phase = u32::try_from(parts.rem_euclid(up)).unwrap_or(0);
        // Twelvefold at most: no sample of a real stream has such a number.
        let input = i64::try_from(parts.div_euclid(up)).unwrap_or(i64::MAX);
        Place { input, phase }
    }

    /// The first of the input samples that an output sample is made of.
    fn first_of(&self, place: Place) -> i64 {
        let before = i64::from(self.reach()) - 1;
        place.input.saturating_sub(before.max(0))
    }

    /// How many input samples an output sample is made of.
    fn window_len(&self) -> usize {
        self.taps.max(1)
    }

    fn phase(&self, phase: u32) -> &[f32] {
        let start = phase as usize * self.taps;
        self.coefficients.get(start..start + self.taps).unwrap_or_default()
    }

    fn advance(&self, place: &mut Place) {
        let parts = place.phase + self.down;
        place.input = place.input.saturating_add(i64::from(parts / self.up));
        place.phase = parts % self.up;
    }
}

impl Resampler {
    /// Begins with the output sample `first_output`, counted at the output's rate
    /// from the timeline's zero, with input from the sample `first_input` on,
    /// counted likewise at its own. What is before that counts as silence.
    pub fn new(filter: Arc<Filter>, channels: u8, first_input: i64, first_output: i64) -> Self {
        let next = filter.place(first_output);
        let first = filter.first_of(next);
        let silence_max = i64::try_from(filter.window_len()).unwrap_or(i64::MAX);
        // With more silence than a window nothing changes.
        let start = first.max(first_input.saturating_sub(silence_max));
        let silence = usize::try_from(first_input.saturating_sub(start)).unwrap_or(0);
        let skipped = u64::try_from(start.saturating_sub(first_input)).unwrap_or(0);
        let planes = vec![vec![0.0; silence]; usize::from(channels.max(1))];
        Self { filter, planes, start, skipped, next }
    }

    /// Takes interleaved input and appends all output that it completes: up to the
    /// sample whose [`reach`](Filter::reach) it ends with.
    ///
    /// An incomplete group of samples at the end is thrown away.
    pub fn process(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.take(input);
        let window_len = self.filter.window_len();
        let whole_len = self.planes.first().map_or(0, Vec::len);
        loop {
            let ahead = self.filter.first_of(self.next).saturating_sub(self.start);
            match usize::try_from(ahead) {
                Ok(at) if at + window_len > whole_len => break,
                Ok(at) => self.give(at..at + window_len, out),
                // So far before the input that there is nothing.
                Err(_) => out.extend(self.planes.iter().map(|_| 0.0)),
            }
            self.filter.advance(&mut self.next);
        }
        self.forget();
    }

    /// Appends the output sample that a part of the planes makes.
    fn give(&self, window: Range<usize>, out: &mut Vec<f32>) {
        let coefficients = self.filter.phase(self.next.phase);
        let part = |channel: usize| {
            let plane = self.planes.get(channel).and_then(|plane| plane.get(window.clone()));
            plane.unwrap_or_default()
        };
        match self.planes.len() {
            // Two at once, so that the coefficients are read once.
            2 => out.extend(products([part(0), part(1)], coefficients)),
            len => out.extend((0..len).flat_map(|nth| products([part(nth)], coefficients))),
        }
    }

    /// Puts input into the planes.
    fn take(&mut self, input: &[f32]) {
        let channels = self.planes.len();
        let groups = (input.len() / channels) as u64;
        let skipped = self.skipped.min(groups);
        self.skipped -= skipped;
        let skipped_len = usize::try_from(skipped).unwrap_or(usize::MAX) * channels;
        let (groups, _) = input.split_at(input.len() - input.len() % channels);
        let rest = groups.get(skipped_len..).unwrap_or_default();
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            plane.extend(rest.iter().skip(channel).step_by(channels));
        }
    }

    /// Throws away input that is used up.
    fn forget(&mut self) {
        let used = usize::try_from(self.filter.first_of(self.next).saturating_sub(self.start))
            .unwrap_or(0);
        let used = used.min(self.planes.first().map_or(0, Vec::len));
        if used < USED_MAX {
            return;
        }
        for plane in &mut self.planes {
            plane.drain(..used);
        }
        self.start += i64::try_from(used).unwrap_or(0);
    }
}

/// The sum of each window's products with the coefficients; without these, the
/// window's one sample.
fn products<const N: usize>(windows: [&[f32]; N], coefficients: &[f32]) -> [f32; N] {
    if coefficients.is_empty() {
        return windows.map(|window| window.first().copied().unwrap_or(0.0));
    }
    let mut sums = [[0.0; LANES]; N];
    add_products(windows, coefficients, &mut sums);
    sums.map(|mut sums| total(&mut sums))
}

/// Adds each window's products with the coefficients to its sums, lane by lane.
///
/// For itself, so that the compiler sees sums that are kept in memory, and takes
/// whole vectors of them; beside what [`total`] does it takes pairs.
#[inline(never)]
fn add_products<const N: usize>(
    windows: [&[f32]; N],
    coefficients: &[f32],
    sums: &mut [[f32; LANES]; N],
) {
    let mut own = *sums;
    let (coefficients, _) = coefficients.as_chunks::<LANES>();
    let windows = windows.map(|window| window.as_chunks::<LANES>().0);
    for (nth, coefficients) in coefficients.iter().enumerate() {
        for (sums, window) in own.iter_mut().zip(windows) {
            let Some(window) = window.get(nth) else { continue };
            for ((sum, sample), coefficient) in sums.iter_mut().zip(window).zip(coefficients) {
                *sum += sample * coefficient;
            }
        }
    }
    *sums = own;
}

/// The sum of all, half by half.
fn total(mut sums: &mut [f32]) -> f32 {
    while sums.len() > 1 {
        let (low, high) = sums.split_at_mut(sums.len() / 2);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
        sums = low;
    }
    sums.first().copied().unwrap_or(0.0)
}

fn common_divisor(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests;
