//! How much of anything a process takes.

use std::time::Duration;

use serde::Deserialize;
use settings::{Duration as Length, Int};

use super::secs;

/// Every limit of a process that its operator can set. Those of parsers are
/// constants beside the parsers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessLimits {
    /// Connections at a time that have not become listeners or sources, on each port.
    pub connections_max: usize,
    /// Listeners at a time, HLS sessions included.
    pub listeners_max: usize,
    /// The same of one address, of IPv6 of its first 64 bits; `None` for as many as
    /// come.
    pub address_listeners_max: Option<usize>,
    /// Sources at a time.
    pub sources_max: usize,
    /// For a whole request head, and for a TLS handshake.
    pub header_time: Duration,
    /// A source that sends nothing for this long is gone.
    pub source_timeout: Duration,
    /// A listener that takes nothing for this long is dropped.
    pub listener_timeout: Duration,
    /// What is under way at the end of the process has this long to finish.
    pub stop_time: Duration,
}

/// The `[limits]` table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    connections_max: Option<Int<{ CONNECTIONS.0 }, { CONNECTIONS.1 }>>,
    listeners_max: Option<Int<{ LISTENERS.0 }, { LISTENERS.1 }>>,
    address_listeners_max: Option<Int<{ LISTENERS.0 }, { LISTENERS.1 }>>,
    sources_max: Option<Int<{ SOURCES.0 }, { SOURCES.1 }>>,
    header_time: Option<Length<{ HEADER_TIME_MS.0 }, { HEADER_TIME_MS.1 }>>,
    source_timeout: Option<Length<{ TIMEOUT_MS.0 }, { TIMEOUT_MS.1 }>>,
    listener_timeout: Option<Length<{ TIMEOUT_MS.0 }, { TIMEOUT_MS.1 }>>,
    stop_time: Option<Length<{ STOP_TIME_MS.0 }, { STOP_TIME_MS.1 }>>,
}

// Least and greatest values. All chosen: the greatest are what one machine may
// hold, the least what the tests of an operator may want.
const CONNECTIONS: (u64, u64) = (1, 1_000_000);
const LISTENERS: (u64, u64) = (0, 1_000_000);
const SOURCES: (u64, u64) = (0, 10_000);
const HEADER_TIME_MS: (u64, u64) = (100, 120_000);
const TIMEOUT_MS: (u64, u64) = (1_000, 600_000);
const STOP_TIME_MS: (u64, u64) = (0, 600_000);

impl Default for ProcessLimits {
    /// All chosen; the source's timeout is Icecast's.
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            listeners_max: 20_000,
            address_listeners_max: None,
            sources_max: 500,
            header_time: secs(10),
            source_timeout: secs(10),
            listener_timeout: secs(30),
            stop_time: secs(10),
        }
    }
}

impl From<Raw> for ProcessLimits {
    fn from(raw: Raw) -> Self {
        let default = Self::default();
        Self {
            connections_max: raw.connections_max.map_or(default.connections_max, Int::to_usize),
            listeners_max: raw.listeners_max.map_or(default.listeners_max, Int::to_usize),
            address_listeners_max: raw
                .address_listeners_max
                .map(Int::to_usize)
                .filter(|max| *max > 0),
            sources_max: raw.sources_max.map_or(default.sources_max, Int::to_usize),
            header_time: raw.header_time.map_or(default.header_time, Length::get),
            source_timeout: raw.source_timeout.map_or(default.source_timeout, Length::get),
            listener_timeout: raw.listener_timeout.map_or(default.listener_timeout, Length::get),
            stop_time: raw.stop_time.map_or(default.stop_time, Length::get),
        }
    }
}
