//! An egress's past: what its timeline log and its bucket tell of it.
//!
//! [`Past`] is the one reader of both: the packager goes on where it ends, the
//! origin lists what of it can be heard, and [`export`] makes one file of it.
//! Nothing here writes into a bucket.

mod cue;
mod error;
pub mod export;
mod past;
#[cfg(test)]
mod testing;

pub use error::Error;
pub use export::frames;
pub use past::{
    Adopted, ENTRIES_MAX, Line, Past, Reach, history, line, read_patiently, read_rendition,
    title_range,
};
