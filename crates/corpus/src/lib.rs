//! Streams as encoders send them on a bad day, and a judge of what the ingest
//! makes of them.
//!
//! Base files are made on the spot, by our own encoders ([`base`]) or by
//! programs that are installed ([`foreign`]), so of each the frames are known.
//! [`mutation`] breaks them, [`strangers`] has what is no MP3 and no AAC, and
//! [`titles`] puts metadata between. [`judge`] sends a file through what takes a
//! source's bytes in production, and says where it falls short.

pub mod base;
pub mod file;
pub mod foreign;
pub mod judge;
pub mod mutation;
pub mod strangers;
pub mod tags;
pub mod titles;

pub use base::Base;
pub use file::{Expected, File, Piece, TrueFrame};

/// Every file there is: each base as it is, the mutations of some, strangers,
/// and metadata between. The same every time.
pub fn files(bases: &[Base], mutated: &[Base]) -> Vec<File> {
    let whole = bases.iter().map(mutation::whole);
    let broken = mutated.iter().flat_map(mutation::all);
    let much = mutated.first().into_iter().chain(mutated.last()).map(mutation::few_in_much_junk);
    whole.chain(broken).chain(much).chain(strangers::all()).chain(titles::all()).collect()
}

#[cfg(test)]
mod tests;
