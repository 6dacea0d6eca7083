//! Real players, judged by what they play and not by what they say.
//!
//! The station's sound is a tone whose pitch tells the second, so that what a
//! player decoded shows which seconds came, in which order, and how long each
//! lasted. Its titles name the second from which they hold.

mod browser;
mod page;
mod playlists;
mod programs;
mod seconds;
mod station;
