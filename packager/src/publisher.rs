//! The publisher task: what the programme feed says goes into the bucket, in
//! the order facts, segment, media playlist, multivariant playlist.

pub(crate) mod bucket;
pub(crate) mod ledger;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use archive::Adopted;
use catalogue::Egress;
use feed::{Chronicler, Cutter, Fact, Record, View};
use media::{AacProfile, MediaSequence, RenditionId, Segment, SegmentRef, WallTime};
use playlists::{LivePlaylists, Removed};
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::{ReadError, Reader};
use store::Stores;
use tracing::{debug, error, warn};

use crate::metrics::EgressMetrics;
use crate::recovery::{self, Recovered};
use crate::retention::Leaving;
use crate::{Status, segment_keep};
use bucket::{Bucket, DELETE_PAUSE};
use ledger::Ledger;

/// Records taken at a time: about a segment.
const BATCH_MAX: usize = 256;

/// How long the bucket has, when the process ends, for what is there already.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// One egress's publisher.
#[derive(Debug)]
pub(crate) struct Task {
    egress: String,
    window: Duration,
    keep: Duration,
    dvr: Duration,
    chronicler: Chronicler,
    cutter: Cutter,
    playlists: LivePlaylists<SegmentRef>,
    ledger: Ledger,
    bucket: Bucket,
    /// A fact that a killed process left unsaid; it comes before any other.
    missing: Option<Fact>,
    /// What the bucket has below this number is not known yet.
    before: Option<MediaSequence>,
    rendition: RenditionId,
    stores: Stores,
    clock: Steady,
    status: Arc<Mutex<Status>>,
    metrics: EgressMetrics,
}

/// What a publisher shares with its process.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) stores: Stores,
    pub(crate) clock: Steady,
    pub(crate) status: Arc<Mutex<Status>>,
    pub(crate) metrics: EgressMetrics,
}

impl Task {
    pub(crate) fn new(egress: &Egress, recovered: Recovered, shared: Shared) -> Self {
        let Shared { stores, clock, status, metrics } = shared;
        let target = egress.target_secs();
        let mut task = Self {
            egress: egress.name.as_str().to_owned(),
            window: egress.mount.window,
            keep: segment_keep(egress),
            dvr: egress.dvr,
            chronicler: Chronicler::new(target),
            cutter: Cutter::new(target),
            playlists: LivePlaylists::new(target.into(), egress.mount.window),
            ledger: Ledger::default(),
            bucket: Bucket::new(egress, stores.clone(), clock.clone(), metrics.clone()),
            before: recovered.before,
            rendition: egress.rendition_id(),
            stores,
            clock,
            status,
            missing: None,
            metrics,
        };
        task.restore(egress, recovered);
        task
    }

    /// Lists what the bucket has from before.
    fn restore(&mut self, egress: &Egress, recovered: Recovered) {
        for range in recovered.titles() {
            self.playlists.push_title(range.clone());
        }
        self.playlists.set_profile(recovered.profile);
        let now = self.clock.now();
        let listed_from = recovered.listed_from(egress, now);
        for (index, segment) in recovered.stored.into_iter().enumerate() {
            // When it left the window is not known any more: as late as can be.
            let left = segment.info().wall_end().plus(self.window);
            if index < listed_from {
                self.bucket.retire(Leaving::Segment(segment), left.plus(self.keep));
                continue;
            }
            match self.playlists.append(segment) {
                Ok(removed) => self.retire(removed, left),
                Err(fault) => warn!(egress = self.egress, %fault, "stored segment not listed"),
            }
        }
        for stray in recovered.strays {
            // A playlist of the process before may have listed it until now.
            self.bucket.retire(Leaving::Stray(stray), now.plus(self.window).plus(self.keep));
        }
        self.ledger.extend(recovered.lines);
        self.missing = recovered.missing;
        self.bucket.resume(recovered.log);
    }

    /// Follows the feed to its end. The shutdown ends the feed; what is in it
    /// then has [`SHUTDOWN_GRACE`].
    pub(crate) async fn run(mut self, mut reader: Reader<Record>, shutdown: Shutdown) {
        let following = self.follow(&mut reader);
        let grace = async {
            shutdown.wait().await;
            tokio::time::sleep(SHUTDOWN_GRACE).await;
        };
        tokio::select! {
            () = following => {}
            () = grace => error!("the bucket did not take everything before the end"),
        }
    }

    async fn follow(&mut self, reader: &mut Reader<Record>) {
        if let Some(fact) = self.missing.take() {
            // Said before anything is deleted: the last number follows from the
            // segments or from this.
            self.say(fact).await;
        }
        self.bucket.make_room();
        self.bucket.unlist().await;
        let (stores, rendition) = (self.stores.clone(), self.rendition.clone());
        let clock = self.clock.clone();
        let older = older(stores, self.egress.clone(), rendition, self.before, clock);
        let mut older = std::pin::pin!(older);
        loop {
            let now = self.clock.now();
            let due = self.bucket.next_due().map_or(DELETE_PAUSE, |due| due.since(now));
            tokio::select! {
                batch = reader.next_batch(BATCH_MAX) => match batch {
                    Ok(records) => {
                        for record in records {
                            self.publish(record).await;
                        }
                    }
                    Err(ReadError::Lagged { missed }) => self.missed(missed),
                    Err(ReadError::Closed) => return,
                },
                adopted = &mut older, if self.before.is_some() => self.put_before(adopted),
                () = tokio::time::sleep(due.min(DELETE_PAUSE)) => self.delete().await,
            }
        }
    }

    async fn publish(&mut self, record: Record) {
        for fact in self.chronicler.handle(&record) {
            // A process before may have told it.
            if !self.ledger.has(&fact) {
                self.say(fact).await;
            }
        }
        let profile = profile_of(&record);
        for view in self.cutter.handle(&record) {
            match view {
                View::Segment(segment) => self.store(segment, profile).await,
                view @ View::Title { .. } => {
                    if let Some(range) = archive::title_range(view) {
                        self.playlists.push_title(range);
                    }
                }
            }
        }
        if let Record::Closed(closed) = record {
            self.tell(closed.number);
        }
    }

    async fn say(&mut self, fact: Fact) {
        let lines = self.bucket.append(fact).await;
        self.ledger.extend(lines);
    }

    async fn store(&mut self, segment: Segment, profile: Option<AacProfile>) {
        let number = segment.info.number.0;
        if self.playlists.window().is_past(segment.info.number) {
            // A process before has stored it.
            return;
        }
        let Some(stored) = self.bucket.put(segment, self.keep).await else {
            self.metrics.given_up.inc();
            return;
        };
        self.metrics.segments.inc();
        self.playlists.set_profile(profile);
        let removed = match self.playlists.append(stored) {
            Ok(removed) => removed,
            Err(fault) => return error!(egress = self.egress, number, %fault, "segment not listed"),
        };
        self.bucket.list(&self.playlists).await;
        // Not before: until now the bucket's playlist has named them.
        self.retire(removed, self.clock.now());
        debug!(egress = self.egress, number, "segment published");
    }

    /// Segments left the window at `now`.
    fn retire(&mut self, removed: Vec<Removed<SegmentRef>>, now: WallTime) {
        for one in removed {
            let due = one.keep_until(now).plus(self.dvr);
            self.bucket.retire(Leaving::Segment(one.segment), due);
        }
    }

    /// Older segments were found: they leave the bucket in their time.
    fn put_before(&mut self, older: Adopted) {
        self.before = None;
        let keep = self.window + self.keep;
        let leaving = older.segments.into_iter().map(|segment| {
            let due = segment.info().wall_end().plus(keep);
            (Leaving::Segment(segment), due)
        });
        self.bucket.put_before(leaving.collect());
        let due = self.clock.now().plus(keep);
        for stray in older.strays {
            self.bucket.retire(Leaving::Stray(stray), due);
        }
    }

    async fn delete(&mut self) {
        let deleted = self.bucket.delete_due().await;
        if self.before.is_some() {
            // The log's records may be those of segments that are not known yet.
            return;
        }
        let listed = self.playlists.window().first().map(SegmentRef::info);
        let oldest = self.bucket.oldest().or(listed);
        if let Some(oldest) = oldest.filter(|_| deleted)
            && let Some((before, keep)) = self.ledger.trim(oldest)
        {
            self.bucket.trim(before, keep).await;
        }
    }

    fn missed(&mut self, missed: u64) {
        error!(egress = self.egress, missed, "the bucket was away for too long: records are lost");
        self.cutter.reset();
        self.metrics.given_up.inc();
    }

    /// The publisher is done with a segment.
    fn tell(&self, number: MediaSequence) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.published = number.0;
        self.metrics.behind.set(i64::from(status.bucket_lag()));
    }
}

/// What the bucket has below a number; without one there is nothing to wait for.
async fn older(
    stores: Stores,
    egress: String,
    rendition: RenditionId,
    before: Option<MediaSequence>,
    clock: Steady,
) -> Adopted {
    match before {
        Some(before) => recovery::read_older(&stores, &egress, &rendition, before, &clock).await,
        None => std::future::pending().await,
    }
}

fn profile_of(record: &Record) -> Option<AacProfile> {
    match record {
        Record::Closed(closed) => closed.epoch.profile,
        _ => None,
    }
}
