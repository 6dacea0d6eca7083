//! Who may listen: one decision for ICY and HLS, without I/O and without memory.
//!
//! So every node decides alike. What it goes by is looked up before, and given.

use std::net::IpAddr;

use catalogue::{Country, Geo};

/// One who wants to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Its own address, not that of a proxy before it.
    pub address: IpAddr,
    /// Where that is; `None` where nobody knows.
    pub country: Option<Country>,
}

/// Why somebody may not listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Block {
    /// Not in this country.
    Geo,
}

/// What holds for an egress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules<'a> {
    /// Where it may be heard.
    pub geo: Option<&'a Geo>,
}

/// Decides whether somebody may listen.
///
/// # Errors
///
/// Why not.
pub fn decide(caller: &Caller, rules: Rules<'_>) -> Result<(), Block> {
    let admits = |geo: &Geo| geo.exempt.contains(caller.address) || geo.admits(caller.country);
    if rules.geo.is_none_or(admits) { Ok(()) } else { Err(Block::Geo) }
}

impl Block {
    /// Its name in headers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Geo => "geo",
        }
    }

    /// What the one who may not listen is told.
    pub fn text(self) -> &'static str {
        match self {
            Self::Geo => "This stream is not available in your country",
        }
    }
}

#[cfg(test)]
mod tests;
