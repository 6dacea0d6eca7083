//! What was on air before the process began, for listeners who go back to it.

use std::sync::Arc;
use std::time::Duration;

use archive::{Past, Reach};
use catalogue::Egress;
use delivery::{Station, Timeshift};
use media::{RenditionId, SegmentInfo};
use playlists::TitleRange;
use store::{Error, Stores};
use tracing::{info, warn};

/// How long between two tries to read the bucket.
const PAUSE: Duration = Duration::from_secs(5);

/// Reads log and bucket once, beside the view.
#[derive(Debug)]
pub(crate) struct Task {
    egress: String,
    rendition: RenditionId,
    stores: Stores,
    timeshift: Arc<Timeshift>,
}

impl Task {
    /// Nothing to do for a station that nobody goes back on.
    pub(crate) fn new(egress: &Egress, station: &Station, stores: Stores) -> Option<Self> {
        Some(Self {
            egress: egress.name.as_str().to_owned(),
            rendition: egress.rendition_id(),
            stores,
            timeshift: Arc::clone(station.timeshift()?),
        })
    }

    /// Ends once the bucket has told.
    pub(crate) async fn run(self) {
        let egress = self.egress.as_str();
        loop {
            match self.read().await {
                Ok((infos, titles)) => {
                    info!(egress, segments = infos.len(), "the past is known");
                    return self.timeshift.put_before(&infos, titles);
                }
                Err(error) => warn!(egress, %error, "the past is not readable"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn read(&self) -> Result<(Vec<SegmentInfo>, Vec<TitleRange>), Error> {
        let past = Past::read(&self.stores, &self.egress, Reach::Whole).await?;
        let adopted = past.adopt(&self.egress, &self.rendition)?;
        let infos = adopted.segments.iter().map(|segment| segment.info().clone());
        Ok((infos.collect(), past.titles()))
    }
}
