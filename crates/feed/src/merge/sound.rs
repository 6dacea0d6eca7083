//! Whether a path has sound: for programmes that leave a silent one.
//!
//! Nothing is decoded here: whoever reads the path says of each unit whether it is
//! quiet. Media time counts, so that a stall is no silence.

use std::time::Duration;

use super::path::Path;
use super::{Event, Merger, PAUSE_MAX, Rank, STABLE_MIN};

/// What is heard of a path, across the connections of its source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sound {
    state: State,
    /// The newest units that are quiet, together.
    quiet: Duration,
    /// While it is not known to have sound: since that began.
    heard: Duration,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Not enough has come.
    #[default]
    Unknown,
    Sounding,
    Silent,
}

impl Sound {
    /// The next unit.
    fn handle_unit(&mut self, is_quiet: bool, length: Duration, silence: Duration) {
        self.quiet = if is_quiet { self.quiet.saturating_add(length) } else { Duration::ZERO };
        if self.quiet >= silence {
            (self.state, self.heard) = (State::Silent, Duration::ZERO);
        } else if self.state != State::Sounding {
            let has_begun = !is_quiet || self.heard > Duration::ZERO;
            let goes_on = has_begun && self.quiet < PAUSE_MAX;
            self.heard = if goes_on { self.heard + length } else { Duration::ZERO };
            if self.heard >= STABLE_MIN {
                self.state = State::Sounding;
            }
        }
    }

    fn is_silent(&self) -> bool {
        self.state == State::Silent
    }
}

impl Merger {
    /// Tells of a path's next unit whether it is quiet, where [`super::Settings::silence`]
    /// asks for it, and how long it is.
    pub fn handle_loudness(&mut self, rank: Rank, is_quiet: bool, length: Duration) {
        let Some(silence) = self.settings.silence else { return };
        let Some(path) = self.path_mut(rank) else { return };
        let before = path.sound.is_silent();
        path.sound.handle_unit(is_quiet, length, silence);
        match (before, path.sound.is_silent()) {
            (false, true) => self.events.push_back(Event::Silent(rank)),
            (true, false) => self.events.push_back(Event::Sounds(rank)),
            _ => {}
        }
    }

    /// Whether a path has been silent for as long as makes the programme leave it.
    pub(super) fn is_silent(&self, path: &Path) -> bool {
        self.settings.silence.is_some() && path.sound.is_silent()
    }

    /// Whether a path has had sound for long enough to be gone back to, and has it now.
    pub(super) fn has_sound(&self, path: &Path) -> bool {
        let Sound { state, quiet, .. } = path.sound;
        self.settings.silence.is_none() || (state == State::Sounding && quiet < PAUSE_MAX)
    }

    /// Whether a path is worth leaving silence for.
    pub(super) fn may_sound(&self, path: &Path) -> bool {
        !self.is_silent(path) && path.sound.quiet < PAUSE_MAX
    }

    /// Whether what the line goes on with is silence.
    pub(super) fn is_line_silent(&self) -> bool {
        let feeder = self.feeder.and_then(|rank| self.path(rank));
        feeder.is_some_and(|path| self.is_silent(path))
    }
}
