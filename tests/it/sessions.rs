//! Sessions: what a listener gets, for how long, and what is written down of it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not as expected fails the test, also outside of its function"
)]

mod closing;
mod counting;
mod icy;
mod killed;
mod live;
mod nodes;
mod passes;
mod places;
mod player;
mod players;
mod records;
mod refusals;
mod station;
