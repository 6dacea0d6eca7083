//! The thread that has the files.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use media::SessionId;
use prometheus_client::metrics::counter::Counter;
use tracing::{info, warn};

use crate::Session;
use crate::day::Day;
use crate::folder::Folder;
use crate::handle::RECORDS_WAITING_MAX;

/// Records that are written at once. Chosen: some 100 kB.
const BATCH_MAX: usize = 256;

/// How long what a disk has not taken waits for the next try, where nothing else
/// comes before. Chosen.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Records that are known again at once when they come twice. Chosen: who tells of one
/// twice does so within a moment.
const RECENT_MAX: usize = 256;

/// What the thread is told.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A session has ended.
    Record(Record),
    /// These are under way.
    Checkpoint(Vec<Session>),
    /// To be answered once all before it was tried.
    Flush(SyncSender<()>),
}

/// A session that has ended.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: SessionId,
    pub(crate) day: Day,
    /// With its end.
    pub(crate) line: String,
}

/// Writes to the folder; what it does not take is tried again.
#[derive(Debug)]
pub(crate) struct Writer {
    folder: Folder,
    lost: Counter,
    is_checkpoint_waiting: Arc<AtomicBool>,
    /// What is not written, oldest first.
    pending: VecDeque<Record>,
    /// To be written behind them.
    checkpoint: Option<Vec<Session>>,
    /// Files that were written to since the last checkpoint.
    unsynced: BTreeSet<Day>,
    /// What was told last: ids, and hashes of lines.
    recent: VecDeque<(SessionId, u64)>,
    hasher: RandomState,
    /// The last try has failed, which was told.
    is_failing: bool,
    /// The day that is known to be full.
    full: Option<Day>,
}

impl Writer {
    pub(crate) fn new(
        folder: Folder,
        lost: Counter,
        is_checkpoint_waiting: Arc<AtomicBool>,
    ) -> Self {
        Self {
            folder,
            lost,
            is_checkpoint_waiting,
            pending: VecDeque::new(),
            checkpoint: None,
            unsynced: BTreeSet::new(),
            recent: VecDeque::new(),
            hasher: RandomState::new(),
            is_failing: false,
            full: None,
        }
    }

    /// Works until nobody can tell anything any more.
    pub(crate) fn run(&mut self, waiting: &Receiver<Entry>) {
        loop {
            let is_done = self.pending.is_empty() && self.checkpoint.is_none();
            let first = if is_done {
                waiting.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                waiting.recv_timeout(RETRY_AFTER)
            };
            if matches!(first, Err(RecvTimeoutError::Disconnected)) {
                break;
            }
            let mut flushed = Vec::new();
            for entry in first.into_iter().chain(waiting.try_iter().take(BATCH_MAX - 1)) {
                match entry {
                    Entry::Record(record) => self.take(record),
                    Entry::Checkpoint(open) => self.checkpoint = Some(open),
                    Entry::Flush(written) => flushed.push(written),
                }
            }
            self.write();
            for written in flushed {
                // Nobody listens any more who has lost patience.
                let _ = written.try_send(());
            }
        }
        self.write();
        self.lost.inc_by(self.pending.len() as u64);
    }

    fn take(&mut self, record: Record) {
        let known = (record.id, self.hasher.hash_one(&record.line));
        if self.recent.contains(&known) {
            return;
        }
        if self.pending.len() >= RECORDS_WAITING_MAX {
            self.lost.inc();
            return;
        }
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(known);
        self.pending.push_back(record);
    }

    /// Writes all that there is, or tells once that the disk does not take it.
    fn write(&mut self) {
        let folder = self.folder.path().display().to_string();
        match self.write_records().and_then(|()| self.write_checkpoint()) {
            Ok(()) if self.is_failing => {
                info!(folder, "sessions are written again");
                self.is_failing = false;
            }
            Err(error) if !self.is_failing => {
                let waiting = self.pending.len();
                warn!(folder, %error, waiting, "sessions not written: tried again");
                self.is_failing = true;
            }
            Ok(()) | Err(_) => {}
        }
    }

    fn write_records(&mut self) -> io::Result<()> {
        while let Some(day) = self.pending.front().map(|record| record.day) {
            let batch = self.pending.iter().take(BATCH_MAX).take_while(|record| record.day == day);
            let (mut text, mut records) = (String::new(), 0);
            for record in batch {
                text += &record.line;
                records += 1;
            }
            match self.folder.append(day, &text) {
                Ok(()) => {
                    self.unsynced.insert(day);
                }
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    self.lost.inc_by(records as u64);
                    if self.full.replace(day) != Some(day) {
                        warn!(%day, "sessions of a day that is full are lost");
                    }
                }
                Err(error) => return Err(error),
            }
            self.pending.drain(..records);
        }
        Ok(())
    }

    /// Once it is written, what is not in it any more is on the disk.
    fn write_checkpoint(&mut self) -> io::Result<()> {
        let Some(open) = &self.checkpoint else { return Ok(()) };
        while let Some(day) = self.unsynced.first() {
            self.folder.sync(*day)?;
            self.unsynced.pop_first();
        }
        self.folder.replace_open(open)?;
        self.checkpoint = None;
        self.is_checkpoint_waiting.store(false, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
