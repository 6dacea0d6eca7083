//! Cue sheets: the titles of a file, and where in it they begin.
//!
//! Written as CDRWIN's manual has it (appendix A): `INDEX` in minutes, seconds
//! and frames of 1/75 s. There is no escape in that format, so quotes become
//! apostrophes. Of more than 99 tracks the numbers go on, as in long sheets of
//! other programs.

use std::fmt::Write as _;
use std::time::Duration;

use media::{Codec, Title};
use playlists::date;

use crate::export::{Cause, Gap};

/// Frames of a cue sheet in a second.
const FRAMES_PER_SEC: u128 = 75;

/// A sheet that is being written.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    tracks: u64,
    text: String,
}

impl Sheet {
    /// A title begins here.
    pub(crate) fn track(&mut self, position: Duration, title: &Title) {
        self.tracks += 1;
        let number = self.tracks;
        self.line(format_args!("  TRACK {number:02} AUDIO"));
        self.line(format_args!("    TITLE \"{}\"", quoted(&title.title)));
        if !title.artist.is_empty() {
            self.line(format_args!("    PERFORMER \"{}\"", quoted(&title.artist)));
        }
        self.line(format_args!("    INDEX 01 {}", index(position)));
    }

    /// There is no sound for a time, and why.
    pub(crate) fn gap(&mut self, gap: &Gap) {
        let (from, to) = (date::rfc3339(gap.from), date::rfc3339(gap.to));
        let cause = match gap.cause {
            Cause::Absent => "GAP",
            Cause::Damaged => "DAMAGED",
        };
        self.line(format_args!("  REM {cause} {from} {to} {}", index(gap.position)));
    }

    /// The whole sheet.
    pub(crate) fn render(&self, file_name: &str, codec: Codec) -> String {
        // The format knows no AAC; readers look into the file.
        let kind = match codec {
            Codec::Mp3 => "MP3",
            Codec::Aac => "WAVE",
        };
        format!("FILE \"{}\" {kind}\r\n{}", quoted(file_name), self.text)
    }

    fn line(&mut self, content: std::fmt::Arguments<'_>) {
        write!(self.text, "{content}\r\n").expect("a String takes it");
    }
}

/// `mm:ss:ff`, rounded down to 1/75 s; minutes go on above 99.
fn index(position: Duration) -> String {
    let frames = position.as_nanos() * FRAMES_PER_SEC / 1_000_000_000;
    let secs = frames / FRAMES_PER_SEC;
    format!("{:02}:{:02}:{:02}", secs / 60, secs % 60, frames % FRAMES_PER_SEC)
}

/// The inside of a quoted string: one line, without a quote.
fn quoted(text: &str) -> String {
    let is_line = |c: &char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().map(|c| if c == '"' { '\'' } else { c }).filter(is_line).collect()
}

#[cfg(test)]
mod tests;
