//! Real players, judged by what they play and not by what they say.
//!
//! The station's sound is a tone whose pitch tells the second, so that what a
//! player decoded shows which seconds came, in which order, and how long each
//! lasted. Its titles name the second from which they hold.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not as expected fails the test, also outside of its function"
)]

mod browser;
mod outage;
mod page;
mod playlists;
mod programs;
mod renditions;
pub(crate) mod seconds;
mod station;
