//! What goes out when no path is left: a file, looped, in real time.

use std::time::Duration;

use bytes::Bytes;
use media::{AacProfile, FrameHeader, StreamInfo, WallTime};

use super::line::Line;
use super::path::Path;
use super::seek::Seek;
use super::{Begin, Cause, Merger, Output, Rank, STABLE_MIN, STALL_MAX};
use crate::path::PathUnit;

/// A file in the form of the programme. Clones share its bytes.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// What the headers of its frames say.
    pub header: FrameHeader,
    /// Which AAC tools its payload uses.
    pub profile: Option<AacProfile>,
    /// Its frames; at least one.
    pub frames: Vec<Bytes>,
}

/// A fallback that is there, and where it stands.
#[derive(Debug)]
pub(super) struct Loop {
    file: Fallback,
    /// While it plays: since when.
    playing: Option<WallTime>,
    /// Frames given since.
    given: u64,
    /// Not before this: encoders find the way to a process that has just begun.
    not_before: WallTime,
}

impl Loop {
    /// When the next frame is due, while it plays.
    fn due(&self) -> Option<WallTime> {
        let frame = self.file.header.stream.frame_duration();
        let nanos = u64::try_from(frame.as_nanos()).unwrap_or(u64::MAX);
        let passed = Duration::from_nanos(self.given.saturating_mul(nanos));
        self.playing.map(|since| since.plus(passed))
    }

    /// What its frames have in common.
    pub(super) fn stream(&self) -> StreamInfo {
        self.file.header.stream
    }

    fn next(&mut self, arrival: WallTime) -> Option<PathUnit> {
        let len = self.file.frames.len() as u64;
        let place = usize::try_from(self.given.checked_rem(len)?).ok()?;
        let data = self.file.frames.get(place)?.clone();
        self.given += 1;
        Some(PathUnit { header: self.file.header, data, arrival })
    }
}

impl Merger {
    /// Loops a file when no path is left, but not within the source's time-out
    /// from `now`, when the process begins.
    #[must_use]
    pub fn with_fallback(self, file: Option<Fallback>, now: WallTime) -> Self {
        let not_before = now.plus(self.settings.source_timeout);
        let file = file.filter(|file| !file.frames.is_empty());
        let fallback = file.map(|file| Loop { file, playing: None, given: 0, not_before });
        Self { fallback, ..self }
    }

    /// Whether the fallback plays.
    pub fn plays_fallback(&self) -> bool {
        self.fallback.as_ref().is_some_and(|fallback| fallback.playing.is_some())
    }

    /// Whether there is one.
    pub(super) fn has_fallback(&self) -> bool {
        self.fallback.is_some()
    }

    /// When the fallback begins or goes on, if nothing comes until then.
    pub(super) fn fallback_due(&self) -> Option<WallTime> {
        let fallback = self.fallback.as_ref()?;
        fallback.due().or_else(|| Some(self.dry_since().plus(STALL_MAX).max(fallback.not_before)))
    }

    /// Since when nothing has been coming.
    fn dry_since(&self) -> WallTime {
        let appended = self.line.as_ref().and_then(Line::appended);
        self.carriers_heard().max(appended).unwrap_or_default()
    }

    /// Begins the fallback when it is time to, where nothing else feeds the line.
    pub(super) fn begin_fallback_when_dry(&mut self, now: WallTime) {
        if self.fallback_due().is_some_and(|due| due <= now) {
            self.begin_fallback(Cause::NoneLeft, now);
        }
    }

    /// Begins the fallback, if there is one and it does not play.
    pub(super) fn begin_fallback(&mut self, cause: Cause, now: WallTime) {
        if self.plays_fallback() || !self.has_fallback() {
            return;
        }
        self.put_aside();
        self.before = None;
        // Behind what is left of the line.
        let since = self.over.back().map_or(now, |(due, _)| now.max(*due));
        for path in self.paths.iter_mut().filter(|path| path.lock().is_some()) {
            path.begin_seek(Seek::default());
        }
        let Some(fallback) = &mut self.fallback else { return };
        (fallback.playing, fallback.given) = (Some(since), 0);
        let profile = fallback.file.profile;
        self.lines += 1;
        self.announce(Begin { rank: None, profile, cause });
    }

    /// Gives what is due of the fallback.
    pub(super) fn play_fallback(&mut self, now: WallTime) {
        if !self.over.is_empty() {
            return;
        }
        let Some(fallback) = &mut self.fallback else { return };
        while let Some(due) = fallback.due().filter(|due| *due <= now) {
            let Some(unit) = fallback.next(due) else { return };
            self.outputs.push_back(Output::Unit(unit));
        }
    }

    /// How long a path's units are, for certain.
    pub(super) fn unit_len(&self, rank: Rank) -> Duration {
        let info = self.path(rank).and_then(|path| path.info);
        info.map_or(Duration::ZERO, |info| info.header.stream.frame_duration())
    }

    /// Something else goes out.
    pub(super) fn stop_fallback(&mut self) {
        if let Some(fallback) = &mut self.fallback {
            fallback.playing = None;
        }
    }

    /// A path that has been there for long enough to take over from the fallback.
    pub(super) fn instead_of_fallback(&self, now: WallTime) -> Option<Rank> {
        let mut found = self.ranked().filter(|(_, path)| {
            path.is_live(now)
                && self.has_sound(path)
                && self.stable_at(path).is_some_and(|due| due <= now)
        });
        found.next().map(|(rank, _)| rank)
    }

    /// When the next path may take over from the fallback.
    pub(super) fn fallback_ends(&self) -> Option<WallTime> {
        let sounding = self.paths.iter().filter(|path| self.has_sound(path));
        let stable = sounding.filter_map(|path| self.stable_at(path));
        stable.filter(|_| self.plays_fallback()).min()
    }

    /// When a path has been there for long enough, and has what is to be held back.
    fn stable_at(&self, path: &Path) -> Option<WallTime> {
        path.seek()?;
        Some(path.stable_since?.plus(STABLE_MIN.max(self.settings.hold_back)))
    }
}
