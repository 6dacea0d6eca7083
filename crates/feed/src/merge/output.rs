//! What a merge gives out.

use std::fmt;
use std::sync::Arc;

use media::{AacProfile, Title};

use super::Rank;
use crate::path::PathUnit;

/// What comes out, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// What follows does not continue what was before.
    Begins(Begin),
    /// A title holds from the next unit on.
    Title(Arc<Title>),
    /// The next unit. Its arrival is that by the path which the schedule goes by.
    Unit(PathUnit),
    /// Nothing has come for the source's time-out.
    Ends,
}

/// A line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begin {
    /// Whose units it begins with; `None` for the fallback.
    pub rank: Option<Rank>,
    /// Which AAC tools its payload uses; `None` for MP3.
    pub profile: Option<AacProfile>,
    /// Why.
    pub cause: Cause,
}

/// Why a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nothing was on air.
    OnAir,
    /// The paths on air are gone or have stalled.
    Lost,
    /// What they carry is silence.
    Silence,
    /// A preferred path is there again.
    Preferred,
    /// The source came back with something else, or frames were lost.
    CameBack,
    /// Its rate or its channels have changed.
    Parameters,
    /// No path is left.
    NoneLeft,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnAir => "it is the first",
            Self::Lost => "those on air are gone or have stalled",
            Self::Silence => "those on air are silent",
            Self::Preferred => "it is preferred, and stable",
            Self::CameBack => "it came back with something else",
            Self::NoneLeft => "no ingest is left",
            Self::Parameters => "its rate or channels have changed",
        })
    }
}
