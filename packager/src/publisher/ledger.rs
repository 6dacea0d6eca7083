//! Which records of the timeline log still matter.

use std::collections::{BTreeSet, VecDeque};

use feed::Fact;
use media::SegmentInfo;

/// The facts in the log, oldest first, with their numbers.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    facts: VecDeque<(u64, Fact)>,
}

impl Ledger {
    /// The facts of a log that was just read.
    pub(crate) fn new(facts: Vec<(u64, Fact)>) -> Self {
        Self { facts: facts.into() }
    }

    /// A fact was appended.
    pub(crate) fn push(&mut self, n: u64, fact: Fact) {
        self.facts.push_back((n, fact));
    }

    /// What may go when `oldest` is the oldest segment that the bucket has:
    /// everything before a number but for a few. `None` when nothing may.
    ///
    /// A fact is superseded when another one says all of it for every segment
    /// from `oldest` on. The last title stays, and the last epoch.
    pub(crate) fn trim(&mut self, oldest: &SegmentInfo) -> Option<(u64, BTreeSet<u64>)> {
        let before_len = self.facts.len();
        let epochs: Vec<u32> = self.facts.iter().filter_map(began).collect();
        let place = |epoch: u32| epochs.iter().position(|one| *one == epoch);
        let first = place(oldest.epoch.0)?;
        let last = epochs.len().saturating_sub(1);
        let kept_from = first.min(last);
        let last_clock = self.last_before(|fact| match fact {
            Fact::ClockSet { epoch, number, .. } => {
                *epoch == oldest.epoch.0 && *number <= oldest.number.0
            }
            _ => false,
        });
        let begins = u64::try_from(oldest.start.ticks()).unwrap_or(0);
        let last_title = self.last_before(|fact| match fact {
            Fact::TitleSet { epoch, index, .. } => match place(*epoch) {
                Some(place) if place == first => self.ticks(*epoch, *index) <= begins,
                place => place.is_none_or(|place| place < first),
            },
            _ => false,
        });
        self.facts.retain(|(n, fact)| match fact {
            Fact::EpochBegan { epoch, .. } | Fact::EpochEnded { epoch, .. } => {
                place(*epoch).is_some_and(|place| place >= kept_from)
            }
            Fact::ClockSet { epoch, .. } => {
                place(*epoch).is_some_and(|place| place >= kept_from)
                    && (*epoch != oldest.epoch.0 || last_clock.is_none_or(|last| *n >= last))
            }
            Fact::TitleSet { .. } => last_title.is_none_or(|last| *n >= last),
            _ => true,
        });
        if self.facts.len() == before_len {
            return None;
        }
        let next = self.facts.back().map_or(0, |(n, _)| n + 1);
        Some((next, self.facts.iter().map(|(n, _)| *n).collect()))
    }

    /// Number of the last fact of which `matches` is true.
    fn last_before(&self, matches: impl Fn(&Fact) -> bool) -> Option<u64> {
        self.facts.iter().rev().find(|(_, fact)| matches(fact)).map(|(n, _)| *n)
    }

    /// Samples from an epoch's beginning to a unit.
    fn ticks(&self, wanted: u32, index: u64) -> u64 {
        let samples = self.facts.iter().find_map(|(_, fact)| match fact {
            Fact::EpochBegan { epoch, samples_per_frame, .. } if *epoch == wanted => {
                Some(u64::from(*samples_per_frame))
            }
            _ => None,
        });
        index.saturating_mul(samples.unwrap_or(0))
    }
}

fn began((_, fact): &(u64, Fact)) -> Option<u32> {
    match fact {
        Fact::EpochBegan { epoch, .. } => Some(*epoch),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
