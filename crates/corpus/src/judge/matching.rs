//! Which of a file's frames were found, told by their places.

use memchr::memmem;

use crate::file::{File, FrameState, TrueFrame};

/// Frames found, told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Frames that have to be found.
    pub proved: usize,
    /// Whole frames that need not be.
    pub unproved: usize,
    /// What begins where a frame with a spoilt header does.
    pub spoilt: usize,
    /// What is no frame of the file.
    pub strange: usize,
}

impl Found {
    /// How many there are.
    pub fn all(&self) -> usize {
        self.proved + self.unproved + self.spoilt + self.strange
    }
}

/// Follows what is found through the file.
#[derive(Debug)]
pub(super) struct Matching<'a> {
    audio: &'a [u8],
    /// The frames behind the last one that was found.
    frames: &'a [TrueFrame],
    /// Where the last one ended.
    at: usize,
    found: Found,
}

impl<'a> Matching<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        Self { audio: &file.audio, frames: &file.frames, at: 0, found: Found::default() }
    }

    /// The next frame that was found. Of equal ones it is the earliest, which
    /// leaves the most for those behind it.
    pub(super) fn found(&mut self, data: &[u8]) {
        while let Some(place) = self.place(data) {
            let next = self.frames.iter().position(|frame| frame.at >= place);
            let rest = next.and_then(|next| self.frames.get(next..)).unwrap_or_default();
            let Some((frame, behind)) = rest.split_first().filter(|(f, _)| f.at == place) else {
                // The same bytes may stand elsewhere: in a picture, in junk.
                if rest.is_empty() {
                    break;
                }
                self.at = place + 1;
                continue;
            };
            match frame.state {
                FrameState::Spoilt => self.found.spoilt += 1,
                _ if frame.len != data.len() => break,
                FrameState::Proved => self.found.proved += 1,
                FrameState::Unproved => self.found.unproved += 1,
            }
            self.at = place + data.len();
            self.frames = behind;
            return;
        }
        self.found.strange += 1;
    }

    pub(super) fn finish(self) -> Found {
        self.found
    }

    fn place(&self, data: &[u8]) -> Option<usize> {
        let rest = self.audio.get(self.at..)?;
        if rest.starts_with(data) {
            return Some(self.at);
        }
        memmem::find(rest, data).map(|at| self.at + at)
    }
}
