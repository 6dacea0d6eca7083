//! The publisher task: what the programme feed says goes into the bucket, in
//! the order facts, segment, media playlist, multivariant playlist.

mod backlog;
pub(crate) mod bucket;
pub(crate) mod ledger;
pub(crate) mod standing;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use archive::Adopted;
use catalogue::Egress;
use feed::{Chronicler, Closed, Cutter, Fact, Grid, Record, View};
use media::{AacProfile, EpochId, MediaSequence, Segment, SegmentRef, WallTime};
use playlists::{LivePlaylists, Removed, SEGMENTS_MIN, TitleRange};
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::{ReadError, Reader};
use store::Stores;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tracing::{debug, error, warn};

use crate::metrics::EgressMetrics;
use crate::recovery::{self, Recovered};
use crate::retention::Leaving;
use crate::{Status, segment_keep};
use backlog::Backlog;
use bucket::{Bucket, DELETE_PAUSE};
use ledger::Ledger;
use standing::{LOOK_EVERY, Standing, Word};

/// Records taken at a time: about a segment.
const BATCH_MAX: usize = 256;

/// How long the bucket has, when the process ends, for what is there already.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// One egress's publisher.
#[derive(Debug)]
pub(crate) struct Task {
    egress: Egress,
    keep: Duration,
    /// Records that are taken from the feed and wait.
    waiting: VecDeque<Record>,
    backlog: Backlog,
    /// Segments that have left the window, and are listed in the bucket until the next
    /// playlist.
    leaving: Vec<Removed<SegmentRef>>,
    standing: Standing,
    /// The feed's epoch, once that has been told.
    epoch: Option<EpochId>,
    /// The epoch of which it is known that nobody goes on with it.
    settled: Option<EpochId>,
    /// What was the newest of the log's epoch in the bucket at the last look, and since
    /// when that is so.
    seen: Option<((EpochId, Option<MediaSequence>), WallTime)>,
    /// Whether another packager may be at work on the programme.
    has_others: bool,
    /// When the log was read last.
    heard: Option<WallTime>,
    words: mpsc::Sender<Word>,
    chronicler: Chronicler,
    cutter: Cutter,
    playlists: LivePlaylists<SegmentRef>,
    ledger: Ledger,
    bucket: Bucket,
    /// A fact that comes before any other: what a killed process left unsaid, or that
    /// this one has joined another.
    first: Option<Fact>,
    /// What the bucket has below this number is not known yet.
    before: Option<MediaSequence>,
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
    pub(crate) words: mpsc::Sender<Word>,
}

impl Task {
    pub(crate) fn new(egress: &Egress, recovered: Recovered, shared: Shared) -> Self {
        let Shared { stores, clock, status, metrics, words } = shared;
        let target = egress.target_secs();
        let mut task = Self {
            egress: egress.clone(),
            keep: segment_keep(egress),
            waiting: VecDeque::new(),
            backlog: Backlog::default(),
            leaving: Vec::new(),
            standing: Standing::default(),
            epoch: None,
            settled: None,
            seen: None,
            has_others: false,
            heard: None,
            words,
            chronicler: Chronicler::new(target),
            cutter: Cutter::new(target),
            playlists: Self::playlists(egress),
            ledger: Ledger::default(),
            bucket: Bucket::new(egress, stores.clone(), clock.clone(), metrics.clone()),
            before: recovered.before,
            stores,
            clock,
            status,
            first: None,
            metrics,
        };
        task.restore(recovered);
        task
    }

    fn playlists(egress: &Egress) -> LivePlaylists<SegmentRef> {
        LivePlaylists::new(egress.target_secs().into(), egress.mount.window)
    }

    /// Another packager may be at work; `joined` is what is to be told of that.
    pub(crate) fn beside_others(mut self, joined: Option<Fact>) -> Self {
        (self.has_others, self.first) = (true, joined);
        self
    }

    /// Lists what the bucket has from before.
    fn restore(&mut self, recovered: Recovered) {
        let keep = self.egress.mount.window + self.keep;
        self.list_past(&recovered.titles, recovered.profile, recovered.stored);
        for stray in recovered.strays {
            // A playlist of the process before may have listed it until now.
            self.bucket.retire(Leaving::Stray(stray), self.clock.now().plus(keep));
        }
        self.ledger.extend(recovered.lines);
        self.first = recovered.missing;
        self.bucket.resume(recovered.log);
    }

    fn list_past(
        &mut self,
        titles: &[TitleRange],
        profile: Option<AacProfile>,
        stored: Vec<SegmentRef>,
    ) {
        let ended = stored.last().map(|last| last.info().wall_end());
        for range in titles {
            // The date of a later one is not settled yet.
            if ended.is_none_or(|ended| range.start < ended) {
                self.playlists.push_title(range.clone());
            }
        }
        self.playlists.set_profile(profile);
        let listed_from = recovery::listed_from(&stored, &self.egress, self.clock.now());
        for (index, segment) in stored.into_iter().enumerate() {
            // When it left the window is not known any more: as late as can be.
            let left = segment.info().wall_end().plus(self.egress.mount.window);
            if index < listed_from {
                self.bucket.retire(Leaving::Segment(segment), left.plus(self.keep));
                continue;
            }
            match self.playlists.append(segment) {
                Ok(removed) => self.retire(removed, left),
                Err(fault) => warn!(egress = self.name(), %fault, "stored segment not listed"),
            }
        }
    }

    fn name(&self) -> &str {
        self.egress.name.as_str()
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
        if let Some(fact) = self.first.take() {
            // Said before anything is deleted: the last number follows from the
            // segments or from this.
            self.say(fact).await;
        }
        self.bucket.make_room();
        self.bucket.unlist().await;
        let (stores, clock) = (self.stores.clone(), self.clock.clone());
        let older = older(stores, self.egress.clone(), self.before, clock);
        let mut older = std::pin::pin!(older);
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = self.clock.now();
            let due = self.bucket.next_due().map_or(DELETE_PAUSE, |due| due.since(now));
            let may_catch_up = self.may_catch_up() && reader.behind() == 0;
            tokio::select! {
                batch = reader.next_batch(BATCH_MAX), if self.waiting.is_empty() => match batch {
                    Ok(records) => self.waiting.extend(records),
                    Err(ReadError::Lagged { missed }) => self.missed(missed),
                    Err(ReadError::Closed) => return self.catch_up_wholly().await,
                },
                () = std::future::ready(()), if may_catch_up => self.catch_up().await,
                adopted = &mut older, if self.before.is_some() => self.put_before(adopted),
                _ = looks.tick(), if self.standing != Standing::Agreed => self.look().await,
                () = tokio::time::sleep(due.min(DELETE_PAUSE)) => self.delete().await,
            }
            self.work().await;
        }
    }

    /// Goes on with the records that wait, as far as that may be.
    async fn work(&mut self) {
        while self.standing != Standing::Doubt
            && let Some(record) = self.waiting.pop_front()
        {
            if let Record::Closed(closed) = &record
                && self.wants_to_hear(closed.number)
            {
                self.hear().await;
            }
            if self.raises_doubt(&record) {
                self.standing = Standing::Doubt;
                return self.waiting.push_front(record);
            }
            self.publish(record).await;
        }
    }

    async fn publish(&mut self, record: Record) {
        if let Record::Epoch(epoch) = &record
            && let Some(joined) = self.enter(epoch.id)
        {
            self.say(joined).await;
        }
        for fact in self.chronicler.handle(&record) {
            // A process before may have told it, or one beside this.
            if self.is_news(&fact, &record) {
                self.say(fact).await;
            }
        }
        let views = self.cutter.handle(&record);
        let Record::Closed(closed) = record else { return };
        for view in views {
            // Titles are listed as the log has them.
            if let View::Segment(segment) = view {
                self.store(&closed, segment).await;
            }
        }
        self.tell(closed.number);
    }

    /// Whether a segment is an epoch's last, and not as long as the others.
    fn is_short(&self, closed: &Closed) -> bool {
        let grid = Grid::new(&closed.epoch.stream, self.egress.target_secs());
        let segment = grid.segment_of(closed.first_index);
        closed.end_index < grid.first_index(segment + 1)
    }

    async fn say(&mut self, fact: Fact) {
        let lines = self.bucket.append(fact.clone()).await;
        let (own, others): (Vec<_>, _) =
            lines.into_iter().partition(|(_, said)| said.as_ref() == Some(&fact));
        self.ledger.extend(own);
        self.learn(others);
    }

    async fn store(&mut self, closed: &Closed, segment: Segment) {
        let number = segment.info.number.0;
        if self.standing != Standing::Agreed || self.playlists.window().is_past(segment.info.number)
        {
            // Another process has stored it, or will.
            return;
        }
        self.fill_before(segment.info.number).await;
        let titles = self.ledger.history().titles_in(closed, self.egress.target_secs());
        for range in titles.into_iter().filter_map(archive::title_range) {
            self.playlists.push_title(range);
        }
        let mut segment = segment;
        // Where two packagers differ by a step of the clock, the first one told counts.
        let told = self.ledger.history().wall_start(segment.info.epoch, segment.info.number);
        segment.info.wall_start = told.unwrap_or(segment.info.wall_start);
        if self.is_late(segment.info.number) {
            return self.put_off(segment);
        }
        let Some(stored) = self.bucket.put(segment, self.keep).await else {
            self.metrics.given_up.inc();
            return;
        };
        self.metrics.segments.inc();
        self.playlists.set_profile(closed.epoch.profile);
        if self.playlists.window().is_past(stored.info().number) {
            return;
        }
        let removed = match self.playlists.append(stored) {
            Ok(removed) => removed,
            Err(fault) => return error!(egress = self.name(), number, %fault, "segment not listed"),
        };
        self.leaving.extend(removed);
        if self.is_filling(number) {
            return;
        }
        self.bucket.list(&self.playlists).await;
        // Not before: until now the bucket's playlist has named them.
        let removed = std::mem::take(&mut self.leaving);
        self.retire(removed, self.clock.now());
        debug!(egress = self.name(), number, "segment published");
    }

    /// Whether a window that begins anew gets more at once: a short one is not shown then.
    fn is_filling(&self, number: u64) -> bool {
        self.playlists.window().len() < SEGMENTS_MIN && self.closed() > number
    }

    /// Segments left the window at `now`.
    fn retire(&mut self, removed: Vec<Removed<SegmentRef>>, now: WallTime) {
        for one in removed {
            let due = one.keep_until(now).plus(self.egress.dvr);
            self.bucket.retire(Leaving::Segment(one.segment), due);
        }
    }

    /// Older segments were found: they leave the bucket in their time.
    fn put_before(&mut self, older: Adopted) {
        self.before = None;
        let keep = self.egress.mount.window + self.keep;
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
        error!(egress = self.name(), missed, "the bucket was away for too long: records are lost");
        self.cutter.reset();
        self.metrics.given_up.inc();
    }

    /// The publisher is done with a segment, but for what is put off.
    fn tell(&self, number: MediaSequence) {
        self.status().published = number.0;
        self.show_lag();
    }

    fn show_lag(&self) {
        let mut status = self.status();
        status.put_off = self.backlog.len();
        self.metrics.behind.set(i64::from(status.bucket_lag()));
    }

    /// Number of the newest segment that there is.
    fn closed(&self) -> u64 {
        self.status().closed
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing that was read waits, and something older does.
    fn may_catch_up(&self) -> bool {
        self.waiting.is_empty() && !self.backlog.is_empty()
    }
}

/// What the bucket has below a number; without one there is nothing to wait for.
async fn older(
    stores: Stores,
    egress: Egress,
    before: Option<MediaSequence>,
    clock: Steady,
) -> Adopted {
    match before {
        Some(before) => recovery::read_older(&stores, &egress, before, &clock).await,
        None => std::future::pending().await,
    }
}
