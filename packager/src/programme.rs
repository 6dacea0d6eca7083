//! The programme task: path feeds in, programme feed out. It waits for its
//! sources and for nobody else.

mod beside;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalogue::Egress;
use feed::merge::{Begin, Event as PathEvent, Merger, Output, Rank};
use feed::{PathEntry, PathItem, PathUnit, Record, SourceInfo, Timeline};
use media::{MediaSequence, WallTime};
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::{ReadError, Reader, Writer};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::gate::Gate;
use crate::hearing::Hearing;
use crate::journal::Keeper;
use crate::left;
use crate::metrics::EgressMetrics;
use crate::numbers::Numbers;
use crate::publisher::standing::Word;
use crate::{Break, HeardFrom, Merged, PLAYED_MAX, Path, Status, ingests};

/// Items that are taken from a path feed at a time.
pub(crate) const BATCH_MAX: usize = 256;

/// The same where they are listened to: some milliseconds' work, so that no task of
/// the process waits long for it.
const HEARD_MAX: usize = 64;

/// Batches that wait for the task; the path feeds hold what comes meanwhile.
const BATCHES_MAX: usize = 4;

/// How long to wait when nothing is on air.
const IDLE: Duration = Duration::from_mins(1);

/// One egress's programme.
#[derive(Debug)]
pub(crate) struct Task {
    egress: String,
    ingests: Vec<String>,
    /// Whether silence matters to it.
    hears: bool,
    merger: Merger,
    timeline: Timeline,
    numbers: Option<Numbers>,
    keeper: Option<Keeper>,
    from: HeardFrom,
    words: Option<mpsc::Receiver<Word>>,
    /// At which place of the line the programme goes on with another packager's epoch.
    joins: Option<beside::Joins>,
    writer: Writer<Record>,
    status: Arc<Mutex<Status>>,
    metrics: EgressMetrics,
}

/// What comes next.
enum Event {
    Items(Rank, Vec<Heard>),
    Missed(Rank, u64),
    Word(Word),
    Timeout,
    Shutdown,
}

/// An item of a path, and what was heard of it.
struct Heard {
    entry: PathEntry,
    /// Of a unit that was listened to: whether it is quiet.
    is_quiet: Option<bool>,
}

impl Task {
    pub(crate) fn new(
        egress: &Egress,
        (merger, timeline): (Merger, Timeline),
        writer: Writer<Record>,
        status: Arc<Mutex<Status>>,
        metrics: EgressMetrics,
    ) -> Self {
        Self {
            egress: egress.name.as_str().to_owned(),
            ingests: ingests(egress),
            hears: egress.silence.is_some(),
            merger,
            timeline,
            numbers: None,
            keeper: None,
            from: HeardFrom::default(),
            words: None,
            joins: None,
            writer,
            status,
            metrics,
        }
    }

    /// Notes each segment's number before any reader hears of it.
    pub(crate) fn with_numbers(self, numbers: Option<Numbers>) -> Self {
        Self { numbers, ..self }
    }

    /// Keeps what is given out in a journal; what came before on the paths' feeds does
    /// not count.
    pub(crate) fn with_journal(self, keeper: Option<Keeper>, from: HeardFrom) -> Self {
        Self { keeper, from, ..self }
    }

    /// Listens to the publisher.
    pub(crate) fn with_words(self, words: mpsc::Receiver<Word>) -> Self {
        Self { words: Some(words), ..self }
    }

    pub(crate) async fn run(mut self, paths: Vec<Path>, clock: Steady, shutdown: Shutdown) {
        let mut feeds: Vec<_> = paths.iter().map(|path| path.feed.from_start()).collect();
        self.take_left(left::take(&mut feeds).await, clock.now());
        self.publish(clock.now()).await;
        let (sender, mut events) = mpsc::channel(BATCHES_MAX);
        let mut readers = JoinSet::new();
        for (rank, feed) in (0..).zip(feeds) {
            let hearing = self.hears.then(Hearing::default);
            readers.spawn(forward(Rank(rank), feed, hearing, sender.clone()));
        }
        loop {
            let event = self.select(&mut events, &clock, &shutdown).await;
            if matches!(event, Event::Shutdown) {
                // The segment under way is not closed: a short one would be a runt.
                return;
            }
            self.apply(event, clock.now());
            self.publish(clock.now()).await;
        }
    }

    /// What a process before has left: while one path goes on with the line, nothing
    /// else is begun for the sake of another one that had not been found in it.
    fn take_left(&mut self, left: left::Left, now: WallTime) {
        for (rank, entry) in left.entries {
            self.take(rank, entry, now);
        }
        let is_found = |rank: &Rank| self.merger.next_place(*rank).is_some();
        let (found, sought): (Vec<_>, Vec<_>) =
            left.gone.into_iter().partition(|(rank, _)| is_found(rank));
        for (rank, entry) in sought.into_iter().chain(found) {
            self.take(rank, entry, now);
        }
        self.apply(Event::Timeout, now);
    }

    async fn select(
        &mut self,
        events: &mut mpsc::Receiver<Event>,
        clock: &Steady,
        shutdown: &Shutdown,
    ) -> Event {
        let due = self.merger.poll_timeout().map_or(IDLE, |due| due.since(clock.now()));
        tokio::select! {
            () = shutdown.wait() => Event::Shutdown,
            // `self` keeps no sender, but each path's reader does.
            event = events.recv() => event.unwrap_or(Event::Shutdown),
            Some(word) = next_word(&mut self.words) => Event::Word(word),
            () = tokio::time::sleep(due) => Event::Timeout,
        }
    }

    fn apply(&mut self, event: Event, now: WallTime) {
        match event {
            Event::Items(rank, items) => {
                for heard in items {
                    self.measured(rank, &heard);
                    self.take(rank, heard.entry, now);
                }
            }
            Event::Missed(rank, missed) => {
                warn!(egress = self.egress, rank = rank.0, missed, "path feed read too late");
                self.metrics.lagged.inc_by(missed);
                self.merger.handle_missed(rank);
            }
            Event::Word(word) => self.hear(word),
            Event::Timeout => self.merger.handle_timeout(now),
            Event::Shutdown => {}
        }
        self.number();
        self.log();
    }

    fn measured(&mut self, rank: Rank, heard: &Heard) {
        if let (PathItem::Unit(unit), Some(is_quiet)) = (&heard.entry.item, heard.is_quiet) {
            let length = unit.header.stream.frame_duration();
            self.merger.handle_loudness(rank, is_quiet, length);
        }
    }

    fn take(&mut self, rank: Rank, entry: PathEntry, now: WallTime) {
        let gate = self.from.gates.get_mut(usize::from(rank.0));
        if gate.is_some_and(|gate| !gate.lets_in(&entry)) {
            return;
        }
        match entry.item {
            PathItem::Connected(info) => self.merger.handle_connected(rank, info),
            PathItem::Unit(unit) if unit.arrival < self.from.since => {}
            PathItem::Unit(unit) => {
                if !self.merger.is_connected(rank) {
                    let info = self.source(rank, &unit);
                    self.merger.handle_connected(rank, info);
                }
                self.merger.handle_unit(rank, unit, now);
                self.number();
                if let Some(keeper) = &mut self.keeper {
                    keeper.unit(rank, entry.position, &self.merger);
                }
            }
            PathItem::Title(title) => self.merger.handle_title(rank, title),
            PathItem::Gone => self.merger.handle_gone(rank, now),
        }
    }

    /// The source of a path whose first unit that counts is in the midst of its feed.
    fn source(&mut self, rank: Rank, unit: &PathUnit) -> SourceInfo {
        let gate = self.from.gates.get_mut(usize::from(rank.0));
        gate.and_then(Gate::take_source).unwrap_or_else(|| {
            // The beginning of its journal is gone.
            let profile = self.timeline.epoch().and_then(|epoch| epoch.profile);
            SourceInfo { header: unit.header, profile }
        })
    }

    /// What the merge gives out goes on the timeline.
    fn number(&mut self) {
        let outputs: Vec<Output> = std::iter::from_fn(|| self.merger.next_output()).collect();
        let is_unit = |output: &&Output| matches!(output, Output::Unit(_));
        let mut left = outputs.iter().filter(is_unit).count() as u64;
        let released = self.merger.released();
        for output in outputs {
            match &output {
                Output::Unit(_) => {
                    let place = released.and_then(|released| released.checked_sub(left));
                    left -= 1;
                    if !self.passes(place) {
                        continue;
                    }
                }
                // Places are counted anew.
                Output::Begins(_) | Output::Ends => self.joins = None,
                Output::Title(_) => {}
            }
            self.keep(&output);
            if let Output::Begins(begin) = &output {
                self.say(*begin);
            }
            self.timeline.handle_output(output);
        }
    }

    fn keep(&mut self, output: &Output) {
        let Some(keeper) = &mut self.keeper else { return };
        if let Output::Unit(_) = output
            && let Some(snapshot) = self.timeline.snapshot()
        {
            keeper.snapshot(snapshot);
        }
        keeper.output(output);
    }

    fn say(&self, begin: Begin) {
        if let Some(ingest) = begin.rank.map(|rank| self.ingest(rank)) {
            info!(egress = self.egress, ingest, cause = %begin.cause, "ingest on air");
        } else {
            warn!(egress = self.egress, cause = %begin.cause, "fallback on air");
        }
    }

    fn log(&mut self) {
        while let Some(event) = self.merger.next_event() {
            let egress = &self.egress;
            match event {
                PathEvent::Locked { rank, lag_nanos } => {
                    let (ingest, lag_ms) = (self.ingest(rank), lag_nanos / 1_000_000);
                    info!(egress, ingest, lag_ms, "path locked");
                }
                PathEvent::Mismatched(rank) => {
                    info!(egress, ingest = self.ingest(rank), "path does not match the programme");
                }
                PathEvent::Gone(rank) => info!(egress, ingest = self.ingest(rank), "path gone"),
                PathEvent::Silent(rank) => {
                    warn!(egress, ingest = self.ingest(rank), "path silent");
                }
                PathEvent::Sounds(rank) => {
                    info!(egress, ingest = self.ingest(rank), "path has sound again");
                }
                PathEvent::Mended { rank, units } => {
                    info!(egress, ingest = self.ingest(rank), units, "frames put in their place");
                }
            }
        }
    }

    fn ingest(&self, rank: Rank) -> String {
        self.ingests.get(usize::from(rank.0)).cloned().unwrap_or_default()
    }

    /// Gives the records to their readers, once the numbers in them are noted.
    async fn publish(&mut self, now: WallTime) {
        let records: Vec<_> = std::iter::from_fn(|| self.timeline.next_record()).collect();
        let mut newest = None;
        for record in &records {
            match record {
                Record::Unit(_) => {
                    self.metrics.units.inc();
                }
                Record::Epoch(epoch) => {
                    self.metrics.epochs.inc();
                    info!(egress = self.egress, epoch = %epoch.id, first = epoch.first_number.0, "epoch begins");
                }
                Record::Ended(epoch) => {
                    info!(egress = self.egress, epoch = %epoch, "epoch ended");
                }
                Record::Closed(closed) => newest = Some(closed.number),
                Record::Title(_) | Record::Clock(_) => {}
            }
        }
        if let Some(keeper) = &mut self.keeper {
            let places = keeper.places(&self.ingests, &self.merger, now);
            // What is listed from now on stays what it is.
            keeper.write(places, newest.is_some()).await;
        }
        if let Some(number) = newest {
            self.note(number).await;
        }
        let begun: Vec<_> = records
            .iter()
            .filter_map(|record| match record {
                Record::Title(mark) => Some((now, Arc::clone(&mark.title))),
                _ => None,
            })
            .collect();
        self.writer.extend(records);
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.closed = newest.map_or(status.closed, |number| number.0);
        self.metrics.behind.set(i64::from(status.bucket_lag()));
        status.source = self.merger.on_air(now).map(|rank| self.ingest(rank));
        self.show_merge(&mut status.merge, now);
        status.epoch = self.timeline.epoch().map(|epoch| epoch.id.to_string());
        for title in begun {
            status.played.push_front(title);
        }
        status.played.truncate(PLAYED_MAX);
        status.title.clone_from(&self.timeline.resume().title);
    }

    /// Brings what the merge says of itself up to date, in its place: that is for
    /// every batch of units.
    fn show_merge(&self, shown: &mut Merged, now: WallTime) {
        for (rank, ingest) in (0..).map(Rank).zip(&self.ingests) {
            let Some(status) = self.merger.status(rank, now) else { continue };
            match shown.paths.get_mut(usize::from(rank.0)) {
                Some((_, path)) => *path = status,
                None => shown.paths.push((ingest.clone(), status)),
            }
        }
        let (lines, begun) = self.merger.lines();
        let breaks = lines.saturating_sub(1);
        if shown.breaks != breaks {
            // Of the fallback nothing is heard again.
            let followed = shown.last_break.as_ref().is_none_or(|last| last.ingest.is_some());
            let last = begun.map(|Begin { rank, cause, .. }| {
                let ingest = rank.map(|rank| self.ingest(rank));
                let offset = ingest.as_ref().and_then(|ingest| shown.offsets.of(ingest));
                Break { ingest, cause, offset_nanos: offset.filter(|_| followed) }
            });
            (shown.breaks, shown.last_break) = (breaks, last);
        }
        shown.totals = self.merger.totals();
        shown.late = self.merger.late();
        shown.plays_fallback = self.merger.plays_fallback();
    }

    async fn note(&self, number: MediaSequence) {
        if let Some(numbers) = &self.numbers
            && let Err(error) = numbers.note(number).await
        {
            warn!(egress = self.egress, number = number.0, %error, "number not noted on disk");
        }
    }
}

/// The publisher's next word; none ever comes where there is no publisher.
async fn next_word(words: &mut Option<mpsc::Receiver<Word>>) -> Option<Word> {
    match words {
        Some(words) => words.recv().await,
        None => std::future::pending().await,
    }
}

/// Carries a path feed to the task, in batches, and listens to it if that is wanted.
async fn forward(
    rank: Rank,
    mut reader: Reader<PathEntry>,
    mut hearing: Option<Hearing>,
    events: mpsc::Sender<Event>,
) {
    let batch_max = hearing.as_ref().map_or(BATCH_MAX, |_| HEARD_MAX);
    loop {
        let event = match reader.next_batch(batch_max).await {
            Ok(items) => {
                let mut heard = Vec::with_capacity(items.len());
                for entry in items {
                    let is_quiet = hearing.as_mut().and_then(|hearing| hearing.listen(&entry.item));
                    heard.push(Heard { entry, is_quiet });
                }
                Event::Items(rank, heard)
            }
            Err(ReadError::Lagged { missed }) => Event::Missed(rank, missed),
            Err(ReadError::Closed) => return,
        };
        if events.send(event).await.is_err() {
            return;
        }
    }
}
