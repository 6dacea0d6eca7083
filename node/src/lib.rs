//! The process: reads its configuration and wires the roles together.

pub mod demo;
pub mod serve;
mod report;
mod tls;

pub use serve::{Addresses, Running, start};
