//! The process: reads its configuration and wires the roles together.

pub mod demo;
mod report;
pub mod serve;
mod tls;

pub use serve::{Addresses, Running, start};
