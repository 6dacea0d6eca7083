//! The files of a directory bucket. Every call here blocks.
//!
//! An object is written aside, synced, and given its name in one step: a hard
//! link where the name must be free, a rename where it is taken. So a reader
//! sees all of it or nothing, also after a power cut.
//!
//! Beside the two roots lies `.store`, which no key can name: what is being
//! written, and the locks of those who replace. Locks are the kernel's
//! (`flock`), so that they end with the process that holds them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tracing::info;

use crate::key::Key;
use crate::store::Entry;

/// How often an object is staged anew when its staging file is gone. Another
/// process that opens the bucket removes it if it comes between the file's
/// making and its locking.
const STAGE_TRIES: u32 = 3;

#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    /// What begins the names of this process's staging files.
    token: u64,
    staged: AtomicU64,
}

/// The right to change what exists; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// What a bounded read gives.
#[derive(Debug)]
pub(super) enum Contents {
    Whole(Bytes),
    /// Its size; nothing of it is held.
    TooLarge(u64),
}

/// A written and synced file without its final name; removed when dropped.
#[derive(Debug)]
struct Staged {
    path: PathBuf,
    /// Its lock tells others that it is not a crash's leftover.
    file: File,
}

impl Files {
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        // Absolute, so that a change of the working directory changes nothing.
        let root = std::path::absolute(root)?;
        Ok(Self { root, token: RandomState::new().hash_one(0), staged: AtomicU64::new(0) })
    }

    /// Makes the folders, and removes what is left of an earlier run.
    pub(super) fn prepare(&self) -> io::Result<()> {
        make_folder(&self.staging())?;
        make_folder(&self.locks())?;
        let swept = self.sweep()?;
        if swept > 0 {
            info!(swept, "removed what an earlier run left half written");
        }
        Ok(())
    }

    /// Looks whether it is there, and may be read.
    pub(super) fn look(&self) -> io::Result<()> {
        fs::read_dir(&self.root).map(drop)
    }

    /// Gives an object a free name; false where the name is taken.
    pub(super) fn create(&self, key: &Key, bytes: &[u8]) -> io::Result<bool> {
        let target = self.path(key);
        // Only spares the writing: the link below decides.
        if target.try_exists()? {
            sync_parent(&target)?;
            return Ok(false);
        }
        let linked = self.publish(&target, bytes, |staged, target| fs::hard_link(staged, target));
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Who hears that it exists relies on it as if he had made it.
                sync_parent(&target)?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Gives a taken name to other bytes; false where it has not `expected`.
    pub(super) fn replace(
        &self,
        _lock: &Lock,
        key: &Key,
        bytes: &[u8],
        expected: &[u8],
    ) -> io::Result<bool> {
        match self.get(key, expected.len())? {
            Some(Contents::Whole(current)) if current == expected => {}
            _ => return Ok(false),
        }
        self.publish(&self.path(key), bytes, |staged, target| fs::rename(staged, target))?;
        Ok(true)
    }

    pub(super) fn get(&self, key: &Key, bytes_max: usize) -> io::Result<Option<Contents>> {
        let Some(file) = present(File::open(self.path(key)))? else {
            return Ok(None);
        };
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Ok(None);
        }
        let (size, bound) = (metadata.len(), u64::try_from(bytes_max).unwrap_or(u64::MAX));
        if size > bound {
            return Ok(Some(Contents::TooLarge(size)));
        }
        // Never more than it had when it was measured, should it be appended to.
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.take(size).read_to_end(&mut bytes)?;
        Ok(Some(Contents::Whole(bytes.into())))
    }

    /// What lies below a folder, sorted, or `None` above `entries_max`.
    pub(super) fn list(
        &self,
        folder: &Key,
        after: Option<&Key>,
        entries_max: usize,
    ) -> io::Result<Option<Vec<Entry>>> {
        let mut found = Vec::new();
        let mut folders = vec![folder.clone()];
        while let Some(folder) = folders.pop() {
            let Some(children) = present(fs::read_dir(self.path(&folder)))? else {
                continue;
            };
            for child in children {
                let child = child?;
                let Some(key) = child.file_name().to_str().and_then(|name| folder.child(name).ok())
                else {
                    continue;
                };
                if child.file_type()?.is_dir() {
                    folders.push(key);
                } else if after.is_none_or(|after| key > *after) {
                    // It may have been deleted since.
                    let Some(metadata) = present(child.metadata())? else { continue };
                    found.push(Entry::new(key, metadata.len()));
                }
                if found.len() > entries_max {
                    return Ok(None);
                }
            }
        }
        found.sort();
        Ok(Some(found))
    }

    pub(super) fn delete(&self, _lock: &Lock, key: &Key) -> io::Result<()> {
        let path = self.path(key);
        match present(fs::remove_file(&path))? {
            Some(()) => sync_parent(&path),
            None => Ok(()),
        }
    }

    /// Removes an empty folder, and those above it that are empty then, below
    /// the area's root. Whoever is about to write there makes them anew.
    pub(super) fn prune(&self, folder: &Key) -> io::Result<()> {
        let depth = folder.parts().count().saturating_sub(1);
        let path = self.path(folder);
        for folder in path.ancestors().take(depth) {
            match present(fs::remove_dir(folder)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes the lock of the key's folder, or `None` while another has it.
    ///
    /// One lock for each second part of a key, which is the egress.
    pub(super) fn try_lock(&self, key: &Key) -> io::Result<Option<Lock>> {
        let name = key.parts().take(2).collect::<Vec<_>>().join("-");
        // Where the disk was full at the start it is not there yet.
        make_folder(&self.locks())?;
        let path = self.locks().join(name);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        Ok(if takes_lock(&file)? { Some(Lock { _file: file }) } else { None })
    }

    /// Writes aside and lets `name` give the final name.
    fn publish(
        &self,
        target: &Path,
        bytes: &[u8],
        name: fn(&Path, &Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let parent = target.parent().unwrap_or(&self.root);
        let mut error = io::Error::from(io::ErrorKind::NotFound);
        for _ in 0..STAGE_TRIES {
            // The folder may be pruned between its making and the naming.
            let staged = make_folder(parent).and_then(|()| self.stage(bytes));
            let named = staged.and_then(|staged| name(&staged.path, target));
            match named {
                Ok(()) => return sync(parent),
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => error = gone,
                Err(other) => return Err(other),
            }
        }
        Err(error)
    }

    fn stage(&self, bytes: &[u8]) -> io::Result<Staged> {
        let nth = self.staged.fetch_add(1, Ordering::Relaxed);
        // As with the locks.
        make_folder(&self.staging())?;
        let path = self.staging().join(format!("{:016x}-{nth}", self.token));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let staged = Staged { path, file };
        if !takes_lock(&staged.file)? {
            return Err(io::ErrorKind::NotFound.into());
        }
        (&staged.file).write_all(bytes)?;
        staged.file.sync_all()?;
        Ok(staged)
    }

    /// Removes staging files that no living process holds.
    fn sweep(&self) -> io::Result<usize> {
        let mut swept = 0;
        for child in fs::read_dir(self.staging())? {
            let path = child?.path();
            let Some(file) = present(OpenOptions::new().write(true).open(&path))? else {
                continue;
            };
            if takes_lock(&file)? && present(fs::remove_file(&path))?.is_some() {
                swept += 1;
            }
        }
        Ok(swept)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn staging(&self) -> PathBuf {
        self.root.join(".store/staging")
    }

    fn locks(&self) -> PathBuf {
        self.root.join(".store/locks")
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a rename it is not there any more; what fails here is swept at
        // the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes the kernel's lock; false where another has it.
fn takes_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Makes a folder and those above it, each on disk before the next.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_parent(path)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// `None` for what is not there.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
