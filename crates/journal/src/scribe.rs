//! Journals that are written beside the work, by one thread of the process.
//!
//! Nothing waits for the disk unless it asks to. Where the disk hangs, what is
//! over [`BATCHES_WAITING_MAX`] is not written; positions go on all the same.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use crate::{Error, Journal};

/// Batches that wait for the disk, of all journals of a desk. Chosen: some seconds
/// of a hundred feeds.
pub const BATCHES_WAITING_MAX: usize = 16_384;

/// The thread that writes. It ends with the last of its scribes.
#[derive(Debug, Clone)]
pub struct Desk {
    jobs: mpsc::Sender<Job>,
}

/// Writes one journal. Clones write the same one.
#[derive(Debug, Clone)]
pub struct Scribe {
    jobs: mpsc::Sender<Job>,
    open: Arc<Open>,
}

#[derive(Debug)]
struct Open {
    name: String,
    journal: Mutex<Journal>,
    /// The position of the next entry that is given.
    next: AtomicU64,
    /// Whether the log has said that the disk does not take it.
    fails: AtomicBool,
}

#[derive(Debug)]
enum Job {
    Write(Batch),
    /// All that was given before is written.
    Tell(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Batch {
    open: Arc<Open>,
    first: u64,
    entries: Vec<Vec<u8>>,
    done: Option<oneshot::Sender<bool>>,
}

impl Desk {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The system has no more threads.
    pub fn start() -> io::Result<Self> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(BATCHES_WAITING_MAX);
        let write = move || {
            while let Some(job) = waiting.blocking_recv() {
                match job {
                    Job::Write(batch) => batch.write(),
                    // Who waited may have gone.
                    Job::Tell(done) => drop(done.send(())),
                }
            }
        };
        thread::Builder::new().name("journals".to_owned()).spawn(write)?;
        Ok(Self { jobs })
    }

    /// Waits until all that was given is written; `false` where that takes too long.
    pub async fn flush(&self, patience: Duration) -> bool {
        let (done, flushed) = oneshot::channel();
        self.jobs.try_send(Job::Tell(done)).is_ok() && told(flushed, patience).await.is_some()
    }

    /// A scribe for a journal, which the log calls by a name.
    pub fn scribe(&self, name: &str, journal: Journal) -> Scribe {
        let next = AtomicU64::new(journal.next_position());
        let open = Open {
            name: name.to_owned(),
            journal: Mutex::new(journal),
            next,
            fails: AtomicBool::new(false),
        };
        Scribe { jobs: self.jobs.clone(), open: Arc::new(open) }
    }
}

impl Scribe {
    /// The position of the next entry.
    pub fn next_position(&self) -> u64 {
        self.open.next.load(Ordering::Relaxed)
    }

    /// Has entries written, one caller at a time, and gives the first one's
    /// position. They take theirs whatever comes of it.
    pub fn write(&self, entries: Vec<Vec<u8>>) -> u64 {
        self.give(entries, None)
    }

    /// The same, and waits until all that was given is written; `false` where this
    /// was not, or not in time.
    pub async fn write_and_wait(&self, entries: Vec<Vec<u8>>, patience: Duration) -> bool {
        let (done, written) = oneshot::channel();
        self.give(entries, Some(done));
        told(written, patience).await.unwrap_or(false)
    }

    fn give(&self, entries: Vec<Vec<u8>>, done: Option<oneshot::Sender<bool>>) -> u64 {
        let first = self.open.next.fetch_add(entries.len() as u64, Ordering::Relaxed);
        let batch = Batch { open: Arc::clone(&self.open), first, entries, done };
        // What there is no room for is skipped when the next batch is written.
        let _ = self.jobs.try_send(Job::Write(batch));
        first
    }
}

impl Open {
    /// Says once that the disk does not take the journal, and once that it does.
    fn say(&self, missed: u64, error: Option<&Error>) {
        let fails = missed > 0 || error.is_some();
        let failed = self.fails.swap(fails, Ordering::Relaxed);
        let journal = &self.name;
        match error {
            Some(error) if !failed => warn!(journal, %error, "the journal is not written"),
            None if fails && !failed => {
                warn!(journal, missed, "the disk is too slow for the journal");
            }
            None if failed && !fails => info!(journal, "the journal is written again"),
            _ => {}
        }
    }
}

/// Waits for the thread, on one of those that may block: the runtime knows that
/// something is going on.
async fn told<T: Send + 'static>(from: oneshot::Receiver<T>, patience: Duration) -> Option<T> {
    let waiting = tokio::task::spawn_blocking(move || from.blocking_recv().ok());
    tokio::time::timeout(patience, waiting).await.ok()?.ok()?
}

impl Batch {
    fn write(self) {
        let mut journal = self.open.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = self.first.saturating_sub(journal.next_position());
        journal.skip(missed);
        let written = journal.append(&self.entries);
        journal.rest();
        drop(journal);
        self.open.say(missed, written.as_ref().err());
        if let Some(done) = self.done {
            // Who waited may have gone.
            let _ = done.send(written.is_ok());
        }
    }
}

#[cfg(test)]
mod tests;
