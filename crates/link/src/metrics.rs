//! What the links count.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FeedLabel {
    feed: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BrokenLabel {
    feed: String,
    reason: Reason,
}

/// Why a connection ended, or came to nothing.
#[derive(Debug, Clone, Copy, Hash, PartialEq, Eq, EncodeLabelValue)]
pub(crate) enum Reason {
    /// It could not be made, or was refused.
    Failed,
    /// The other side closed it, or it broke.
    Closed,
    /// Not even a heartbeat came.
    Silent,
    /// What came is no feed.
    Garbage,
}

/// The counters of both sides.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// Requests without the cluster's secret.
    pub(crate) strangers: Counter,
    readers: Family<FeedLabel, Gauge>,
    sent_bytes: Family<FeedLabel, Counter>,
    missed: Family<FeedLabel, Counter>,
    connected: Family<FeedLabel, Gauge>,
    connects: Family<FeedLabel, Counter>,
    broken: Family<BrokenLabel, Counter>,
    items: Family<FeedLabel, Counter>,
    received_bytes: Family<FeedLabel, Counter>,
    gaps: Family<FeedLabel, Counter>,
    /// Nodes whose records are valid.
    pub(crate) nodes: Gauge,
}

/// The counters of one feed that is served.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) readers: Gauge,
    pub(crate) sent_bytes: Counter,
    pub(crate) missed: Counter,
}

/// The counters of one feed that is followed.
#[derive(Debug, Clone)]
pub(crate) struct Following {
    feed: String,
    broken: Family<BrokenLabel, Counter>,
    pub(crate) connected: Gauge,
    pub(crate) connects: Counter,
    pub(crate) items: Counter,
    pub(crate) received_bytes: Counter,
    pub(crate) gaps: Counter,
}

impl Metrics {
    /// Registers all of them.
    pub fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register(
            "link_strangers",
            "Requests on the node port without the cluster's secret",
            all.strangers.clone(),
        );
        registry.register("link_readers", "Readers of a feed", all.readers.clone());
        registry.register("link_sent_bytes", "Bytes told to readers", all.sent_bytes.clone());
        registry.register(
            "link_missed_items",
            "Items that a reader was too slow for",
            all.missed.clone(),
        );
        registry.register(
            "link_connected",
            "Nodes from which a feed is read",
            all.connected.clone(),
        );
        registry.register("link_connects", "Connections made to read a feed", all.connects.clone());
        registry.register(
            "link_broken",
            "Connections that ended or came to nothing",
            all.broken.clone(),
        );
        registry.register("link_items", "Items of feeds that came", all.items.clone());
        registry.register(
            "link_received_bytes",
            "Bytes of feeds that came",
            all.received_bytes.clone(),
        );
        registry.register("link_gaps", "Times that items of a feed were missed", all.gaps.clone());
        registry.register("link_nodes", "Nodes whose records are valid", all.nodes.clone());
        all
    }

    pub(crate) fn served(&self, feed: &str) -> Served {
        let label = FeedLabel { feed: feed.to_owned() };
        Served {
            readers: self.readers.get_or_create(&label).clone(),
            sent_bytes: self.sent_bytes.get_or_create(&label).clone(),
            missed: self.missed.get_or_create(&label).clone(),
        }
    }

    pub(crate) fn following(&self, feed: &str) -> Following {
        let label = FeedLabel { feed: feed.to_owned() };
        Following {
            feed: feed.to_owned(),
            broken: self.broken.clone(),
            connected: self.connected.get_or_create(&label).clone(),
            connects: self.connects.get_or_create(&label).clone(),
            items: self.items.get_or_create(&label).clone(),
            received_bytes: self.received_bytes.get_or_create(&label).clone(),
            gaps: self.gaps.get_or_create(&label).clone(),
        }
    }
}

impl Following {
    pub(crate) fn broken(&self, reason: Reason) {
        let label = BrokenLabel { feed: self.feed.clone(), reason };
        self.broken.get_or_create(&label).inc();
    }
}
