//! What is counted of listeners.

use std::sync::Arc;

use policy::Block;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::fanout::{Fanout, Snapshot};
use crate::resolve::Stations;

/// What was asked for over HTTP.
#[derive(Debug, Clone, Copy, Hash, PartialEq, Eq, EncodeLabelValue)]
pub(crate) enum Kind {
    /// The ICY stream.
    Stream,
    /// A playlist of either kind.
    Playlist,
    /// A segment.
    Segment,
    /// A tune-in file.
    TuneIn,
    /// Nothing that there is.
    Unknown,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabel {
    kind: Kind,
    status: u16,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MountLabel {
    mount: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BlockLabel {
    mount: String,
    reason: &'static str,
}

/// The counters of requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metrics {
    requests: Family<RequestLabel, Counter>,
    pub(crate) from_bucket: Counter,
    blocked: Family<BlockLabel, Counter>,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register(
            "delivery_http_requests",
            "Requests of listeners over HTTP, by what was asked and answered",
            all.requests.clone(),
        );
        registry.register(
            "delivery_segments_from_bucket",
            "Segments that were not in memory",
            all.from_bucket.clone(),
        );
        registry.register(
            "delivery_blocked",
            "Requests of those who may not listen, by the rule that is against it",
            all.blocked.clone(),
        );
        all
    }

    /// Counts one who may not listen.
    pub(crate) fn blocked(&self, mount: &str, block: Block) {
        let label = BlockLabel { mount: mount.to_owned(), reason: block.name() };
        self.blocked.get_or_create(&label).inc();
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, kind: Kind, status: u16) {
        self.requests.get_or_create(&RequestLabel { kind, status }).inc();
    }
}

/// Reads the fan-out engine's numbers when metrics are asked for.
#[derive(Debug)]
pub(crate) struct FanoutCollector {
    pub(crate) stations: Arc<Stations>,
    pub(crate) fanout: Fanout,
}

/// A number of one mount: its name, what it is, and whether it only grows.
type Column = (&'static str, &'static str, MetricType, fn(&Snapshot) -> u64);

/// All numbers of a mount. Those that only grow get `_total` behind their name.
pub(crate) const COLUMNS: [Column; 11] = [
    ("delivery_icy_listeners", "ICY listeners now", MetricType::Gauge, |s| {
        s.icy_listeners() as u64
    }),
    ("delivery_hls_sessions", "HLS sessions now", MetricType::Gauge, |s| s.hls_sessions as u64),
    ("delivery_hls_sessions_begun", "HLS sessions that began", MetricType::Counter, |s| {
        s.hls_sessions_total
    }),
    ("delivery_icy_joins", "ICY listeners that joined", MetricType::Counter, |s| s.joins_total),
    ("delivery_icy_sent_bytes", "Bytes written to ICY listeners", MetricType::Counter, |s| {
        s.bytes_sent_total
    }),
    (
        "delivery_icy_dropped_slow",
        "ICY listeners dropped because they did not read in time",
        MetricType::Counter,
        |s| s.dropped_slow_total,
    ),
    ("delivery_icy_skipped", "ICY listeners skipped ahead", MetricType::Counter, |s| {
        s.skipped_total
    }),
    ("delivery_icy_left", "ICY listeners that left", MetricType::Counter, |s| s.left_total),
    ("delivery_icy_ended", "ICY listeners that were ended", MetricType::Counter, |s| s.ended_total),
    ("delivery_icy_killed", "ICY listeners ended one by one", MetricType::Counter, |s| {
        s.killed_total
    }),
    ("delivery_icy_moved", "ICY listeners moved to another mount", MetricType::Counter, |s| {
        s.moved_total
    }),
];

impl Collector for FanoutCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, help, kind, column) in COLUMNS {
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for station in self.stations.all() {
                let label = MountLabel { mount: station.settings().name.clone() };
                let value = column(&station.snapshot());
                let metric = family.encode_family(&label)?;
                match kind {
                    MetricType::Counter => ConstCounter::new(value).encode(metric)?,
                    _ => {
                        ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)?;
                    }
                }
            }
        }
        let late = ConstGauge::new(self.fanout.take_lateness().as_secs_f64());
        let family = encoder.encode_descriptor(
            "delivery_fanout_late_seconds",
            "Greatest lateness of the fan-out engine since this was asked last",
            None,
            late.metric_type(),
        )?;
        late.encode(family)
    }
}
