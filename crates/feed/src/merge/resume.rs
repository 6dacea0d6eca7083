//! A merge that goes on where another process was.

use bytes::Bytes;
use media::{AacProfile, FrameHeader, WallTime};

use super::least::Least;
use super::line::Line;
use super::path::{Lock, Place};
use super::{Begin, Cause, Merger, Rank, hash};
use crate::path::SourceInfo;

/// Where another process was with a merge, as far as it is known.
#[derive(Debug, Clone)]
pub struct Continuation {
    /// What the last unit's header says.
    pub header: FrameHeader,
    /// Which AAC tools the payload uses.
    pub profile: Option<AacProfile>,
    /// The last units that were released, oldest first, without a hole.
    pub units: Vec<Bytes>,
    /// Paths of which it is known where they were: the next unit that each of them
    /// is given is so many before the end of these, at most as many as they are.
    pub paths: Vec<(Rank, usize)>,
}

impl Merger {
    /// Goes on with a line, before anything else happens.
    pub fn resume(&mut self, from: Continuation, now: WallTime) {
        let hashes = from.units.iter().map(|data| hash(data));
        let line = Line::resume(from.header.stream, hashes, now);
        let end = line.end();
        self.line = Some(line);
        self.lines = 1;
        let info = SourceInfo { header: from.header, profile: from.profile };
        for (rank, before_end) in from.paths {
            self.locks += 1;
            let (number, line) = (self.locks, Some(self.lines));
            let Some(path) = self.path_mut(rank) else { continue };
            path.info = Some(info);
            path.line = line;
            let next = end.saturating_sub(before_end as u64);
            path.place = Place::Locked(Lock::new(number, next, Least::new(0, now)));
            let begin = Begin { rank: Some(rank), profile: from.profile, cause: Cause::OnAir };
            self.begun.get_or_insert(begin);
            self.feeder.get_or_insert(rank);
        }
    }

    /// The place of a path's next unit in the line, where that is known.
    pub fn next_place(&self, rank: Rank) -> Option<u64> {
        self.path(rank)?.lock().map(|lock| lock.next)
    }

    /// Where the line has these units, one after the other: the place of the first.
    /// `None` where they are not remembered, or stand in more than one place.
    pub fn locate(&self, units: &[Bytes]) -> Option<u64> {
        let wanted: Vec<u64> = units.iter().map(|data| hash(data)).collect();
        self.line.as_ref()?.hashes().locate(&wanted)
    }

    /// Whether a path has a source, as far as has been told.
    pub fn is_connected(&self, rank: Rank) -> bool {
        self.path(rank).is_some_and(super::path::Path::is_connected)
    }

    /// The place in the line of the next unit that comes out; `None` where what
    /// comes out is still another line's.
    pub fn released(&self) -> Option<u64> {
        self.line.as_ref().filter(|_| self.over.is_empty()).map(Line::released)
    }
}
