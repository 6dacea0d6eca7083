//! How a path's place is found and taken.

use super::least::Least;
use super::line::{Line, Pending};
use super::path::{Lock, Path, Place};
use super::seek::{Incoming, Run};
use super::{CATCH_UP_MAX, Event, Merger, Rank};

impl Merger {
    /// The next unit of a path whose place is not known.
    pub(super) fn seek(&mut self, rank: Rank, incoming: Incoming) {
        let nothing = Line::default();
        let line = self.line.as_ref().unwrap_or(&nothing);
        let Some(path) = self.paths.get_mut(usize::from(rank.0)) else { return };
        let Some(seek) = path.seek_mut() else { return };
        seek.push(incoming, line);
        self.advance(rank);
    }

    /// Looks further for the place of a path, and locks it when it is found.
    pub(super) fn advance(&mut self, rank: Rank) {
        let (Some(line), Some(path)) = (&self.line, self.paths.get_mut(usize::from(rank.0))) else {
            return;
        };
        let Some(seek) = path.seek_mut() else { return };
        if let Some(run) = seek.advance(line).or_else(|| seek.rest(line)) {
            self.lock(rank, run);
        }
    }

    /// The line has grown: those whose place is sought may be found in it.
    pub(super) fn advance_others(&mut self, by: Rank) {
        loop {
            let end = self.end();
            for rank in (0..self.paths.len()).filter_map(|nth| u8::try_from(nth).ok()).map(Rank) {
                if rank != by {
                    self.advance(rank);
                }
            }
            if self.end() == end {
                return;
            }
        }
    }

    /// The place of a path is known.
    fn lock(&mut self, rank: Rank, run: Run) {
        let now = self.path(rank).and_then(|path| path.heard).unwrap_or_default();
        let others_feed = self.ranked().any(|(other, path)| other != rank && path.feeds(now));
        let (Some(line), Some(path)) =
            (self.line.as_mut(), self.paths.get_mut(usize::from(rank.0)))
        else {
            return;
        };
        let Place::Sought(seek) = std::mem::take(&mut path.place) else { return };
        let (before, left) = (seek.held_before(run.unit), seek.left);
        let mut units = seek.into_units();
        let missing: Vec<_> = units.drain(..before.min(units.len())).collect();
        let len = usize::try_from(run.len).unwrap_or(usize::MAX).min(units.len());
        let run_units: Vec<_> = (run.place..).zip(units.drain(..len)).collect();
        let late = run_units.iter();
        let late = late.map(|(place, unit)| unit.heard.nanos_since(line.due(*place)));
        let lag_nanos = late.min().unwrap_or_default();
        // It is the source that was on air, and nobody says how far it has got.
        let came_back = !others_feed && self.feeder == Some(rank) && run.end() < line.end();
        self.locks += 1;
        let lock = Lock::new(self.locks, run.end(), Least::new(lag_nanos, now));
        let catch_up_by = came_back.then(|| now.plus(CATCH_UP_MAX));
        path.place = Place::Locked(Lock { catch_up_by, ..lock });
        path.counts.locks += 1;
        // The one ahead went on at the very unit after which this one has more.
        let mends = left == Some(run.place) && run.place >= line.released() && !missing.is_empty();
        self.events.push_back(Event::Locked { rank, lag_nanos });
        let mut place = run.place;
        if mends {
            place += missing.len() as u64;
            self.mend(rank, run.place, missing);
        } else {
            let told = missing.into_iter().rev().find_map(|unit| unit.title);
            self.tell(rank, place, told);
        }
        for (place, (_, unit)) in (place..).zip(run_units) {
            self.tell(rank, place, unit.title);
        }
        for unit in units {
            self.take(rank, unit);
        }
    }

    /// A path has agreed with the line for long enough to be of it, with all others
    /// that are: programmes share jingles.
    pub(super) fn join(&mut self, rank: Rank) {
        let (line, members) = (Some(self.lines), self.members());
        for (other, path) in (0..).map(Rank).zip(&mut self.paths) {
            if other == rank {
                (path.line, path.kin) = (line, path.kin | members);
            } else if path.line == line {
                path.kin |= bit(rank);
            }
        }
    }

    /// The paths that are of the line, a bit each.
    fn members(&self) -> u64 {
        let members = self.ranked().filter(|(_, path)| path.line == Some(self.lines));
        members.fold(0, |all, (member, _)| all | bit(member))
    }

    /// Whether a path is known to carry something else than the line.
    pub(super) fn is_other(&self, rank: Rank) -> bool {
        let (line, members) = (Some(self.lines), self.members());
        let was_elsewhere = |path: &Path| path.line.is_some() && path.line != line;
        self.path(rank).is_some_and(|path| was_elsewhere(path) && path.kin & members == 0)
    }

    /// Puts units into their place that the path ahead has left out.
    fn mend(&mut self, rank: Rank, place: u64, missing: Vec<Incoming>) {
        let Some(line) = &mut self.line else { return };
        let units = missing.len();
        let titles: Vec<_> = missing.iter().map(|one| one.title.clone()).collect();
        let missing = missing
            .into_iter()
            .map(|one| (one.hash, Pending { unit: one.unit, title: None, by: rank }));
        line.insert(place, missing.collect());
        self.titles.shift(place, units as u64);
        for path in &mut self.paths {
            if let Some((told, _)) = path.title.as_mut().filter(|(told, _)| *told >= place) {
                *told += units as u64;
            }
            if let Some(lock) = path.lock_mut().filter(|lock| lock.next > place) {
                lock.next += units as u64;
            }
        }
        // What is sought is compared with places that have moved.
        for seek in self.paths.iter_mut().filter_map(Path::seek_mut) {
            seek.handle_inserted(place, units as u64);
        }
        for (place, title) in (place..).zip(titles) {
            self.tell(rank, place, title);
        }
        self.events.push_back(Event::Mended { rank, units });
    }
}

fn bit(rank: Rank) -> u64 {
    1_u64.checked_shl(rank.0.into()).unwrap_or(0)
}
