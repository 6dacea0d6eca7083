//! The process: reads its configuration and wires the roles together.

pub mod audience;
pub mod capacity;
pub mod demo;
mod doors;
pub mod export;
pub mod geo;
mod linked;
mod listings;
mod logs;
mod ports;
mod public;
mod report;
mod roles;
pub mod serve;
mod tls;
mod url_auth;
mod watching;

pub use ports::Addresses;
pub use serve::{Running, start};
