//! What the role counts.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct IngestLabel {
    ingest: String,
}

/// What became of a question to a back end.
#[derive(Debug, Clone, Copy, Hash, PartialEq, Eq, EncodeLabelValue)]
pub(crate) enum Outcome {
    /// The password is right.
    Allowed,
    /// It is wrong.
    Denied,
    /// There was no answer.
    Failed,
    /// Too many asked already.
    Busy,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AskedLabel {
    ingest: String,
    outcome: Outcome,
}

/// All counters of the role.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metrics {
    frames: Family<IngestLabel, Counter>,
    junk_bytes: Family<IngestLabel, Counter>,
    tag_bytes: Family<IngestLabel, Counter>,
    info_frames: Family<IngestLabel, Counter>,
    connects: Family<IngestLabel, Counter>,
    connected: Family<IngestLabel, Gauge>,
    mismatch: Family<IngestLabel, Gauge>,
    concealed: Family<IngestLabel, Counter>,
    refused: Family<IngestLabel, Counter>,
    pull_failures: Family<IngestLabel, Counter>,
    titles: Family<IngestLabel, Counter>,
    asked: Family<AskedLabel, Counter>,
    /// Sources that named no ingest of ours.
    pub(crate) strangers: Counter,
    /// Title updates that could not be read.
    pub(crate) titles_refused: Counter,
}

/// The counters of one ingest.
#[derive(Debug, Clone, Default)]
pub(crate) struct IngestMetrics {
    name: String,
    asked: Family<AskedLabel, Counter>,
    pub(crate) frames: Counter,
    pub(crate) junk_bytes: Counter,
    pub(crate) tag_bytes: Counter,
    pub(crate) info_frames: Counter,
    pub(crate) connects: Counter,
    pub(crate) connected: Gauge,
    pub(crate) mismatch: Gauge,
    pub(crate) concealed: Counter,
    pub(crate) refused: Counter,
    pub(crate) pull_failures: Counter,
    pub(crate) titles: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register("ingest_frames", "Frames taken from sources", all.frames.clone());
        registry.register(
            "ingest_junk_bytes",
            "Bytes from sources that are neither frame nor tag",
            all.junk_bytes.clone(),
        );
        registry.register("ingest_tag_bytes", "Bytes of tags from sources", all.tag_bytes.clone());
        registry.register(
            "ingest_info_frames",
            "Frames with a file's table of contents, which are no audio",
            all.info_frames.clone(),
        );
        registry.register("ingest_connects", "Sources that were taken", all.connects.clone());
        registry.register("ingest_connected", "1 while a source is there", all.connected.clone());
        registry.register(
            "ingest_mismatch",
            "1 while the source does not follow the ingest's encoding",
            all.mismatch.clone(),
        );
        registry.register(
            "ingest_frames_concealed",
            "Frames that did not decode, of sources that are transcoded to their settings",
            all.concealed.clone(),
        );
        registry.register("ingest_refused", "Sources turned away", all.refused.clone());
        registry.register(
            "ingest_pull_failures",
            "Tries to have a stream that came to nothing",
            all.pull_failures.clone(),
        );
        registry.register("ingest_titles", "Titles taken", all.titles.clone());
        registry.register(
            "ingest_auth_asked",
            "Sources and titles that a back end was asked about, by what came of it",
            all.asked.clone(),
        );
        registry.register(
            "ingest_strangers",
            "Sources and titles that named no ingest or gave no right password",
            all.strangers.clone(),
        );
        registry.register(
            "ingest_titles_refused",
            "Title updates that could not be read",
            all.titles_refused.clone(),
        );
        all
    }

    pub(crate) fn of(&self, ingest: &str) -> IngestMetrics {
        let label = IngestLabel { ingest: ingest.to_owned() };
        IngestMetrics {
            name: ingest.to_owned(),
            asked: self.asked.clone(),
            frames: self.frames.get_or_create(&label).clone(),
            junk_bytes: self.junk_bytes.get_or_create(&label).clone(),
            tag_bytes: self.tag_bytes.get_or_create(&label).clone(),
            info_frames: self.info_frames.get_or_create(&label).clone(),
            connects: self.connects.get_or_create(&label).clone(),
            connected: self.connected.get_or_create(&label).clone(),
            mismatch: self.mismatch.get_or_create(&label).clone(),
            concealed: self.concealed.get_or_create(&label).clone(),
            refused: self.refused.get_or_create(&label).clone(),
            pull_failures: self.pull_failures.get_or_create(&label).clone(),
            titles: self.titles.get_or_create(&label).clone(),
        }
    }
}

impl IngestMetrics {
    /// Counts a question to the back end.
    pub(crate) fn asked(&self, outcome: Outcome) {
        let label = AskedLabel { ingest: self.name.clone(), outcome };
        self.asked.get_or_create(&label).inc();
    }
}
