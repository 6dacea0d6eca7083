//! What the tests of this crate share: folders, entries, and a disk that fills up.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::{Disk, LocalDisk, Sink};
use crate::{Entry, FILE_BYTES_MIN, Limits, file};

/// Small files, and many of them.
pub(crate) const LIMITS: Limits =
    Limits { bytes_max: 16 * FILE_BYTES_MIN, file_bytes_max: FILE_BYTES_MIN };

/// A folder that is removed at the end.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("skywave-journal-{}-{nth}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Another process of this number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The journal's files, oldest first.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        files(&self.0)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.files().iter().map(|path| bytes_of(path)).sum()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The payload of a position, so that a wrong one is known.
pub(crate) fn payload(position: u64, len: usize) -> Vec<u8> {
    position.to_be_bytes().into_iter().cycle().take(len).collect()
}

pub(crate) fn entries(first: u64, lens: &[usize]) -> Vec<Entry> {
    let entry = |(position, len): (u64, &usize)| Entry {
        position,
        payload: payload(position, *len).into(),
    };
    (first..).zip(lens).map(entry).collect()
}

/// The bytes of a file that holds these entries.
pub(crate) fn file_of(first: u64, entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    file::put_header(first, &mut bytes);
    for entry in entries {
        file::put_entry(entry.position, &entry.payload, &mut bytes).unwrap();
    }
    bytes
}

/// A disk with room for files of so many bytes, and no more.
#[derive(Debug, Clone)]
pub(crate) struct SmallDisk {
    pub(crate) size: Arc<AtomicU64>,
    /// Whether a file can be cut.
    pub(crate) cuts: bool,
}

#[derive(Debug)]
struct SmallFile {
    disk: SmallDisk,
    folder: PathBuf,
    file: Box<dyn Sink>,
}

impl SmallDisk {
    pub(crate) fn new(size: u64) -> Self {
        Self { size: Arc::new(AtomicU64::new(size)), cuts: true }
    }
}

impl Disk for SmallDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sink>> {
        let (disk, file) = (self.clone(), LocalDisk.create(path)?);
        Ok(Box::new(SmallFile { disk, folder: path.parent().unwrap().to_owned(), file }))
    }

    fn go_on(&mut self, path: &Path) -> io::Result<Box<dyn Sink>> {
        let (disk, file) = (self.clone(), LocalDisk.go_on(path)?);
        Ok(Box::new(SmallFile { disk, folder: path.parent().unwrap().to_owned(), file }))
    }
}

impl Sink for SmallFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let used: u64 = files(&self.folder).iter().map(|path| bytes_of(path)).sum();
        let room = self.disk.size.load(Ordering::Relaxed).saturating_sub(used);
        let fitting = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        self.file.write(&bytes[..fitting])?;
        if fitting < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        if self.disk.cuts { self.file.cut(len) } else { Err(io::ErrorKind::Other.into()) }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|child| child.unwrap().path());
    let is_file = |path: &PathBuf| path.extension().is_some_and(|name| name == "journal");
    let mut paths: Vec<_> = paths.filter(is_file).collect();
    paths.sort();
    paths
}

fn bytes_of(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}
