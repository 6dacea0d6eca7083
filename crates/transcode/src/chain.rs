//! What is between a decoder and an encoder: channels, sampling rate, words.

use std::sync::Arc;

use codec::mix;
use codec::resample::{Filter, Resampler};

/// Makes decoded samples into those that an encoder takes.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Of the samples that come, of those that are resampled, and of those that go.
    channels: (u8, u8, u8),
    resampler: Resampler,
    /// Samples on their way, kept for their allocations.
    mixed: Vec<f32>,
    resampled: Vec<f32>,
    spread: Vec<f32>,
    words: Vec<i16>,
}

impl Chain {
    /// From so many channels to so many; what has fewer of them is resampled. The first
    /// samples that come and go are these, of one timeline at their own rates.
    pub(crate) fn new(
        filter: &Arc<Filter>,
        (from, to): (u8, u8),
        (first_input, first_output): (i64, i64),
    ) -> Self {
        let within = from.min(to);
        let resampler = Resampler::new(Arc::clone(filter), within, first_input, first_output);
        Self {
            channels: (from, within, to),
            resampler,
            mixed: Vec::new(),
            resampled: Vec::new(),
            spread: Vec::new(),
            words: Vec::new(),
        }
    }

    /// The next samples, interleaved; gives those that they complete.
    pub(crate) fn process(&mut self, samples: &[f32]) -> &[i16] {
        self.process_with(samples, |_| {})
    }

    /// The same, with what is changed of them before they become words.
    pub(crate) fn process_with(
        &mut self,
        samples: &[f32],
        change: impl FnOnce(&mut Vec<f32>),
    ) -> &[i16] {
        let (from, within, to) = self.channels;
        for buffer in [&mut self.mixed, &mut self.resampled, &mut self.spread] {
            buffer.clear();
        }
        self.words.clear();
        mix::remix(samples, from, within, &mut self.mixed);
        self.resampler.process(&self.mixed, &mut self.resampled);
        mix::remix(&self.resampled, within, to, &mut self.spread);
        change(&mut self.spread);
        mix::to_i16(&self.spread, &mut self.words);
        &self.words
    }
}
