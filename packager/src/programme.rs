//! The programme task: path feeds in, programme feed out. It waits for its
//! sources and for nobody else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalogue::Egress;
use feed::{Choice, PathItem, PathUnit, Rank, Record, Selector, SourceInfo, Timeline};
use media::{MediaSequence, Title, WallTime};
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::{ReadError, Reader, Writer};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::metrics::EgressMetrics;
use crate::numbers::Numbers;
use crate::{PLAYED_MAX, Path, Status};

/// Items that are taken from a path feed at a time.
const BATCH_MAX: usize = 256;

/// Batches that wait for the task; the path feeds hold what comes meanwhile.
const BATCHES_MAX: usize = 4;

/// How long to wait when nothing is on air.
const IDLE: Duration = Duration::from_mins(1);

/// One egress's programme.
#[derive(Debug)]
pub(crate) struct Task {
    egress: String,
    ingests: Vec<String>,
    /// What each path's source showed of itself, by rank.
    sources: Vec<Option<SourceInfo>>,
    /// What each path's source said last of its title, by rank.
    titles: Vec<Option<Arc<Title>>>,
    selector: Selector,
    timeline: Timeline,
    numbers: Option<Numbers>,
    writer: Writer<Record>,
    status: Arc<Mutex<Status>>,
    metrics: EgressMetrics,
}

/// What comes next.
enum Event {
    Items(Rank, Vec<PathItem>),
    Missed(Rank, u64),
    Timeout,
    Shutdown,
}

impl Task {
    pub(crate) fn new(
        egress: &Egress,
        timeline: Timeline,
        writer: Writer<Record>,
        status: Arc<Mutex<Status>>,
        metrics: EgressMetrics,
    ) -> Self {
        let ingests: Vec<_> = egress.ingests.iter().map(|name| name.as_str().to_owned()).collect();
        Self {
            egress: egress.name.as_str().to_owned(),
            sources: vec![None; ingests.len()],
            titles: vec![None; ingests.len()],
            ingests,
            selector: Selector::default(),
            timeline,
            numbers: None,
            writer,
            status,
            metrics,
        }
    }

    /// Notes each segment's number before any reader hears of it.
    pub(crate) fn with_numbers(self, numbers: Option<Numbers>) -> Self {
        Self { numbers, ..self }
    }

    pub(crate) async fn run(mut self, paths: Vec<Path>, clock: Steady, shutdown: Shutdown) {
        let (sender, mut events) = mpsc::channel(BATCHES_MAX);
        let mut readers = JoinSet::new();
        for (rank, path) in (0..).zip(paths) {
            readers.spawn(forward(Rank(rank), path.feed.from_start(), sender.clone()));
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

    async fn select(
        &self,
        events: &mut mpsc::Receiver<Event>,
        clock: &Steady,
        shutdown: &Shutdown,
    ) -> Event {
        let due = self.timeline.poll_timeout().map_or(IDLE, |due| due.since(clock.now()));
        tokio::select! {
            () = shutdown.wait() => Event::Shutdown,
            // `self` keeps no sender, but each path's reader does.
            event = events.recv() => event.unwrap_or(Event::Shutdown),
            () = tokio::time::sleep(due) => Event::Timeout,
        }
    }

    fn apply(&mut self, event: Event, now: WallTime) {
        match event {
            Event::Items(rank, items) => {
                for item in items {
                    self.take(rank, item);
                }
            }
            Event::Missed(rank, missed) => {
                warn!(egress = self.egress, rank = rank.0, missed, "path feed read too late");
                self.metrics.lagged.inc_by(missed);
                if self.selector.is_on_air(rank) {
                    self.timeline.handle_source(self.profile(rank));
                }
            }
            Event::Timeout => self.timeline.handle_timeout(now),
            Event::Shutdown => {}
        }
    }

    fn take(&mut self, rank: Rank, item: PathItem) {
        match item {
            PathItem::Connected(info) => {
                if let Some(source) = self.sources.get_mut(usize::from(rank.0)) {
                    *source = Some(info);
                }
                if self.selector.is_on_air(rank) {
                    self.timeline.handle_source(info.profile);
                }
            }
            PathItem::Unit(unit) => self.take_unit(rank, unit),
            PathItem::Title(title) => {
                if self.selector.is_on_air(rank) {
                    self.timeline.handle_title(Arc::clone(&title));
                }
                self.remember_title(rank, Some(title));
            }
            PathItem::Gone => {
                self.selector.handle_gone(rank);
                self.remember_title(rank, None);
            }
        }
    }

    fn remember_title(&mut self, rank: Rank, title: Option<Arc<Title>>) {
        if let Some(known) = self.titles.get_mut(usize::from(rank.0)) {
            *known = title;
        }
    }

    fn take_unit(&mut self, rank: Rank, unit: PathUnit) {
        match self.selector.handle_unit(rank, unit.arrival) {
            Choice::OnAir => {}
            Choice::Switched => {
                let ingest = self.ingest(rank);
                info!(egress = self.egress, ingest, "ingest on air");
                self.timeline.handle_source(self.profile(rank));
                // It told its title while another one was on air, or before
                // its first unit.
                if let Some(title) = self.titles.get(usize::from(rank.0)).cloned().flatten() {
                    self.timeline.handle_title(title);
                }
            }
            Choice::Spare => return,
        }
        self.timeline.handle_unit(unit);
    }

    fn profile(&self, rank: Rank) -> Option<media::AacProfile> {
        let source = self.sources.get(usize::from(rank.0)).copied().flatten();
        source.and_then(|info| info.profile)
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
                Record::Title(_) => {}
            }
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
        status.source = self.selector.on_air().map(|rank| self.ingest(rank));
        status.epoch = self.timeline.epoch().map(|epoch| epoch.id.to_string());
        for title in begun {
            status.played.push_front(title);
        }
        status.played.truncate(PLAYED_MAX);
        status.title.clone_from(&self.timeline.resume().title);
    }

    async fn note(&self, number: MediaSequence) {
        if let Some(numbers) = &self.numbers
            && let Err(error) = numbers.note(number).await
        {
            warn!(egress = self.egress, number = number.0, %error, "number not noted on disk");
        }
    }
}

/// Carries a path feed to the task, in batches.
async fn forward(rank: Rank, mut reader: Reader<PathItem>, events: mpsc::Sender<Event>) {
    loop {
        let event = match reader.next_batch(BATCH_MAX).await {
            Ok(items) => Event::Items(rank, items),
            Err(ReadError::Lagged { missed }) => Event::Missed(rank, missed),
            Err(ReadError::Closed) => return,
        };
        if events.send(event).await.is_err() {
            return;
        }
    }
}
