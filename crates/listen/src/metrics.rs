//! What the ports count.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PortLabel {
    port: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusedLabel {
    port: &'static str,
    reason: Reason,
}

/// Why a connection was ended before a door had it.
#[derive(Debug, Clone, Copy, Hash, PartialEq, Eq, EncodeLabelValue)]
pub(crate) enum Reason {
    /// Too many at a time.
    Full,
    /// No whole head, or no TLS handshake, within the header time.
    Late,
    /// A head past a limit, or one that can be read in two ways.
    Head,
    /// No protocol of the port.
    Protocol,
    /// The TLS handshake failed.
    Tls,
}

/// The counters of all ports.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    accepted: Family<PortLabel, Counter>,
    open: Family<PortLabel, Gauge>,
    refused: Family<RefusedLabel, Counter>,
}

/// The counters of one port.
#[derive(Debug, Clone)]
pub(crate) struct PortMetrics {
    port: &'static str,
    pub(crate) accepted: Counter,
    /// Connections that no door has taken for good.
    pub(crate) open: Gauge,
    refused: Family<RefusedLabel, Counter>,
}

impl Metrics {
    /// Counters that show in `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register("listen_connections", "Connections accepted", all.accepted.clone());
        registry.register(
            "listen_open_connections",
            "Connections that no listener and no source has taken for good",
            all.open.clone(),
        );
        registry.register(
            "listen_refused",
            "Connections and requests ended before anything served them",
            all.refused.clone(),
        );
        all
    }

    pub(crate) fn of(&self, port: &'static str) -> PortMetrics {
        let label = PortLabel { port };
        PortMetrics {
            port,
            accepted: self.accepted.get_or_create(&label).clone(),
            open: self.open.get_or_create(&label).clone(),
            refused: self.refused.clone(),
        }
    }
}

impl PortMetrics {
    pub(crate) fn refused(&self, reason: Reason) {
        self.refused.get_or_create(&RefusedLabel { port: self.port, reason }).inc();
    }
}
