//! One path of a merge: where it stands, and what it has done.

use std::sync::Arc;
use std::time::Duration;

use media::{Title, WallTime};

use super::least::{Least, moved};
use super::seek::Seek;
use super::sound::Sound;
use super::{SKEW_MAX, STALL_MAX};
use crate::path::SourceInfo;

/// A path, as the merge knows it.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub(super) info: Option<SourceInfo>,
    pub(super) place: Place,
    /// When its last unit came.
    pub(super) heard: Option<WallTime>,
    /// Since when it has delivered without a stall.
    pub(super) stable_since: Option<WallTime>,
    /// The line that it was locked in last.
    pub(super) line: Option<u64>,
    /// The paths that were once locked together with it, a bit each: they carry the
    /// same programme.
    pub(super) kin: u64,
    /// The title that holds for the last of its units that has a place, and the place
    /// from which on it does.
    pub(super) title: Option<(u64, Arc<Title>)>,
    /// The one that it told last, before the unit with which it begins.
    pub(super) next_title: Option<Arc<Title>>,
    pub(super) sound: Sound,
    pub(super) counts: Counts,
}

/// Where a path's next unit belongs.
#[derive(Debug, Default)]
pub(super) enum Place {
    /// No source is there.
    #[default]
    Away,
    /// That is not known.
    Sought(Box<Seek>),
    /// It is known.
    Locked(Lock),
}

/// A path whose place is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lock {
    /// The place of its next unit.
    pub(super) next: u64,
    /// How much later than the line's schedule its units come, in nanoseconds;
    /// below zero for one that is ahead.
    pub(super) lag: Least,
    /// Which lock of the merge it is.
    pub(super) number: u64,
    /// Units that it was the first to deliver since.
    pub(super) first: u64,
    /// Units since that were the line's.
    pub(super) agreed: usize,
    /// Units of these that another path delivered as well.
    pub(super) confirmed: u64,
    /// Until when it has to be through with what was on air already.
    pub(super) catch_up_by: Option<WallTime>,
}

/// What a path has done since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Units that it was the first to deliver.
    pub first: u64,
    /// Units that it delivered after another path had, in time.
    pub second: u64,
    /// Units that came after theirs was released.
    pub late: u64,
    /// Units that were not what the line has in their place.
    pub mismatched: u64,
    /// Times that its place was found.
    pub locks: u64,
}

impl Path {
    pub(super) fn lock(&self) -> Option<&Lock> {
        match &self.place {
            Place::Locked(lock) => Some(lock),
            _ => None,
        }
    }

    pub(super) fn lock_mut(&mut self) -> Option<&mut Lock> {
        match &mut self.place {
            Place::Locked(lock) => Some(lock),
            _ => None,
        }
    }

    pub(super) fn seek(&self) -> Option<&Seek> {
        match &self.place {
            Place::Sought(seek) => Some(seek),
            _ => None,
        }
    }

    pub(super) fn seek_mut(&mut self) -> Option<&mut Seek> {
        match &mut self.place {
            Place::Sought(seek) => Some(seek),
            _ => None,
        }
    }

    /// Begins to look for its place.
    pub(super) fn begin_seek(&mut self, seek: Seek) {
        let before = std::mem::replace(&mut self.place, Place::Sought(Box::new(seek)));
        if let Place::Sought(before) = before {
            // What it told goes on to hold.
            let title = before.into_units().into_iter().rev().find_map(|unit| unit.title);
            self.next_title = self.next_title.take().or(title);
        }
    }

    /// It has something else than the line: its place is looked for anew.
    pub(super) fn part(&mut self, seek: Seek) {
        self.counts.mismatched += 1;
        self.begin_seek(seek);
    }

    pub(super) fn is_connected(&self) -> bool {
        self.info.is_some()
    }

    /// When it counts as stalled.
    pub(super) fn stalls_at(&self) -> Option<WallTime> {
        self.heard.filter(|_| self.is_connected()).map(|heard| heard.plus(STALL_MAX))
    }

    /// Whether it delivers.
    pub(super) fn is_live(&self, now: WallTime) -> bool {
        self.stalls_at().is_some_and(|stalls| now < stalls)
    }

    /// Whether the line goes on with it, however late.
    pub(super) fn feeds(&self, now: WallTime) -> bool {
        self.is_live(now) && self.carries()
    }

    /// Whether the line would go on with it if it delivered.
    pub(super) fn carries(&self) -> bool {
        self.lock().is_some_and(|lock| lock.lag() <= as_nanos(SKEW_MAX))
    }

    /// Whether it carries something that is not the line's, or is too far behind.
    pub(super) fn is_foreign(&self) -> bool {
        match &self.place {
            Place::Away => false,
            Place::Sought(seek) => seek.is_foreign(),
            Place::Locked(_) => !self.carries(),
        }
    }

    pub(super) fn hear(&mut self, now: WallTime) {
        if !self.is_live(now) {
            self.stable_since = Some(now);
        }
        self.heard = Some(now);
    }
}

impl Lock {
    /// The merge's lock of this number, at the place of the path's next unit.
    pub(super) fn new(number: u64, next: u64, lag: Least) -> Self {
        Self { next, lag, number, first: 0, agreed: 0, confirmed: 0, catch_up_by: None }
    }

    pub(super) fn lag(&self) -> i64 {
        self.lag.get()
    }

    /// When a unit that came at `heard` would have come by the path that the
    /// schedule goes by.
    pub(super) fn arrival(&self, heard: WallTime) -> WallTime {
        moved(heard, self.lag().saturating_neg())
    }
}

pub(super) fn as_nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}
