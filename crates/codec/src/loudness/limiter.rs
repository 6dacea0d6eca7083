//! The limiter: gains from peaks, by windows of fixed length.

use std::collections::VecDeque;
use std::ops::Range;

use super::peak::{REACH, true_peak};
use crate::exact::tenths_of_decibels;

/// Keeps the true peak of one stream below a ceiling.
///
/// Looks ahead, so that it need not clip, and lets go within 200 ms. It has no memory
/// but its input's last quarter of a second: begun that long before, anywhere, it
/// gives the same bits. Nothing is later than it was. What is below the ceiling for
/// as long stays as it is, to the bit.
///
/// Holds a tenth of a second of samples.
#[derive(Debug)]
pub struct Limiter {
    ceiling: f32,
    /// Samples per channel of a block. The gain has one value for each.
    block_len: usize,
    /// Input of each channel, from `start` on.
    planes: Vec<Vec<f32>>,
    /// The place of the planes' first sample.
    start: i64,
    /// The first sample that came: what is before is silence and does not go out.
    first: i64,
    /// The block that goes out next.
    next: i64,
    /// What blocks have to be multiplied by at most: of the last [`RELEASE`] + 1 that
    /// are known.
    wanted: VecDeque<f32>,
    /// The same with what is left of those before: of the [`REST`] before `next`, of
    /// it, and of those behind it that are known.
    released: VecDeque<f32>,
    /// The gain at the beginning of the next block.
    gain: f32,
}

/// Blocks a second, at least. Chosen: two thirds of a millisecond.
const BLOCKS_PER_SEC: u32 = 1_500;

/// Blocks over which a gain is smoothed, to either side: 5 ms.
const SMOOTH: usize = 8;

/// Blocks in which a gain of nothing comes back to unity: 200 ms. Chosen: bass is not
/// distorted, and a peak leaves no hole.
const RELEASE: usize = 300;

/// Blocks on either side of one that its gain follows from: those that are smoothed,
/// and for each of them as many again that it respects, and one.
const REST: usize = 2 * SMOOTH + 1;

impl Limiter {
    /// Begins with the sample `first` of the timeline. The ceiling is in dB against
    /// full scale, as -1, to a tenth; above 0 counts as 0.
    #[expect(clippy::cast_possible_truncation, reason = "tenths of a dB")]
    pub fn new(sample_rate_hz: u32, channels: u8, ceiling_db: f32, first: i64) -> Self {
        let block_len = sample_rate_hz.div_ceil(BLOCKS_PER_SEC).max(1) as usize;
        let tenths = (ceiling_db * 10.0).round().clamp(-1_000.0, 0.0) as i32;
        // A block before the first, which is silent, so that the first has a gain.
        let next = first.div_euclid(signed(block_len)).saturating_sub(1);
        let start = next.saturating_mul(signed(block_len)).saturating_sub(signed(REACH));
        let silence = usize::try_from(first.saturating_sub(start)).unwrap_or(0);
        Self {
            ceiling: tenths_of_decibels(tenths) as f32,
            block_len,
            planes: vec![vec![0.0; silence]; usize::from(channels.max(1))],
            start,
            first,
            next,
            wanted: VecDeque::from(vec![1.0; RELEASE + 1]),
            released: VecDeque::from(vec![1.0; REST]),
            gain: 1.0,
        }
    }

    /// Samples per channel behind an output sample that it depends on: it comes when
    /// they have come.
    pub fn ahead(&self) -> u32 {
        u32::try_from((REST + 2) * self.block_len + REACH).unwrap_or(u32::MAX)
    }

    /// Samples per channel before an output sample that it depends on.
    pub fn behind(&self) -> u32 {
        u32::try_from((RELEASE + REST + 1) * self.block_len + REACH).unwrap_or(u32::MAX)
    }

    /// Takes interleaved samples and appends those that are ready, block by block.
    ///
    /// An incomplete group of samples at the end is thrown away.
    pub fn process(&mut self, pcm: &[f32], out: &mut Vec<f32>) {
        let channels = self.planes.len();
        let (groups, _) = pcm.split_at(pcm.len() - pcm.len() % channels);
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            plane.extend(groups.iter().skip(channel).step_by(channels));
        }
        while let Some(wanted) = self.wanted_by_next() {
            self.wanted.pop_front();
            self.wanted.push_back(wanted);
            self.released.push_back(self.release());
            if self.released.len() > 2 * REST + 1 {
                self.give(out);
                self.forget();
            }
        }
    }

    /// What the first block that is not known has to be multiplied by at most; `None`
    /// until it has come, and what its edges depend on.
    fn wanted_by_next(&self) -> Option<f32> {
        let known = signed(self.released.len()) - signed(REST);
        let window = self.window(self.next.checked_add(known)?, REACH)?;
        let planes = self.planes.iter().filter_map(|plane| plane.get(window.clone()));
        let peak = planes.fold(self.ceiling, |peak, plane| true_peak(plane, peak));
        Some(self.ceiling / peak)
    }

    /// Where in the planes a block is, with so many samples on either side; `None`
    /// where these have not come.
    fn window(&self, block: i64, beside: usize) -> Option<Range<usize>> {
        let at = block.checked_mul(signed(self.block_len))?.checked_sub(self.start)?;
        let start = usize::try_from(at).ok()?.checked_sub(beside)?;
        let end = start + self.block_len + 2 * beside;
        (end <= self.planes.first()?.len()).then_some(start..end)
    }

    /// What the newest block wants, with what is left of the wishes before it.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    fn release(&self) -> f32 {
        let past = self.wanted.iter().rev().enumerate();
        past.fold(1.0, |least: f32, (ago, wanted)| least.min(wanted + ago as f32 / RELEASE as f32))
    }

    /// Appends the next block. The gain goes from its own to that of the one behind.
    #[expect(clippy::cast_precision_loss, reason = "a part of a block")]
    fn give(&mut self, out: &mut Vec<f32>) {
        self.released.pop_front();
        let behind = self.smoothed();
        let before = self.first.saturating_sub(self.next.saturating_mul(signed(self.block_len)));
        let before = usize::try_from(before).unwrap_or(0);
        let window = self.window(self.next, 0).unwrap_or_default();
        for (nth, at) in window.enumerate().skip(before) {
            let part = nth as f32 / self.block_len as f32;
            let gain = self.gain + (behind - self.gain) * part;
            out.extend(self.planes.iter().filter_map(|plane| Some(plane.get(at)? * gain)));
        }
        self.gain = behind;
        self.next += 1;
    }

    /// The gain at the beginning of the block in the middle of those released.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn smoothed(&mut self) -> f32 {
        let released = &*self.released.make_contiguous();
        let least = released
            .windows(2 * SMOOTH + 3)
            .map(|window| window.iter().fold(1.0, |least: f32, gain| least.min(*gain)));
        // A triangle whose sum is 1; from 1 downwards, so that nothing lost is nothing
        // changed.
        let side = (SMOOTH + 1) as f32;
        let weight = |nth: usize| (side - nth.abs_diff(SMOOTH) as f32) / (side * side);
        1.0 - least.enumerate().map(|(nth, least)| (1.0 - least) * weight(nth)).sum::<f32>()
    }

    /// Throws away input that no block needs any more.
    fn forget(&mut self) {
        /// Chosen: what is moved for it is little in comparison.
        const USED_MAX: usize = 4_096;
        let Some(window) = self.window(self.next, REACH) else { return };
        if window.start < USED_MAX {
            return;
        }
        for plane in &mut self.planes {
            plane.drain(..window.start);
        }
        self.start += signed(window.start);
    }
}

fn signed(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}
