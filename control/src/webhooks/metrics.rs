//! What is counted of webhooks.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EgressLabel {
    egress: String,
}

/// All counters of webhooks.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    sent: Family<EgressLabel, Counter>,
    failed: Family<EgressLabel, Counter>,
    dropped: Family<EgressLabel, Counter>,
}

/// The counters of one egress's webhooks.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters {
    pub(super) sent: Counter,
    pub(super) failed: Counter,
    pub(super) dropped: Counter,
}

impl Metrics {
    /// Counters that show in `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register("control_webhooks_sent", "Events that a webhook took", all.sent.clone());
        registry.register(
            "control_webhooks_failed",
            "Events that a webhook refused, or did not take in time",
            all.failed.clone(),
        );
        registry.register(
            "control_webhooks_dropped",
            "Events that a webhook was not told: too many waited, or the process ended",
            all.dropped.clone(),
        );
        all
    }

    pub(super) fn of(&self, egress: &str) -> Counters {
        let label = EgressLabel { egress: egress.to_owned() };
        Counters {
            sent: self.sent.get_or_create(&label).clone(),
            failed: self.failed.get_or_create(&label).clone(),
            dropped: self.dropped.get_or_create(&label).clone(),
        }
    }
}
