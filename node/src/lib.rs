//! The process: reads its configuration and wires the roles together.

pub mod demo;
mod doors;
pub mod export;
mod ports;
mod report;
pub mod serve;
mod tls;

pub use ports::Addresses;
pub use serve::{Running, start};
