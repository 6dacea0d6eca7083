//! The last media sequence number that listeners may have seen, on local disk.
//!
//! Origins list a segment from memory, before the bucket has it. What a killed
//! process listed and did not store is known from here alone, so that its number
//! is never used for another segment.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use media::MediaSequence;
use tokio::fs;
use tokio::io::AsyncWriteExt;

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
        let text = fs::read_to_string(&self.path).await.ok()?;
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

    /// Writes over the last note, which has the same length: that takes no
    /// space, so that a disk that is full still knows the number.
    async fn write(&self, number: MediaSequence) -> io::Result<()> {
        let text = format!("{:020}\n", number.0);
        match fs::OpenOptions::new().write(true).open(&self.path).await {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).await?;
                file.set_len(text.len() as u64).await
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.begin(&text).await,
            Err(error) => Err(error),
        }
    }

    /// The first note, which is there as a whole or not at all.
    async fn begin(&self, text: &str) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).await?;
        }
        fs::write(&fresh, text).await?;
        fs::rename(&fresh, &self.path).await
    }
}

#[cfg(test)]
mod tests;
