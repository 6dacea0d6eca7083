//! Who may listen: one decision for ICY and HLS, without I/O and without memory, and
//! the [tokens](SessionKeys) by which every node knows whom another one has let in.
//!
//! So every node decides alike. What it goes by is looked up before, and given.

pub mod cmcd;
mod pass;
mod token;

use std::net::IpAddr;

use catalogue::{Country, Geo};

pub use pass::{PASS_LEN_MAX, SegmentPass};
pub use token::{Expiry, SESSION_MAX, SessionKeys, SessionToken, TOKEN_LEN_MAX, TokenError};

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
    /// The egress has as many listeners as it may, here.
    Egress,
    /// The node has as many listeners as it may.
    Node,
    /// Its address has as many listeners as it may, here.
    Address,
}

/// What holds for an egress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules<'a> {
    /// Where it may be heard.
    pub geo: Option<&'a Geo>,
    /// How many listen to it on this node.
    pub egress: Room,
    /// How many listen on this node.
    pub node: Room,
    /// How many listen on this node from the caller's address.
    pub address: Room,
}

/// How many there are of how many that may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Those that there are.
    pub taken: usize,
    /// Those that may be; `None` for as many as come.
    pub max: Option<usize>,
}

/// Decides whether somebody may begin to listen: geo first, then limits.
///
/// # Errors
///
/// Why not.
pub fn decide(caller: &Caller, rules: Rules<'_>) -> Result<(), Block> {
    let Rules { geo, egress, node, address } = rules;
    decide_where(caller, geo)?;
    let limits = [(egress, Block::Egress), (node, Block::Node), (address, Block::Address)];
    limits
        .into_iter()
        .try_for_each(|(room, block)| if room.is_full() { Err(block) } else { Ok(()) })
}

/// The country that a session of this caller bears: `None` where nobody knows it, and
/// where the caller was let in in spite of it, so that nobody else there is.
pub fn stamp(caller: &Caller, geo: Option<&Geo>) -> Option<Country> {
    let admits = |country: &Country| geo.is_none_or(|geo| geo.admits(Some(*country)));
    caller.country.filter(admits)
}

/// Decides whether somebody may go on whose session bears a country: where the caller
/// still is there, that holds; elsewhere it is admitted afresh.
///
/// # Errors
///
/// [`Block::Geo`].
pub fn decide_again(
    caller: &Caller,
    stamped: Option<Country>,
    geo: Option<&Geo>,
) -> Result<(), Block> {
    let is_there = stamped.is_some() && caller.country == stamped;
    if is_there { Ok(()) } else { decide_where(caller, geo) }
}

fn decide_where(caller: &Caller, geo: Option<&Geo>) -> Result<(), Block> {
    let admits = |geo: &Geo| geo.exempt.contains(caller.address) || geo.admits(caller.country);
    if geo.is_none_or(admits) { Ok(()) } else { Err(Block::Geo) }
}

impl Room {
    /// Whether nobody else may come.
    pub fn is_full(self) -> bool {
        self.max.is_some_and(|max| self.taken >= max)
    }
}

impl Block {
    /// Its name in headers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Geo => "geo",
            Self::Egress => "egress",
            Self::Node => "node",
            Self::Address => "address",
        }
    }

    /// What the one who may not listen is told.
    pub fn text(self) -> &'static str {
        match self {
            Self::Geo => "This stream is not available in your country",
            Self::Egress | Self::Node => "too many listeners",
            Self::Address => "too many listeners at your address",
        }
    }
}

#[cfg(test)]
mod tests;
