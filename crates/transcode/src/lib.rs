//! Renditions that are made of a programme: its feed in, the feed of a rendition out.
//!
//! A segment of a rendition is a function of the programme's units in it, for a while
//! before it and a little behind it, and of nothing else: decoder and encoder begin anew
//! for each, early enough that they have swung in by the time it begins (`plan`). So
//! whoever has the units makes the same bytes, on the same build and kind of CPU, and a
//! process that takes over goes on where another one stopped (ADR 19).
//!
//! Nothing here waits, and nothing reads a clock: whoever calls decides on which thread it
//! runs, and looks whether it keeps up.

mod chain;
mod coder;
mod conformer;
mod error;
mod file;
mod lane;
mod loudness;
mod plan;
mod programme;
mod transcoder;

pub use codec::pcm::Heard;
pub use conformer::Conformer;
pub use error::Error;
pub use file::encode_file;
pub use loudness::recalled;
pub use plan::REACH;
pub use programme::programme;
pub use transcoder::{Counts, Transcoder};

#[cfg(test)]
mod testing;
