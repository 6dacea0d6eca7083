//! A rendition's loudness: what is heard of each segment, and the gain that follows for
//! those behind it.
//!
//! The gain is a function of the timeline and of nothing else: segment *j* has one that
//! follows from how loud the segments of the minute before *j* - 1 were, and goes over to it
//! in its first second. So the lanes on either side of a boundary multiply by the same, and
//! whoever has the minute before makes the same bytes.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::time::Duration;

use catalogue::Loudness;
use codec::loudness::{Gain, Limiter, Meter, Ramp, Span};

use crate::Error;
use crate::lane::Way;
use crate::plan::REACH;

/// Segments between one and the last of those that its gain follows from: when a gain is
/// asked for, the segment before it may still be under way.
const BETWEEN: u64 = 1;

/// How much louder a mono signal is heard than it is measured, in LU: it is played by two
/// speakers.
const MONO_LU: f64 = 3.01;

/// Segments of a programme, before the first that is made, that [`crate::Transcoder::recall`]
/// should get where there is a loudness: those of the minute, and what decoders reach back.
pub fn recalled(target_secs: u32) -> u64 {
    known(target_secs) + segments(REACH, target_secs)
}

/// Segments before one that have to be known for its lane: it begins in one before, whose
/// gain goes over from that of the one before that.
fn known(target_secs: u32) -> u64 {
    segments(REACH, target_secs) + 1 + BETWEEN + segments(Loudness::MEMORY, target_secs)
}

fn segments(time: Duration, target_secs: u32) -> u64 {
    time.as_secs().div_ceil(u64::from(target_secs.max(1)))
}

/// How loud the segments of a rendition are, before any gain.
#[derive(Debug)]
pub(crate) struct Levels {
    settings: Loudness,
    /// Segments that a gain follows from.
    memory: u64,
    /// Segments that are kept.
    known: u64,
    is_mono: bool,
    /// By number, the newest last.
    spans: VecDeque<(u64, Span)>,
}

/// A lane's part: measures its segment, and brings what it gets to the target.
#[derive(Debug)]
pub(crate) struct Leveller {
    channels: u8,
    sample_rate_hz: u32,
    /// Where the segment is, in samples per channel of the epoch.
    own: Range<i64>,
    /// The next sample that comes.
    next: i64,
    /// `None` once the segment has been measured.
    meter: Option<Meter>,
    limiter: Limiter,
    /// The gain, and for which samples it holds.
    ramp: Option<(Range<i64>, Ramp)>,
    /// Kept for its allocation.
    limited: Vec<f32>,
}

impl Levels {
    pub(crate) fn new(settings: Loudness, target_secs: u32, is_mono: bool) -> Self {
        let (memory, known) = (segments(Loudness::MEMORY, target_secs), known(target_secs));
        Self { settings, memory, known, is_mono, spans: VecDeque::new() }
    }

    /// How loud a segment is. Of two that are told the first counts.
    pub(crate) fn note(&mut self, number: u64, span: Span) {
        let place = self.spans.partition_point(|(one, _)| *one < number);
        if self.spans.get(place).is_some_and(|(one, _)| *one == number) {
            return;
        }
        self.spans.insert(place, (number, span));
        let newest = self.spans.back().map_or(0, |(newest, _)| *newest);
        let kept = newest.saturating_sub(self.known);
        while self.spans.pop_front_if(|(one, _)| *one < kept).is_some() {}
    }

    /// What a segment is multiplied by; nothing is changed before anything was heard.
    fn gain(&self, number: u64) -> Gain {
        let end = number.saturating_sub(BETWEEN);
        let heard = end.saturating_sub(self.memory)..end;
        let mut all = Span::default();
        for (_, span) in self.spans.iter().filter(|(one, _)| heard.contains(one)) {
            all.append(span);
        }
        let more = if self.is_mono { MONO_LU } else { 0.0 };
        Gain::towards(self.settings.target_lufs(), all.lufs().map(|lufs| lufs + more))
    }

    /// A limiter that begins at a sample.
    #[expect(clippy::cast_possible_truncation, reason = "exact to a tenth of a dB")]
    fn limiter(&self, sample_rate_hz: u32, channels: u8, first: i64) -> Limiter {
        let ceiling = f64::from(self.settings.true_peak_tenths) / 10.0;
        Limiter::new(sample_rate_hz, channels, ceiling as f32, first)
    }

    /// Samples per channel that a limiter gets before those that count.
    pub(crate) fn lead(&self, sample_rate_hz: u32, channels: u8) -> u32 {
        self.limiter(sample_rate_hz, channels, 0).behind()
    }
}

impl Leveller {
    /// That of a segment; the first sample of the epoch that comes is `first`.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`], at a sampling rate at which nothing is measured.
    pub(crate) fn new(levels: &Levels, way: &Way, segment: u64, first: i64) -> Result<Self, Error> {
        let (sample_rate_hz, channels) = (way.plan.sample_rate_hz, way.plan.channels);
        Ok(Self {
            channels,
            sample_rate_hz,
            own: way.begin_of(segment)..way.begin_of(segment + 1),
            next: first,
            meter: Some(Meter::new(sample_rate_hz, channels)?),
            limiter: levels.limiter(sample_rate_hz, channels, first),
            ramp: None,
            limited: Vec::new(),
        })
    }

    /// The segment ends with this sample already.
    pub(crate) fn end_at(&mut self, end: i64) {
        self.own.end = self.own.end.min(end);
    }

    /// How loud the segment is, once, when all of it has come.
    pub(crate) fn heard(&mut self) -> Option<Span> {
        if self.next < self.own.end { None } else { self.meter.take().map(Meter::finish) }
    }

    /// Takes the next samples, interleaved, and leaves those that are ready.
    pub(crate) fn process(&mut self, samples: &mut Vec<f32>, levels: &Levels, way: &Way) {
        let channels = usize::from(self.channels.max(1));
        let count = samples.len() / channels;
        let begin = self.next;
        self.next += i64::try_from(count).unwrap_or(i64::MAX);
        if let Some(meter) = &mut self.meter {
            let at = |sample: i64| usize::try_from(sample - begin).unwrap_or(0).min(count);
            let own = at(self.own.start) * channels..at(self.own.end) * channels;
            meter.push(samples.get(own).unwrap_or_default());
        }
        if way.only_measured {
            return samples.clear();
        }
        let (mut rest, mut at) = (samples.as_mut_slice(), begin);
        while at < self.next {
            let (range, ramp) = self.ramp_at(at, levels, way);
            let end = range.end.min(self.next);
            let len = usize::try_from(end - at).unwrap_or(0) * channels;
            let (now, later) = mem::take(&mut rest).split_at_mut(len);
            ramp.apply(at, self.channels, now);
            (rest, at) = (later, end);
        }
        self.limited.clear();
        self.limiter.process(samples, &mut self.limited);
        mem::swap(samples, &mut self.limited);
    }

    /// The gain at a sample, and for which samples it holds.
    fn ramp_at(&mut self, at: i64, levels: &Levels, way: &Way) -> (Range<i64>, Ramp) {
        if let Some(known) = self.ramp.as_ref().filter(|(range, _)| range.contains(&at)) {
            return known.clone();
        }
        let segment = way.segment_at(at);
        let number = way.source.first_number.0 + segment;
        let begin = way.begin_of(segment);
        let ramp = Ramp {
            at: begin,
            len: self.sample_rate_hz,
            from: levels.gain(number.saturating_sub(1)),
            to: levels.gain(number),
        };
        // What is before an epoch is silence, and belongs to its first segment.
        let from = if segment == 0 { i64::MIN } else { begin };
        let known = (from..way.begin_of(segment + 1), ramp);
        self.ramp = Some(known.clone());
        known
    }
}

#[cfg(test)]
mod tests;
