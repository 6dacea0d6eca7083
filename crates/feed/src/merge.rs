//! The hitless merge: several paths that carry the same encoder's frames become
//! one sequence, by their bytes (as SMPTE ST 2022-7 does it by RTP's numbers).
//!
//! Every unit of the *line* has a place. A path whose place is known
//! (*locked*) delivers the unit of its next place: the first path to do so
//! appends it, the others are compared with it. A unit is released `hold_back`
//! after its time on the line's schedule, whoever delivered it; so a path that
//! dies costs nothing while another one is less than that behind it. One that is
//! further behind covers, too: the output waits for it, and stays late.
//!
//! Where no locked path is left, another one begins a new line ([`Output::Begins`]):
//! what it carries is not the same audio, or nobody can tell.
//!
//! The line is not the programme's timeline: [`crate::Timeline`] numbers what
//! is released here. Nothing is decoded.

mod fallback;
mod follow;
mod hashes;
mod ladder;
mod least;
mod line;
mod lock;
mod output;
mod path;
mod report;
mod resume;
mod seek;
mod sound;
mod splice;
mod titles;

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::sync::Arc;
use std::time::Duration;

use media::{Title, WallTime};

use crate::path::{PathUnit, SourceInfo};
use line::Line;
use path::{Lock, Path, Place, as_nanos};
use seek::{Incoming, Seek};
use splice::Lead;

pub use fallback::Fallback;
pub use output::{Begin, Cause, Output};
pub use path::Counts;
pub use report::{Event, PathState, PathStatus, Totals};
pub use resume::Continuation;

/// How long a path may be silent before another one takes its place.
pub const STALL_MAX: Duration = Duration::from_secs(2);

/// How long nothing may come before the line ends, unless it is set otherwise: the
/// time-out of sources.
pub const SOURCE_TIMEOUT: Duration = Duration::from_secs(10);

/// How far two paths of the same programme may be apart.
pub const SKEW_MAX: Duration = Duration::from_secs(30);

/// How long a preferred path has to be stable before the programme goes back to it.
pub const STABLE_MIN: Duration = Duration::from_secs(5);

/// How long sound may pause, where a path has to prove that it has any.
pub const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long the source that was on air may repeat what was on air when it comes
/// back. An encoder sends its buffer again at once; one that takes its time plays
/// a file again, and nobody hears anything meanwhile.
pub const CATCH_UP_MAX: Duration = Duration::from_secs(3);

/// Units that have to agree, none of them ambiguous, before a path is locked.
pub const RUN_LEN: usize = 8;

/// How long a run has to be before it is no jingle that is played again, where
/// something else comes before it on either side.
pub const JINGLE_MAX: Duration = Duration::from_secs(16);

/// Units of which a path's place does not show, as digital silence, before they
/// are taken for a new beginning where nothing else is there: two to three
/// seconds, less than a listener's burst.
pub const RUN_LEN_MAX: usize = 100;

/// Units of the line whose hashes are remembered: a minute and more at every rate
/// (44.1 kHz MP3 has 38 a second, 48 kHz AAC 47).
pub const LINE_UNITS_MAX: usize = 4096;

/// Units kept of a path whose place is sought: [`SKEW_MAX`] and a little at 47 a
/// second.
pub const STASH_UNITS_MAX: usize = 1_600;

/// Bytes of these: [`SKEW_MAX`] at 1 Mbit/s.
pub const STASH_BYTES_MAX: usize = 4 << 20;

/// Bytes that may wait for their release: a minute of 1 Mbit/s. What is over goes
/// out early.
pub const PENDING_BYTES_MAX: usize = 8 << 20;

/// Order of preference; 0 is the first in the egress's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(pub u8);

/// How a programme's paths are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long units wait for the slower path.
    pub hold_back: Duration,
    /// How long nothing may come before the line ends.
    pub source_timeout: Duration,
    /// How long a path may be silent before the programme goes on with something
    /// else; `None` where it may be for ever.
    pub silence: Option<Duration>,
}

/// Merges the paths of one programme. Time is an argument, and is the same clock
/// for all calls.
///
/// Holds for each path that is sought [`STASH_UNITS_MAX`] units and
/// [`STASH_BYTES_MAX`], for a locked one nothing, and for the line
/// [`LINE_UNITS_MAX`] hashes and [`PENDING_BYTES_MAX`].
#[derive(Debug)]
pub struct Merger {
    settings: Settings,
    paths: Vec<Path>,
    /// `None` while nothing is on air.
    line: Option<Line>,
    /// How much the output is late for good: it has waited for a slow path.
    late: Duration,
    /// Lines begun, and how the last one did.
    lines: u64,
    begun: Option<Begin>,
    /// Who appended last.
    feeder: Option<Rank>,
    locks: u64,
    titles: titles::Titles,
    /// When it was decided last what goes on.
    decided: WallTime,
    totals: Totals,
    /// When the last unit of the line before ended, for those that are missing
    /// between the two.
    before: Option<WallTime>,
    given: Option<WallTime>,
    fallback: Option<fallback::Loop>,
    /// The frames right before the line's first, where a decoder has heard others.
    lead: Option<Lead>,
    /// What is left of lines that are over.
    over: VecDeque<(WallTime, Output)>,
    outputs: VecDeque<Output>,
    events: VecDeque<Event>,
}

impl Merger {
    /// A merge of `paths` paths, in the order of preference.
    pub fn new(paths: u8, settings: Settings) -> Self {
        Self {
            settings,
            paths: (0..paths).map(|_| Path::default()).collect(),
            line: None,
            late: Duration::ZERO,
            lines: 0,
            begun: None,
            feeder: None,
            locks: 0,
            titles: titles::Titles::default(),
            decided: WallTime::default(),
            totals: Totals::default(),
            before: None,
            given: None,
            fallback: None,
            lead: None,
            over: VecDeque::new(),
            outputs: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// A source is there, or the one that was there begins anew.
    pub fn handle_connected(&mut self, rank: Rank, info: SourceInfo) {
        if let Some(path) = self.path_mut(rank) {
            path.info = Some(info);
            path.begin_seek(Seek::default());
            path.heard = None;
        }
    }

    /// A title came; it holds from the path's next unit on.
    pub fn handle_title(&mut self, rank: Rank, title: Arc<Title>) {
        if let Some(path) = self.path_mut(rank) {
            path.next_title = Some(title);
        }
    }

    /// Items of a path were missed: where it goes on has to be found.
    pub fn handle_missed(&mut self, rank: Rank) {
        if let Some(path) = self.path_mut(rank).filter(|path| path.is_connected()) {
            path.begin_seek(Seek::default());
        }
    }

    /// The source of a path is gone.
    pub fn handle_gone(&mut self, rank: Rank, now: WallTime) {
        self.begin_with_the_rest(rank, now);
        if let Some(path) = self.path_mut(rank).filter(|path| path.is_connected()) {
            path.info = None;
            path.place = Place::Away;
            (path.title, path.next_title, path.stable_since) = (None, None, None);
            self.events.push_back(Event::Gone(rank));
        }
        self.handle_timeout(now);
    }

    /// A unit came by a path.
    pub fn handle_unit(&mut self, rank: Rank, unit: PathUnit, now: WallTime) {
        let end = self.end();
        let Some(path) = self.path_mut(rank) else { return };
        path.hear(now);
        let title = path.next_title.take();
        let incoming = Incoming { hash: hash(&unit.data), unit, title, heard: now };
        self.take(rank, incoming);
        if self.end() != end {
            self.advance_others(rank);
        }
        self.handle_timeout(now);
    }

    /// The next unit of a path, whether its place is known or not.
    fn take(&mut self, rank: Rank, incoming: Incoming) {
        match self.path(rank).map(|path| &path.place) {
            Some(Place::Locked(_)) => self.follow(rank, incoming),
            Some(Place::Sought(_)) => self.seek(rank, incoming),
            Some(Place::Away) | None => {}
        }
    }

    /// Does what time asks for.
    pub fn handle_timeout(&mut self, now: WallTime) {
        self.decide(now);
        self.release(now);
    }

    /// When to call [`Self::handle_timeout`]; `None` while nothing depends on
    /// time.
    pub fn poll_timeout(&self) -> Option<WallTime> {
        let due = match self.over.front() {
            Some((due, _)) => Some(*due),
            None => self.next_due(),
        };
        let fallback = self.fallback_due().filter(|due| *due > self.decided);
        let fallback = fallback.filter(|_| self.line.is_none() || !self.is_fed(self.decided));
        let ends = self.fallback_ends().filter(|due| *due > self.decided);
        due.into_iter().chain(self.decision_due()).chain(fallback).chain(ends).min()
    }

    /// Takes what comes out next.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes what happened next.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What became of the frames.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// How many lines have begun, and how the last one did.
    pub fn lines(&self) -> (u64, Option<Begin>) {
        (self.lines, self.begun)
    }

    /// How much later than `hold_back` the output is for good.
    pub fn late(&self) -> Duration {
        self.late
    }

    /// The most preferred of the paths that the line goes on with.
    pub fn on_air(&self, now: WallTime) -> Option<Rank> {
        self.line.as_ref()?;
        let feeds = self.ranked().find(|(_, path)| path.feeds(now)).map(|(rank, _)| rank);
        let stalls = |rank: &Rank| self.path(*rank).is_some_and(Path::is_connected);
        feeds.or(self.feeder.filter(stalls))
    }

    /// What a path says of itself.
    pub fn status(&self, rank: Rank, now: WallTime) -> Option<PathStatus> {
        let path = self.path(rank)?;
        let lag_nanos = path.lock().map(Lock::lag);
        let state = match (&path.place, lag_nanos) {
            (Place::Away, _) => PathState::Away,
            _ if !path.is_live(now) => PathState::Stalled,
            (_, Some(lag)) if lag > as_nanos(self.held()) => PathState::Unprotected,
            (Place::Locked(_), _) => PathState::Locked,
            _ if self.is_other(rank) => PathState::Other,
            _ => PathState::Seeking,
        };
        let is_silent = path.is_connected() && self.is_silent(path);
        Some(PathStatus { state, is_silent, lag_nanos, counts: path.counts })
    }

    /// Gives what is due.
    fn release(&mut self, now: WallTime) {
        while let Some((_, output)) = self.over.pop_front_if(|(due, _)| *due <= now) {
            self.outputs.push_back(output);
        }
        if !self.over.is_empty() {
            return;
        }
        self.play_fallback(now);
        let held = self.held();
        let Some(line) = &mut self.line else { return };
        while line.is_over_full()
            || (line.has_pending() && line.due(line.released()).plus(held) <= now)
        {
            let frame = line.length(1);
            let Some(pending) = line.release() else { return };
            let gap = self.given.replace(now).map_or(Duration::ZERO, |given| now.since(given));
            self.totals.longest_gap = self.totals.longest_gap.max(gap.saturating_sub(frame));
            let title = pending.title.filter(|title| self.titles.give(title));
            self.outputs.extend(title.map(Output::Title));
            self.outputs.push_back(Output::Unit(pending.unit));
        }
    }

    fn next_due(&self) -> Option<WallTime> {
        let line = self.line.as_ref().filter(|line| line.has_pending())?;
        Some(line.due(line.released()).plus(self.held()))
    }

    /// How much later than the schedule units go out: so late a path may be without
    /// anyone waiting for it.
    fn held(&self) -> Duration {
        self.settings.hold_back + self.late
    }

    fn end(&self) -> Option<u64> {
        self.line.as_ref().map(Line::end)
    }

    fn path(&self, rank: Rank) -> Option<&Path> {
        self.paths.get(usize::from(rank.0))
    }

    fn path_mut(&mut self, rank: Rank) -> Option<&mut Path> {
        self.paths.get_mut(usize::from(rank.0))
    }

    /// The paths in the order of preference.
    fn ranked(&self) -> impl Iterator<Item = (Rank, &Path)> {
        (0..).map(Rank).zip(&self.paths)
    }
}

/// Within one process only: the hash is never stored nor sent.
fn hash(data: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(data);
    hasher.finish()
}

#[cfg(test)]
mod tests;
