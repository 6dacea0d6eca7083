//! What is counted of back ends.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What became of a question.
#[derive(Debug, Clone, Copy, Hash, PartialEq, Eq, EncodeLabelValue)]
pub(super) enum Outcome {
    /// The listener may come in.
    Allowed,
    /// The back end says no.
    Denied,
    /// There was no answer, or none that can be one.
    Failed,
    /// Too many wait already.
    Busy,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AskedLabel {
    mount: String,
    outcome: Outcome,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MountLabel {
    mount: String,
}

/// The counters of all back ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Metrics {
    asked: Family<AskedLabel, Counter>,
    untold: Family<MountLabel, Counter>,
}

/// The counters of one back end.
#[derive(Debug, Clone)]
pub(super) struct Counters {
    mount: String,
    asked: Family<AskedLabel, Counter>,
    untold: Counter,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register(
            "delivery_auth_asked",
            "Listeners that a back end was asked about, by what came of it",
            all.asked.clone(),
        );
        registry.register(
            "delivery_auth_untold",
            "Messages that a back end did not get: a listener or a mount has come or gone",
            all.untold.clone(),
        );
        all
    }

    pub(super) fn of(&self, mount: &str) -> Counters {
        let mount = mount.to_owned();
        let untold = self.untold.get_or_create(&MountLabel { mount: mount.clone() }).clone();
        Counters { mount, asked: self.asked.clone(), untold }
    }
}

impl Counters {
    pub(super) fn asked(&self, outcome: Outcome) {
        let label = AskedLabel { mount: self.mount.clone(), outcome };
        self.asked.get_or_create(&label).inc();
    }

    pub(super) fn untold(&self) {
        self.untold_by(1);
    }

    pub(super) fn untold_by(&self, messages: usize) {
        self.untold.inc_by(messages as u64);
    }
}
