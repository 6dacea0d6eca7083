//! What is counted of renditions that are made here.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RenditionLabel {
    egress: String,
    rendition: String,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct RenditionsMetrics {
    behind: Family<RenditionLabel, Gauge>,
    concealed: Family<RenditionLabel, Counter>,
    left_out: Family<RenditionLabel, Counter>,
}

/// Those of one rendition.
#[derive(Debug, Clone, Default)]
pub(super) struct RenditionMetrics {
    pub(super) behind: Gauge,
    pub(super) concealed: Counter,
    pub(super) left_out: Counter,
}

impl RenditionsMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register(
            "packager_rendition_behind_milliseconds",
            "How long what of the programme is not encoded yet has waited",
            all.behind.clone(),
        );
        registry.register(
            "packager_rendition_frames_concealed",
            "Frames of the programme that did not decode",
            all.concealed.clone(),
        );
        registry.register(
            "packager_rendition_segments_left_out",
            "Segments that a rendition lacks",
            all.left_out.clone(),
        );
        all
    }

    pub(super) fn of(&self, egress: &str, rendition: &str) -> RenditionMetrics {
        let (egress, rendition) = (egress.to_owned(), rendition.to_owned());
        let label = RenditionLabel { egress, rendition };
        RenditionMetrics {
            behind: self.behind.get_or_create(&label).clone(),
            concealed: self.concealed.get_or_create(&label).clone(),
            left_out: self.left_out.get_or_create(&label).clone(),
        }
    }
}
