//! How two packagers of one programme come to one timeline.
//!
//! Units are numbered by content and count, so they agree by themselves once an
//! epoch is shared; what each sees by itself, titles and the clock, follows what the
//! log has first. A packager that begins, or that lost its paths, joins the epoch
//! that another has in the log and in the bucket.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use media::{MediaSequence, Title};

use crate::log::{Fact, History, Stored};
use crate::record::Record;
use crate::snapshot::{Joined, Snapshot};
use crate::timeline::{Resume, Running, Timeline};

/// How far apart two packagers may see the same title begin.
pub const TITLE_SLACK: Duration = Duration::from_secs(10);

/// Titles to come that are remembered: more than segments of the longest kind hold.
const TOLD_MAX: usize = 32;

impl Fact {
    /// Whether it says what another fact says: of two packagers the first counts,
    /// and small differences in what they saw do not make it another fact.
    pub fn is_said_by(&self, said: &Self) -> bool {
        match (self, said) {
            (
                Self::TitleSet { epoch, index, stream_title, url },
                Self::TitleSet { epoch: of, index: at, stream_title: text, url: link },
            ) => {
                let near = index.abs_diff(*at) <= units_within_slack();
                (epoch, stream_title, url) == (of, text, link) && near
            }
            (
                Self::ClockSet { epoch, number, .. },
                Self::ClockSet { epoch: of, number: at, .. },
            ) => (epoch, number) == (of, at),
            (Self::EpochEnded { epoch, .. }, Self::EpochEnded { epoch: of, .. }) => epoch == of,
            _ => self == said,
        }
    }
}

/// Keeps the last [`TOLD_MAX`] things told.
fn remember<T>(told: &mut VecDeque<T>, one: T) {
    told.push_back(one);
    if told.len() > TOLD_MAX {
        told.pop_front();
    }
}

/// Units that [`TITLE_SLACK`] amounts to, by frames of 24 ms.
fn units_within_slack() -> u64 {
    u64::try_from(TITLE_SLACK.as_millis() / 24).unwrap_or(u64::MAX)
}

impl History {
    /// The running epoch where the segments that the bucket has of it end; `None`
    /// where none runs, or none is stored.
    pub fn snapshot(&self, stored: &[Stored], target_secs: u32) -> Option<Snapshot> {
        let past = self.running()?;
        let epoch = past.epoch;
        let of_epoch = stored.iter().filter(|one| one.epoch == epoch.id);
        let last = of_epoch.map(|one| one.number).max()?;
        let segment = last.0.checked_sub(past.epoch.first_number.0)?;
        let next_index = past.grid.first_index(segment.checked_add(1)?);
        let joined = Joined {
            epoch,
            segment,
            origin: past.origin(last.0)?,
            title: self.title_before(epoch.id, next_index),
            marked: self.marks(epoch.id).filter(|index| *index < next_index).max(),
        };
        Snapshot::of_joined(target_secs, joined)
    }
}

impl Timeline {
    /// Another packager has told a fact first.
    pub fn handle_told(&mut self, fact: &Fact) {
        let Some(running) = &mut self.running else { return };
        if running.epoch.id != fact.epoch() {
            return;
        }
        match fact {
            Fact::ClockSet { number, origin_nanos, .. } => {
                remember(&mut running.told_clocks, (*number, *origin_nanos));
                running.follow_clocks();
            }
            Fact::TitleSet { index, stream_title, url, .. } => {
                let title = Arc::new(Title::new(stream_title.clone(), url.clone()));
                let is_over = running.marked.is_some_and(|marked| *index <= marked);
                let holds = self.next.title.as_ref() == Some(&title);
                if running.move_mark(*index, &title) || is_over || holds {
                    return;
                }
                remember(&mut self.told, (*index, title));
            }
            _ => {}
        }
    }

    /// Whether another packager's epoch may be gone on with from there after so many
    /// more units: numbers that were used are not used again.
    pub fn may_join(&self, snapshot: &Snapshot, units: u64) -> bool {
        let used = match (&self.running, units.checked_sub(1)) {
            (Some(running), Some(before)) => {
                let segment = running.grid.segment_of(running.next_index.saturating_add(before));
                MediaSequence(running.epoch.first_number.0.saturating_add(segment))
            }
            _ => self.used(),
        };
        snapshot.number() >= used
    }

    /// Begins an epoch with the next unit, whatever is running.
    pub fn begin_behind(&mut self, resume: Resume) {
        let used = self.used();
        self.end_epoch();
        let title = self.next.title.take();
        self.next = Resume { title: title.or(resume.title), ..resume };
        self.next.not_before_number(used);
    }

    /// Goes on with another packager's epoch: the next unit is the first behind the
    /// snapshot. What was running ends. Says whether that was done: numbers that were
    /// used are not used again.
    pub fn join(&mut self, snapshot: Snapshot) -> bool {
        if !self.may_join(&snapshot, 0) {
            return false;
        }
        let Some(joined) = Self::restore(self.target_secs, snapshot) else { return false };
        let Some(epoch) = joined.epoch().copied() else { return false };
        self.end_epoch();
        self.records.push_back(Record::Epoch(epoch));
        (self.next, self.running, self.profile) = (joined.next, joined.running, joined.profile);
        true
    }

    /// Is as another process was at a segment's beginning, whose timeline had heard more
    /// than what is played again here.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        let running = self.epoch().map(|epoch| epoch.id);
        match (running, snapshot.epoch().map(|epoch| epoch.id)) {
            (Some(_), None) => self.end_epoch(),
            (running, theirs) if running != theirs => {
                self.join(snapshot.clone());
                return;
            }
            _ => {}
        }
        if let Some(restored) = Self::restore(self.target_secs, snapshot.clone()) {
            let records = std::mem::take(&mut self.records);
            *self = Self { records, ..restored };
        }
    }

    /// The last number that the next segment may not have.
    fn used(&self) -> MediaSequence {
        match &self.running {
            Some(running) if running.has_units() => running.number(),
            Some(running) => MediaSequence(running.number().0.saturating_sub(1)),
            None => MediaSequence(self.next.next_number.0.saturating_sub(1)),
        }
    }
}

impl Running {
    /// Has the clock as others have told it for the segment under way; says whether
    /// they have.
    pub(crate) fn follow_clocks(&mut self) -> bool {
        let number = self.number().0;
        let mut told = None;
        self.told_clocks.retain(|(from, origin)| {
            let holds = *from <= number;
            told = if holds { told.max(Some((*from, *origin))) } else { told };
            !holds
        });
        if let Some((_, origin)) = told {
            self.clock.set(origin);
        }
        told.is_some_and(|(from, _)| from == number)
    }

    /// Moves the mark of a title that began in the segment under way to where another
    /// packager has it; `false` where it did not begin there.
    fn move_mark(&mut self, index: u64, title: &Arc<Title>) -> bool {
        let first = self.grid.first_index(self.segment);
        let near = |(at, mark): &(u64, Option<Arc<Title>>)| {
            mark.as_ref() == Some(title) && at.abs_diff(index) <= units_within_slack()
        };
        let Some(found) = self.marks.iter().skip(1).rposition(near) else { return false };
        if let Some((at, _)) = self.marks.get_mut(found + 1) {
            *at = index.max(first);
        }
        self.marks.sort_by_key(|(at, _)| *at);
        true
    }
}

#[cfg(test)]
mod tests;
