//! The units of a path whose place is known: they are compared with the line, or
//! are the first of their place.

use std::time::Duration;

use media::WallTime;

use super::least::moved;
use super::line::{At, Line, Pending};
use super::path::{Lock, Path, Place};
use super::seek::{Incoming, Seek};
use super::{Event, Merger, RUN_LEN, RUN_LEN_MAX, Rank};
use crate::path::PathUnit;

impl Merger {
    /// The next unit of a path whose place is known.
    pub(super) fn follow(&mut self, rank: Rank, incoming: Incoming) {
        let (Some(line), Some(path)) =
            (self.line.as_mut(), self.paths.get_mut(usize::from(rank.0)))
        else {
            return;
        };
        let Place::Locked(lock) = &mut path.place else { return };
        let place = lock.next;
        match line.at(place) {
            At::End => return self.append(rank, incoming),
            At::Unit(hash) if hash == incoming.hash => {}
            At::Unit(_) | At::Forgotten | At::Beyond => return self.part(rank, place, incoming),
        }
        (lock.next, lock.agreed) = (lock.next + 1, lock.agreed + 1);
        let agrees = lock.agreed == RUN_LEN_MAX;
        lock.lag.observe(incoming.heard.nanos_since(line.due(place)), incoming.heard);
        let by = line.pending_at(place).map(|pending| pending.by);
        match by {
            Some(_) => path.counts.second += 1,
            None => path.counts.late += 1,
        }
        if let Some(first) = by.and_then(|by| self.path_mut(by)).and_then(Path::lock_mut) {
            first.confirmed += 1;
        }
        if agrees {
            self.join(rank);
        }
        self.tell(rank, place, incoming.title);
    }

    /// A path has something else than the line: it lost frames, or the one ahead
    /// of it did, or one of them was in the wrong place.
    fn part(&mut self, rank: Rank, place: u64, incoming: Incoming) {
        self.undo_wrong_lock(rank, place);
        let Some(line) = &self.line else { return };
        if self.next_place(rank) == Some(place) && line.at(place) == At::End {
            return self.append(rank, incoming);
        }
        let mut seek = Seek::from(place);
        seek.push(incoming, line);
        let Some(path) = self.paths.get_mut(usize::from(rank.0)) else { return };
        path.part(seek);
        self.events.push_back(Event::Mismatched(rank));
        self.advance(rank);
    }

    /// Where a path that was locked after this one has appended what nobody
    /// confirms, it was not in its place: a jingle that was played again.
    fn undo_wrong_lock(&mut self, rank: Rank, place: u64) {
        let Some(line) = &mut self.line else { return };
        let Some(by) = line.pending_at(place).map(|pending| pending.by) else { return };
        let number = |rank: Rank| {
            let path = self.paths.get(usize::from(rank.0));
            path.and_then(Path::lock).map(|lock| (lock.number, lock.confirmed))
        };
        let (Some((own, _)), Some((other, confirmed))) = (number(rank), number(by)) else { return };
        if other < own || confirmed >= RUN_LEN as u64 {
            return;
        }
        let taken = line.truncate(place);
        self.titles.truncate(place);
        for seek in self.paths.iter_mut().filter_map(Path::seek_mut) {
            seek.handle_truncated(place);
        }
        for (nth, path) in self.paths.iter_mut().enumerate() {
            let Some(lock) = path.lock().filter(|lock| lock.next > place).copied() else {
                continue;
            };
            let heard = path.heard.unwrap_or_default();
            let mut seek = Seek::from(place);
            let own = usize::try_from(lock.next - place).unwrap_or(usize::MAX);
            let told = path.title.take_if(|(told, _)| *told >= place);
            for (at, (hash, pending)) in (place..).zip(taken.iter().take(own)) {
                let Pending { unit, title, .. } = pending;
                let told = told.as_ref().filter(|(told, _)| *told == at);
                let title = told.map(|(_, title)| title).or(title.as_ref()).cloned();
                seek.push(Incoming { hash: *hash, unit: unit.clone(), title, heard }, line);
            }
            path.part(seek);
            self.events.push_back(Event::Mismatched(Rank(u8::try_from(nth).unwrap_or(u8::MAX))));
        }
    }

    /// A unit that no path has delivered before.
    pub(super) fn append(&mut self, rank: Rank, incoming: Incoming) {
        let now = incoming.heard;
        let stream = incoming.unit.header.stream;
        if self.line.as_ref().and_then(Line::stream).is_some_and(|before| before != stream) {
            return self.change_parameters(rank, incoming);
        }
        self.stay_late(rank, now);
        self.prime(rank, &incoming);
        let (Some(line), Some(path)) =
            (self.line.as_mut(), self.paths.get_mut(usize::from(rank.0)))
        else {
            return;
        };
        path.counts.first += 1;
        let Some(lock) = path.lock_mut() else { return };
        (lock.next, lock.first, lock.catch_up_by) = (lock.next + 1, lock.first + 1, None);
        let place = line.end();
        if lock.lag() > 0 {
            // It catches up; one that is ahead moves the schedule instead.
            lock.lag.observe(now.nanos_since(line.due(place)).max(0), now);
        }
        let (arrival, lag) = (lock.arrival(now), lock.lag());
        if let Some(before) = self.before.take() {
            let frame = stream.frame_duration().as_nanos().max(1);
            let missing = arrival.since(before).as_nanos() / frame;
            self.totals.lost += u64::try_from(missing).unwrap_or(0);
        }
        let unit = PathUnit { arrival: moved(incoming.unit.arrival, -lag), ..incoming.unit };
        line.append(incoming.hash, Pending { unit, title: None, by: rank }, arrival);
        self.feeder = Some(rank);
        let title = incoming.title.or_else(|| self.told(rank));
        self.tell(rank, place, title);
    }

    /// Where the output has waited for a slow path and another one is the first
    /// again, it stays as late as it is: nobody has to wait another time.
    fn stay_late(&mut self, rank: Rank, now: WallTime) {
        let before = self.feeder.filter(|before| *before != rank);
        let slow = before.and_then(|before| self.path(before)).filter(|path| path.feeds(now));
        // One that is not through with its burst yet has made nobody wait.
        let late = slow.and_then(Path::lock).filter(|lock| lock.first > 0).map_or(0, Lock::lag);
        let late = Duration::from_nanos(u64::try_from(late).unwrap_or(0));
        self.late = self.late.max(late.saturating_sub(self.settings.hold_back));
    }
}
