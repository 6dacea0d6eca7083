//! A bucket in a directory of this machine.
//!
//! The calls of `Files` block, so they run on threads of their own, few at a
//! time: a disk that hangs holds those threads, not the callers.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::warn;

use crate::error::Error;
use crate::key::Key;
use crate::store::{Entry, Object, Version};

use files::{Contents, Files, Lock};

mod files;

/// Calls at the file system at one time. Chosen above what a disk works on at
/// once and far below the 512 threads that tokio starts.
const CALLS_MAX: usize = 64;
/// Waited before a lock that another writer holds is tried again. A writer
/// holds it for a few milliseconds, the time of two fsyncs.
const LOCK_WAIT: Duration = Duration::from_millis(5);

/// What errors say was attempted.
const OPENING: &str = "opening the directory";

#[derive(Debug)]
pub(crate) struct Directory {
    files: Arc<Files>,
    calls: Arc<Semaphore>,
    timeout: Duration,
}

impl Directory {
    /// A disk that is full, read-only or silent may be mended while the process
    /// lives: only what a person has to correct is an error.
    pub(crate) async fn open(root: &Path, timeout: Duration) -> Result<Self, Error> {
        let directory = Self::new(root, timeout)?;
        match directory.run(OPENING, root.display(), Files::prepare).await {
            Err(error) if error.is_transient() => warn!(%error, "the bucket is not prepared"),
            prepared => prepared?,
        }
        Ok(directory)
    }

    /// Makes and removes nothing; one that is not there is an error.
    pub(crate) async fn open_to_read(root: &Path, timeout: Duration) -> Result<Self, Error> {
        let directory = Self::new(root, timeout)?;
        directory.run(OPENING, root.display(), Files::look).await?;
        Ok(directory)
    }

    fn new(root: &Path, timeout: Duration) -> Result<Self, Error> {
        let failed = |error| Error::from_io(OPENING, root.display(), error);
        let files = Arc::new(Files::new(root).map_err(failed)?);
        Ok(Self { files, calls: Arc::new(Semaphore::new(CALLS_MAX)), timeout })
    }

    /// Whether the object is new.
    pub(crate) async fn create(&self, key: &Key, bytes: Bytes) -> Result<bool, Error> {
        let name = key.clone();
        self.run("creating", key, move |files| files.create(&name, &bytes)).await
    }

    /// The new version, or `None` where the object is not as `expected`.
    pub(crate) async fn replace(
        &self,
        key: &Key,
        bytes: Bytes,
        expected: Bytes,
    ) -> Result<Option<Version>, Error> {
        let lock = self.lock(key).await?;
        let (name, new) = (key.clone(), bytes.clone());
        let work = move |files: &Files| files.replace(&lock, &name, &new, &expected);
        let replaced = self.run("replacing", key, work).await?;
        Ok(replaced.then(|| Version::contents(bytes)))
    }

    pub(crate) async fn get(&self, key: &Key, bytes_max: usize) -> Result<Option<Object>, Error> {
        let name = key.clone();
        match self.run("reading", key, move |files| files.get(&name, bytes_max)).await? {
            None => Ok(None),
            Some(Contents::Whole(bytes)) => {
                Ok(Some(Object { bytes: bytes.clone(), version: Version::contents(bytes) }))
            }
            Some(Contents::TooLarge(bytes)) => {
                Err(Error::TooLarge { key: key.clone(), bytes, bytes_max })
            }
        }
    }

    pub(crate) async fn list(
        &self,
        folder: &Key,
        after: Option<&Key>,
        entries_max: usize,
    ) -> Result<Vec<Entry>, Error> {
        let (name, after) = (folder.clone(), after.cloned());
        let work = move |files: &Files| files.list(&name, after.as_ref(), entries_max);
        let listed = self.run("listing", folder, work).await?;
        listed.ok_or_else(|| Error::TooMany { folder: folder.clone(), entries_max })
    }

    pub(crate) async fn delete(&self, key: &Key) -> Result<(), Error> {
        let lock = self.lock(key).await?;
        let name = key.clone();
        self.run("deleting", key, move |files| files.delete(&lock, &name)).await
    }

    pub(crate) async fn prune(&self, folder: &Key) -> Result<(), Error> {
        let name = folder.clone();
        self.run("removing", folder, move |files| files.prune(&name)).await
    }

    /// Waits for the right to change what exists in the key's folder.
    async fn lock(&self, key: &Key) -> Result<Lock, Error> {
        let tried = timeout(self.timeout, async {
            loop {
                let name = key.clone();
                let lock = self.run("locking", key, move |files| files.try_lock(&name)).await?;
                if let Some(lock) = lock {
                    return Ok(lock);
                }
                tokio::time::sleep(LOCK_WAIT).await;
            }
        });
        tried.await.unwrap_or_else(|elapsed| Err(Error::unavailable("locking", key, elapsed)))
    }

    /// Runs `work` on a thread where it may block. A call that takes longer
    /// than the timeout goes on without its caller, and keeps its place.
    async fn run<T, F>(&self, doing: &str, what: impl Display, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Files) -> io::Result<T> + Send + 'static,
    {
        let worked = timeout(self.timeout, async {
            let place = Arc::clone(&self.calls).acquire_owned().await.map_err(io::Error::other)?;
            let files = Arc::clone(&self.files);
            let worked = tokio::task::spawn_blocking(move || {
                let result = work(&files);
                drop(place);
                result
            });
            worked.await.map_err(io::Error::other).flatten()
        });
        match worked.await {
            Ok(result) => result.map_err(|error| Error::from_io(doing, what, error)),
            Err(elapsed) => Err(Error::unavailable(doing, what, elapsed)),
        }
    }
}

#[cfg(test)]
mod tests;
