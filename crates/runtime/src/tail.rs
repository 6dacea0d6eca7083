//! A bounded log in memory: one writer, many readers, each at its own pace.
//!
//! The feeds of a process travel through it. The writer never waits: what is
//! over the bounds is forgotten, oldest first, and a reader that had not read it
//! is told how much it missed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// What a log may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Items.
    pub items_max: usize,
    /// Sum of the items' weights, in bytes.
    pub weight_max: usize,
}

/// Appends. Dropping it closes the log.
#[derive(Debug)]
pub struct Writer<T> {
    shared: Arc<Shared<T>>,
    end: watch::Sender<u64>,
}

/// Makes readers. Cheap to clone.
#[derive(Debug)]
pub struct Tail<T> {
    shared: Arc<Shared<T>>,
    end: watch::Receiver<u64>,
}

/// Reads at its own pace.
#[derive(Debug)]
pub struct Reader<T> {
    shared: Arc<Shared<T>>,
    end: watch::Receiver<u64>,
    next: u64,
}

/// Why a reader gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It was too slow; it goes on at the oldest item there is.
    #[error("{missed} items were forgotten before they were read")]
    Lagged {
        /// Items that it did not get.
        missed: u64,
    },
    /// The writer is gone and all has been read.
    #[error("the feed is closed")]
    Closed,
}

#[derive(Debug)]
struct Shared<T> {
    limits: Limits,
    weigh: fn(&T) -> usize,
    log: Mutex<Log<T>>,
}

#[derive(Debug)]
struct Log<T> {
    items: VecDeque<T>,
    /// Position of the first of `items`.
    first: u64,
    weight: usize,
}

/// An empty log. `weigh` gives the bytes that an item keeps in memory, always
/// the same for the same item.
pub fn tail<T>(limits: Limits, weigh: fn(&T) -> usize) -> (Writer<T>, Tail<T>) {
    let log = Mutex::new(Log { items: VecDeque::new(), first: 0, weight: 0 });
    let shared = Arc::new(Shared { limits, weigh, log });
    let (sender, end) = watch::channel(0);
    (Writer { shared: Arc::clone(&shared), end: sender }, Tail { shared, end })
}

impl<T> Writer<T> {
    /// Appends an item; never waits.
    pub fn push(&mut self, item: T) {
        self.extend([item]);
    }

    /// Appends items and wakes the readers once.
    pub fn extend(&mut self, items: impl IntoIterator<Item = T>) {
        let end = {
            let mut log = self.shared.log();
            for item in items {
                log.push(item, &self.shared.limits, self.shared.weigh);
            }
            log.end()
        };
        self.end.send_if_modified(|seen| std::mem::replace(seen, end) != end);
    }
}

impl<T> Tail<T> {
    /// All that is remembered now.
    pub fn remembered(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.shared.log().items.iter().cloned().collect()
    }

    /// A reader of all that is remembered, and what follows.
    pub fn from_start(&self) -> Reader<T> {
        self.reader(self.shared.log().first)
    }

    /// A reader of what follows.
    pub fn from_now(&self) -> Reader<T> {
        self.reader(self.shared.log().end())
    }

    fn reader(&self, next: u64) -> Reader<T> {
        Reader { shared: Arc::clone(&self.shared), end: self.end.clone(), next }
    }
}

impl<T> Clone for Tail<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), end: self.end.clone() }
    }
}

impl<T: Clone> Reader<T> {
    /// Waits for items and takes at most `max` of them, at least 1. Dropping
    /// the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`ReadError`].
    pub async fn next_batch(&mut self, max: usize) -> Result<Vec<T>, ReadError> {
        let next = self.next;
        // A closed channel means that no more follows what is there.
        let open = self.end.wait_for(|end| *end > next).await.is_ok();
        let batch = self.take(max.max(1))?;
        if batch.is_empty() && !open { Err(ReadError::Closed) } else { Ok(batch) }
    }

    /// Position of the next item that is read: so many came before it, from the log's
    /// beginning on.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Leaves out all that is there and has not been read; says how much that was.
    pub fn skip_to_end(&mut self) -> u64 {
        let end = self.shared.log().end();
        end.saturating_sub(std::mem::replace(&mut self.next, end))
    }

    /// Items that are there and have not been read.
    pub fn behind(&self) -> u64 {
        self.shared.log().end().saturating_sub(self.next)
    }

    fn take(&mut self, max: usize) -> Result<Vec<T>, ReadError> {
        let log = self.shared.log();
        if let Some(missed) = log.first.checked_sub(self.next).filter(|missed| *missed > 0) {
            self.next = log.first;
            return Err(ReadError::Lagged { missed });
        }
        let skip = usize::try_from(self.next - log.first).unwrap_or(usize::MAX);
        let batch: Vec<T> = log.items.iter().skip(skip).take(max).cloned().collect();
        self.next += batch.len() as u64;
        Ok(batch)
    }
}

impl<T> Shared<T> {
    /// No code panics while it holds the lock, so a poisoned one is whole.
    fn log(&self) -> MutexGuard<'_, Log<T>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Log<T> {
    fn end(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    fn push(&mut self, item: T, limits: &Limits, weigh: fn(&T) -> usize) {
        self.weight += weigh(&item);
        self.items.push_back(item);
        // The newest item is kept however heavy it is.
        while self.items.len() > 1
            && (self.items.len() > limits.items_max || self.weight > limits.weight_max)
            && let Some(oldest) = self.items.pop_front()
        {
            self.weight -= weigh(&oldest);
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests;
