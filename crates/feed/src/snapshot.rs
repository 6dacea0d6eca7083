//! A timeline as it is kept on disk, so that another process goes on with it.
//!
//! It is taken where a segment begins: with the units from there on it gives the
//! same records again, byte for byte and date for date.

use std::collections::VecDeque;
use std::sync::Arc;

use media::{AacProfile, MediaSequence, Title, WallTime};
use serde::{Deserialize, Serialize};

use crate::clock::{ClockState, MediaClock};
use crate::grid::Grid;
use crate::log::{self, Fact};
use crate::record::Epoch;
use crate::timeline::{Resume, Running, Timeline};

/// A timeline at a segment's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    target_secs: u32,
    next_number: u64,
    next_discontinuity: u64,
    not_before_nanos: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<TitleText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending_title: Option<TitleText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    running: Option<RunningState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RunningState {
    epoch: Fact,
    next_index: u64,
    segment: u64,
    wall_end_nanos: u64,
    marked: Option<u64>,
    /// The titles of the segment that is complete by now, each from an index on.
    #[serde(default)]
    marks: Vec<(u64, Option<TitleText>)>,
    clock: ClockState,
}

/// An epoch of another packager, where a segment of it is complete.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) epoch: Epoch,
    pub(crate) segment: u64,
    /// Wall-clock time of index 0, in nanoseconds since 1970.
    pub(crate) origin: u64,
    /// The title that holds at the segment's end.
    pub(crate) title: Option<Arc<Title>>,
    /// Index of the last title's mark.
    pub(crate) marked: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TitleText {
    stream_title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    url: String,
}

impl Snapshot {
    /// One of an epoch that another packager began, where a segment of it is complete.
    pub(crate) fn of_joined(target_secs: u32, joined: Joined) -> Option<Self> {
        let Joined { epoch, segment, origin, title, marked } = joined;
        let title = title.as_deref().map(text);
        let snapshot = Self {
            target_secs,
            next_number: epoch.first_number.0,
            next_discontinuity: epoch.discontinuity_sequence,
            not_before_nanos: 0,
            title,
            pending_title: None,
            profile: epoch.profile.map(|profile| log::profile_name(profile).to_owned()),
            running: Some(RunningState {
                epoch: log::began(&epoch, target_secs, None),
                next_index: 0,
                segment,
                wall_end_nanos: 0,
                marked,
                marks: Vec::new(),
                clock: ClockState::at(origin),
            }),
        };
        snapshot.advanced(0)
    }

    /// Index of the first unit behind it; `None` between two epochs.
    pub fn next_index(&self) -> Option<u64> {
        self.running.as_ref().map(|running| running.next_index)
    }

    /// The same some segments later, as far as nothing happens meanwhile; `None`
    /// between two epochs.
    pub fn advanced(mut self, segments: u64) -> Option<Self> {
        let target_secs = self.target_secs;
        let running = self.running.as_mut()?;
        let epoch = log::epoch_of(&running.epoch)?;
        let grid = Grid::new(&epoch.stream, target_secs);
        running.segment = running.segment.checked_add(segments)?;
        let first = grid.first_index(running.segment);
        running.next_index = grid.first_index(running.segment.checked_add(1)?);
        running.marks = vec![(first, self.title.clone())];
        let origin = running.clock.origin()?;
        running.wall_end_nanos = origin.plus(grid.since_start(running.next_index)).nanos();
        self.not_before_nanos = running.wall_end_nanos;
        Some(self)
    }

    /// The number of the segment that is complete and not closed yet; where no
    /// epoch runs, the one before the next.
    pub fn number(&self) -> MediaSequence {
        let running = self.running.as_ref().and_then(RunningState::number);
        running.unwrap_or(MediaSequence(self.next_number.saturating_sub(1)))
    }

    /// The running epoch; `None` between two.
    pub fn epoch(&self) -> Option<Epoch> {
        log::epoch_of(&self.running.as_ref()?.epoch)
    }
}

impl RunningState {
    fn number(&self) -> Option<MediaSequence> {
        let first = log::epoch_of(&self.epoch)?.first_number.0;
        Some(MediaSequence(first.checked_add(self.segment)?))
    }

    fn of(running: &Running, target_secs: u32) -> Self {
        let mark =
            |(index, title): &(u64, Option<Arc<Title>>)| (*index, title.as_deref().map(text));
        Self {
            epoch: log::began(&running.epoch, target_secs, None),
            next_index: running.next_index,
            segment: running.segment,
            wall_end_nanos: running.wall_end.nanos(),
            marked: running.marked,
            marks: running.marks.iter().map(mark).collect(),
            clock: running.clock.state(),
        }
    }

    fn restore(self, target_secs: u32) -> Option<Running> {
        let epoch = log::epoch_of(&self.epoch)?;
        let grid = Grid::new(&epoch.stream, target_secs);
        // Everything else follows from the two: they have to go together.
        let is_boundary = grid.first_index(self.segment.checked_add(1)?) == self.next_index;
        is_boundary.then(|| Running {
            epoch,
            grid,
            clock: MediaClock::restore(target_secs, self.clock),
            next_index: self.next_index,
            segment: self.segment,
            told_clocks: VecDeque::new(),
            wall_end: WallTime::from_nanos(self.wall_end_nanos),
            marked: self.marked.filter(|marked| *marked < self.next_index),
            marks: self
                .marks
                .into_iter()
                .map(|(index, title)| (index, title.map(title_of)))
                .collect(),
        })
    }
}

impl Timeline {
    /// What another process needs to go on, where the next unit begins a segment.
    pub fn snapshot(&self) -> Option<Snapshot> {
        if !self.is_at_boundary() {
            return None;
        }
        Some(Snapshot {
            target_secs: self.target_secs,
            next_number: self.next.next_number.0,
            next_discontinuity: self.next.next_discontinuity,
            not_before_nanos: self.next.not_before.nanos(),
            title: self.next.title.as_deref().map(text),
            pending_title: self.pending_title.as_deref().map(text),
            profile: self.profile.map(|profile| log::profile_name(profile).to_owned()),
            running: self.running.as_ref().map(|one| RunningState::of(one, self.target_secs)),
        })
    }

    /// Goes on where another process was; `None` where the snapshot makes no sense,
    /// or is of segments of another length.
    pub fn restore(target_secs: u32, snapshot: Snapshot) -> Option<Self> {
        let next = Resume {
            next_number: MediaSequence(snapshot.next_number),
            next_discontinuity: snapshot.next_discontinuity,
            not_before: WallTime::from_nanos(snapshot.not_before_nanos),
            title: snapshot.title.map(title_of),
        };
        if snapshot.target_secs != target_secs || next.next_number.0 > log::NUMBER_MAX {
            return None;
        }
        let mut running = match snapshot.running {
            Some(state) => Some(state.restore(target_secs)?),
            None => None,
        };
        if let Some(running) = running.as_mut().filter(|running| running.marks.is_empty()) {
            running.marks.push((running.grid.first_index(running.segment), next.title.clone()));
        }
        let profile: Option<AacProfile> = snapshot.profile.as_deref().and_then(log::profile_named);
        let mut timeline = Self::new(target_secs, next);
        timeline.running = running;
        timeline.pending_title = snapshot.pending_title.map(title_of);
        timeline.profile = profile;
        Some(timeline)
    }
}

fn text(title: &Title) -> TitleText {
    TitleText { stream_title: title.stream_title.clone(), url: title.url.clone() }
}

fn title_of(text: TitleText) -> Arc<Title> {
    Arc::new(Title::new(text.stream_title, text.url))
}

#[cfg(test)]
mod tests;
