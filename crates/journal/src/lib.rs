//! A bounded log of byte entries on local disk, each with a position: what a
//! process had when it was killed, for the one after it. Every call of [`Journal`]
//! blocks; a [`Scribe`] writes beside the work.
//!
//! A folder holds one journal: files named by their first position, whose entries
//! are consecutive ([`mod@file`] has the format), and a locked note of the positions
//! given. Entries are appended to the newest file and never changed; the oldest
//! files go first.
//!
//! # What is lost
//!
//! - A process that is killed loses the batch that it was writing, or a part of
//!   it: what was written is the kernel's. Entries are not synced. A sync would let
//!   those behind it wait for the disk, for seconds on one that is busy, and would
//!   help after a power cut alone, when the machine was away for longer than
//!   anything here is of use.
//! - A power cut costs what the kernel has not written by itself, half a minute
//!   as a rule. Whatever a file system leaves of a file, zeroes or half of it:
//!   what is given is what was written, up to the file's first fault.
//!
//! # Positions
//!
//! They rise, and none is used twice, whether or not its entry could be written.
//! An opened journal goes on at the highest of three:
//!
//! - The note. It is synced when a journal is opened, and is ahead of the
//!   positions by one to two [`POSITION_STEP`]s, hours of a feed. So it holds over
//!   kills, power cuts, files that are damaged or gone, and a disk that is full.
//! - The newest file's name, rounded up to the next step; no file reaches over
//!   one. So it holds for what that file had, whatever became of its contents.
//! - The caller's floor, which alone is left where the folder was emptied: Unix
//!   seconds times [`POSITION_STEP`], which rises faster than any feed, unless the
//!   clock goes back.

mod disk;
pub mod file;
mod folder;
mod journal;
mod scribe;
#[cfg(test)]
mod testing;

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

pub use journal::Journal;
pub use scribe::{BATCHES_WAITING_MAX, Desk, Scribe};

/// What positions are rounded up to when a journal is opened. Chosen: hours of a
/// feed of 43 entries a second, and few enough for 2^32 openings.
pub const POSITION_STEP: u64 = 1 << 20;

/// Positions are below it. Chosen as the feeds' greatest number.
pub const POSITION_MAX: u64 = 1 << 53;

/// Files of a journal at most. Chosen: each opening begins one, however short, and
/// so does each failure.
pub const FILES_MAX: usize = 256;

/// Least of [`Limits::file_bytes_max`]: the longest entry fits.
pub const FILE_BYTES_MIN: u64 =
    (file::HEADER_LEN + file::ENTRY_HEAD_LEN + file::ENTRY_LEN_MAX) as u64;

/// What a journal may take on disk. The note and foreign files do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// All files, in bytes; at least `file_bytes_max`.
    pub bytes_max: u64,
    /// One file, in bytes; at least [`FILE_BYTES_MIN`]. When space is needed a
    /// whole file goes, so it is best a small part of `bytes_max`.
    pub file_bytes_max: u64,
}

/// An entry as it was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place; places rise, with holes where entries were lost.
    pub position: u64,
    /// Its bytes, a slice of its whole file's.
    pub payload: Bytes,
}

/// Why a journal does not do what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk did not.
    #[error("cannot {attempted} {}", path.display())]
    Disk {
        /// What it should have done.
        attempted: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Another journal is open in this folder, here or in another process.
    #[error("the journal in {} is open already", .0.display())]
    Taken(PathBuf),
    /// The limits contradict each other.
    #[error("files of {} bytes are below {FILE_BYTES_MIN}, or above all {}", .0.file_bytes_max, .0.bytes_max)]
    Limits(Limits),
    /// An entry is empty or exceeds [`file::ENTRY_LEN_MAX`].
    #[error("entry of {0} bytes is not within 1 to {max}", max = file::ENTRY_LEN_MAX)]
    EntryLen(usize),
    /// There is none left below [`POSITION_MAX`].
    #[error("position {0} exceeds {POSITION_MAX}")]
    Exhausted(u64),
}

impl Error {
    /// What makes an error of the disk's into ours.
    fn disk(attempted: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Disk { attempted, path: path.to_owned(), source }
    }
}
