//! One of the feeds: where its records belong.

use std::collections::VecDeque;

use media::{EpochId, WallTime};

use super::{PATIENCE, WAITING_MAX};
use crate::record::{Epoch, Record};

/// A record, with the epoch that it is of, and when it came.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) epoch: Epoch,
    pub(super) record: Record,
    pub(super) came: WallTime,
}

impl Placed {
    /// The index at which it stands, where it may begin an epoch.
    pub(super) fn index(&self) -> Option<u64> {
        match &self.record {
            Record::Unit(unit) => Some(unit.index),
            Record::Title(mark) => Some(mark.index),
            _ => None,
        }
    }
}

/// A feed, as the merge knows it.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Whether more may come.
    pub(super) is_there: bool,
    /// The epoch of what comes; `None` until that is told.
    epoch: Option<Epoch>,
    /// What has come since, of which the epoch is not known.
    unplaced: VecDeque<(Record, WallTime)>,
    waiting: VecDeque<Placed>,
}

impl Source {
    pub(super) fn first(&self) -> Option<&Placed> {
        self.waiting.front()
    }

    pub(super) fn pop(&mut self) -> Option<Placed> {
        self.waiting.pop_front()
    }

    /// Whether it may still bring what the others lack: it is there, and nothing of it
    /// waits.
    pub(super) fn may_bring_more(&self) -> bool {
        self.is_there && self.waiting.is_empty()
    }

    /// What comes next may be of any epoch.
    pub(super) fn lose_place(&mut self) {
        self.epoch = None;
        self.unplaced.clear();
    }

    /// Takes the next record. A unit does not say of which epoch it is: that was said
    /// when the epoch began, or is when its segment is closed.
    pub(super) fn push(&mut self, record: Record, now: WallTime) {
        match (&record, self.epoch) {
            (Record::Epoch(epoch), _) => {
                self.unplaced.clear();
                self.epoch = Some(*epoch);
            }
            (Record::Ended(_), None) => self.unplaced.clear(),
            (Record::Ended(_), Some(epoch)) => {
                self.place(epoch, record, now);
                self.epoch = None;
            }
            (_, Some(epoch)) => self.place(epoch, record, now),
            (Record::Closed(closed), None) => {
                let epoch = closed.epoch;
                self.epoch = Some(epoch);
                // A title that begins with the first unit may have been before it.
                self.unplaced.pop_front_if(|(first, _)| matches!(first, Record::Unit(_)));
                for (record, came) in std::mem::take(&mut self.unplaced) {
                    self.place(epoch, record, came);
                }
                self.place(epoch, record, now);
            }
            (_, None) => {
                self.unplaced.push_back((record, now));
                if self.unplaced.len() > WAITING_MAX {
                    self.unplaced.pop_front();
                }
            }
        }
    }

    fn place(&mut self, epoch: Epoch, record: Record, came: WallTime) {
        self.waiting.push_back(Placed { epoch, record, came });
        if self.waiting.len() > WAITING_MAX {
            self.waiting.pop_front();
        }
    }

    /// An epoch goes on: what has come here of another one meanwhile is not gone back to.
    pub(super) fn forget_others(&mut self, running: EpochId, now: WallTime) {
        let is_of_another = |placed: &mut Placed| {
            let is_end = matches!(placed.record, Record::Ended(_));
            (placed.epoch.id != running || is_end) && placed.came.plus(PATIENCE) < now
        };
        while self.waiting.pop_front_if(is_of_another).is_some() {}
    }
}

#[cfg(test)]
impl Source {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}
