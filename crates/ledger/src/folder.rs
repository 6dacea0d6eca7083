//! The folder of a process's sessions: a file a day, and one of those under way.
//!
//! `{YYYY-MM-DD}.jsonl` has the records of the sessions that ended on that UTC day,
//! `open.jsonl` those of the last checkpoint. `lock` is held by who changes a day's file:
//! the thread that appends to it, and who rewrites it.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use media::{SessionId, WallTime};

use crate::day::{Day, millis};
use crate::{Reader, Session, is_short, shortened, to_line};

/// Bytes of a day's file at most. Chosen: some 600,000 sessions, which take 500 MB of
/// memory for a quarter of a minute when the day is over. Those beyond are counted and
/// lost.
pub const DAY_BYTES_MAX: u64 = 256 << 20;

/// Sessions of a checkpoint that are read at most: as many listeners as a process can be
/// told to take.
pub const OPEN_SESSIONS_MAX: usize = 1_000_000;

/// What is read at a time.
const PIECE_LEN: usize = 64 << 10;

const OPEN_FILE: &str = "open.jsonl";
const LOCK_FILE: &str = "lock";
const EXTENSION: &str = ".jsonl";
/// Of a file that is not whole yet.
const HALF: &str = ".half";

/// Where a process keeps its sessions. Every call blocks.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// What was read of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Read {
    /// Its bytes.
    pub bytes: u64,
    /// Lines that were no sessions.
    pub skipped: u64,
}

impl Folder {
    /// The one at this path, which need not be there.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The days that have a file, in their order.
    ///
    /// # Errors
    ///
    /// It cannot be listed; that it is not there is none.
    pub fn days(&self) -> io::Result<Vec<Day>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut days = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(EXTENSION));
            days.extend(stem.and_then(|stem| stem.parse::<Day>().ok()));
        }
        days.sort_unstable();
        Ok(days)
    }

    /// Reads the records of a day in the order in which they were written, up to
    /// [`DAY_BYTES_MAX`]; none where there is no file.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read(&self, day: Day, each: impl FnMut(Session)) -> io::Result<Read> {
        read(&self.day(day), each)
    }

    /// Reads the sessions of the last checkpoint.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read_open(&self, each: impl FnMut(Session)) -> io::Result<Read> {
        read(&self.path.join(OPEN_FILE), each)
    }

    /// The sessions of the last checkpoint that have no record since, seen last no later
    /// than `now`.
    pub(crate) fn left_open(&self, now: WallTime) -> io::Result<Vec<Session>> {
        self.left_open_of(OPEN_SESSIONS_MAX, now)
    }

    /// Of so many of them at most.
    fn left_open_of(&self, most: usize, now: WallTime) -> io::Result<Vec<Session>> {
        let mut open: HashMap<SessionId, Session> = HashMap::new();
        self.read_open(|mut session| {
            session.ended = session.ended.min(now);
            session.ending = None;
            if open.len() < most {
                open.insert(session.id, session);
            }
        })?;
        // A record is of the day when its session was seen last, or of a later one.
        let Some(first) = open.values().map(|session| Day::of(session.ended)).min() else {
            return Ok(Vec::new());
        };
        for day in self.days()?.into_iter().filter(|day| *day >= first) {
            self.read(day, |record| {
                let is_since = |open: &Session| millis(record.ended) >= millis(open.ended);
                if open.get(&record.id).is_some_and(is_since) {
                    open.remove(&record.id);
                }
            })?;
        }
        let mut open: Vec<_> = open.into_values().collect();
        open.sort_unstable_by_key(|session| (session.started, session.id));
        Ok(open)
    }

    /// Appends whole lines to a day's file, or nothing.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::FileTooLarge`] where it would be longer than [`DAY_BYTES_MAX`].
    pub(crate) fn append(&self, day: Day, lines: &str) -> io::Result<()> {
        let _lock = self.lock()?;
        let mut options = OpenOptions::new();
        let mut file = options.append(true).read(true).create(true).open(self.day(day))?;
        let len = file.metadata()?.len();
        if len + lines.len() as u64 >= DAY_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut text = String::new();
        if !ends_with_a_line(&mut file, len)? {
            text.push('\n');
        }
        text += lines;
        file.write_all(text.as_bytes()).inspect_err(|_| {
            // Where not even this is done, what is half there is a line that is skipped.
            let _ = file.set_len(len);
        })
    }

    /// Shortens every address in a day's records, if one is whole.
    ///
    /// A line that is none goes, for what is in it.
    pub(crate) fn shorten(&self, day: Day) -> io::Result<()> {
        let _lock = self.lock()?;
        let mut has_whole = false;
        let read = self.read(day, |session| has_whole |= !is_short(session.address))?;
        if !has_whole && read.skipped == 0 {
            return Ok(());
        }
        replace(&self.day(day), |file| {
            let mut written = Ok(());
            self.read(day, |mut session| {
                session.address = shortened(session.address);
                let line = to_line(&session).unwrap_or_default();
                if written.is_ok() {
                    written = file.write_all(line.as_bytes());
                }
            })?;
            written
        })
    }

    /// The bytes of a day's file.
    pub(crate) fn len(&self, day: Day) -> io::Result<u64> {
        Ok(fs::metadata(self.day(day))?.len())
    }

    /// Removes a day's file, if there is one.
    pub(crate) fn remove(&self, day: Day) -> io::Result<()> {
        let _lock = self.lock()?;
        unless_gone(fs::remove_file(half_of(&self.day(day))))?;
        unless_gone(fs::remove_file(self.day(day)))
    }

    /// Waits until what was written of a day is on the disk.
    pub(crate) fn sync(&self, day: Day) -> io::Result<()> {
        match File::open(self.day(day)) {
            // Somebody has removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            file => file?.sync_data(),
        }
    }

    /// Replaces the checkpoint.
    pub(crate) fn replace_open(&self, open: &[Session]) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        replace(&self.path.join(OPEN_FILE), |file| {
            open.iter().filter_map(to_line).try_for_each(|line| file.write_all(line.as_bytes()))
        })
    }

    /// Held until it is dropped.
    fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(&self.path)?;
        let lock = OpenOptions::new().append(true).create(true).open(self.path.join(LOCK_FILE))?;
        match lock.lock() {
            // A file system without locks: nobody else is kept out.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(lock),
            locked => locked.map(|()| lock),
        }
    }

    fn day(&self, day: Day) -> PathBuf {
        self.path.join(format!("{day}{EXTENSION}"))
    }
}

fn ends_with_a_line(file: &mut File, len: u64) -> io::Result<bool> {
    if len == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(len - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Writes a file anew: a process that is killed meanwhile leaves the one before.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let half = half_of(path);
    let written = File::create(&half).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    });
    written.and_then(|()| fs::rename(&half, path)).inspect_err(|_| {
        // Space for others, where the disk is full.
        let _ = fs::remove_file(&half);
    })
}

/// Where a file is until it is whole.
fn half_of(path: &Path) -> PathBuf {
    let mut half = path.as_os_str().to_owned();
    half.push(HALF);
    half.into()
}

/// That something is not there is what was wanted.
pub(crate) fn unless_gone(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn read(path: &Path, mut each: impl FnMut(Session)) -> io::Result<Read> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Read::default()),
        file => file?,
    };
    let mut file = file.take(DAY_BYTES_MAX);
    let (mut reader, mut bytes) = (Reader::default(), 0);
    let mut piece = vec![0; PIECE_LEN];
    loop {
        let len = match file.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            len => len?,
        };
        if len == 0 {
            break;
        }
        bytes += len as u64;
        reader.push(piece.get(..len).unwrap_or_default());
        while let Some(session) = reader.next_session() {
            each(session);
        }
    }
    if let Some(session) = reader.finish() {
        each(session);
    }
    Ok(Read { bytes, skipped: reader.skipped() })
}

#[cfg(test)]
mod tests;
