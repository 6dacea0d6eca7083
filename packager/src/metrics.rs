//! What the role counts.

mod paths;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::renditions::RenditionsMetrics;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EgressLabel {
    egress: String,
}

/// All counters of the role.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    pub(crate) programmes: paths::Programmes,
    pub(crate) renditions: RenditionsMetrics,
    units: Family<EgressLabel, Counter>,
    epochs: Family<EgressLabel, Counter>,
    lagged: Family<EgressLabel, Counter>,
    segments: Family<EgressLabel, Counter>,
    failures: Family<EgressLabel, Counter>,
    given_up: Family<EgressLabel, Counter>,
    behind: Family<EgressLabel, Gauge>,
}

/// The counters of one egress.
#[derive(Debug, Clone, Default)]
pub(crate) struct EgressMetrics {
    pub(crate) units: Counter,
    pub(crate) epochs: Counter,
    pub(crate) lagged: Counter,
    pub(crate) segments: Counter,
    pub(crate) failures: Counter,
    pub(crate) given_up: Counter,
    pub(crate) behind: Gauge,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let renditions = RenditionsMetrics::register(registry);
        let all = Self { renditions, ..Self::default() };
        registry.register_collector(Box::new(all.programmes.clone()));
        registry.register("packager_units", "Units put on the programme", all.units.clone());
        registry.register("packager_epochs", "Epochs begun", all.epochs.clone());
        registry.register(
            "packager_path_items_missed",
            "Items of path feeds that came too fast to be read",
            all.lagged.clone(),
        );
        registry.register("packager_segments", "Segments stored", all.segments.clone());
        registry.register(
            "packager_store_failures",
            "Tries to store something that failed and were repeated",
            all.failures.clone(),
        );
        registry.register(
            "packager_segments_given_up",
            "Segments that could not be stored in time",
            all.given_up.clone(),
        );
        registry.register(
            "packager_store_behind_segments",
            "Segments that the bucket does not have yet",
            all.behind.clone(),
        );
        all
    }

    pub(crate) fn of(&self, egress: &str) -> EgressMetrics {
        let label = EgressLabel { egress: egress.to_owned() };
        EgressMetrics {
            units: self.units.get_or_create(&label).clone(),
            epochs: self.epochs.get_or_create(&label).clone(),
            lagged: self.lagged.get_or_create(&label).clone(),
            segments: self.segments.get_or_create(&label).clone(),
            failures: self.failures.get_or_create(&label).clone(),
            given_up: self.given_up.get_or_create(&label).clone(),
            behind: self.behind.get_or_create(&label).clone(),
        }
    }
}
