//! What a journal writes to: files, or in tests a disk that fills up.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Begins files.
pub(crate) trait Disk: Debug + Send {
    /// Begins a file whose name is free.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sink>>;

    /// Goes on with a file that was begun here.
    fn go_on(&mut self, path: &Path) -> io::Result<Box<dyn Sink>>;
}

/// A file that is appended to.
pub(crate) trait Sink: Debug + Send {
    /// Writes all; an error may leave a part of it written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts off what is behind `len`. Nothing is written afterwards.
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

/// The real one.
#[derive(Debug)]
pub(crate) struct LocalDisk;

impl Disk for LocalDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sink>> {
        let file = OpenOptions::new().append(true).create_new(true).open(path)?;
        Ok(Box::new(file))
    }

    fn go_on(&mut self, path: &Path) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(OpenOptions::new().append(true).open(path)?))
    }
}

impl Sink for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}
