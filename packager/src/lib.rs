//! The packager role: path feeds to programme feed, segments and playlists in
//! the bucket.
//!
//! For each programme two tasks. The *programme* task reads the path feeds and
//! makes the programme feed; it waits for nobody. The *publisher* task reads
//! the programme feed as any other reader does and stores what follows from it:
//! facts, segments, playlists, in this order.

mod gate;
mod hearing;
mod join;
mod journal;
mod left;
mod metrics;
mod numbers;
mod offsets;
mod programme;
mod publisher;
mod recovery;
mod renditions;
mod resume;
mod retention;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::journal::Desk;
use catalogue::Egress;
use feed::merge::{Cause, Fallback, Merger, PathStatus, SOURCE_TIMEOUT, Settings, Totals};
use feed::{Epoch, Fact, OwnFrom, PathEntry, Record, Timeline};
use media::{AacProfile, MediaSequence, SegmentInfo, Title, WallTime};
use playlists::TitleRange;
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::pool::Pool;
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Tail};
use store::Stores;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::gate::Gate;
use crate::journal::{Entry, Keeper};
use crate::recovery::{Patience, Recovered};
use crate::resume::Resumed;

use crate::metrics::EgressMetrics;
use crate::numbers::Numbers;
use crate::publisher::Listed;
use crate::publisher::multivariant::Multivariant;
use crate::publisher::standing::Word;
use crate::renditions::Source;

pub use crate::metrics::Metrics;
pub use crate::offsets::Offsets;
pub use crate::renditions::{Made, Progress, RenditionStatus};

/// What a programme feed holds for readers that are late: ten minutes of
/// 320 kbit/s. A bucket that is away for longer misses segments.
const FEED_LIMITS: tail::Limits = tail::Limits { items_max: 65_536, weight_max: 28 << 20 };

/// Words of a programme's publisher that wait for it.
const WORDS_MAX: usize = 64;

/// What the publishers of renditions may be behind the programme's: more than the feed
/// holds, each put off and stored late.
const LISTED_LIMITS: tail::Limits = tail::Limits { items_max: 4_096, weight_max: 8 << 20 };

/// What all programmes of a process share.
#[derive(Debug, Clone)]
pub struct Packager {
    stores: Stores,
    clock: Steady,
    shutdown: Shutdown,
    metrics: Metrics,
    patience: Patience,
    source_timeout: Duration,
    data: Option<PathBuf>,
    desk: Option<Desk>,
    /// Who measures the time between encoders decodes a lot: one programme at a time.
    turn: Arc<Semaphore>,
    /// Where renditions are encoded.
    pool: Pool,
}

/// An egress's programme, as its readers see it.
#[derive(Debug, Clone)]
pub struct Programme {
    /// The records, from now on.
    pub feed: Tail<Record>,
    /// What the bucket has from before the process began, oldest first.
    pub past: Arc<Past>,
    /// The renditions that are made of it, in the order of the multivariant playlist.
    pub made: Vec<Made>,
    /// Where it is stored.
    pub stores: Stores,
    status: Arc<Mutex<Status>>,
}

/// What was listed before the process began.
#[derive(Debug, Default)]
pub struct Past {
    /// The segments of the live window, oldest first.
    pub segments: Vec<SegmentInfo>,
    /// Which AAC tools they use.
    pub profile: Option<AacProfile>,
    /// The titles that it needs.
    pub titles: Vec<TitleRange>,
}

/// What a programme says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The ingest on air, by name.
    pub source: Option<String>,
    /// The running epoch's name.
    pub epoch: Option<String>,
    /// The title on air.
    pub title: Option<Arc<Title>>,
    /// The titles that began since the process did, and when; the newest first,
    /// at most [`PLAYED_MAX`].
    pub played: VecDeque<(WallTime, Arc<Title>)>,
    /// Number of the newest segment closed; before the first, the one before it.
    pub closed: u64,
    /// Number of the newest that the publisher is done with, likewise.
    pub published: u64,
    /// Older segments that it stores behind those of the live window.
    pub put_off: u64,
    /// Its paths, and what became of their frames.
    pub merge: Merged,
}

/// What the merge of a programme's paths says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Each path by its ingest's name, in the order of preference.
    pub paths: Vec<(String, PathStatus)>,
    /// What became of the frames.
    pub totals: Totals,
    /// How much later than `hold_back` the output is: it has waited for a slow path.
    pub late: Duration,
    /// Times that what came out did not continue what was before, the first not
    /// counted.
    pub breaks: u64,
    /// The last of these.
    pub last_break: Option<Break>,
    /// The time between those of its paths that are other encoders of it.
    pub offsets: Offsets,
    /// Whether the fallback is on air.
    pub plays_fallback: bool,
}

/// What came out did not continue what was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Whose frames followed; `None` for the fallback.
    pub ingest: Option<String>,
    /// Why.
    pub cause: Cause,
    /// How much later that ingest brings the same sound than the one before, in
    /// nanoseconds, where it is known to be another encoder of the programme: so much
    /// was heard twice, or not at all where it is below zero.
    pub offset_nanos: Option<i64>,
}

/// Titles that a programme remembers for those who ask what was played. As many
/// as SHOUTcast shows.
pub const PLAYED_MAX: usize = 20;

/// An ingest of an egress: its name and its path feed.
#[derive(Debug)]
pub struct Path {
    /// The ingest's name.
    pub ingest: String,
    /// Its path feed.
    pub feed: Tail<PathEntry>,
    /// The position from which on the feed is no earlier process's: what is before
    /// it counts only where the programme goes on.
    pub own_from: OwnFrom,
}

impl Packager {
    /// A packager that stores into these buckets.
    pub fn new(stores: Stores, clock: Steady, shutdown: Shutdown, registry: &mut Registry) -> Self {
        let metrics = Metrics::register(registry);
        Self {
            stores,
            clock,
            shutdown,
            metrics,
            patience: Patience::default(),
            source_timeout: SOURCE_TIMEOUT,
            data: None,
            desk: None,
            turn: Arc::new(Semaphore::new(1)),
            pool: Pool::inline(),
        }
    }

    /// Keeps a programme's epoch open for as long as the ingests keep a silent
    /// source, where no other path goes on.
    #[must_use]
    pub fn with_source_timeout(self, source_timeout: Duration) -> Self {
        Self { source_timeout, ..self }
    }

    /// Notes the last number that listeners may have seen beneath `data`.
    /// Without it the bucket alone tells which numbers are used.
    #[must_use]
    pub fn with_data(self, data: PathBuf) -> Self {
        Self { data: Some(data), ..self }
    }

    /// Keeps what the programmes give out in journals beneath `data`, so that another
    /// process goes on in the midst of a segment.
    #[must_use]
    pub fn with_journals(self, desk: Desk) -> Self {
        Self { desk: Some(desk), ..self }
    }

    /// Begins a programme: reads what is known of it, then follows its paths,
    /// in the order of preference.
    ///
    /// Its tasks join `tasks` and end with the shutdown.
    pub async fn start(
        &self,
        egress: &Egress,
        paths: Vec<Path>,
        tasks: &mut JoinSet<()>,
    ) -> Programme {
        let name = egress.name.as_str();
        let Beginning { recovered, resumed, numbers, keeper, has_others, joined } =
            self.begin(egress).await;
        let past = Arc::new(recovered.past(egress, self.clock.now()));
        let before = recovered.resume.next_number.0.saturating_sub(1);
        let status = Status { closed: before, published: before, ..Status::default() };
        let status = Arc::new(Mutex::new(status));
        self.metrics.programmes.add(name, Arc::clone(&status));
        let (mut writer, feed) = tail::tail(FEED_LIMITS, Record::weight);
        let metrics = self.metrics.of(name);
        let mut heard_from = HeardFrom {
            gates: paths.iter().map(|path| Gate::new(path.own_from.clone())).collect(),
            since: WallTime::default(),
        };
        let mut merger = self.merger(egress, paths.len());
        let mut goes_on = None;
        let timeline = match resumed {
            Some(resumed) => {
                heard_from.goes_on(&resumed);
                goes_on =
                    resumed.timeline.epoch().map(|epoch| (*epoch, first_unit(&resumed.records)));
                merger.resume(resumed.merge, self.clock.now());
                writer.extend(resumed.records);
                resumed.timeline
            }
            None => Timeline::new(egress.target_secs(), recovered.resume.clone()),
        };
        let (words, heard) = mpsc::channel(WORDS_MAX);
        let merge = (merger, timeline);
        let programme =
            programme::Task::new(egress, merge, writer, Arc::clone(&status), metrics.clone())
                .with_numbers(numbers)
                .with_journal(keeper, heard_from)
                .with_words(heard);
        if paths.len() > 1 {
            let offsets = offsets::Task::new(name, &paths, &status, &self.turn, &self.clock);
            tasks.spawn(offsets.run(self.shutdown.clone()));
        }
        tasks.spawn(programme.run(paths, self.clock.clone(), self.shutdown.clone()));
        let publishing = Publishing {
            egress,
            feed: &feed,
            goes_on,
            status: Arc::clone(&status),
            metrics,
            words,
        };
        let made = self.publish(publishing, (recovered, has_others, joined), tasks).await;
        Programme { feed, past, made, stores: self.stores.clone(), status }
    }

    /// Begins to store a programme, and the renditions that are made of it.
    async fn publish(
        &self,
        publishing: Publishing<'_>,
        (recovered, has_others, joined): (Recovered, bool, Option<Fact>),
        tasks: &mut JoinSet<()>,
    ) -> Vec<Made> {
        let Publishing { egress, feed, goes_on, status, metrics, words } = publishing;
        let (listed, listings) = tail::tail(LISTED_LIMITS, Listed::weight);
        let multivariant = Multivariant::default();
        let lines = &recovered.lines;
        let history = (!lines.is_empty()).then(|| archive::history(lines));
        let source = Source {
            egress,
            feed,
            listed: &listings,
            multivariant: &multivariant,
            goes_on,
            stored: &recovered.stored,
            titles: &recovered.titles,
            history: history.as_ref(),
        };
        let made = self.start_renditions(&source, tasks).await;
        let shared = publisher::Shared {
            stores: self.stores.clone(),
            clock: self.clock.clone(),
            status,
            metrics,
            words,
            listed,
            multivariant: own_place(egress).map(|place| multivariant.entry(place)),
        };
        let mut publisher = publisher::Task::new(egress, recovered, shared);
        if has_others {
            publisher = publisher.beside_others(joined);
        }
        tasks.spawn(publisher.run(feed.from_start(), self.shutdown.clone()));
        made
    }

    /// Reads what is known of a programme, and decides where it goes on: in the midst of
    /// its own journal, beside another packager, or with an epoch of its own.
    async fn begin(&self, egress: &Egress) -> Beginning {
        let mut recovered =
            recovery::recover(&self.stores, egress, &self.clock, &self.patience).await;
        let numbers = self.data.as_ref().map(|data| Numbers::new(data, egress.name.as_str()));
        let noted = match &numbers {
            Some(numbers) => numbers.last().await,
            None => None,
        };
        let (keeper, entries) = self.open_journal(egress).unzip();
        let since = self.clock.now().minus(egress.mount.window);
        let own = self.resume(egress, &entries.unwrap_or_default(), &recovered, noted);
        let has_others = match &own {
            Some(own) => recovered.is_shared() || recovered.is_ahead_of(own.timeline.segment()),
            None => recovered.is_shared() || recovered.is_recent(since),
        };
        let (resumed, joined) = match own {
            Some(resumed) => (Some(resumed), None),
            None => match join::join(&self.stores, egress, &recovered, (noted, since)).await {
                Some(resumed) => (Some(resumed), recovered.running.as_ref().and_then(join::joined)),
                None => (None, None),
            },
        };
        match &resumed {
            // The epoch that was left running goes on.
            Some(_) => recovered.missing = None,
            None => noted.into_iter().for_each(|last| recovered.resume.not_before_number(last)),
        }
        Beginning { recovered, resumed, numbers, keeper, has_others, joined }
    }

    fn merger(&self, egress: &Egress, paths: usize) -> Merger {
        let settings = Settings {
            hold_back: egress.hold_back,
            source_timeout: self.source_timeout,
            silence: egress.silence,
        };
        Merger::new(u8::try_from(paths).unwrap_or(u8::MAX), settings)
            .with_fallback(fallback(egress), self.clock.now())
    }
}

/// With what a programme begins.
#[derive(Debug)]
struct Beginning {
    recovered: Recovered,
    resumed: Option<Resumed>,
    numbers: Option<Numbers>,
    keeper: Option<Keeper>,
    /// Whether another packager may be at work on it.
    has_others: bool,
    /// What these are to be told.
    joined: Option<Fact>,
}

/// What the publishers of a programme need of it.
struct Publishing<'a> {
    egress: &'a Egress,
    feed: &'a Tail<Record>,
    /// The epoch that the feed goes on with in its midst, and the first unit.
    goes_on: Option<(Epoch, Option<u64>)>,
    status: Arc<Mutex<Status>>,
    metrics: EgressMetrics,
    words: mpsc::Sender<Word>,
}

/// The place of the ingest's own bytes among the renditions; `None` where listeners do not
/// get them.
fn own_place(egress: &Egress) -> Option<usize> {
    egress.renditions.iter().position(|rendition| rendition.made == catalogue::Made::Outside)
}

/// Index of the first unit among records.
fn first_unit(records: &[Record]) -> Option<u64> {
    records.iter().find_map(|record| match record {
        Record::Unit(unit) => Some(unit.index),
        _ => None,
    })
}

/// From where on the paths' feeds count.
#[derive(Debug, Default)]
pub(crate) struct HeardFrom {
    /// By rank: which of the path's items do.
    pub(crate) gates: Vec<Gate>,
    /// Units that came before do not.
    pub(crate) since: WallTime,
}

impl HeardFrom {
    fn goes_on(&mut self, resumed: &Resumed) {
        for (gate, known) in self.gates.iter_mut().zip(&resumed.from) {
            gate.go_on_from(*known);
        }
        self.since = resumed.since.unwrap_or_default();
    }
}

/// The names of an egress's ingests, by rank.
fn ingests(egress: &Egress) -> Vec<String> {
    egress.ingests.iter().map(|name| name.as_str().to_owned()).collect()
}

/// The egress's fallback, as the merge has it.
fn fallback(egress: &Egress) -> Option<Fallback> {
    let file = egress.fallback.as_ref()?;
    Some(Fallback {
        header: file.frames.first()?.header,
        profile: egress.encoding.codec.profile(),
        frames: file.frames.iter().map(|frame| frame.data.clone()).collect(),
    })
}

impl Packager {
    /// Each rendition has a journal of its own: units of another form are no
    /// beginning for it.
    fn open_journal(&self, egress: &Egress) -> Option<(Keeper, Vec<Entry>)> {
        let (desk, data) = (self.desk.as_ref()?, self.data.as_ref()?);
        let name = egress.name.as_str();
        let folder = data.join("journal/programmes").join(name);
        journal::open(desk, &folder, (name, &egress.rendition_id()), self.clock.now())
    }

    /// Where the programme goes on, if it does.
    fn resume(
        &self,
        egress: &Egress,
        entries: &[Entry],
        recovered: &Recovered,
        noted: Option<MediaSequence>,
    ) -> Option<Resumed> {
        let ingests = ingests(egress);
        let terms = resume::Terms {
            egress: egress.name.as_str(),
            target_secs: egress.target_secs(),
            ingests: &ingests,
            recovered,
            noted,
            since: self.clock.now().minus(egress.mount.window),
        };
        resume::resume(entries, &terms)
    }
}

impl Status {
    /// Segments that the bucket does not have yet.
    pub fn bucket_lag(&self) -> u32 {
        let behind = self.closed.saturating_sub(self.published);
        u32::try_from(behind.saturating_add(self.put_off)).unwrap_or(u32::MAX)
    }
}

impl Programme {
    /// What it says of itself now.
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How long a segment can be had after it left the window: `dvr`, and as long
/// as RFC 8216 §6.2.2 has it.
pub fn segment_keep(egress: &Egress) -> Duration {
    egress.mount.window + egress.mount.segment * 3 + egress.dvr
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
