//! What is done with a day that is over: its logs are written, its addresses shortened,
//! and in the end it is removed.
//!
//! `{logs}/{day}/` has the files, complete or not at all. What was done of a day is noted
//! in `{day}.done` beside its records; everything may be done twice.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use media::WallTime;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::exports::{
    by_egress, sorted, write_access_log, write_csv, write_records, write_stream_log,
};
use crate::folder::{DAY_BYTES_MAX, Folder, replace, unless_gone};
use crate::{Session, is_short, shortened};

/// How long a day is over before its logs are written. Chosen: by then what ended on it
/// is on the disk.
pub const CLOSE_AFTER: Duration = Duration::from_mins(5);

/// Days that a day is kept beyond its time where its last logs have not come to the
/// bucket. Chosen: a month to see that the bucket is away.
pub const OVERDUE_DAYS: u32 = 31;

/// The records' file among the logs of a day in the bucket.
pub const RECORDS_FILE: &str = "sessions.jsonl";

const ACCESS_FILE: &str = "access.log";
const CSV_FILE: &str = "sessions.csv";

/// How long what is kept; ages in whole days since a day began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// How long addresses are whole. A day's logs are written at an age of one day, so
    /// that with one or none they never have a whole address.
    pub address_days: u32,
    /// How long a day's files stay on the local disk.
    pub keep_days: u32,
}

/// What is to be done with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Its logs are to be written, or written anew.
    Write(Day, Addresses),
    /// Its files are to be removed.
    Remove(Day),
}

/// How addresses are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addresses {
    /// As they are.
    Whole,
    /// As [`shortened`] has them.
    Short,
}

/// The logs of a day as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Their files on the local disk.
    pub files: Vec<PathBuf>,
    /// What [`RECORDS_FILE`] has.
    pub records: Vec<u8>,
    done: Done,
}

/// What was done of a day: as long as its records have as many bytes, it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    bytes: u64,
    addresses: Addresses,
}

/// The records and the logs of a process. Every call blocks.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: Folder,
    logs: PathBuf,
    keeping: Keeping,
}

impl Shelf {
    /// The records in one folder, the logs in another.
    pub fn new(folder: Folder, logs: &Path, keeping: Keeping) -> Self {
        Self { folder, logs: logs.to_path_buf(), keeping }
    }

    /// What is to be done now, the oldest day first.
    ///
    /// # Errors
    ///
    /// The folders cannot be read.
    pub fn due(&self, now: WallTime) -> io::Result<Vec<Due>> {
        let today = Day::of(now.minus(CLOSE_AFTER));
        let days: BTreeSet<Day> = self.folder.days()?.into_iter().collect();
        let mut due = Vec::new();
        for day in days.iter().copied().filter(|day| *day < today) {
            let age = today.since(day);
            let is_short = age >= self.keeping.address_days;
            let wanted = if is_short { Addresses::Short } else { Addresses::Whole };
            let is_done = self.is_done(day, wanted)?;
            let is_overdue = age > self.keeping.keep_days.saturating_add(OVERDUE_DAYS);
            if age > self.keeping.keep_days && (is_done || is_overdue) {
                due.push(Due::Remove(day));
            } else if !is_done {
                due.push(Due::Write(day, wanted));
            }
        }
        let is_old = |day: &Day| today.since(*day) > self.keeping.keep_days;
        let old = self.days_with_logs()?.into_iter().filter(is_old);
        due.extend(old.filter(|day| !days.contains(day)).map(Due::Remove));
        Ok(due)
    }

    /// Writes the logs of a day in place of those that there are; shortens the addresses
    /// in its records first, if they are to be.
    ///
    /// # Errors
    ///
    /// The disk's; then the logs are those before, or none.
    pub fn write(&self, day: Day, addresses: Addresses) -> io::Result<Written> {
        if addresses == Addresses::Short {
            self.folder.shorten(day)?;
        }
        let (mut sessions, mut is_late) = (Vec::new(), false);
        let read = self.folder.read(day, |mut session| {
            if addresses == Addresses::Short && !is_short(session.address) {
                session.address = shortened(session.address);
                is_late = true;
            }
            sessions.push(session);
        })?;
        // One that came since is whole in the records: the day is due again.
        let bytes = if is_late { 0 } else { read.bytes };
        let sessions = sorted(sessions);
        let names = self.publish(day, &sessions)?;
        let mut records = Vec::new();
        write_records(&sessions, &mut records)?;
        let files = names.into_iter().map(|name| self.logs_of(day).join(name)).collect();
        Ok(Written { files, records, done: Done { bytes, addresses } })
    }

    /// Notes that these logs are wherever they belong.
    ///
    /// # Errors
    ///
    /// The disk's.
    pub fn note(&self, day: Day, written: &Written) -> io::Result<()> {
        let note = serde_json::to_vec(&written.done)?;
        replace(&self.note_of(day), |file| file.write_all(&note))
    }

    /// Removes what there is of a day.
    ///
    /// # Errors
    ///
    /// The disk's.
    pub fn remove(&self, day: Day) -> io::Result<()> {
        for name in [day.to_string(), new_name(day), old_name(day)] {
            unless_gone(fs::remove_dir_all(self.logs.join(name)))?;
        }
        self.folder.remove(day)?;
        unless_gone(fs::remove_file(self.note_of(day)))
    }

    fn is_done(&self, day: Day, wanted: Addresses) -> io::Result<bool> {
        let bytes = self.folder.len(day)?.min(DAY_BYTES_MAX);
        let note = match fs::read(self.note_of(day)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            note => note?,
        };
        // What is no note notes nothing.
        let done = serde_json::from_slice::<Done>(&note).ok();
        Ok(done.is_some_and(|done| {
            let is_short_enough = done.addresses == Addresses::Short || done.addresses == wanted;
            done.bytes == bytes && is_short_enough
        }))
    }

    /// Writes all files beside their place, then puts them there.
    fn publish(&self, day: Day, sessions: &[Session]) -> io::Result<Vec<String>> {
        let (new, old) = (self.logs.join(new_name(day)), self.logs.join(old_name(day)));
        for left in [&new, &old] {
            unless_gone(fs::remove_dir_all(left))?;
        }
        let names = write_all(&new, sessions).inspect_err(|_| {
            // Space for others, where the disk is full.
            let _ = fs::remove_dir_all(&new);
        })?;
        let place = self.logs_of(day);
        unless_gone(fs::rename(&place, &old))?;
        fs::rename(&new, &place)?;
        File::open(&self.logs)?.sync_all()?;
        unless_gone(fs::remove_dir_all(&old))?;
        Ok(names)
    }

    fn days_with_logs(&self) -> io::Result<Vec<Day>> {
        let entries = match fs::read_dir(&self.logs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut days = Vec::new();
        for entry in entries {
            days.extend(entry?.file_name().to_str().and_then(|name| name.parse::<Day>().ok()));
        }
        days.sort_unstable();
        Ok(days)
    }

    fn logs_of(&self, day: Day) -> PathBuf {
        self.logs.join(day.to_string())
    }

    fn note_of(&self, day: Day) -> PathBuf {
        self.folder.path().join(format!("{day}.done"))
    }
}

/// Where a day's logs are written.
fn new_name(day: Day) -> String {
    format!(".{day}.new")
}

/// Where those before are until the new ones are in their place.
fn old_name(day: Day) -> String {
    format!(".{day}.old")
}

/// Writes all files of a day into a folder that is not there yet; gives their names.
fn write_all(folder: &Path, sessions: &[Session]) -> io::Result<Vec<String>> {
    fs::create_dir_all(folder)?;
    let mut names = Vec::new();
    let mut write = |name: String, content: &dyn Fn(&mut BufWriter<File>) -> io::Result<()>| {
        let mut file = BufWriter::new(File::create_new(folder.join(&name))?);
        content(&mut file)?;
        names.push(name);
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    };
    write(ACCESS_FILE.to_owned(), &|file| write_access_log(sessions, file))?;
    write(CSV_FILE.to_owned(), &|file| write_csv(sessions, file))?;
    for (egress, sessions) in by_egress(sessions) {
        write(format!("{egress}.txt"), &|file| write_stream_log(&sessions, file))?;
    }
    File::open(folder)?.sync_all()?;
    Ok(names)
}

#[cfg(test)]
mod tests;
