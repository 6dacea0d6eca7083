//! What was on air before the process began, for listeners who go back to it.

use std::sync::Arc;

use catalogue::Rendition;
use delivery::Timeshift;
use runtime::clock::Steady;
use store::Stores;
use tracing::info;

/// Reads log and bucket once, beside the view.
#[derive(Debug)]
pub(crate) struct Task {
    egress: String,
    rendition: Rendition,
    stores: Stores,
    clock: Steady,
    timeshift: Arc<Timeshift>,
}

impl Task {
    /// Nothing to do for a rendition that nobody goes back on.
    pub(crate) fn new(
        served: &delivery::Rendition,
        rendition: Rendition,
        stores: Stores,
        clock: Steady,
    ) -> Option<Self> {
        Some(Self {
            egress: served.egress().name.clone(),
            rendition,
            stores,
            clock,
            timeshift: Arc::clone(served.timeshift()?),
        })
    }

    /// Ends once the bucket has told.
    pub(crate) async fn run(self) {
        let Self { egress, rendition, stores, clock, timeshift } = self;
        let read = archive::read_patiently(&stores, &egress, &rendition, &clock);
        let (adopted, titles) = read.await;
        let infos = adopted.segments.iter().map(|segment| segment.info().clone());
        let infos: Vec<_> = infos.collect();
        info!(egress, rendition = %rendition.id, segments = infos.len(), "the past is known");
        timeshift.put_before(&infos, titles);
    }
}
