//! What a merge says of its paths and of itself.

use std::time::Duration;

use super::Rank;
use super::path::Counts;

/// What happened to a path: for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Its place was found; it is this much behind the line's schedule, or ahead.
    Locked {
        /// The path.
        rank: Rank,
        /// Nanoseconds; below zero where it is ahead.
        lag_nanos: i64,
    },
    /// It delivers something else than the line has in its place.
    Mismatched(Rank),
    /// Its source is gone.
    Gone(Rank),
    /// It has been silent for as long as makes the programme leave it.
    Silent(Rank),
    /// It has sound again.
    Sounds(Rank),
    /// Frames that it had and the one ahead of it had not were put in their place.
    Mended {
        /// The path.
        rank: Rank,
        /// How many.
        units: usize,
    },
}

/// Where a path stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathState {
    /// No source is connected.
    Away,
    /// One is, and where its units belong is not known.
    Seeking,
    /// It carries the programme, and covers for the others.
    Locked,
    /// It carries the programme, so late that the output would wait for it.
    Unprotected,
    /// It is connected, and silent.
    Stalled,
    /// It carries something else.
    Other,
}

/// What became of the frames, since the merge began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Frames that no path delivered: where a line began within the time-out of
    /// the one before, the time between them, in frames.
    pub lost: u64,
    /// Frames at a line's beginning that the line before has had.
    pub repeated: u64,
    /// The longest time between two frames of a line that were given out, as far
    /// as it is longer than a frame.
    pub longest_gap: Duration,
}

/// What a path says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathStatus {
    /// Where it stands.
    pub state: PathState,
    /// Whether it is connected and has been silent for as long as makes the programme
    /// leave it.
    pub is_silent: bool,
    /// How much later its units come than the line's schedule has them, in
    /// nanoseconds; `None` where its place is not known.
    pub lag_nanos: Option<i64>,
    /// What it has done.
    pub counts: Counts,
}

impl PathState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Away, Self::Seeking, Self::Locked, Self::Unprotected, Self::Stalled, Self::Other];

    /// Its name in reports and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Seeking => "seeking",
            Self::Locked => "locked",
            Self::Unprotected => "unprotected",
            Self::Stalled => "stalled",
            Self::Other => "other",
        }
    }
}
