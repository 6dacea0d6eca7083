//! A log of small facts that several nodes write, one object a record.
//!
//! Records are numbered from 0. Record *n* is created if absent after all
//! before it were read, so that writers agree on one order without a lock.
//! The log knows nothing of what the records say.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::error::Error;
use crate::key::Key;
use crate::keys;
use crate::store::{Attributes, Created, Store, too_large};

/// Most bytes of a record. A fact has some hundred, a title at most 4,000.
const RECORD_BYTES_MAX: usize = 64 << 10;
/// Most records that a log may hold: half a year of a title every three minutes.
const RECORDS_MAX: usize = 100_000;
/// Requests at one time. S3 answers one in 10 to 50 ms, so a day's records are
/// read in a second or two.
const REQUESTS_MAX: usize = 16;

/// One record of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub n: u64,
    /// What it says.
    pub bytes: Bytes,
}

/// What became of [`TimelineLog::append`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Append {
    /// The record is stored.
    Stored {
        /// Its number.
        n: u64,
    },
    /// Others wrote first and ours is not stored. One of theirs may say the
    /// same: apply them, and append again only what is still unsaid.
    Lost {
        /// What they wrote, in order; never empty.
        newer: Vec<Record>,
    },
}

/// A log of facts, of which one reader or writer has read everything so far.
///
/// Holds a position, not the records. Appending is for one task at a time;
/// any number of nodes may each have their own.
#[derive(Debug)]
pub struct TimelineLog {
    store: Store,
    folder: Key,
    next: u64,
}

impl TimelineLog {
    /// Reads a log from its first record that is left to its last; an empty or
    /// missing folder is an empty log.
    ///
    /// Holds all records in memory: 100,000 of 64 KiB at most, some hundred
    /// bytes each in practice.
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`] above 100,000 records, [`Error::TooLarge`] for one
    /// above 64 KiB, [`Error::Unavailable`], [`Error::Denied`],
    /// [`Error::Failed`].
    pub async fn open(store: Store, folder: Key) -> Result<(Self, Vec<Record>), Error> {
        let mut log = Self { store, folder, next: 0 };
        let records = log.refresh().await?;
        Ok((log, records))
    }

    /// The number that the next record gets.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Reads what others wrote since the last call.
    ///
    /// # Errors
    ///
    /// As [`TimelineLog::open`]; the position is unchanged.
    pub async fn refresh(&mut self) -> Result<Vec<Record>, Error> {
        let numbers = self.settled_numbers().await?;
        let Some(last) = numbers.last().copied() else {
            return Ok(Vec::new());
        };
        let reads = numbers.into_iter().map(|n| read(&self.store, &self.folder, n));
        let read = stream::iter(reads).buffered(REQUESTS_MAX);
        let records = read.try_filter_map(|record| async { Ok(record) }).try_collect().await?;
        self.next = last.saturating_add(1);
        Ok(records)
    }

    /// Appends a record, if nothing was appended that we have not read.
    ///
    /// A record of ours that landed although the answer was lost counts as
    /// stored when it is appended again.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] above 64 KiB; otherwise as [`Store::create`] and
    /// [`TimelineLog::open`]. After [`Error::Unavailable`] the record may be
    /// stored all the same: append it again.
    pub async fn append(&mut self, bytes: Bytes) -> Result<Append, Error> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(too_large(&self.folder, bytes.len(), RECORD_BYTES_MAX));
        }
        // The number may be free because its record was trimmed long since. A
        // writer that slept for so long must not fill the hole.
        if let Some(newer) = self.newer(&bytes).await? {
            return Ok(newer);
        }
        let n = self.next;
        let key = keys::record(&self.folder, n)?;
        match self.store.create(&key, bytes.clone(), &Attributes::record()).await? {
            Created::New | Created::Existed { same: true } => {
                self.next = n.saturating_add(1);
                Ok(Append::Stored { n })
            }
            Created::Existed { same: false } => {
                let newer = self.newer(&bytes).await?;
                newer.ok_or_else(|| Error::unavailable("reading", key, "it is gone"))
            }
        }
    }

    /// Removes the records below number `before`, except those in `keep`, and
    /// gives how many. The last record always stays: it tells the next number.
    ///
    /// # Errors
    ///
    /// As [`Store::list`] and [`Store::delete`]; some may be removed already.
    pub async fn trim(&self, before: u64, keep: &BTreeSet<u64>) -> Result<usize, Error> {
        let numbers = self.numbers(None).await?;
        let last = numbers.last().copied();
        let superseded = |n: &u64| *n < before && !keep.contains(n) && Some(*n) != last;
        let doomed: Vec<u64> = numbers.into_iter().filter(superseded).collect();
        let count = doomed.len();
        let deletes = doomed.into_iter().map(|n| remove(&self.store, &self.folder, n));
        let deleted = stream::iter(deletes).buffer_unordered(REQUESTS_MAX);
        deleted.try_collect::<()>().await?;
        Ok(count)
    }

    /// What others wrote, as the outcome of an append of `ours`, if they did.
    async fn newer(&mut self, ours: &Bytes) -> Result<Option<Append>, Error> {
        let first = self.next;
        let newer = self.refresh().await?;
        Ok(match newer.as_slice() {
            [] => None,
            // An earlier try of ours, or another node with the same fact.
            [only] if only.bytes == *ours && only.n == first => Some(Append::Stored { n: first }),
            _ => Some(Append::Lost { newer }),
        })
    }

    /// The numbers from the next one on, none missing that was there before
    /// the last of them.
    ///
    /// The listing of a directory may show a record and not the one before it,
    /// when both are made meanwhile. Whatever comes before a record that was
    /// seen is shown by a second listing, unless it was trimmed.
    async fn settled_numbers(&self) -> Result<Vec<u64>, Error> {
        let after = match self.next.checked_sub(1) {
            Some(last) => Some(keys::record(&self.folder, last)?),
            None => None,
        };
        let first = self.numbers(after.as_ref()).await?;
        if first.iter().copied().eq((self.next..).take(first.len())) {
            return Ok(first);
        }
        let last = first.last().copied();
        let mut second = self.numbers(after.as_ref()).await?;
        // The second has its own last ones, which may again hide some.
        second.retain(|n| Some(*n) <= last);
        Ok(second)
    }

    async fn numbers(&self, after: Option<&Key>) -> Result<Vec<u64>, Error> {
        let listed = self.store.list_after(&self.folder, after, RECORDS_MAX).await?;
        Ok(listed.iter().filter_map(|entry| keys::record_number(entry.key())).collect())
    }
}

/// Reads one record; `None` where it was trimmed since it was listed.
async fn remove(store: &Store, folder: &Key, n: u64) -> Result<(), Error> {
    store.delete(&keys::record(folder, n)?).await
}

async fn read(store: &Store, folder: &Key, n: u64) -> Result<Option<Record>, Error> {
    let object = store.get(&keys::record(folder, n)?, RECORD_BYTES_MAX).await?;
    Ok(object.map(|object| Record { n, bytes: object.bytes }))
}

#[cfg(test)]
mod tests;
