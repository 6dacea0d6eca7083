//! The hashes of a sequence of units, and how often each occurs in it.

use std::collections::{HashMap, VecDeque};

/// Hashes in their order, numbered from the first one ever pushed.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    order: VecDeque<u64>,
    counts: HashMap<u64, u32>,
    /// Number of the first of `order`.
    first: u64,
}

impl Hashes {
    /// Number of the first.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// One past the number of the last.
    pub(super) fn end(&self) -> u64 {
        self.first + self.order.len() as u64
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn get(&self, number: u64) -> Option<u64> {
        self.order.get(self.offset(number)?).copied()
    }

    pub(super) fn push(&mut self, hash: u64) {
        self.order.push_back(hash);
        self.count(hash);
    }

    /// Forgets the first.
    pub(super) fn forget_first(&mut self) {
        if let Some(hash) = self.order.pop_front() {
            self.first += 1;
            self.discount(hash);
        }
    }

    /// Puts one before that of a number.
    pub(super) fn insert(&mut self, number: u64, hash: u64) {
        if let Some(offset) = self.offset(number).filter(|offset| *offset <= self.order.len()) {
            self.order.insert(offset, hash);
            self.count(hash);
        }
    }

    /// Takes those from a number on.
    pub(super) fn split_off(&mut self, number: u64) -> VecDeque<u64> {
        let Some(offset) = self.offset(number).filter(|offset| *offset <= self.order.len()) else {
            return VecDeque::new();
        };
        let taken = self.order.split_off(offset);
        for hash in &taken {
            self.discount(*hash);
        }
        taken
    }

    pub(super) fn has(&self, hash: u64) -> bool {
        self.counts.contains_key(&hash)
    }

    /// Whether there is one of this hash, and no other.
    pub(super) fn is_only(&self, hash: u64) -> bool {
        self.counts.get(&hash) == Some(&1)
    }

    /// The number of the only one of this hash.
    pub(super) fn only(&self, hash: u64) -> Option<u64> {
        let position = || self.order.iter().position(|one| *one == hash);
        let offset = self.is_only(hash).then(position)??;
        Some(self.first + offset as u64)
    }

    /// The number of the first of these, where they stand one after the other in one
    /// place only.
    pub(super) fn locate(&self, wanted: &[u64]) -> Option<u64> {
        let first = wanted.first()?;
        let begins = |offset: &usize| {
            let run = self.order.iter().skip(*offset);
            self.order.len() - offset >= wanted.len()
                && run.zip(wanted).all(|(one, two)| one == two)
        };
        let same = self.order.iter().enumerate().filter(|(_, one)| *one == first);
        let mut found = same.map(|(offset, _)| offset).filter(begins);
        let offset = found.next()?;
        found.next().is_none().then_some(self.first + offset as u64)
    }

    fn offset(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    fn count(&mut self, hash: u64) {
        *self.counts.entry(hash).or_default() += 1;
    }

    fn discount(&mut self, hash: u64) {
        if let Some(count) = self.counts.get_mut(&hash) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&hash);
            }
        }
    }
}
