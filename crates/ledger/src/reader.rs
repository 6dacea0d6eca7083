//! A reader of lines, as they come.

use crate::Session;
use crate::line::{LINE_LEN_MAX, from_line};

/// Reads sessions from text that comes in pieces.
///
/// A line that is none, or is longer than [`LINE_LEN_MAX`], is counted and passed
/// over: a process that is killed leaves half of its last one. Empty lines are
/// nothing. Holds the piece last given and one line at most.
#[derive(Debug, Default)]
pub struct Reader {
    buffer: Vec<u8>,
    /// What is before it in the buffer was given.
    at: usize,
    /// The line that begins here was too long; its end has not come.
    is_too_long: bool,
    skipped: u64,
}

impl Reader {
    /// Takes the next piece. What it has is to be asked for before the next one.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(piece);
    }

    /// Gives the next session, or `None` until more is pushed.
    pub fn next_session(&mut self) -> Option<Session> {
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let Some(len) = rest.iter().position(|byte| *byte == b'\n') else {
                if rest.len() > LINE_LEN_MAX {
                    self.is_too_long = true;
                    self.at = self.buffer.len();
                }
                return None;
            };
            let line = rest.get(..len).unwrap_or_default();
            let is_too_long = self.is_too_long || len > LINE_LEN_MAX;
            let session = if is_too_long { None } else { from_line(line) };
            let is_nothing = !is_too_long && line.trim_ascii().is_empty();
            self.skipped += u64::from(session.is_none() && !is_nothing);
            self.is_too_long = false;
            self.at += len + 1;
            if session.is_some() {
                return session;
            }
        }
    }

    /// Gives the session of a last line that has no end, once all was pushed and all
    /// else was given.
    pub fn finish(&mut self) -> Option<Session> {
        self.push(b"\n");
        self.next_session()
    }

    /// How many lines were no sessions.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }
}

#[cfg(test)]
mod tests;
