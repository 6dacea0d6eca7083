//! The folder of a journal: names, sizes, and the note of the positions given.
//!
//! The note is locked, too. The lock is the kernel's (`flock`), so that it ends
//! with the process that holds it. What has another name than a journal's files is
//! somebody else's, and stays.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tracing::{info, warn};

use crate::{Entry, Error, FILES_MAX, POSITION_MAX, file};

const NOTE: &str = "positions";

const EXTENSION: &str = ".journal";

/// Digits of a position in a name or in the note: those of the greatest `u64`.
const DIGITS: usize = 20;

/// A folder that is this journal's alone until it is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    note: File,
}

impl Folder {
    /// Makes it where it is not there, and takes its lock.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        // Absolute, so that a change of the working directory changes nothing.
        let path = std::path::absolute(path).map_err(Error::disk("find", path))?;
        fs::create_dir_all(&path).map_err(Error::disk("make", &path))?;
        let name = path.join(NOTE);
        // Open for reading alone: what is open for writing keeps a disk from being
        // mounted read-only.
        let note = match File::open(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                writable(&name).and_then(|_| File::open(&name))
            }
            opened => opened,
        };
        let note = note.map_err(Error::disk("open", &name))?;
        match note.try_lock() {
            Ok(()) => Ok(Self { path, note }),
            Err(TryLockError::WouldBlock) => Err(Error::Taken(path)),
            Err(TryLockError::Error(error)) => Err(Error::disk("lock", &name)(error)),
        }
    }

    /// The position that was noted last; `None` where none can be read.
    pub(crate) fn noted(&self) -> Option<u64> {
        let mut text = String::new();
        (&self.note).rewind().ok()?;
        (&self.note).take(DIGITS as u64 + 1).read_to_string(&mut text).ok()?;
        decimal(text.strip_suffix('\n')?)
    }

    /// Notes that positions below this one may have been given.
    ///
    /// Writes over the last note, which has the same length: on most file systems
    /// that takes no space, so that a disk that is full still knows.
    pub(crate) fn note(&self, position: u64) -> Result<(), Error> {
        let text = format!("{position:0DIGITS$}\n");
        let name = self.path.join(NOTE);
        let write = || {
            let mut note = writable(&name)?;
            note.write_all(text.as_bytes())?;
            note.set_len(text.len() as u64)
        };
        write().map_err(Error::disk("write", &name))
    }

    /// Brings the note to the disk, and its name.
    pub(crate) fn sync_note(&self) -> Result<(), Error> {
        let name = self.path.join(NOTE);
        let synced = writable(&name).and_then(|note| note.sync_all());
        let synced = synced.and_then(|()| File::open(&self.path)?.sync_all());
        synced.map_err(Error::disk("sync", &name))
    }

    /// The sizes of the files in bytes, by their first positions. Those above
    /// [`FILES_MAX`], oldest first, are removed.
    pub(crate) fn files(&self) -> Result<BTreeMap<u64, u64>, Error> {
        self.list().map_err(Error::disk("list", &self.path))
    }

    fn list(&self) -> io::Result<BTreeMap<u64, u64>> {
        let mut files = BTreeMap::new();
        for child in fs::read_dir(&self.path)? {
            let child = child?;
            let Some(first) = child.file_name().to_str().and_then(position) else { continue };
            let metadata = child.metadata()?;
            if !metadata.is_file() {
                continue;
            }
            files.insert(first, metadata.len());
            if files.len() > FILES_MAX
                && let Some((oldest, _)) = files.pop_first()
            {
                self.delete(oldest)?;
            }
        }
        Ok(files)
    }

    /// The entries of a file that had so many bytes; none of one that cannot be read.
    pub(crate) fn entries(&self, first: u64, bytes: u64) -> Vec<Entry> {
        let path = self.path(first);
        let contents = match read(&path, bytes) {
            Ok(contents) => file::read(first, &contents),
            Err(error) => {
                warn!(path = %path.display(), %error, "cannot read a file of a journal");
                return Vec::new();
            }
        };
        let lost_bytes = bytes - contents.valid_len as u64;
        if lost_bytes > 0 {
            info!(path = %path.display(), lost_bytes, "a file of a journal ends early");
        }
        contents.entries
    }

    /// Removes a file; one that is gone is as good.
    pub(crate) fn remove(&self, first: u64) -> Result<(), Error> {
        self.delete(first).map_err(Error::disk("remove", &self.path(first)))
    }

    fn delete(&self, first: u64) -> io::Result<()> {
        match fs::remove_file(self.path(first)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Where the file that begins at this position lies.
    pub(crate) fn path(&self, first: u64) -> PathBuf {
        self.path.join(format!("{first:0DIGITS$}{EXTENSION}"))
    }
}

fn writable(note: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(note)
}

fn read(path: &Path, bytes: u64) -> io::Result<Bytes> {
    let mut contents = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    File::open(path)?.take(bytes).read_to_end(&mut contents)?;
    Ok(contents.into())
}

/// The first position of a file of this name; `None` for a foreign one.
fn position(name: &str) -> Option<u64> {
    decimal(name.strip_suffix(EXTENSION)?)
}

/// A position as it is written; `None` for anything else.
fn decimal(digits: &str) -> Option<u64> {
    let is_whole = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|position| is_whole && *position < POSITION_MAX)
}

#[cfg(test)]
mod tests;
