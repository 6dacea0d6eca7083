//! The publisher task: what the programme feed says goes into the bucket, in
//! the order facts, segment, media playlist, multivariant playlist.

pub(crate) mod backlog;
pub(crate) mod bucket;
pub(crate) mod ledger;
pub(crate) mod multivariant;
pub(crate) mod shelf;
pub(crate) mod standing;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalogue::Egress;
use feed::{Chronicler, Closed, Cutter, Fact, Grid, Record, View};
use media::{EpochId, MediaSequence, Segment, SegmentInfo, SegmentRef, WallTime};
use playlists::{SEGMENTS_MIN, TitleRange};
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::{ReadError, Reader, Writer};
use store::Stores;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tracing::{debug, error};

use crate::Status;
use crate::metrics::EgressMetrics;
use crate::recovery::Recovered;
use backlog::Backlog;
use bucket::{Bucket, DELETE_PAUSE, Listing};
use ledger::Ledger;
use multivariant::Entry;
use shelf::Shelf;
use standing::{LOOK_EVERY, Standing, Word};

/// Records taken at a time: about a segment.
const BATCH_MAX: usize = 256;

/// How long the bucket has, when the process ends, for what is there already.
pub(crate) const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// One egress's publisher.
#[derive(Debug)]
pub(crate) struct Task {
    shelf: Shelf,
    /// Records that are taken from the feed and wait.
    waiting: VecDeque<Record>,
    backlog: Backlog,
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
    listed: Writer<Listed>,
    chronicler: Chronicler,
    cutter: Cutter,
    ledger: Ledger,
    /// A fact that comes before any other: what a killed process left unsaid, or that
    /// this one has joined another.
    first: Option<Fact>,
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
    /// For the publishers of the renditions that are made of it.
    pub(crate) listed: Writer<Listed>,
    /// Its part of the multivariant playlist.
    pub(crate) multivariant: Option<Entry>,
}

/// A segment of the ingest's own bytes that is listed: the other renditions list theirs of
/// that number, of the same epoch, behind it. What is put off and stored late, they put off
/// and store too.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) number: MediaSequence,
    pub(crate) epoch: EpochId,
    /// What index 0 of the epoch stands for in it.
    pub(crate) origin: WallTime,
    /// Titles that are listed with it.
    pub(crate) titles: Vec<TitleRange>,
    /// The segment itself, where it was made by this process.
    pub(crate) closed: Option<Closed>,
    pub(crate) place: Place,
}

/// Where a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the bucket, and in the live window.
    Listed,
    /// Nowhere yet: it has left the live window, because the bucket was away. Its titles may
    /// hold in what is listed.
    PutOff,
    /// In the bucket since then.
    Late,
    /// Nowhere, and nowhere to come.
    GivenUp,
}

impl Listed {
    /// One that the bucket has from before.
    fn past(info: &SegmentInfo) -> Self {
        let (number, epoch, origin) = (info.number, info.epoch, info.origin());
        Self { number, epoch, origin, titles: Vec::new(), closed: None, place: Place::Listed }
    }

    fn new(info: &SegmentInfo, titles: Vec<TitleRange>, closed: &Closed) -> Self {
        let closed = Closed { wall_start: info.wall_start, ..closed.clone() };
        Self { titles, closed: Some(closed), ..Self::past(info) }
    }

    /// Whether it is about one that was put off.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self.place, Place::Late | Place::GivenUp)
    }

    /// Bytes that it keeps in memory, roughly.
    pub(crate) fn weight(&self) -> usize {
        let titles = self.titles.iter().map(|range| range.title.weight() + size_of::<TitleRange>());
        size_of::<Self>() + titles.sum::<usize>()
    }
}

impl Task {
    pub(crate) fn new(egress: &Egress, recovered: Recovered, shared: Shared) -> Self {
        let Shared { stores, clock, status, metrics, words, listed, multivariant } = shared;
        let part = (egress.rendition_id(), multivariant);
        let bucket = Bucket::new(egress, part, stores.clone(), clock.clone(), metrics.clone());
        let target = egress.target_secs();
        let mut task = Self {
            shelf: Shelf::new(egress, egress.source_rendition(), bucket, (stores, clock)),
            waiting: VecDeque::new(),
            backlog: Backlog::default(),
            standing: Standing::default(),
            epoch: None,
            settled: None,
            seen: None,
            has_others: false,
            heard: None,
            words,
            listed,
            chronicler: Chronicler::new(target).with_rendition(&egress.rendition_id()),
            cutter: Cutter::new(target),
            ledger: Ledger::default(),
            status,
            first: None,
            metrics,
        };
        task.restore(recovered);
        task
    }

    /// Another packager may be at work; `joined` is what is to be told of that.
    pub(crate) fn beside_others(mut self, joined: Option<Fact>) -> Self {
        (self.has_others, self.first) = (true, joined);
        self
    }

    /// Lists what the bucket has from before.
    fn restore(&mut self, recovered: Recovered) {
        self.shelf.before = recovered.before;
        let Recovered { titles, profile, stored, .. } = recovered;
        let listed = &mut self.listed;
        self.shelf.list_past(&titles, profile, stored, |info| listed.push(Listed::past(info)));
        self.shelf.retire_strays(recovered.strays);
        self.ledger.extend(recovered.lines);
        self.first = recovered.missing;
        self.shelf.bucket.resume(recovered.log);
    }

    fn name(&self) -> &str {
        self.shelf.name()
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
        self.shelf.bucket.note(&self.shelf.playlists).await;
        self.shelf.bucket.make_room();
        self.shelf.bucket.unlist().await;
        let older = self.shelf.older();
        let mut older = std::pin::pin!(older);
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = self.shelf.clock.now();
            let due = self.shelf.bucket.next_due().map_or(DELETE_PAUSE, |due| due.since(now));
            let may_catch_up = self.may_catch_up() && reader.behind() == 0;
            tokio::select! {
                batch = reader.next_batch(BATCH_MAX), if self.waiting.is_empty() => match batch {
                    Ok(records) => self.waiting.extend(records),
                    Err(ReadError::Lagged { missed }) => self.missed(missed),
                    Err(ReadError::Closed) => return self.catch_up_wholly().await,
                },
                () = std::future::ready(()), if may_catch_up => self.catch_up().await,
                adopted = &mut older, if self.shelf.is_reading() => self.shelf.put_before(adopted),
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
        let grid = Grid::new(&closed.epoch.stream, self.shelf.egress.target_secs());
        let segment = grid.segment_of(closed.first_index);
        closed.end_index < grid.first_index(segment + 1)
    }

    async fn say(&mut self, fact: Fact) {
        let lines = self.shelf.bucket.append(fact.clone()).await;
        let (own, others): (Vec<_>, _) =
            lines.into_iter().partition(|(_, said)| said.as_ref() == Some(&fact));
        self.ledger.extend(own);
        self.learn(others);
    }

    async fn store(&mut self, closed: &Closed, segment: Segment) {
        let number = segment.info.number.0;
        if self.standing != Standing::Agreed
            || self.shelf.playlists.window().is_past(segment.info.number)
        {
            // Another process has stored it, or will.
            return;
        }
        self.fill_before(segment.info.number).await;
        let titles = self.ledger.history().titles_in(closed, self.shelf.egress.target_secs());
        let titles: Vec<_> = titles.into_iter().filter_map(archive::title_range).collect();
        for range in &titles {
            self.shelf.playlists.push_title(range.clone());
        }
        let mut segment = segment;
        // Where two packagers differ by a step of the clock, the first one told counts.
        let told = self.ledger.history().wall_start(segment.info.epoch, segment.info.number);
        segment.info.wall_start = told.unwrap_or(segment.info.wall_start);
        if self.is_late(segment.info.number) {
            let listed = Listed::new(&segment.info, titles, closed);
            self.listed.push(Listed { place: Place::PutOff, ..listed });
            return self.put_off(segment);
        }
        let Some(stored) = self.shelf.bucket.put(segment, self.shelf.keep()).await else {
            self.metrics.given_up.inc();
            return;
        };
        self.metrics.segments.inc();
        self.shelf.playlists.set_profile(closed.epoch.profile);
        if self.shelf.playlists.window().is_past(stored.info().number) {
            return;
        }
        let listed = Listed::new(stored.info(), titles, closed);
        if let Err(fault) = self.shelf.append(stored) {
            return error!(egress = self.name(), number, %fault, "segment not listed");
        }
        self.listed.push(listed);
        if self.is_filling(number) {
            return;
        }
        self.shelf.publish(Listing::Listed).await;
        debug!(egress = self.name(), number, "segment published");
    }

    /// Whether a window that begins anew gets more at once: a short one is not shown then.
    fn is_filling(&self, number: u64) -> bool {
        self.shelf.playlists.window().len() < SEGMENTS_MIN && self.closed() > number
    }

    async fn delete(&mut self) {
        let deleted = self.shelf.bucket.delete_due().await;
        if self.shelf.before.is_some() {
            // The log's records may be those of segments that are not known yet.
            return;
        }
        let listed = self.shelf.playlists.window().first().map(SegmentRef::info);
        let oldest = self.shelf.bucket.oldest().or(listed);
        if let Some(oldest) = oldest.filter(|_| deleted)
            && let Some((before, keep)) = self.ledger.trim(oldest)
        {
            self.shelf.bucket.trim(before, keep).await;
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
