//! The journal itself.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::Path;

use tracing::warn;

use crate::disk::{Disk, LocalDisk, Sink};
use crate::folder::Folder;
use crate::{Entry, Error, FILE_BYTES_MIN, FILES_MAX, Limits, POSITION_MAX, POSITION_STEP, file};

/// Appends entries, and forgets the oldest.
///
/// Holds the last batch's bytes, at most a file's, and a few words a file. Every
/// call blocks for as long as the disk takes.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    disk: Box<dyn Disk>,
    limits: Limits,
    /// Oldest first; the last one is the one that is written, if any is.
    files: VecDeque<Stretch>,
    sink: Option<Box<dyn Sink>>,
    /// The newest file was closed, and is gone on with.
    rests: bool,
    /// What is to be written to it.
    pending: Vec<u8>,
    next: u64,
    /// Positions below it may have been given, says the note.
    noted: u64,
}

/// A file, and what is known of it.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    first: u64,
    /// One past its last entry.
    end: u64,
    bytes: u64,
}

impl Journal {
    /// Opens the journal of a folder, and gives the entries that are there, oldest
    /// first: of each file what was written, up to its first fault. They are at
    /// most [`Limits::bytes_max`] in all.
    ///
    /// Positions go on at `floor` or above. Give Unix seconds times
    /// [`POSITION_STEP`], so that positions of a folder that was emptied do not
    /// come again.
    ///
    /// # Errors
    ///
    /// [`Error::Disk`], [`Error::Taken`], [`Error::Limits`] and
    /// [`Error::Exhausted`], never for what is in a file.
    pub fn open(folder: &Path, limits: Limits, floor: u64) -> Result<(Self, Vec<Entry>), Error> {
        Self::open_on(Box::new(LocalDisk), folder, limits, floor)
    }

    fn open_on(
        disk: Box<dyn Disk>,
        folder: &Path,
        limits: Limits,
        floor: u64,
    ) -> Result<(Self, Vec<Entry>), Error> {
        if limits.file_bytes_max < FILE_BYTES_MIN || limits.bytes_max < limits.file_bytes_max {
            return Err(Error::Limits(limits));
        }
        let folder = Folder::open(folder)?;
        let listed = folder.files()?;
        let newest = listed.last_key_value().map_or(0, |(first, _)| *first);
        let behind_files = (newest / POSITION_STEP + 1) * POSITION_STEP;
        let noted = folder.noted().unwrap_or_default();
        let next = behind_files.max(noted).max(floor);
        if next >= POSITION_MAX {
            return Err(Error::Exhausted(next));
        }
        let files = listed.into_iter().map(|(first, bytes)| Stretch { first, end: first, bytes });
        let (files, pending) = (files.collect(), Vec::new());
        let mut journal =
            Self { folder, disk, limits, files, sink: None, rests: false, pending, next, noted };
        if let Err(error) = journal.note().and_then(|()| journal.folder.sync_note()) {
            // The files' names and the floor are left.
            warn!(%error, "the positions of a journal are not noted");
        }
        journal.make_room(0)?;
        let entries = journal.read();
        Ok((journal, entries))
    }

    /// The position of the next entry.
    pub fn next_position(&self) -> u64 {
        self.next
    }

    /// Appends entries, in one write unless a file ends within them. They take the
    /// positions from [`Self::next_position`] on, whatever comes of it.
    ///
    /// Where space is needed the oldest files go before the write, and where the
    /// disk is full, too: what is newer is worth more. The newest file stays.
    ///
    /// # Errors
    ///
    /// [`Error::EntryLen`] and [`Error::Exhausted`], with nothing written, and
    /// [`Error::Disk`]: any of the entries may be missing then, none is wrong. The
    /// next call begins a file of its own, and so needs no other care.
    pub fn append<E: AsRef<[u8]>>(&mut self, entries: &[E]) -> Result<(), Error> {
        let first = self.next;
        self.next = first.saturating_add(entries.len() as u64);
        let mut written = self.write(first, entries);
        while is_full(&written) && self.files.len() > 1 {
            let end = self.files.back().map_or(first, |file| file.end.max(first));
            let done = usize::try_from(end - first).unwrap_or(usize::MAX);
            let rest = entries.get(done..).unwrap_or_default();
            written = self.remove_oldest().and_then(|()| self.write(end, rest));
        }
        written.and(self.note())
    }

    /// Gives up the next positions: nothing is written for them, and the next entry
    /// begins a file.
    pub fn skip(&mut self, positions: u64) {
        if positions > 0 {
            self.next = self.next.saturating_add(positions);
            (self.sink, self.rests) = (None, false);
        }
    }

    /// Closes the file that is written until there is more to write, so that a
    /// process of many journals holds few files, and a disk can be mounted
    /// read-only.
    pub fn rest(&mut self) {
        self.rests |= self.sink.take().is_some();
    }

    /// Opens it again. Where that fails another file is begun.
    fn wake(&mut self) {
        if !std::mem::take(&mut self.rests) {
            return;
        }
        if let Some(file) = self.files.back() {
            self.sink = self.disk.go_on(&self.folder.path(file.first)).ok();
        }
    }

    /// Removes the files whose entries are all before a position, but for the
    /// newest file.
    ///
    /// # Errors
    ///
    /// [`Error::Disk`]; the rest is removed by the next call.
    pub fn trim(&mut self, before: u64) -> Result<(), Error> {
        while self.files.len() > 1 && self.files.front().is_some_and(|file| file.end <= before) {
            self.remove_oldest()?;
        }
        Ok(())
    }

    /// Notes positions in time: of two steps ahead one is left when the next is
    /// noted, so that the kernel has hours to bring it to the disk.
    fn note(&mut self) -> Result<(), Error> {
        if self.next.saturating_add(POSITION_STEP) <= self.noted {
            return Ok(());
        }
        let ahead = (self.next / POSITION_STEP + 2).saturating_mul(POSITION_STEP);
        self.folder.note(ahead)?;
        self.noted = ahead;
        Ok(())
    }

    /// What is in the files, and where each ends.
    fn read(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let ends = self.files.iter().skip(1).map(|next| next.first).chain([u64::MAX]);
        let ends: Vec<_> = ends.collect();
        for (stretch, end) in self.files.iter_mut().zip(ends) {
            let mut read = self.folder.entries(stretch.first, stretch.bytes);
            // A half that could not be cut off was written again in the next file.
            read.retain(|entry| entry.position < end);
            stretch.end = stretch.first + read.len() as u64;
            entries.extend(read);
        }
        entries
    }

    /// Writes entries; where that fails the file is left as it was before, and the
    /// next entry begins another.
    fn write<E: AsRef<[u8]>>(&mut self, first: u64, entries: &[E]) -> Result<(), Error> {
        let written = self.try_write(first, entries);
        if written.is_err() {
            self.abandon();
        }
        written
    }

    fn try_write<E: AsRef<[u8]>>(&mut self, first: u64, entries: &[E]) -> Result<(), Error> {
        if self.next > POSITION_MAX {
            return Err(Error::Exhausted(self.next));
        }
        let mut lens = entries.iter().map(|entry| entry.as_ref().len());
        if let Some(len) = lens.find(|len| !file::fits(*len)) {
            return Err(Error::EntryLen(len));
        }
        self.wake();
        for (position, entry) in (first..).zip(entries) {
            let payload = entry.as_ref();
            if !self.takes(position, payload.len()) {
                self.flush(position)?;
                self.begin(position)?;
            }
            file::put_entry(position, payload, &mut self.pending)
                .ok_or(Error::EntryLen(payload.len()))?;
        }
        self.flush(self.next)
    }

    /// Whether the file that is written takes this entry as well.
    fn takes(&self, position: u64, len: usize) -> bool {
        let Some((_, file)) = self.sink.as_ref().zip(self.files.back()) else { return false };
        let more = (self.pending.len() + file::ENTRY_HEAD_LEN + len) as u64;
        !position.is_multiple_of(POSITION_STEP) && file.bytes + more <= self.limits.file_bytes_max
    }

    /// Begins the file of this position. Its header goes with the first entries.
    fn begin(&mut self, position: u64) -> Result<(), Error> {
        self.sink = None;
        let path = self.folder.path(position);
        self.sink = Some(self.disk.create(&path).map_err(Error::disk("make", &path))?);
        self.files.push_back(Stretch { first: position, end: position, bytes: 0 });
        file::put_header(position, &mut self.pending);
        Ok(())
    }

    /// Writes what is pending: the entries up to `end`.
    fn flush(&mut self, end: u64) -> Result<(), Error> {
        let more = self.pending.len() as u64;
        if more == 0 {
            return Ok(());
        }
        self.make_room(more)?;
        if let Some((sink, file)) = self.sink.as_mut().zip(self.files.back_mut()) {
            let written = sink.write(&self.pending);
            written.map_err(Error::disk("write", &self.folder.path(file.first)))?;
            (file.end, file.bytes) = (end, file.bytes + more);
        }
        self.pending.clear();
        Ok(())
    }

    /// Cuts the file off before what is pending. Where that fails, too, the half
    /// counts: an entry that is in it is right.
    fn abandon(&mut self) {
        let torn = self.pending.len() as u64;
        self.pending.clear();
        let Some((mut sink, file)) = self.sink.take().zip(self.files.back_mut()) else { return };
        // A disk that is full is not filled with files of nothing.
        if file.bytes == 0 && self.folder.remove(file.first).is_ok() {
            self.files.pop_back();
        } else if sink.cut(file.bytes).is_err() {
            file.bytes += torn;
        }
    }

    /// Removes the oldest files until so many bytes more are within the limits. The
    /// one that is written is never among them: it alone would be.
    fn make_room(&mut self, more: u64) -> Result<(), Error> {
        while !self.files.is_empty() {
            let bytes: u64 = self.files.iter().map(|file| file.bytes).sum();
            let fits = bytes.saturating_add(more) <= self.limits.bytes_max;
            if fits && self.files.len() <= FILES_MAX {
                break;
            }
            self.remove_oldest()?;
        }
        Ok(())
    }

    fn remove_oldest(&mut self) -> Result<(), Error> {
        if let Some(oldest) = self.files.front() {
            self.folder.remove(oldest.first)?;
            self.files.pop_front();
        }
        Ok(())
    }
}

/// Whether there was no space, or no room for another file.
fn is_full(written: &Result<(), Error>) -> bool {
    let Err(Error::Disk { source, .. }) = written else { return false };
    matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests;
