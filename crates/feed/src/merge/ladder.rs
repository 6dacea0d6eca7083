//! What goes on air where no locked path is left: the next path, at a frame's
//! boundary; and when the programme goes back to a preferred one.

use std::time::Duration;

use media::WallTime;

use super::least::Least;
use super::line::{Line, Pending};
use super::path::{Lock, Path, Place};
use super::seek::{Incoming, Seek};
use super::splice::Lead;
use super::{Begin, Cause, Event, Merger, Output, Rank, SKEW_MAX, STABLE_MIN, STALL_MAX};

impl Merger {
    /// Decides what goes on.
    pub(super) fn decide(&mut self, now: WallTime) {
        self.decided = now;
        if self.plays_fallback() {
            if let Some(rank) = self.instead_of_fallback(now) {
                self.begin(rank, Cause::Preferred, now);
            }
            return;
        }
        if self.line.is_none() {
            match self.first_with_units() {
                Some(rank) => self.begin(rank, Cause::OnAir, now),
                None => self.begin_fallback_when_dry(now),
            }
            return;
        }
        if let Some(rank) = self.plays_again(now) {
            return self.begin(rank, Cause::CameBack, now);
        }
        if self.is_fed(now) {
            if let Some(rank) = self.preferred(now) {
                self.begin(rank, Cause::Preferred, now);
            } else if self.is_line_silent() {
                self.leave_silence(now);
            }
            return;
        }
        if self.awaited_until().is_some_and(|due| due > now) {
            return;
        }
        if let Some(rank) = self.came_back()
            && self.others_until(rank).is_none_or(|due| due <= now)
        {
            return self.begin(rank, Cause::CameBack, now);
        }
        if self.gives_up_at().is_some_and(|due| due <= now)
            && let Some(rank) = self.next_path(now)
        {
            return self.begin(rank, Cause::Lost, now);
        }
        self.begin_fallback_when_dry(now);
        if self.line.is_some() && self.ends_at().is_some_and(|due| due <= now) {
            self.end_line();
        }
    }

    /// What is on air is silence: something else is, if there is anything.
    fn leave_silence(&mut self, now: WallTime) {
        let may_sound = |rank: &Rank| self.path(*rank).is_some_and(|path| self.may_sound(path));
        match self.next_path(now).filter(may_sound) {
            Some(rank) => self.begin(rank, Cause::Silence, now),
            None => self.begin_fallback(Cause::Silence, now),
        }
    }

    /// When [`Self::decide`] may decide something that it does not now.
    pub(super) fn decision_due(&self) -> Option<WallTime> {
        self.line.as_ref()?;
        let catch_up = self.paths.iter().filter_map(|path| path.lock()?.catch_up_by);
        let preferred = self.ranked().filter_map(|(rank, path)| {
            self.is_preferred(rank).then(|| self.prefers_at(rank, path)).flatten()
        });
        let others = self.gives_up_at().into_iter().chain(self.ends_at());
        let others = others.chain(self.awaited_until());
        let others = others.chain(self.came_back().and_then(|rank| self.others_until(rank)));
        let dues = self.stalls_at().into_iter().chain(catch_up).chain(preferred).chain(others);
        // What was due before has been looked at.
        let dues = dues.filter(|due| *due > self.decided);
        dues.min()
    }

    /// Whether the line goes on.
    pub(super) fn is_fed(&self, now: WallTime) -> bool {
        self.paths.iter().any(|path| path.feeds(now))
    }

    /// From when on something else may take the line's place, if nothing feeds
    /// it. While something waits for its time nobody misses anything.
    fn gives_up_at(&self) -> Option<WallTime> {
        let line = self.line.as_ref()?;
        let drained = line.due(line.end()).plus(self.held());
        Some(self.stalls_at().unwrap_or_else(|| drained.min(self.last_heard().plus(STALL_MAX))))
    }

    /// Until when it may still turn out that a path goes on with the line, after what
    /// the one ahead had left out before it went. Nobody misses anything meanwhile.
    fn awaited_until(&self) -> Option<WallTime> {
        self.ranked().filter_map(|(rank, _)| self.returns_until(rank)).min()
    }

    fn returns_until(&self, rank: Rank) -> Option<WallTime> {
        let line = self.line.as_ref()?;
        let left = self.path(rank)?.seek()?.left?;
        let is_pending = (line.released()..line.end()).contains(&left);
        is_pending.then(|| line.due(left).plus(self.held()))
    }

    /// Those that the line would go on with if they delivered.
    fn carriers(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter().filter(|path| path.carries())
    }

    /// When the last of them counts as stalled.
    fn stalls_at(&self) -> Option<WallTime> {
        self.carriers().filter_map(Path::stalls_at).max()
    }

    /// When the last unit of any of them came.
    pub(super) fn carriers_heard(&self) -> Option<WallTime> {
        self.carriers().filter_map(|path| path.heard).max()
    }

    fn last_heard(&self) -> WallTime {
        self.line.as_ref().and_then(Line::appended).unwrap_or_default()
    }

    /// When the line ends, if nothing feeds it until then.
    fn ends_at(&self) -> Option<WallTime> {
        let heard = self.carriers_heard();
        let line = self.line.as_ref()?;
        let last = match line.appended() {
            Some(appended) => heard.map_or(appended, |heard| heard.max(appended)),
            // Its first unit is waited for as long as there is a source.
            None if heard.is_some() => return None,
            None => line.begun(),
        };
        Some(last.plus(self.settings.source_timeout))
    }

    fn first_with_units(&self) -> Option<Rank> {
        let has_units = |path: &Path| path.seek().is_some_and(|seek| seek.len() > 0);
        let found = self.ranked().filter(|(_, path)| has_units(path));
        found.min_by_key(|(_, path)| self.is_silent(path)).map(|(rank, _)| rank)
    }

    /// The most preferred path that carries something else for certain; a silent one
    /// only if nothing else is left.
    fn next_path(&self, now: WallTime) -> Option<Rank> {
        let found = self.ranked().filter(|(_, path)| path.is_live(now) && path.is_foreign());
        let found = found.filter(|(_, path)| !self.has_fallback() || !self.is_silent(path));
        found.min_by_key(|(_, path)| self.is_silent(path)).map(|(rank, _)| rank)
    }

    /// The path that was on air last, if what it carries now is not the line's. There
    /// is nothing to wait for: what comes later cannot have been heard.
    fn came_back(&self) -> Option<Rank> {
        self.feeder.filter(|rank| self.path(*rank).is_some_and(Path::is_foreign))
    }

    /// Until when another path that was on the line may come back with what is missing
    /// between that and what `rank` brings. While something waits for its time nobody
    /// misses anything.
    fn others_until(&self, rank: Rank) -> Option<WallTime> {
        let line = self.line.as_ref().filter(|line| line.has_pending())?;
        let mut others = self.ranked().filter(|(other, _)| *other != rank);
        let may_come = others.any(|(_, path)| path.line == Some(self.lines) && !path.is_foreign());
        may_come.then(|| line.due(line.end()).plus(self.held()))
    }

    /// A preferred path that has been there for long enough.
    fn preferred(&self, now: WallTime) -> Option<Rank> {
        let mut found = self.ranked().filter(|(rank, path)| {
            self.is_preferred(*rank)
                && path.is_live(now)
                && self.has_sound(path)
                && self.prefers_at(*rank, path).is_some_and(|due| due <= now)
        });
        found.next().map(|(rank, _)| rank)
    }

    /// Whether a path would be preferred to those that feed the line.
    fn is_preferred(&self, rank: Rank) -> bool {
        let mut locked = self.ranked().filter(|(_, path)| path.lock().is_some());
        locked.next().is_some_and(|(first, _)| rank < first)
    }

    /// The source that came back, and plays what was on air at its own pace.
    fn plays_again(&self, now: WallTime) -> Option<Rank> {
        let mut found = self.ranked().filter(|(_, path)| {
            path.lock().and_then(|lock| lock.catch_up_by).is_some_and(|due| due <= now)
        });
        found.next().map(|(rank, _)| rank)
    }

    /// When a preferred path has been there for long enough. One that may still turn
    /// out to be ahead of the line, with the same audio, is given the time to.
    fn prefers_at(&self, rank: Rank, path: &Path) -> Option<WallTime> {
        let seek = path.seek()?;
        let stable = path.stable_since?.plus(STABLE_MIN);
        if self.is_other(rank) {
            return Some(stable);
        }
        Some(seek.telling_since()?.plus(SKEW_MAX + STALL_MAX).max(stable))
    }

    /// A path's units begin a new line: those that came after the last one of
    /// the line before.
    fn begin(&mut self, rank: Rank, cause: Cause, now: WallTime) {
        let last = self.line.as_ref().and_then(Line::appended);
        let came_back = self.feeder == Some(rank);
        let (before, played) = (self.put_aside(), self.plays_fallback());
        self.stop_fallback();
        // What came while the fallback played is not heard, but for what is due from
        // now on.
        let held = self.unit_len(rank) + self.settings.hold_back;
        let last = last.or(played.then_some(now.minus(held)));
        let Some(path) = self.path_mut(rank) else { return };
        let seek = match std::mem::take(&mut path.place) {
            Place::Sought(seek) => *seek,
            _ => Seek::default(),
        };
        // Another path has sent for a while what nobody needed.
        let is_new = |unit: &Incoming| came_back || last.is_none_or(|last| unit.heard > last);
        let (units, old): (Vec<_>, Vec<_>) = seek.into_units().into_iter().partition(is_new);
        if let Some(title) = old.iter().rev().find_map(|unit| unit.title.clone()) {
            path.title = Some((0, title));
        }
        let decoded = last.is_some();
        let form = self.fallback.as_ref().filter(|_| played).map(super::fallback::Loop::stream);
        let heard = before.as_ref().and_then(Line::stream).or(form);
        let lead = Lead::new(old.into_iter().map(|unit| unit.unit.data), heard);
        self.lead = decoded.then_some(lead);
        let was_heard =
            |unit: &&Incoming| before.as_ref().is_some_and(|line| line.hashes().is_only(unit.hash));
        self.totals.repeated += units.iter().filter(was_heard).count() as u64;
        self.start(rank, cause, units, now);
    }

    /// A path leaves before it was known whether it goes on with the line. What it
    /// has brought is not lost, where there is nothing else.
    pub(super) fn begin_with_the_rest(&mut self, rank: Rank, now: WallTime) {
        let brought = self.path(rank).and_then(Path::seek).is_some_and(Seek::has_strangers);
        let is_awaited = self.ranked().any(|(other, _)| {
            other != rank && self.returns_until(other).is_some_and(|due| due > now)
        });
        if brought && !is_awaited && !self.is_fed(now) && !self.plays_fallback() {
            self.begin(rank, Cause::CameBack, now);
        }
    }

    /// The units that a path delivers are of another form: they begin a new line,
    /// unless another path goes on with the one there is.
    pub(super) fn change_parameters(&mut self, rank: Rank, incoming: Incoming) {
        let now = incoming.heard;
        let others = self.ranked().any(|(other, path)| other != rank && path.feeds(now));
        if !others {
            self.put_aside();
            return self.start(rank, Cause::Parameters, vec![incoming], now);
        }
        let (Some(line), Some(path)) = (&self.line, self.paths.get_mut(usize::from(rank.0))) else {
            return;
        };
        let mut seek = Seek::default();
        seek.push(incoming, line);
        path.part(seek);
        self.events.push_back(Event::Mismatched(rank));
    }

    /// The line is over; what waits of it goes out in its time.
    pub(super) fn put_aside(&mut self) -> Option<Line> {
        let held = self.held();
        let mut line = self.line.take();
        if let Some(line) = &mut line {
            self.before = line.appended().map(|last| last.plus(line.length(1)));
            while line.has_pending() {
                let due = line.due(line.released()).plus(held);
                let Some(Pending { unit, title, .. }) = line.release() else { break };
                self.over.extend(title.map(|title| (due, Output::Title(title))));
                self.over.push_back((due, Output::Unit(unit)));
            }
        }
        self.late = Duration::ZERO;
        self.given = None;
        self.feeder = None;
        self.forget_titles();
        line
    }

    /// Begins a line with a path's units.
    fn start(&mut self, rank: Rank, cause: Cause, units: Vec<Incoming>, now: WallTime) {
        self.line = Some(Line::new(now));
        self.lines += 1;
        self.locks += 1;
        let number = self.locks;
        for (other, path) in (0..).map(Rank).zip(&mut self.paths) {
            if let Some((told, _)) = &mut path.title {
                *told = 0;
            }
            if other == rank {
                path.place = Place::Locked(Lock::new(number, 0, Least::new(0, now)));
            } else if path.lock().is_some() {
                path.begin_seek(Seek::default());
            } else if let Some(seek) = path.seek_mut() {
                seek.restart();
            }
        }
        self.join(rank);
        let profile = self.path(rank).and_then(|path| path.info?.profile);
        self.announce(Begin { rank: Some(rank), profile, cause });
        for unit in units {
            self.append(rank, unit);
        }
        self.advance_others(rank);
    }

    /// Tells what begins, behind what is left of the line before.
    pub(super) fn announce(&mut self, begin: Begin) {
        self.begun = Some(begin);
        self.put(Output::Begins(begin));
    }

    /// Nothing has come for too long.
    fn end_line(&mut self) {
        self.put_aside();
        self.before = None;
        for path in self.paths.iter_mut().filter(|path| path.is_connected()) {
            path.begin_seek(Seek::default());
        }
        self.put(Output::Ends);
    }
}
