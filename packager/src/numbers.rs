//! The last media sequence number that listeners may have seen, on local disk.
//!
//! Origins list a segment from memory, before the bucket has it. What a killed
//! process listed and did not store is known from here alone, so that its number
//! is never used for another segment.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use media::MediaSequence;

/// How long the disk may take: the programme does not wait for it.
const PATIENCE: Duration = Duration::from_millis(200);

/// One egress's note of the last number.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    path: PathBuf,
}

impl Numbers {
    /// The note of an egress beneath the process's data.
    pub(crate) fn new(data: &Path, egress: &str) -> Self {
        Self { path: data.join("numbers").join(egress) }
    }

    /// The last number noted; `None` where there is none, or none that can be read.
    pub(crate) async fn last(&self) -> Option<MediaSequence> {
        let text = tokio::fs::read_to_string(&self.path).await.ok()?;
        text.trim().parse().ok().map(MediaSequence)
    }

    /// Notes a number, before any reader hears of it.
    ///
    /// A note that was not written is no reason to be silent: the next one will do.
    ///
    /// # Errors
    ///
    /// The disk's, or that it took too long.
    pub(crate) async fn note(&self, number: MediaSequence) -> io::Result<()> {
        match tokio::time::timeout(PATIENCE, self.write(number)).await {
            Ok(written) => written,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn write(&self, number: MediaSequence) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        if let Some(folder) = self.path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        tokio::fs::write(&fresh, number.to_string()).await?;
        tokio::fs::rename(&fresh, &self.path).await
    }
}

#[cfg(test)]
mod tests;
