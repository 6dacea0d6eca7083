//! The programme feeds of several packagers as one: merged by epoch and index.
//!
//! Packagers that share an epoch make the same records, so of each the first one
//! that comes counts, and who lost one feed does not notice while another has the
//! records. Where no feed can go on with the epoch on air, what follows in one of
//! them is the next: a hole, or another epoch. As long as a feed that is there may
//! still bring what is missing, that is waited for, up to [`PATIENCE`].
//!
//! What comes out is a programme feed as any other: indices rise within an epoch,
//! and the numbers of segments never go back.

mod source;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use media::{EpochId, MediaSequence, Title, WallTime};

use crate::grid::Grid;
use crate::record::{Epoch, Record};
use source::{Placed, Source};

/// How long a feed may take to bring what another one lacks. Chosen: as long as a path
/// may be silent before another one takes its place.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Records of a feed that wait for what is before them: more than a minute.
pub const WAITING_MAX: usize = 4_096;

/// Epochs of which it is remembered how far they went.
const PASSED_MAX: usize = 16;

/// Merges the programme feeds of one rendition. Time is an argument, and is the same
/// clock for all calls.
///
/// Holds for each feed at most [`WAITING_MAX`] records.
#[derive(Debug)]
pub struct Replicas {
    target_secs: u32,
    sources: Vec<Source>,
    running: Option<Running>,
    /// Epochs that are over, and how far they went, the oldest first.
    passed: VecDeque<(EpochId, u64)>,
    /// Number of the last segment closed.
    closed: Option<MediaSequence>,
    /// The last title.
    mark: Option<(EpochId, u64, Arc<Title>)>,
    /// The last step of the clock.
    clock: Option<(EpochId, MediaSequence)>,
    /// When something came out last.
    progressed: WallTime,
    missed: u64,
    records: VecDeque<Record>,
}

/// The epoch on air.
#[derive(Debug, Clone, Copy)]
struct Running {
    epoch: Epoch,
    /// Index of the first unit that came out.
    began: u64,
    /// Index of the next one.
    next: u64,
    /// The index up to which no segment's end is waited for any more.
    waived: u64,
}

/// Whether an epoch that some feed has in its midst may begin there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// Not while another feed may have its beginning.
    ForOthers,
    /// It may.
    ForNobody,
}

/// What becomes of the first record of a feed that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is the next.
    Next,
    /// It has come out, or is of no use any more.
    Past,
    /// Units of the epoch on air are missing before the one at this index, or the end of
    /// the segment before it.
    Ahead(u64),
    /// It is behind the epoch on air.
    Behind,
}

impl Replicas {
    /// A merge of `feeds` feeds, none of which is there yet, of a rendition with
    /// segments of `target_secs`.
    pub fn new(feeds: usize, target_secs: u32) -> Self {
        Self {
            target_secs,
            sources: (0..feeds).map(|_| Source::default()).collect(),
            running: None,
            passed: VecDeque::new(),
            closed: None,
            mark: None,
            clock: None,
            progressed: WallTime::default(),
            missed: 0,
            records: VecDeque::new(),
        }
    }

    /// A feed is there: what another one lacks it may bring.
    pub fn handle_there(&mut self, feed: usize) {
        if let Some(source) = self.sources.get_mut(feed) {
            source.is_there = true;
        }
    }

    /// A feed is not there any more. What it has brought counts.
    pub fn handle_gone(&mut self, feed: usize, now: WallTime) {
        if let Some(source) = self.sources.get_mut(feed) {
            source.is_there = false;
        }
        self.handle_timeout(now);
    }

    /// Records of a feed were missed, or another process makes it: what it brings next
    /// may be of any epoch.
    pub fn handle_missed(&mut self, feed: usize) {
        if let Some(source) = self.sources.get_mut(feed) {
            source.lose_place();
        }
    }

    /// A feed brings its next record.
    pub fn handle_record(&mut self, feed: usize, record: Record, now: WallTime) {
        if let Some(source) = self.sources.get_mut(feed) {
            source.push(record, now);
        }
        self.handle_timeout(now);
    }

    /// Does what time asks for.
    pub fn handle_timeout(&mut self, now: WallTime) {
        loop {
            self.drain(Waits::ForOthers, now);
            let Some(due) = self.due() else { return };
            if self.may_come() && now < due {
                return;
            }
            if !self.go_on(now) {
                return;
            }
        }
    }

    /// When to call [`Self::handle_timeout`]; `None` while nothing waits.
    pub fn poll_timeout(&self) -> Option<WallTime> {
        self.due()
    }

    /// Takes what comes out next.
    pub fn next_record(&mut self) -> Option<Record> {
        self.records.pop_front()
    }

    /// Units of the epochs on air that no feed had in time.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Gives out all that is next, whichever feed has it; says whether anything was.
    fn drain(&mut self, waits: Waits, now: WallTime) -> bool {
        let mut has_given = false;
        loop {
            let mut has_moved = false;
            for feed in 0..self.sources.len() {
                while self.verdict(feed) == Some(Verdict::Past) {
                    self.pop(feed);
                }
                while self.running.is_some() && self.verdict(feed) == Some(Verdict::Next) {
                    has_moved |= self.give(feed, now);
                }
            }
            if self.running.is_none()
                && let Some(feed) = self.earliest(waits)
            {
                has_moved |= self.give(feed, now);
            }
            has_given |= has_moved;
            if !has_moved {
                return has_given;
            }
        }
    }

    /// Whether a feed may bring what the others lack.
    fn may_come(&self) -> bool {
        self.sources.iter().any(Source::may_bring_more)
    }

    fn pop(&mut self, feed: usize) -> Option<Placed> {
        self.sources.get_mut(feed).and_then(Source::pop)
    }

    /// Which feed has the earliest unit of an epoch that may begin: of several epochs, of
    /// the first feed's. For one that is in its midst already another feed's beginning is
    /// waited for.
    fn earliest(&self, waits: Waits) -> Option<usize> {
        let feeds = 0..self.sources.len();
        let next = feeds.filter(|feed| self.verdict(*feed) == Some(Verdict::Next));
        let firsts = next.filter_map(|feed| {
            let placed = self.sources.get(feed)?.first()?;
            Some((feed, placed.epoch.id, placed.index()?))
        });
        let firsts: Vec<_> = firsts.collect();
        let (_, epoch, _) = *firsts.first()?;
        let of_epoch = firsts.into_iter().filter(|(_, id, _)| *id == epoch);
        let (feed, _, index) = of_epoch.min_by_key(|(_, _, index)| *index)?;
        let goes_on = index == 0 || self.passed.contains(&(epoch, index));
        let waits = waits == Waits::ForOthers && self.may_come();
        (goes_on || !waits).then_some(feed)
    }

    fn verdict(&self, feed: usize) -> Option<Verdict> {
        let Placed { epoch, record, .. } = self.sources.get(feed)?.first()?;
        let running = self.running.as_ref().filter(|running| running.epoch.id == epoch.id);
        let next = running.map(|running| running.next);
        Some(match record {
            Record::Unit(unit) => self.judge(epoch, unit.index, next),
            Record::Title(mark) => match self.judge(epoch, mark.index, next) {
                Verdict::Next if self.is_told(epoch.id, mark.index, &mark.title) => Verdict::Past,
                // One that another packager has a little earlier.
                Verdict::Past if next.is_some() && self.is_new(epoch.id, mark.index) => {
                    if self.is_told(epoch.id, mark.index, &mark.title) {
                        Verdict::Past
                    } else {
                        Verdict::Next
                    }
                }
                verdict => verdict,
            },
            Record::Closed(closed) if self.closed.is_some_and(|last| closed.number <= last) => {
                Verdict::Past
            }
            Record::Closed(closed) => match next {
                Some(next) if closed.end_index > next => Verdict::Ahead(closed.end_index),
                Some(next) if closed.end_index == next => Verdict::Next,
                None if self.running.is_some() => Verdict::Behind,
                _ => Verdict::Past,
            },
            Record::Clock(mark) => match next {
                Some(_) if !self.is_set(mark.epoch, mark.number) => Verdict::Next,
                None if self.running.is_some() => Verdict::Behind,
                _ => Verdict::Past,
            },
            Record::Ended(_) if next.is_some() => Verdict::Behind,
            Record::Ended(_) | Record::Epoch(_) => Verdict::Past,
        })
    }

    /// What becomes of what stands at an index; `next` where its epoch is on air.
    fn judge(&self, epoch: &Epoch, index: u64, next: Option<u64>) -> Verdict {
        match next {
            Some(next) if index > next || self.lacks_end(index) => Verdict::Ahead(index),
            Some(next) if index == next => Verdict::Next,
            Some(_) => Verdict::Past,
            None if self.is_past(epoch, index) => Verdict::Past,
            None if self.running.is_none() => Verdict::Next,
            None => Verdict::Behind,
        }
    }

    /// Whether an index of the epoch on air begins a segment, and the end of the one
    /// before has not come out.
    fn lacks_end(&self, index: u64) -> bool {
        let Some(Running { epoch, began, waived, next }) = self.running else { return false };
        if index != next || index == began || index <= waived {
            return false;
        }
        let grid = Grid::new(&epoch.stream, self.target_secs);
        let segment = grid.segment_of(index);
        let before = MediaSequence(epoch.first_number.0.saturating_add(segment).saturating_sub(1));
        grid.first_index(segment) == index && self.closed.is_none_or(|closed| closed < before)
    }

    /// Whether the time of an index is over: it was on air, or its segment's number has
    /// been used.
    fn is_past(&self, epoch: &Epoch, index: u64) -> bool {
        let segment = Grid::new(&epoch.stream, self.target_secs).segment_of(index);
        let number = MediaSequence(epoch.first_number.0.saturating_add(segment));
        let passed = self.passed.iter().find(|(id, _)| *id == epoch.id);
        self.closed.is_some_and(|closed| number <= closed)
            || passed.is_some_and(|(_, next)| index < *next)
    }

    /// Whether a title begins behind the last one.
    fn is_new(&self, epoch: EpochId, index: u64) -> bool {
        self.mark.as_ref().is_none_or(|(of, at, _)| *of != epoch || *at < index)
    }

    /// Whether the clock of a segment is known.
    fn is_set(&self, epoch: EpochId, number: MediaSequence) -> bool {
        self.clock.is_some_and(|(of, last)| of == epoch && number <= last)
    }

    fn is_told(&self, epoch: EpochId, index: u64, title: &Arc<Title>) -> bool {
        let is_same = self.mark.as_ref().is_some_and(|(of, _, last)| *of == epoch && last == title);
        is_same || !self.is_new(epoch, index)
    }

    /// Gives out what a feed has first.
    fn give(&mut self, feed: usize, now: WallTime) -> bool {
        let Some(placed) = self.pop(feed) else { return false };
        let index = placed.index();
        let Placed { epoch, record, .. } = placed;
        if self.running.is_none() {
            // Nothing else begins an epoch.
            let Some(index) = index else { return true };
            self.records.push_back(Record::Epoch(epoch));
            self.running = Some(Running { epoch, began: index, next: index, waived: 0 });
        }
        match &record {
            Record::Unit(unit) => {
                if let Some(running) = &mut self.running {
                    running.next = unit.index + 1;
                }
            }
            Record::Title(mark) => {
                self.mark = Some((epoch.id, mark.index, Arc::clone(&mark.title)));
            }
            Record::Closed(closed) => self.closed = Some(closed.number),
            Record::Clock(mark) => self.clock = Some((mark.epoch, mark.number)),
            Record::Epoch(_) | Record::Ended(_) => {}
        }
        self.records.push_back(record);
        self.progressed = now;
        for source in &mut self.sources {
            source.forget_others(epoch.id, now);
        }
        true
    }

    /// When it is not waited any longer; `None` where nothing waits.
    fn due(&self) -> Option<WallTime> {
        let waiting = self.sources.iter().filter_map(Source::first);
        let since = waiting.map(|placed| placed.came).min()?;
        Some(since.max(self.progressed).plus(PATIENCE))
    }

    /// Goes on without what is missing; `false` where nothing is there to go on with.
    fn go_on(&mut self, now: WallTime) -> bool {
        if self.running.is_none() {
            return self.drain(Waits::ForNobody, now);
        }
        let verdicts: Vec<_> =
            (0..self.sources.len()).filter_map(|feed| self.verdict(feed)).collect();
        let ahead = verdicts.iter().filter_map(|verdict| match verdict {
            Verdict::Ahead(index) => Some(*index),
            _ => None,
        });
        let Some(running) = &mut self.running else { return false };
        if let Some(index) = ahead.min() {
            self.missed += index.saturating_sub(running.next);
            (running.next, running.waived) = (index, index);
            return true;
        }
        let Running { epoch, next, .. } = *running;
        self.records.push_back(Record::Ended(epoch.id));
        self.passed.retain(|(id, _)| *id != epoch.id);
        self.passed.push_back((epoch.id, next));
        if self.passed.len() > PASSED_MAX {
            self.passed.pop_front();
        }
        self.running = None;
        true
    }
}

#[cfg(test)]
mod tests;
