//! The timeline of a programme: units in, records out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use media::{AacProfile, EpochId, MediaSequence, Title, WallTime};

use crate::clock::MediaClock;
use crate::grid::Grid;
use crate::merge::Output;
use crate::path::PathUnit;
use crate::record::{ClockMark, Closed, Epoch, Record, TitleMark, Unit};

/// Least distance of two titles: what bounds a playlist's date ranges.
pub const TITLE_SPACING: Duration = Duration::from_secs(1);

/// Where a programme goes on, as the log and the bucket tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// Number of the next epoch's first segment.
    pub next_number: MediaSequence,
    /// Discontinuity sequence of the next epoch; 0 for the first of all.
    pub next_discontinuity: u64,
    /// Where the last segment ended: dates do not go back.
    pub not_before: WallTime,
    /// The title that held last.
    pub title: Option<Arc<Title>>,
}

/// Numbers the units of a programme and cuts it into epochs and segments.
///
/// Its units are those that a [`crate::merge::Merger`] releases.
#[derive(Debug)]
pub struct Timeline {
    pub(crate) target_secs: u32,
    pub(crate) next: Resume,
    pub(crate) running: Option<Running>,
    /// A title that holds from the next unit on, or a little later.
    pub(crate) pending_title: Option<Arc<Title>>,
    /// Titles of the running epoch that another node has told of, for units to come.
    pub(crate) told: VecDeque<(u64, Arc<Title>)>,
    pub(crate) profile: Option<AacProfile>,
    pub(crate) records: VecDeque<Record>,
}

#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) epoch: Epoch,
    pub(crate) grid: Grid,
    pub(crate) clock: MediaClock,
    pub(crate) next_index: u64,
    pub(crate) segment: u64,
    /// Where the last closed segment ended.
    pub(crate) wall_end: WallTime,
    /// Index of the last title's mark.
    pub(crate) marked: Option<u64>,
    /// The title at the beginning of the segment under way, and those that began
    /// in it, with the index of each.
    pub(crate) marks: Vec<(u64, Option<Arc<Title>>)>,
    /// What other nodes have told of the clock, by the first segment, for those to come.
    pub(crate) told_clocks: VecDeque<(u64, u64)>,
}

impl Resume {
    /// Goes on behind a number that was used, if that is not so already.
    pub fn not_before_number(&mut self, used: MediaSequence) {
        self.next_number = self.next_number.max(MediaSequence(used.0.saturating_add(1)));
    }
}

impl Timeline {
    /// A timeline with segments of `target_secs`, going on at `next`.
    pub fn new(target_secs: u32, next: Resume) -> Self {
        Self {
            target_secs,
            next,
            running: None,
            pending_title: None,
            told: VecDeque::new(),
            profile: None,
            records: VecDeque::new(),
        }
    }

    /// Takes what a merge gives out.
    pub fn handle_output(&mut self, output: Output) {
        match output {
            Output::Begins(begin) => self.handle_begin(begin.profile),
            Output::Title(title) => self.handle_title(title),
            Output::Unit(unit) => self.handle_unit(&unit),
            Output::Ends => self.handle_end(),
        }
    }

    /// What follows does not continue what was before: the epoch is over.
    pub fn handle_begin(&mut self, profile: Option<AacProfile>) {
        self.end_epoch();
        self.profile = profile;
    }

    /// Nothing has come for too long: the epoch is over.
    pub fn handle_end(&mut self) {
        self.end_epoch();
    }

    /// Takes a title; it holds from the next unit on, but not within
    /// [`TITLE_SPACING`] of the one before: then the latest of them holds.
    pub fn handle_title(&mut self, title: Arc<Title>) {
        let same = self.next.title.as_ref() == Some(&title);
        self.pending_title = (!same).then_some(title);
    }

    /// Takes the next record of the programme feed.
    pub fn next_record(&mut self) -> Option<Record> {
        self.records.pop_front()
    }

    /// Whether the next unit begins a segment.
    pub fn is_at_boundary(&self) -> bool {
        self.running.as_ref().is_none_or(Running::is_complete)
    }

    /// The epoch on air.
    pub fn epoch(&self) -> Option<&Epoch> {
        self.running.as_ref().map(|running| &running.epoch)
    }

    /// The number of the segment under way; `None` between two epochs.
    pub fn segment(&self) -> Option<MediaSequence> {
        self.running.as_ref().map(Running::number)
    }

    /// Where the next epoch would begin.
    pub fn resume(&self) -> &Resume {
        &self.next
    }

    /// Takes the next unit. One of another form ends the epoch.
    pub fn handle_unit(&mut self, unit: &PathUnit) {
        let changed =
            self.running.as_ref().is_some_and(|on_air| on_air.epoch.stream != unit.header.stream);
        if changed {
            self.end_epoch();
        }
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.begin_epoch(unit),
        };
        if running.is_complete() {
            running.close_segment(&mut self.records);
            if running.clock.is_off() {
                self.running = Some(running);
                self.end_epoch();
                running = self.begin_epoch(unit);
            }
        }
        while let Some((_, title)) =
            self.told.pop_front_if(|(index, _)| *index <= running.next_index)
        {
            self.handle_title(title);
        }
        self.mark_title(&mut running);
        running.take(unit);
        self.records.push_back(Record::Unit(Unit {
            index: running.next_index - 1,
            data: unit.data.clone(),
        }));
        self.running = Some(running);
    }

    fn begin_epoch(&mut self, unit: &PathUnit) -> Running {
        let epoch = Epoch {
            id: epoch_id(self.next.next_number, &unit.data),
            stream: unit.header.stream,
            source: unit.header.stream,
            profile: self.profile,
            first_number: self.next.next_number,
            discontinuity_sequence: self.next.next_discontinuity,
        };
        self.records.push_back(Record::Epoch(epoch));
        Running {
            epoch,
            grid: Grid::new(&epoch.stream, self.target_secs),
            clock: MediaClock::new(self.target_secs, self.next.not_before),
            next_index: 0,
            segment: 0,
            wall_end: WallTime::default(),
            marked: None,
            marks: vec![(0, self.next.title.clone())],
            told_clocks: VecDeque::new(),
        }
    }

    /// Puts the pending title before the next unit, when it is due.
    fn mark_title(&mut self, running: &mut Running) {
        let due = running.marked.is_none_or(|marked| {
            running.grid.since_start(running.next_index - marked) >= TITLE_SPACING
        });
        if let Some(title) = self.pending_title.take_if(|_| due) {
            self.next.title = Some(Arc::clone(&title));
            running.mark(running.next_index, &title);
            let (epoch, index) = (running.epoch.id, running.next_index);
            self.records.push_back(Record::Title(TitleMark {
                epoch,
                index,
                source_index: index,
                title,
            }));
        }
    }

    /// Closes the last segment, however short, and ends the epoch.
    pub(crate) fn end_epoch(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        self.told.clear();
        if running.has_units() {
            running.close_segment(&mut self.records);
        }
        self.next.not_before = self.next.not_before.max(running.wall_end);
        self.next.next_number = running.number();
        self.next.next_discontinuity = running.epoch.discontinuity_sequence + 1;
        self.records.push_back(Record::Ended(running.epoch.id));
    }
}

impl Running {
    /// Number of the segment under way.
    pub(crate) fn number(&self) -> MediaSequence {
        MediaSequence(self.epoch.first_number.0 + self.segment)
    }

    /// Whether the segment under way has all its units.
    fn is_complete(&self) -> bool {
        self.grid.segment_of(self.next_index) > self.segment
    }

    /// Whether the segment under way has any.
    pub(crate) fn has_units(&self) -> bool {
        self.next_index > self.grid.first_index(self.segment)
    }

    fn take(&mut self, unit: &PathUnit) {
        let start = self.grid.since_start(self.next_index);
        self.clock.observe(start, unit.arrival);
        self.next_index += 1;
    }

    /// A title holds from the next unit on.
    fn mark(&mut self, index: u64, title: &Arc<Title>) {
        self.marked = Some(index);
        self.marks.retain(|(marked, _)| *marked != index);
        self.marks.push((index, Some(Arc::clone(title))));
    }

    fn close_segment(&mut self, records: &mut VecDeque<Record>) {
        let first_index = self.grid.first_index(self.segment);
        self.clock.fix();
        let closed = Closed {
            number: self.number(),
            epoch: self.epoch,
            first_index,
            end_index: self.next_index,
            wall_start: self.clock.wall(self.grid.since_start(first_index)),
            title: self.longest(),
        };
        self.begin_marks();
        let length = self.grid.length(self.next_index - first_index);
        self.wall_end = closed.wall_start.plus(length.to_std(self.grid.timescale()));
        let before = self.clock.wall(Duration::ZERO);
        self.clock.end_segment();
        self.segment += 1;
        records.push_back(Record::Closed(closed));
        let is_told = self.follow_clocks();
        let origin = self.clock.wall(Duration::ZERO);
        if origin != before && !is_told {
            let (epoch, number) = (self.epoch.id, self.number());
            records.push_back(Record::Clock(ClockMark { epoch, number, origin }));
        }
    }

    /// The next segment begins with the title that holds; what another node has told
    /// of units to come is kept.
    fn begin_marks(&mut self) {
        let is_later = |(index, _): &(u64, _)| *index > self.next_index;
        let later = self.marks.iter().position(is_later).unwrap_or(self.marks.len());
        let later = self.marks.split_off(later);
        let holds = self.marks.pop().and_then(|(_, title)| title);
        self.marks = vec![(self.next_index, holds)];
        self.marks.extend(later);
    }

    /// The title with the greatest share of the segment under way; of equal ones the
    /// first.
    fn longest(&self) -> Option<Arc<Title>> {
        let ends = self.marks.iter().skip(1).map(|(index, _)| *index).chain([self.next_index]);
        let mut shares: Vec<(Option<&Arc<Title>>, u64)> = Vec::new();
        for ((index, title), end) in self.marks.iter().zip(ends) {
            let units = end.min(self.next_index).saturating_sub(*index);
            match shares.iter_mut().find(|(share, _)| *share == title.as_ref()) {
                Some((_, sum)) => *sum += units,
                None => shares.push((title.as_ref(), units)),
            }
        }
        let most = shares.iter().map(|(_, units)| *units).max()?;
        shares.into_iter().find(|(_, units)| *units == most)?.0.cloned()
    }
}

/// FNV-1a over the first number and the first frame.
fn epoch_id(first: MediaSequence, frame: &[u8]) -> EpochId {
    let bytes = first.0.to_be_bytes().into_iter().chain(frame.iter().copied());
    EpochId(
        bytes.fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)),
    )
}

#[cfg(test)]
mod tests;
