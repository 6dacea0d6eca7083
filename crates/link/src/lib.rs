//! The feeds over the network: what [`runtime::tail`] is within a process, between
//! processes.
//!
//! A [`Server`] on the node port serves the path feeds of a process's ingests and the
//! programme feeds of its packager, as bodies of [`feed::wire`] messages, from any
//! position on. A [`Links`] follows them from another process into tails of its own; the
//! feeds that several packagers make of one programme are merged. Processes know each other by
//! their [records in the bucket](nodes), and show each other the cluster's secret.
//!
//! The source of a feed never waits: a reader that is slow misses items and is
//! told so. A connection that breaks is no source that is gone: the path stalls,
//! and goes on behind the last item that came. Nothing here is encrypted: the node
//! port belongs on a network of the operator's own.

mod follower;
mod guard;
mod metrics;
pub mod nodes;
mod receiver;
mod server;
mod teller;
#[cfg(test)]
mod testing;

use std::time::Duration;

pub use follower::{Followed, Links, Parts};
pub use guard::NodeGuard;
pub use metrics::Metrics;
pub use server::{PathFeeds, Programmes, READERS_MAX, Server, Standing};

/// How long a feed is silent before its reader is told that the writer is there.
pub const HEARTBEAT_EVERY: Duration = Duration::from_secs(1);

/// How long a connection may be silent before it counts as broken: three
/// heartbeats. With the longest wait between two tries it is less than the time-out
/// of sources, so that a short cut ends no epoch.
pub const SILENCE_MAX: Duration = Duration::from_secs(3);
