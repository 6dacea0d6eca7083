//! The last media sequence number that listeners may have seen, on local disk.
//!
//! Origins list a segment from memory, before the bucket has it. What a killed
//! process listed and did not store is known from here alone, so that its number
//! is never used for another segment.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use media::MediaSequence;
use tokio::sync::Semaphore;

/// How long the disk may take: the programme does not wait for it.
const PATIENCE: Duration = Duration::from_millis(200);

/// The same when a process begins, and has nothing else to do yet.
const PATIENCE_AT_START: Duration = Duration::from_secs(5);

/// One egress's note of the last number.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    path: PathBuf,
    /// One note is written at a time, so that a disk that hangs holds one thread
    /// and no more.
    turn: Arc<Semaphore>,
}

impl Numbers {
    /// The note of an egress beneath the process's data.
    pub(crate) fn new(data: &Path, egress: &str) -> Self {
        Self { path: data.join("numbers").join(egress), turn: Arc::new(Semaphore::new(1)) }
    }

    /// The last number noted; `None` where there is none, or none that can be
    /// read in time.
    pub(crate) async fn last(&self) -> Option<MediaSequence> {
        let reading = tokio::fs::read_to_string(&self.path);
        let text = tokio::time::timeout(PATIENCE_AT_START, reading).await.ok()?.ok()?;
        text.trim().parse().ok().map(MediaSequence)
    }

    /// Notes a number, before any reader hears of it.
    ///
    /// A note that was not written is no reason to be silent: the next one will do.
    ///
    /// # Errors
    ///
    /// The disk's, or that it took too long, or that the note before is not
    /// written yet.
    pub(crate) async fn note(&self, number: MediaSequence) -> io::Result<()> {
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else {
            return Err(io::ErrorKind::ResourceBusy.into());
        };
        let path = self.path.clone();
        let writing = tokio::task::spawn_blocking(move || {
            let written = write(&path, number);
            drop(turn);
            written
        });
        match tokio::time::timeout(PATIENCE, writing).await {
            Ok(written) => written?,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Writes over the last note, which has the same length: on most file systems
/// that takes no space, so that a disk that is full still knows the number.
fn write(path: &Path, number: MediaSequence) -> io::Result<()> {
    let text = format!("{:020}\n", number.0);
    match fs::OpenOptions::new().write(true).open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.set_len(text.len() as u64)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => begin(path, &text),
        Err(error) => Err(error),
    }
}

/// The first note, which is there as a whole or not at all.
fn begin(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension("new");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&fresh, text)?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests;
