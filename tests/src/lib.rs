//! End-to-end proof: what the tests in `it/` share.
//!
//! A test starts a whole node in its own process on ports of the system's
//! choice ([`TestNode`]), or the built program ([`Program`]), sends to it as an
//! encoder does ([`encoder`]), and listens as players do ([`listener`]).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails in a test's tools fails the test"
)]

pub mod back_end;
pub mod clock;
pub mod countries;
pub mod disk;
pub mod encoder;
pub mod faketime;
pub mod faulty;
pub mod frames;
pub mod hls;
pub mod http;
pub mod listener;
pub mod memory;
pub mod metrics;
pub mod moto;
pub mod node;
pub mod program;
pub mod proxy;
pub mod raw;
pub mod scratch;
pub mod tones;
pub mod tools;
pub mod wait;
pub mod watch;

pub use node::TestNode;
pub use program::Program;
pub use scratch::Scratch;
