//! How fast and how steady the way from frames to segments is: benchmarks and
//! simulations in memory, failover in real time, and what listeners ask for.
//!
//! `cargo xtask lab` runs the programs of this crate and keeps their tables in
//! `docs/lab/`. Times are only reported, never asserted: what a test of this
//! crate asserts is counted in frames and dates.

pub mod beside;
pub mod chain;
pub mod door;
pub mod failover;
pub mod hour;
pub mod joins;
pub mod sim;
