//! Which of an egress's ingests is on air, where frames are not merged.

use std::time::Duration;

use media::WallTime;

/// How long the ingest on air may be silent before another takes its place.
pub const STALL_MAX: Duration = Duration::from_secs(2);

/// Order of preference; 0 is the first in the egress's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(pub u8);

/// What becomes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// It goes on air.
    OnAir,
    /// It goes on air, and its ingest was not on air before.
    Switched,
    /// Another ingest is on air.
    Spare,
}

/// Keeps an ingest on air until it is gone or silent; then the next one that
/// speaks follows. It does not go back to a preferred one by itself.
#[derive(Debug, Default)]
pub struct Selector {
    on_air: Option<(Rank, WallTime)>,
}

impl Selector {
    /// Says what becomes of the unit that `rank` just delivered.
    pub fn handle_unit(&mut self, rank: Rank, arrival: WallTime) -> Choice {
        let choice = match self.on_air {
            Some((current, _)) if current == rank => Choice::OnAir,
            Some((_, heard)) if arrival.since(heard) < STALL_MAX => return Choice::Spare,
            _ => Choice::Switched,
        };
        self.on_air = Some((rank, arrival));
        choice
    }

    /// The source of `rank` is gone.
    pub fn handle_gone(&mut self, rank: Rank) {
        if self.is_on_air(rank) {
            self.on_air = None;
        }
    }

    /// Whether `rank` is on air.
    pub fn is_on_air(&self, rank: Rank) -> bool {
        self.on_air.is_some_and(|(current, _)| current == rank)
    }

    /// The ingest on air.
    pub fn on_air(&self) -> Option<Rank> {
        self.on_air.map(|(rank, _)| rank)
    }
}

#[cfg(test)]
mod tests;
