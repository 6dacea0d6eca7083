//! Where a path's units have their places in the line: by their bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use media::{Title, WallTime};

use super::hashes::Hashes;
use super::line::Line;
use super::{JINGLE_MAX, RUN_LEN, RUN_LEN_MAX, STASH_BYTES_MAX, STASH_UNITS_MAX};
use crate::path::PathUnit;

/// Units with which a connection may begin that no other path has: the rest of one,
/// or an encoder's own mark.
const FIRST_UNITS_MAX: u64 = 4;

/// A unit as a path delivered it.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub(super) hash: u64,
    pub(super) unit: PathUnit,
    /// The title that begins with it.
    pub(super) title: Option<Arc<Title>>,
    /// When it came here.
    pub(super) heard: WallTime,
}

/// Looks for the places of a path's units.
///
/// A run of them has to match: each unit of it, among them [`RUN_LEN`] that are
/// unambiguous. A unit is, if nothing that is remembered on either side is like
/// it: digital silence repeats one frame, and stations play files again, byte for
/// byte. The path may be behind the line, or ahead of it, and then the line comes
/// to its units later; so the last [`STASH_UNITS_MAX`] are kept.
#[derive(Debug, Default)]
pub(super) struct Seek {
    stash: VecDeque<Incoming>,
    /// Of `stash`: the path's units are counted from the first one that was sought.
    hashes: Hashes,
    bytes: usize,
    run: Option<Run>,
    /// Units below it have been looked for in the line, by number.
    sought: u64,
    /// Places below it have been looked for among the units.
    compared: u64,
    /// The newest units in a row that the line does not know.
    strangers: usize,
    /// The newest of these that the path has not had before either.
    fresh: usize,
    /// The last of as many of them as the line needs to find it by, and when it came.
    telling: Option<(u64, WallTime)>,
    /// The place where the path left the line, if it came from there.
    pub(super) left: Option<u64>,
}

/// A run of units that match the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Number of its first unit.
    pub(super) unit: u64,
    /// The place of that.
    pub(super) place: u64,
    pub(super) len: u64,
    unambiguous: usize,
    /// Whether its last unit was ambiguous.
    is_held_up: bool,
}

impl Run {
    /// One that begins with a unit that has this place.
    fn new(unit: u64, place: u64) -> Self {
        Self { unit, place, len: 0, unambiguous: 0, is_held_up: false }
    }

    /// Whether another one has the units at other places.
    fn is_elsewhere(&self, other: &Self) -> bool {
        self.place.wrapping_sub(self.unit) != other.place.wrapping_sub(other.unit)
    }

    /// The place behind it.
    pub(super) fn end(&self) -> u64 {
        self.place + self.len
    }
}

impl Seek {
    /// For a path that left the line at a place.
    pub(super) fn from(place: u64) -> Self {
        Self { left: Some(place), ..Self::default() }
    }

    /// Takes the path's next unit.
    pub(super) fn push(&mut self, unit: Incoming, line: &Line) {
        self.strangers = if line.hashes().has(unit.hash) { 0 } else { self.strangers + 1 };
        self.bytes += unit.unit.data.len();
        self.hashes.push(unit.hash);
        let is_fresh = self.strangers > 0 && self.hashes.is_only(unit.hash);
        self.fresh = if is_fresh { self.fresh + 1 } else { 0 };
        if self.fresh >= RUN_LEN && !self.is_telling() {
            self.telling = Some((self.hashes.end() - 1, unit.heard));
        }
        self.stash.push_back(unit);
        while self.stash.len() > STASH_UNITS_MAX || self.bytes > STASH_BYTES_MAX {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let Some(oldest) = self.stash.pop_front() else { return };
        self.hashes.forget_first();
        self.bytes -= oldest.unit.data.len();
        // Its title holds for the next one.
        if let Some(next) = self.stash.front_mut() {
            next.title = next.title.take().or(oldest.title);
        }
        if let Some(run) = &mut self.run
            && run.unit < self.hashes.first()
        {
            (run.unit, run.place, run.len) = (run.unit + 1, run.place + 1, run.len - 1);
        }
        self.run = self.run.filter(|run| run.len > 0);
    }

    /// Compares as far as both sides go; gives the run once it proves the place.
    pub(super) fn advance(&mut self, line: &Line) -> Option<Run> {
        loop {
            let mut run = match self.run {
                Some(run) => run,
                None => self.start(line)?,
            };
            let (number, place) = (run.unit + run.len, run.end());
            if place < line.hashes().first() {
                // What it waited to be compared with is forgotten.
                self.run = None;
                self.sought = self.sought.max(number);
                continue;
            }
            let (Some(unit), Some(other)) = (self.hashes.get(number), line.hashes().get(place))
            else {
                self.run = Some(self.instead(run, line)?);
                continue;
            };
            if unit == other {
                let is_unambiguous = self.is_unambiguous(unit, line);
                run.unambiguous += usize::from(is_unambiguous);
                run.is_held_up = !is_unambiguous;
                run.len += 1;
                self.run = Some(run);
                if run.unambiguous >= RUN_LEN {
                    let whole = self.with_what_precedes(run, line);
                    if !self.is_doubtful(whole, line) {
                        return Some(whole);
                    }
                    // Another place may be the right one; what precedes is not lost.
                    self.run = None;
                    self.sought = self.sought.max(number + 1);
                }
            } else {
                self.run = None;
                self.sought = self.sought.max(number);
            }
        }
    }

    /// Another run than one that waits for more, where what it came to last tells
    /// nothing: that was a jingle, and its place may be another one by now.
    fn instead(&mut self, run: Run, line: &Line) -> Option<Run> {
        self.run = Some(run);
        let is_held_up = run.is_held_up;
        let mut others = std::iter::from_fn(|| is_held_up.then(|| self.start(line))?);
        others.find(|other| other.is_elsewhere(&run))
    }

    /// The run that goes from the place where the path left the line to the line's end:
    /// all that the path ahead has brought after what it left out.
    pub(super) fn rest(&self, line: &Line) -> Option<Run> {
        let run = self.run.filter(|run| run.unambiguous > 0 && run.end() == line.end())?;
        Some(self.with_what_precedes(run, line)).filter(|run| self.left == Some(run.place))
    }

    /// Finds a unit that has one place only.
    fn start(&mut self, line: &Line) -> Option<Run> {
        self.sought = self.sought.max(self.hashes.first());
        while let Some(hash) = self.hashes.get(self.sought) {
            let unit = self.sought;
            self.sought += 1;
            if self.is_unambiguous(hash, line)
                && let Some(place) = line.hashes().only(hash)
            {
                return Some(Run::new(unit, place));
            }
        }
        self.compared = self.compared.max(line.hashes().first());
        while self.compared < line.end() {
            let place = self.compared;
            self.compared += 1;
            let Some(hash) = line.hashes().get(place) else { continue };
            if self.is_unambiguous(hash, line)
                && let Some(unit) = self.hashes.only(hash)
            {
                return Some(Run::new(unit, place));
            }
        }
        None
    }

    fn with_what_precedes(&self, mut run: Run, line: &Line) -> Run {
        // What comes before it is known, where the path left the line.
        let first = self.left.unwrap_or(0);
        while run.place > first
            && let (Some(unit), Some(place)) = (run.unit.checked_sub(1), run.place.checked_sub(1))
            && self.hashes.get(unit).is_some_and(|hash| line.hashes().get(place) == Some(hash))
        {
            (run.unit, run.place, run.len) = (unit, place, run.len + 1);
        }
        run
    }

    /// Whether a run may be of a jingle that is played again: something else comes
    /// before it on either side, or it would go back from where the path left the line;
    /// and it is no longer than a jingle.
    fn is_doubtful(&self, run: Run, line: &Line) -> bool {
        let goes_back = self.left.is_some_and(|left| run.place < left);
        let other = run.unit.saturating_sub(self.hashes.first());
        let is_cut = self.left != Some(run.place) && other >= FIRST_UNITS_MAX && run.place > 0;
        (goes_back || is_cut) && line.length(run.len) < JINGLE_MAX
    }

    /// Another line has begun: what has been found holds no more.
    pub(super) fn restart(&mut self) {
        self.compare_again();
        self.left = None;
        self.strangers = self.stash.len();
    }

    fn compare_again(&mut self) {
        (self.run, self.sought, self.compared) = (None, self.hashes.first(), 0);
    }

    /// The line has other units from a place on.
    pub(super) fn handle_truncated(&mut self, place: u64) {
        self.left = self.left.filter(|left| *left <= place);
        self.compare_again();
    }

    /// Units were put into the line before a place.
    pub(super) fn handle_inserted(&mut self, place: u64, units: u64) {
        self.left = self.left.map(|left| if left > place { left + units } else { left });
        self.compare_again();
    }

    /// Whether the newest units are none that the line has had, or too many of
    /// them tell nothing.
    pub(super) fn is_foreign(&self) -> bool {
        self.strangers >= RUN_LEN || self.stash.len() >= RUN_LEN_MAX
    }

    /// Since when it has had units that the line would know if it came to them; `None`
    /// while what it has is silence.
    pub(super) fn telling_since(&self) -> Option<WallTime> {
        let (_, since) = self.telling.filter(|_| self.fresh >= RUN_LEN && self.is_telling())?;
        Some(since)
    }

    /// Whether nothing that came since is like the units that tell.
    fn is_telling(&self) -> bool {
        let is_only = |number| self.hashes.get(number).is_none_or(|hash| self.hashes.is_only(hash));
        self.telling.is_some_and(|(last, _)| (last + 1 - RUN_LEN as u64..=last).all(is_only))
    }

    /// Whether it holds units and the line knows none of the newest.
    pub(super) fn has_strangers(&self) -> bool {
        self.strangers > 0
    }

    /// The units that it holds, oldest first.
    pub(super) fn into_units(self) -> VecDeque<Incoming> {
        self.stash
    }

    /// How many of the units that it holds come before one.
    pub(super) fn held_before(&self, number: u64) -> usize {
        usize::try_from(number.saturating_sub(self.hashes.first())).unwrap_or(usize::MAX)
    }

    /// How many units it holds.
    pub(super) fn len(&self) -> usize {
        self.stash.len()
    }

    fn is_unambiguous(&self, hash: u64, line: &Line) -> bool {
        line.hashes().is_only(hash) && self.hashes.is_only(hash)
    }
}
