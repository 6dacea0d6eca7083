//! The access log: a line for each session that has ended, in Icecast's
//! format, which royalty reports and panels are made of.
//!
//! `ip - user [time] "request" status bytes "referer" "agent" seconds`: the
//! combined log format, and behind it how long the listener has listened. The
//! time is that of its end. Who writes a line never waits: a thread of its own
//! has the file.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use jiff::Timestamp;
use media::WallTime;
use prometheus_client::metrics::counter::Counter;
use tracing::warn;

/// Lines that wait for the disk at most, chosen: 10,000 listeners that leave
/// within a moment are no more than 2 MB. Those beyond are counted and lost.
pub const LINES_WAITING_MAX: usize = 10_000;

/// Lines written before the file is looked for again, chosen: a log that was
/// moved away gets no more than these.
const BATCH_MAX: usize = 256;

/// The log of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessLog {
    entries: SyncSender<Entry>,
    lost: Counter,
}

/// What the thread is told.
#[derive(Debug)]
enum Entry {
    Line(String),
    /// To be answered once all before it is written.
    Flush(SyncSender<()>),
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// The listener's address.
    pub(crate) address: IpAddr,
    /// By which name it was let in.
    pub(crate) user: Option<&'a str>,
    /// When it ended.
    pub(crate) ended: WallTime,
    /// What it asked for.
    pub(crate) path: &'a str,
    /// What it was told.
    pub(crate) status: u16,
    /// Bytes that it got.
    pub(crate) bytes: u64,
    /// The page that sent it there.
    pub(crate) referer: &'a str,
    /// What its player calls itself.
    pub(crate) user_agent: &'a str,
    /// How long it has listened.
    pub(crate) secs: u64,
}

impl AccessLog {
    /// Opens the log for appending, and starts its thread, which ends with the
    /// last clone. `lost` counts lines that no disk took.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or the system gives no thread.
    pub fn open(path: &Path, lost: Counter) -> io::Result<Self> {
        let (entries, waiting) = sync_channel(LINES_WAITING_MAX);
        let mut writer = Writer {
            path: path.to_path_buf(),
            file: open(path)?,
            lost: lost.clone(),
            is_torn: false,
        };
        let thread = std::thread::Builder::new().name("access-log".to_owned());
        thread.spawn(move || writer.run(&waiting))?;
        Ok(Self { entries, lost })
    }

    /// Waits until all that was said is written, for `patience` at most. Blocks:
    /// not for an async task.
    pub fn flush(&self, patience: Duration) {
        let (written, heard) = sync_channel(1);
        if self.entries.try_send(Entry::Flush(written)).is_ok() {
            // Late, or the thread is gone: the lines are lost either way.
            let _ = heard.recv_timeout(patience);
        }
    }

    /// Writes a line, some time soon.
    pub(crate) fn write(&self, line: &Line<'_>) {
        if self.entries.try_send(Entry::Line(line.to_string())).is_err() {
            self.lost.inc();
        }
    }
}

/// Has the file.
struct Writer {
    path: PathBuf,
    file: File,
    lost: Counter,
    /// The file may end within a line.
    is_torn: bool,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<Entry>) {
        while let Ok(first) = waiting.recv() {
            let (mut text, mut lines, mut flushed) = (String::new(), 0, Vec::new());
            for entry in std::iter::once(first).chain(waiting.try_iter().take(BATCH_MAX - 1)) {
                match entry {
                    Entry::Line(line) => {
                        text += &line;
                        lines += 1;
                    }
                    Entry::Flush(written) => flushed.push(written),
                }
            }
            if let Err(error) = self.append(&text) {
                self.lost.inc_by(lines);
                // What was written of it may have ended within a line.
                self.is_torn = true;
                warn!(file = %self.path.display(), %error, lines, "access log not written");
            }
            for written in flushed {
                // Nobody listens any more who has lost patience.
                let _ = written.try_send(());
            }
        }
    }

    /// Appends whole lines, to a new file where the old one was moved away.
    fn append(&mut self, text: &str) -> io::Result<()> {
        if !self.is_in_place() {
            self.file = open(&self.path)?;
        }
        if self.is_torn {
            self.file.write_all(b"\n")?;
            self.is_torn = false;
        }
        self.file.write_all(text.as_bytes())
    }

    /// Whether the path still leads to the file that is open.
    fn is_in_place(&self) -> bool {
        let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let here = std::fs::metadata(&self.path).map(id).ok();
        here.is_some() && here == self.file.metadata().map(id).ok()
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ip = self.address.to_canonical();
        write!(f, "{ip} - {} [{}] ", Word(or_dash(self.user.unwrap_or("-"))), Date(self.ended))?;
        write!(f, "\"GET {} HTTP/1.0\" {} {} ", Field(self.path), self.status, self.bytes)?;
        let (referer, agent) = (or_dash(self.referer), or_dash(self.user_agent));
        writeln!(f, "\"{}\" \"{}\" {}", Field(referer), Field(agent), self.secs)
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// `22/Nov/2026:18:32:09 +0000`.
struct Date(WallTime);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = i64::try_from(self.0.secs()).unwrap_or_default();
        let time = Timestamp::from_second(secs).unwrap_or_default();
        write!(f, "{}", time.strftime("%d/%b/%Y:%H:%M:%S +0000"))
    }
}

/// A stranger's text: what could end the field or the line is written as `\xHH`,
/// as nginx has it.
struct Field<'a>(&'a str);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            if matches!(char, '"' | '\\') || char.is_control() {
                let mut utf8 = [0; 4];
                for byte in char.encode_utf8(&mut utf8).bytes() {
                    write!(f, "\\x{byte:02X}")?;
                }
            } else {
                f.write_char(char)?;
            }
        }
        Ok(())
    }
}

/// The same without quotes around it: blanks and brackets would end it too.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| !c.is_whitespace() && !matches!(c, '[' | ']');
        for char in self.0.chars().map(|c| if is_plain(c) { c } else { '_' }) {
            write!(f, "{}", Field(char.encode_utf8(&mut [0; 4])))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
