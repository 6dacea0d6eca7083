//! Which records of the timeline log still matter.

use std::collections::BTreeSet;

use archive::Line;
use feed::{Fact, Grid, History};
use media::{EpochId, SegmentInfo};

/// Records that may go before any are deleted: for that the log is listed.
const TRIM_MIN: usize = 16;

/// The records in the log, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    facts: Vec<(u64, Fact)>,
    history: History,
    /// Numbers of those that are not understood: they stay.
    foreign: BTreeSet<u64>,
}

/// An epoch as the log tells of it.
struct Epoch {
    id: EpochId,
    /// Where in the log it begins.
    began: usize,
    first_number: u64,
    grid: Grid,
    /// It ended without a segment.
    is_empty: bool,
    /// Where in the log its last title is.
    title: Option<usize>,
}

/// A title that is still on air at some moment.
struct Holding {
    /// Its place in the log.
    place: usize,
    /// Its epoch's place among the epochs.
    epoch: usize,
    /// The segment in which it begins.
    number: u64,
}

impl Ledger {
    /// Records were read, or appended.
    pub(crate) fn extend(&mut self, lines: impl IntoIterator<Item = Line>) {
        for (n, fact) in lines {
            match fact {
                Some(fact) => {
                    self.history.apply(fact.clone());
                    self.facts.push((n, fact));
                }
                None => {
                    self.foreign.insert(n);
                }
            }
        }
    }

    /// Whether a fact is told already, by whomever.
    pub(crate) fn has(&self, fact: &Fact) -> bool {
        self.facts.iter().rev().any(|(_, told)| fact.is_said_by(told))
    }

    /// What the records amount to.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// What may go when `oldest` is the oldest segment that the bucket has:
    /// everything before a number but for a few. `None` when nothing may.
    ///
    /// Stays what tells of `oldest` and of all that came after it: the epochs
    /// from its own on, their clocks and titles; and of what came before, the
    /// title that holds at its first sample, with that title's moment, and the
    /// last title of all.
    pub(crate) fn trim(&mut self, oldest: &SegmentInfo) -> Option<(u64, BTreeSet<u64>)> {
        self.trim_from(oldest, TRIM_MIN)
    }

    /// As [`Self::trim`], when at least `min` records may go.
    fn trim_from(&mut self, oldest: &SegmentInfo, min: usize) -> Option<(u64, BTreeSet<u64>)> {
        let epochs = self.epochs();
        let first = epochs.iter().rposition(|epoch| epoch.id == oldest.epoch)?;
        let holding = self.holding(&epochs, first, oldest);
        let last_title = self.facts.iter().rposition(|(_, fact)| is_title(fact));
        let wanted = |(place, (_, fact)): (usize, &(u64, Fact))| {
            let at = epoch_at(&epochs, place, fact.epoch());
            let of_segments = at.is_some_and(|at| at >= first);
            let of_title = holding.as_ref().filter(|title| Some(title.epoch) == at);
            let holds_last =
                last_title.is_some() && at.and_then(|at| epochs.get(at)?.title) == last_title;
            match fact {
                Fact::TitleSet { .. } => {
                    let is_empty = at.and_then(|at| epochs.get(at)).is_none_or(|at| at.is_empty);
                    let is_later = holding.as_ref().is_none_or(|title| place >= title.place);
                    (is_later && !is_empty) || Some(place) == last_title
                }
                Fact::ClockSet { number, .. } => {
                    let end = self.clock_end(&epochs, place);
                    let is_of_title =
                        of_title.is_some_and(|title| (*number..end).contains(&title.number));
                    is_of_title || (of_segments && end > oldest.number.0)
                }
                _ => of_segments || of_title.is_some() || holds_last,
            }
        };
        let wanted: Vec<bool> = self.facts.iter().enumerate().map(wanted).collect();
        if wanted.iter().filter(|wanted| !**wanted).count() < min {
            return None;
        }
        Some(self.keep(&wanted))
    }

    /// Keeps what is wanted; says what that means for the log.
    fn keep(&mut self, wanted: &[bool]) -> (u64, BTreeSet<u64>) {
        let before = self.facts.last().map_or(0, |(n, _)| n + 1);
        let mut wanted = wanted.iter();
        self.facts.retain(|_| wanted.next().is_none_or(|wanted| *wanted));
        self.history = History::default();
        for (_, fact) in &self.facts {
            self.history.apply(fact.clone());
        }
        let kept = self.facts.iter().map(|(n, _)| *n);
        (before, kept.chain(self.foreign.iter().copied()).collect())
    }

    fn epochs(&self) -> Vec<Epoch> {
        let mut epochs: Vec<Epoch> = Vec::new();
        for (place, (_, fact)) in self.facts.iter().enumerate() {
            let id = fact.epoch();
            match fact {
                Fact::EpochBegan { first_number, .. } => {
                    epochs.extend(fact.grid().map(|grid| Epoch {
                        id,
                        began: place,
                        first_number: *first_number,
                        grid,
                        is_empty: false,
                        title: None,
                    }));
                }
                _ => {
                    if let Some(epoch) = epochs.iter_mut().rev().find(|epoch| epoch.id == id) {
                        epoch.is_empty |= matches!(fact, Fact::EpochEnded { units: 0, .. });
                        epoch.title = is_title(fact).then_some(place).or(epoch.title);
                    }
                }
            }
        }
        epochs
    }

    /// The title that holds at the beginning of a segment.
    fn holding(&self, epochs: &[Epoch], first: usize, oldest: &SegmentInfo) -> Option<Holding> {
        self.facts.iter().enumerate().rev().find_map(|(place, (_, fact))| {
            let Fact::TitleSet { index, .. } = fact else { return None };
            let at = epoch_at(epochs, place, fact.epoch())?;
            let epoch = epochs.get(at).filter(|epoch| !epoch.is_empty)?;
            let is_before = at < first || (at == first && epoch.grid.start(*index) <= oldest.start);
            let number = epoch.first_number + epoch.grid.segment_of(*index);
            is_before.then_some(Holding { place, epoch: at, number })
        })
    }

    /// The first segment of which a clock does not hold any more, because the
    /// epoch's next one does.
    fn clock_end(&self, epochs: &[Epoch], place: usize) -> u64 {
        let epoch = |place, fact: &Fact| epoch_at(epochs, place, fact.epoch());
        let mut facts = self.facts.iter().enumerate().skip(place);
        let own = facts.next().and_then(|(place, (_, fact))| epoch(place, fact));
        let next = facts.find_map(|(place, (_, fact))| match fact {
            Fact::ClockSet { number, .. } if epoch(place, fact) == own => Some(*number),
            _ => None,
        });
        next.unwrap_or(u64::MAX)
    }
}

fn is_title(fact: &Fact) -> bool {
    matches!(fact, Fact::TitleSet { .. })
}

/// The epoch that a fact at `place` of the log means by its name: a name comes
/// again where an epoch without segments was followed by the same beginning.
fn epoch_at(epochs: &[Epoch], place: usize, id: EpochId) -> Option<usize> {
    epochs.iter().rposition(|epoch| epoch.id == id && epoch.began <= place)
}

#[cfg(test)]
mod tests;
