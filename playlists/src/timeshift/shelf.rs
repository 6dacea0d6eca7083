//! What can be listed of a rendition: an index of all that `dvr` keeps.

use std::collections::VecDeque;
use std::time::Duration;

use media::{
    Codec, EpochId, MediaDuration, MediaSequence, MediaTime, SegmentInfo, Timescale, WallTime,
};

use super::moment::Span;
use super::{Cut, SEGMENTS_MAX, TITLES_MAX};
use crate::media_playlist::Ending;
use crate::title::TitleRange;
use crate::window::{SEGMENTS_MIN, SEGMENTS_TO_BEGIN};

/// Titles that are remembered, chosen: a week with one every minute. Of more,
/// the oldest are forgotten.
const TITLES_KEPT_MAX: usize = 10_000;

/// Segments that are remembered, chosen: a week in segments of two seconds, the
/// shortest, and a third. Of more, the oldest are forgotten.
const SEGMENTS_KEPT_MAX: usize = 400_000;

/// The index of a rendition's past.
///
/// Holds 24 bytes a segment in a buffer that doubles, and the titles.
#[derive(Debug, Clone)]
pub struct Shelf {
    target_secs: u64,
    keep: Duration,
    entries: VecDeque<Entry>,
    /// In order; an entry names one by its serial number.
    epochs: VecDeque<Epoch>,
    /// The serial number of the first of `epochs`.
    first_epoch: u32,
    /// Numbers of the segments before which numbers are missing, in order.
    holes: VecDeque<u64>,
    /// In the order of their starts, each start once.
    titles: VecDeque<TitleRange>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u64,
    wall_start: WallTime,
    ticks: u32,
    epoch: u32,
}

/// What the segments of one epoch have in common.
#[derive(Debug, Clone)]
struct Epoch {
    id: EpochId,
    codec: Codec,
    timescale: Timescale,
    discontinuity_sequence: u64,
    /// The segment that bears the discontinuity.
    discontinuity: Option<u64>,
}

/// What of a shelf a playlist lists. Two equal ones give the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    first: u64,
    last: u64,
    start: Option<Duration>,
    ending: Ending,
}

/// Why there is no playlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No segment, or not enough of them to begin with.
    #[error("not on air")]
    OffAir,
    /// No segment of that time is kept.
    #[error("nothing is kept of that time")]
    Nothing,
}

impl Range {
    /// Whether the playlist has an end.
    pub fn is_ended(&self) -> bool {
        self.ending == Ending::Ended
    }
}

impl Shelf {
    /// An empty shelf of segments of `target_secs`, which forgets what ended
    /// longer ago than `keep`.
    pub fn new(target_secs: u64, keep: Duration) -> Self {
        Self {
            target_secs: target_secs.max(1),
            keep,
            entries: VecDeque::new(),
            epochs: VecDeque::new(),
            first_epoch: 0,
            holes: VecDeque::new(),
            titles: VecDeque::new(),
        }
    }

    /// Puts the next segment on it, and forgets what is too old at `now`. One
    /// that does not come after the last in number and date is left out.
    pub fn push(&mut self, info: &SegmentInfo, now: WallTime) {
        self.put(info);
        self.forget(now);
    }

    /// Takes a title, in the order of their starts. Of several with one start the
    /// last counts.
    pub fn push_title(&mut self, range: TitleRange) {
        match self.titles.back_mut() {
            Some(last) if last.start == range.start => *last = range,
            Some(last) if last.start > range.start => {}
            _ => self.titles.push_back(range),
        }
        if self.titles.len() > TITLES_KEPT_MAX {
            self.titles.pop_front();
        }
    }

    /// Puts what was before in front of what is there, both oldest first.
    pub fn put_before(&mut self, infos: &[SegmentInfo], titles: Vec<TitleRange>) {
        let mut whole = Self::new(self.target_secs, self.keep);
        whole.entries.reserve_exact(infos.len() + self.entries.len());
        let first = self.entries.front().map_or(u64::MAX, |first| first.number);
        for info in infos.iter().take_while(|info| info.number.0 < first) {
            whole.put(info);
        }
        for info in self.entries.iter().filter_map(|entry| self.info(entry)) {
            whole.put(&info);
        }
        let first = self.titles.front().map(|first| first.start);
        let before = |range: &TitleRange| first.is_none_or(|first| range.start < first);
        let own = std::mem::take(&mut self.titles);
        for range in titles.into_iter().filter(before).chain(own) {
            whole.push_title(range);
        }
        *self = whole;
    }

    /// Segments on it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether it has this segment.
    pub fn contains(&self, number: MediaSequence, epoch: EpochId) -> bool {
        let at = self.at_number(number.0);
        let found = self.entries.get(at).filter(|entry| entry.number == number.0);
        found.and_then(|entry| self.epoch(entry)).is_some_and(|known| known.id == epoch)
    }

    /// The end of the newest segment.
    pub fn wall_end(&self) -> Option<WallTime> {
        self.entries.back().map(|last| self.end(last))
    }

    /// What a span means at `now`.
    ///
    /// Where numbers are missing no playlist can go on: it begins behind the last
    /// hole before its end, and lists at most [`SEGMENTS_MAX`] before that. A `to`
    /// that is still ahead makes an end when it has come.
    ///
    /// # Errors
    ///
    /// Each [`Refusal`].
    pub fn select(&self, span: &Span, now: WallTime) -> Result<Range, Refusal> {
        let oldest = now.minus(self.keep);
        let kept = self.entries.partition_point(|entry| self.end(entry) <= oldest);
        let from = self.at_time(span.from).max(kept);
        match span.to.filter(|to| self.is_over(*to, now)) {
            Some(to) => self.select_ended(from, to, span),
            None => self.select_live(from, span),
        }
    }

    /// What a range lists.
    pub fn cut(&self, range: &Range) -> Cut {
        let (first, last) = (self.at_number(range.first), self.at_number(range.last));
        let entries = self.entries.range(first..(last + 1).clamp(first, self.entries.len()));
        let segments: Vec<_> = entries.filter_map(|entry| self.info(entry)).collect();
        let begin = segments.first().map_or(WallTime::default(), |first| first.wall_start);
        let end = segments.last().map_or(begin, SegmentInfo::wall_end);
        // The one that runs at the beginning began before it.
        let running = self.titles.partition_point(|title| title.start <= begin).saturating_sub(1);
        let until = self.titles.partition_point(|title| title.start < end).max(running);
        let listed = self.titles.range(running.max(until.saturating_sub(TITLES_MAX))..until);
        Cut {
            target_secs: self.target_secs,
            segments,
            titles: listed.cloned().collect(),
            start: range.start,
            ending: range.ending,
        }
    }

    fn put(&mut self, info: &SegmentInfo) {
        let last = self.entries.back().copied();
        let is_next = last
            .is_none_or(|last| info.number.0 > last.number && info.wall_start >= last.wall_start);
        let Ok(ticks) = u32::try_from(info.duration.ticks()) else { return };
        if !is_next {
            return;
        }
        if last.is_some_and(|last| last.number + 1 != info.number.0) {
            self.holes.push_back(info.number.0);
        }
        if self.epochs.back().is_none_or(|epoch| epoch.id != info.epoch) {
            self.epochs.push_back(Epoch {
                id: info.epoch,
                codec: info.codec,
                timescale: info.timescale,
                discontinuity_sequence: info.discontinuity_sequence,
                discontinuity: info.discontinuity.then_some(info.number.0),
            });
        }
        let nth = u32::try_from(self.epochs.len()).unwrap_or(u32::MAX).wrapping_sub(1);
        self.entries.push_back(Entry {
            number: info.number.0,
            wall_start: info.wall_start,
            ticks,
            epoch: self.first_epoch.wrapping_add(nth),
        });
    }

    fn forget(&mut self, now: WallTime) {
        let oldest = now.minus(self.keep);
        let run = self.live_run().unwrap_or_default();
        // What has to be listed stays, however old it is.
        let mut spare = self.least_listed(run.0, run.1).unwrap_or(run.0);
        while spare > 0 && self.entries.front().is_some_and(|first| self.end(first) <= oldest) {
            self.entries.pop_front();
            spare -= 1;
        }
        while self.entries.len() > SEGMENTS_KEPT_MAX {
            self.entries.pop_front();
        }
        let Some(first) = self.entries.front().copied() else { return };
        while self.first_epoch != first.epoch && self.epochs.pop_front().is_some() {
            self.first_epoch = self.first_epoch.wrapping_add(1);
        }
        while self.holes.front().is_some_and(|hole| *hole <= first.number) {
            self.holes.pop_front();
        }
        while self.titles.get(1).is_some_and(|second| second.start <= first.wall_start) {
            self.titles.pop_front();
        }
    }

    /// Whether all that there will be before `to` is there. A station that went
    /// off before it makes no more.
    fn is_over(&self, to: WallTime, now: WallTime) -> bool {
        let is_reached = self.wall_end().is_some_and(|end| end >= to);
        is_reached || now >= to.plus(Duration::from_secs(3 * self.target_secs))
    }

    fn select_ended(&self, from: usize, to: WallTime, span: &Span) -> Result<Range, Refusal> {
        let end = self.entries.partition_point(|entry| entry.wall_start < to);
        if from >= end {
            return Err(Refusal::Nothing);
        }
        let runs = self.holes.iter().rev().map(|hole| self.at_number(*hole));
        let run = runs.into_iter().find(|run| *run < end).unwrap_or(0);
        let newest = end.saturating_sub(SEGMENTS_MAX);
        self.range(from.max(run).max(newest), end, span, Ending::Ended)
    }

    fn select_live(&self, from: usize, span: &Span) -> Result<Range, Refusal> {
        let (run, end) = self.live_run()?;
        let newest = end.saturating_sub(SEGMENTS_MAX);
        let least = self.least_listed(run, end).unwrap_or(run);
        self.range(from.min(least).max(newest).max(run), end, span, Ending::Live)
    }

    /// The entries behind the last hole; those before it until there are as many
    /// as a playlist may have that something was removed from.
    fn live_run(&self) -> Result<(usize, usize), Refusal> {
        let mut end = self.entries.len();
        for hole in self.holes.iter().rev() {
            let begin = self.at_number(*hole);
            if self.least_listed(begin, end).is_some() {
                return Ok((begin, end));
            }
            end = begin;
        }
        if end >= SEGMENTS_TO_BEGIN { Ok((0, end)) } else { Err(Refusal::OffAir) }
    }

    /// Where a playlist of a run up to `end` begins that lists no more than it
    /// must; `None` where the run is not enough.
    fn least_listed(&self, run: usize, end: usize) -> Option<usize> {
        let targets = Duration::from_secs(3 * self.target_secs);
        let mut listed = Duration::ZERO;
        for (first, entry) in (run..end).zip(self.entries.range(run..end)).rev() {
            listed += self.length(entry);
            if listed >= targets && end - first >= SEGMENTS_MIN {
                return Some(first);
            }
        }
        None
    }

    fn range(
        &self,
        first: usize,
        end: usize,
        span: &Span,
        ending: Ending,
    ) -> Result<Range, Refusal> {
        let listed = self.entries.get(first).zip(self.entries.get(end.wrapping_sub(1)));
        let (first, last) = listed.ok_or(Refusal::Nothing)?;
        let offset = if span.is_fixed { span.from.since(first.wall_start) } else { Duration::ZERO };
        // Not within three targets of a live playlist's end (RFC 8216 §4.3.5.2).
        let targets = Duration::from_secs(3 * self.target_secs);
        let ahead = self.end(last).since(first.wall_start.plus(offset));
        let is_far = ending == Ending::Ended || ahead > targets;
        Ok(Range {
            first: first.number,
            last: last.number,
            // Whole seconds, so that listeners of one moment share a text.
            start: is_far.then(|| Duration::from_secs(offset.as_secs())),
            ending,
        })
    }

    /// Where the segment is that holds a moment, or the first one after it.
    fn at_time(&self, time: WallTime) -> usize {
        self.entries.partition_point(|entry| self.end(entry) <= time)
    }

    /// Where a number is, or the first one after it.
    fn at_number(&self, number: u64) -> usize {
        self.entries.partition_point(|entry| entry.number < number)
    }

    fn epoch(&self, entry: &Entry) -> Option<&Epoch> {
        let nth = usize::try_from(entry.epoch.wrapping_sub(self.first_epoch)).ok()?;
        self.epochs.get(nth)
    }

    fn length(&self, entry: &Entry) -> Duration {
        let ticks = MediaDuration::from_ticks(entry.ticks.into());
        self.epoch(entry).map_or(Duration::ZERO, |epoch| ticks.to_std(epoch.timescale))
    }

    fn end(&self, entry: &Entry) -> WallTime {
        entry.wall_start.plus(self.length(entry))
    }

    /// What is known of it that a playlist says.
    fn info(&self, entry: &Entry) -> Option<SegmentInfo> {
        let epoch = self.epoch(entry)?;
        Some(SegmentInfo {
            number: MediaSequence(entry.number),
            epoch: epoch.id,
            discontinuity_sequence: epoch.discontinuity_sequence,
            discontinuity: epoch.discontinuity == Some(entry.number),
            codec: epoch.codec,
            start: MediaTime::ZERO,
            duration: MediaDuration::from_ticks(entry.ticks.into()),
            timescale: epoch.timescale,
            wall_start: entry.wall_start,
            bytes: 0,
        })
    }
}

#[cfg(test)]
mod tests;
