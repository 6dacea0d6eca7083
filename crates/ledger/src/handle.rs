//! The ledger of a process: what is told to it is written some time soon.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use media::WallTime;
use prometheus_client::metrics::counter::Counter;
use tracing::{info, warn};

use crate::day::Day;
use crate::folder::Folder;
use crate::writer::{Entry, Record, Writer};
use crate::{Session, shortened, to_line};

/// Between two checkpoints. Chosen: as much of a session is lost to a kill at most.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// Records that wait for the disk at most, on their way to the thread and as many with
/// it. Chosen: 10,000 listeners that leave within a moment are some 5 MB. Those beyond
/// are counted and lost.
pub const RECORDS_WAITING_MAX: usize = 10_000;

/// Writes down who has listened. Cheap to clone; never blocks who tells it anything: a
/// thread of its own has the files, and ends with the last clone.
#[derive(Debug, Clone)]
pub struct Ledger {
    entries: SyncSender<Entry>,
    lost: Counter,
    /// A checkpoint is on its way to the thread.
    is_checkpoint_waiting: Arc<AtomicBool>,
    is_shortening: bool,
}

impl Ledger {
    /// Opens the ledger in a folder, and gives back the sessions that were under way
    /// at the last checkpoint and have no record since: those of a process that was
    /// killed. `lost` counts records that no disk took.
    ///
    /// A disk that is full, gone or read-only is no error: what is to be written waits
    /// for it.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn open(folder: &Path, now: WallTime, lost: Counter) -> io::Result<(Self, Vec<Session>)> {
        let folder = Folder::new(folder);
        let open = folder.left_open(now).unwrap_or_else(|error| {
            warn!(folder = %folder.path().display(), %error, "open sessions not read");
            Vec::new()
        });
        if let Some(seen) = open.iter().map(|session| session.ended).max() {
            let secs = now.since(seen).as_secs();
            info!(sessions = open.len(), secs, "sessions of a killed process found");
        }
        let (entries, waiting) = sync_channel(RECORDS_WAITING_MAX);
        let is_checkpoint_waiting = Arc::new(AtomicBool::new(false));
        let mut writer = Writer::new(folder, lost.clone(), Arc::clone(&is_checkpoint_waiting));
        let thread = std::thread::Builder::new().name("ledger".to_owned());
        thread.spawn(move || writer.run(&waiting))?;
        Ok((Self { entries, lost, is_checkpoint_waiting, is_shortening: false }, open))
    }

    /// The same, which writes no address whole.
    #[must_use]
    pub fn shortening_addresses(self) -> Self {
        Self { is_shortening: true, ..self }
    }

    /// Writes down a session that has ended, under the UTC day of its end.
    pub fn record(&self, session: &Session) {
        let day = Day::of(session.ended);
        let line = if self.is_shortening {
            to_line(&Session { address: shortened(session.address), ..session.clone() })
        } else {
            to_line(session)
        };
        let record = line.map(|line| Entry::Record(Record { id: session.id, day, line }));
        if record.is_none_or(|record| self.entries.try_send(record).is_err()) {
            self.lost.inc();
        }
    }

    /// Writes down which sessions are under way, in place of those before.
    ///
    /// Behind what was recorded before it: a session is always in the one or in the
    /// other. While one still waits for the disk the next is passed over.
    pub fn checkpoint(&self, mut open: Vec<Session>) {
        if self.is_checkpoint_waiting.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.is_shortening {
            for session in &mut open {
                session.address = shortened(session.address);
            }
        }
        if self.entries.try_send(Entry::Checkpoint(open)).is_err() {
            self.is_checkpoint_waiting.store(false, Ordering::Release);
        }
    }

    /// Waits until all that was said is written or was refused by the disk, for
    /// `patience` at most. Blocks: not for an async task.
    pub fn flush(&self, patience: Duration) {
        let (written, heard) = sync_channel(1);
        if self.entries.try_send(Entry::Flush(written)).is_ok() {
            // Late, or the thread is gone: the records are lost either way.
            let _ = heard.recv_timeout(patience);
        }
    }
}

#[cfg(test)]
mod tests;
