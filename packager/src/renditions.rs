//! Renditions that are made of a programme: for each a *maker*, which reads the programme
//! feed and makes the rendition's own, and a publisher, which stores what follows from that.
//!
//! Neither is waited for by anything of the programme's: a rendition that cannot be made in
//! time is taken out of the multivariant playlist, and the station goes on.

mod maker;
mod metrics;
mod prime;
mod publisher;
mod waiting;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalogue::{Egress, Rendition};
use feed::{Epoch, History, Record};
use media::{MediaSequence, RenditionId, SegmentInfo, SegmentRef};
use playlists::TitleRange;
use runtime::pool::Pool;
use runtime::tail::{self, Tail};
use tokio::task::JoinSet;
use tracing::error;
use transcode::{Counts, Transcoder};

use crate::publisher::Listed;
use crate::publisher::bucket::Bucket;
use crate::publisher::multivariant::Multivariant;
use crate::publisher::shelf::Shelf;
use crate::{FEED_LIMITS, Packager};

pub(crate) use metrics::RenditionsMetrics;
pub(crate) use prime::AGAIN_MAX;

/// A rendition that is made here, as its readers see it.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its name, and how it is encoded.
    pub rendition: Rendition,
    /// Its records, from now on.
    pub feed: Tail<Record>,
    /// The segments of the live window from before the process began, oldest first.
    pub past: Vec<SegmentInfo>,
    status: Arc<Mutex<RenditionStatus>>,
}

/// What a rendition says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RenditionStatus {
    /// How long what of the programme is not encoded yet has waited.
    pub behind: Duration,
    /// Whether it keeps up.
    pub progress: Progress,
}

/// Whether a rendition keeps up with its programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// It does.
    #[default]
    OnTime,
    /// It has fallen behind, and is not in the multivariant playlist until it has caught up.
    Late,
    /// It is not made any more until the restart.
    Failed,
}

/// What renditions need to know of their programme.
pub(crate) struct Source<'a> {
    pub(crate) egress: &'a Egress,
    pub(crate) feed: &'a Tail<Record>,
    pub(crate) listed: &'a Tail<Listed>,
    pub(crate) multivariant: &'a Multivariant,
    /// The epoch that the feed goes on with in its midst, and the first unit.
    pub(crate) goes_on: Option<(Epoch, Option<u64>)>,
    /// Its stored segments, oldest first.
    pub(crate) stored: &'a [SegmentRef],
    pub(crate) titles: &'a [TitleRange],
    /// What its log amounts to; `None` where there is none, or the bucket is away.
    pub(crate) history: Option<&'a History>,
}

impl Source<'_> {
    /// The segments of the programme that the log tells of and that the loudness follows from
    /// of what may be made, and that too. `last` is the rendition's last that is stored.
    fn recalled(&self, last: Option<&SegmentInfo>) -> Vec<(SegmentInfo, Epoch)> {
        let known = self.stored.last().zip(self.history);
        let Some((newest, history)) = known.filter(|_| self.egress.loudness.is_some()) else {
            return Vec::new();
        };
        let count = transcode::recalled(self.egress.target_secs());
        let end = newest.info().number.0 + 1;
        let made = last.map_or(0, |last| last.number.0 + 1);
        let first = made.clamp(end.saturating_sub(AGAIN_MAX), end);
        let own = self.egress.rendition_id();
        let is_own = |(info, _): &(SegmentInfo, Epoch)| {
            history.rendition(info.epoch).is_none_or(|told| told == own.as_str())
        };
        let told = (first.saturating_sub(count)..end).map(MediaSequence);
        told.filter_map(|number| history.segment(number)).filter(is_own).collect()
    }
}

impl Made {
    /// What it says of itself now.
    pub fn status(&self) -> RenditionStatus {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its name.
    pub fn id(&self) -> &RenditionId {
        &self.rendition.id
    }
}

impl Packager {
    /// Begins all renditions of a programme that are made here.
    pub(crate) async fn start_renditions(
        &self,
        source: &Source<'_>,
        tasks: &mut JoinSet<()>,
    ) -> Vec<Made> {
        let mut all = Vec::new();
        for (place, rendition) in source.egress.renditions.iter().enumerate() {
            if rendition.made == catalogue::Made::Here {
                all.extend(self.start_rendition(source, (place, rendition), tasks).await);
            }
        }
        all
    }

    async fn start_rendition(
        &self,
        source: &Source<'_>,
        (place, rendition): (usize, &Rendition),
        tasks: &mut JoinSet<()>,
    ) -> Option<Made> {
        let egress = source.egress;
        let name = egress.name.as_str();
        let made = Transcoder::new(&rendition.encoding, egress.target_secs());
        let transcoder = match made {
            Ok(transcoder) => transcoder.with_loudness(egress.loudness),
            Err(error) => {
                // The catalogue asks for nothing else than what encoders make: no memory.
                error!(egress = name, rendition = %rendition.id, %error, "rendition not made");
                return None;
            }
        };
        let status = Arc::new(Mutex::new(RenditionStatus::default()));
        let entry = source.multivariant.entry(place);
        let part = (rendition.id.clone(), Some(entry));
        let (stores, clock) = (self.stores.clone(), self.clock.clone());
        let metrics = self.metrics.of(name);
        let bucket = Bucket::new(egress, part, stores.clone(), clock.clone(), metrics);
        let shelf = Shelf::new(egress, rendition.clone(), bucket, (stores.clone(), clock));
        let form = *transcoder.form();
        let metrics = self.metrics.renditions.of(name, rendition.id.as_str());
        let left_out = metrics.left_out.clone();
        let mut publisher = publisher::Task::new(shelf, form, Arc::clone(&status), left_out);
        publisher.restore(source.history, source.titles).await;
        let past: Vec<SegmentInfo> = publisher.past().map(|one| one.info().clone()).collect();
        let (writer, feed) = tail::tail(FEED_LIMITS, Record::weight);
        let primer = prime::Primer {
            egress: egress.clone(),
            stores,
            epoch: source.goes_on.map(|(epoch, _)| epoch),
            next: source.goes_on.and_then(|(_, next)| next),
            stored: source.stored.to_vec(),
            last: past.last().map(|last| last.number.0),
            recalled: source.recalled(past.last()),
        };
        let maker = maker::Task {
            egress: name.to_owned(),
            rendition: rendition.id.to_string(),
            transcoder: Some(Box::new(transcoder)),
            pool: self.pool.clone(),
            writer,
            status: Arc::clone(&status),
            metrics,
            waiting: waiting::Waiting::default(),
            at_work: 0,
            counts: Counts::default(),
        };
        tasks.spawn(maker.run(primer, source.feed.from_start()));
        let (records, listed) = (feed.from_start(), source.listed.from_start());
        tasks.spawn(publisher.run(records, listed, self.shutdown.clone()));
        Some(Made { rendition: rendition.clone(), feed, past, status })
    }

    /// The same, whose renditions are encoded on this pool.
    #[must_use]
    pub fn with_pool(self, pool: Pool) -> Self {
        Self { pool, ..self }
    }
}

#[cfg(test)]
mod tests;
