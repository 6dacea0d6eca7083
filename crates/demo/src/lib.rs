//! The demo station: a programme of its own making, the encoder that sends it,
//! and test signals for the whole workspace.
//!
//! Nothing here is recorded: what is heard is computed, so that the demo needs
//! no file and no licence.

pub mod bursts;
mod coder;
pub mod encoder;
pub mod fixtures;
pub mod programme;
mod source;
pub mod tones;

pub use bursts::Bursts;
pub use coder::{Coder, Encoding};
pub use programme::Programme;
pub use source::Source;
