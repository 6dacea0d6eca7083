//! Segments from the programme feed: a pure function of its records.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use media::{Segment, SegmentInfo, Title, WallTime, packed_audio};

use crate::grid::Grid;
use crate::record::{Closed, Record, TitleMark};

/// What a view of the programme feed gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// A title, and the wall-clock moment from which it holds.
    Title {
        /// Its identity, never used for another.
        id: String,
        /// The moment of its first unit.
        start: WallTime,
        /// The title.
        title: Arc<Title>,
    },
    /// A segment, complete.
    Segment(Segment),
}

/// Joins the units of a programme feed into segments.
///
/// It holds the units of the segment under way. It may begin anywhere in a
/// feed: what it has not seen whole it leaves out.
#[derive(Debug)]
pub struct Cutter {
    target_secs: u32,
    /// Index of the first of `units`.
    first_index: u64,
    units: VecDeque<Bytes>,
    titles: Vec<TitleMark>,
}

impl Cutter {
    /// A cutter for segments of `target_secs`.
    pub fn new(target_secs: u32) -> Self {
        Self { target_secs, first_index: 0, units: VecDeque::new(), titles: Vec::new() }
    }

    /// Takes the next record; gives what it completed, titles before the
    /// segment in which they begin.
    pub fn handle(&mut self, record: &Record) -> Vec<View> {
        match record {
            Record::Epoch(_) | Record::Ended(_) => self.reset(),
            Record::Title(mark) => self.titles.push(mark.clone()),
            Record::Clock(_) => {}
            Record::Unit(unit) => {
                if self.units.is_empty() {
                    self.first_index = unit.index;
                }
                self.units.push_back(unit.data.clone());
            }
            Record::Closed(closed) => return self.close(closed),
        }
        Vec::new()
    }

    /// Forgets the segment under way: the reader has missed records.
    pub fn reset(&mut self) {
        self.units.clear();
        self.titles.clear();
    }

    fn close(&mut self, closed: &Closed) -> Vec<View> {
        let grid = Grid::new(&closed.epoch.stream, self.target_secs);
        let units: Vec<Bytes> = self.units.drain(..).collect();
        let mut views = self.place_titles(closed, closed.origin(&grid));
        if self.first_index == closed.first_index && units.len() as u64 == closed.units() {
            views.push(View::Segment(build(&grid, closed, &units)));
        }
        views
    }

    fn place_titles(&mut self, closed: &Closed, origin: WallTime) -> Vec<View> {
        let source = Grid::new(&closed.epoch.source, self.target_secs);
        std::mem::take(&mut self.titles)
            .into_iter()
            .filter(|mark| mark.epoch == closed.epoch.id)
            .map(|mark| mark.view(origin.plus(source.since_start(mark.source_index))))
            .collect()
    }
}

fn build(grid: &Grid, closed: &Closed, units: &[Bytes]) -> Segment {
    let start = grid.start(closed.first_index);
    let body = packed_audio::mux(start, grid.timescale(), closed.title.as_deref(), units);
    Segment { info: closed.info(grid, body.len() as u64), body }
}

impl TitleMark {
    /// It as a view, beginning at this moment.
    pub(crate) fn view(&self, start: WallTime) -> View {
        View::Title { id: self.id(), start, title: Arc::clone(&self.title) }
    }
}

impl Closed {
    /// Units in the segment.
    pub fn units(&self) -> u64 {
        self.end_index.saturating_sub(self.first_index)
    }

    /// Wall-clock time of the epoch's index 0, as this segment has it.
    pub fn origin(&self, grid: &Grid) -> WallTime {
        self.wall_start.minus(grid.since_start(self.first_index))
    }

    /// What is known of the segment, given the length of its body in bytes.
    pub fn info(&self, grid: &Grid, bytes: u64) -> SegmentInfo {
        let epoch = &self.epoch;
        SegmentInfo {
            number: self.number,
            epoch: epoch.id,
            discontinuity_sequence: epoch.discontinuity_sequence,
            discontinuity: self.first_index == 0 && epoch.discontinuity_sequence > 0,
            codec: epoch.stream.codec,
            start: grid.start(self.first_index),
            duration: grid.length(self.units()),
            timescale: grid.timescale(),
            wall_start: self.wall_start,
            bytes,
        }
    }
}

#[cfg(test)]
mod tests;
