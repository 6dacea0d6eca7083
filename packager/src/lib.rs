//! The packager role: path feeds to programme feed, segments and playlists in
//! the bucket.
//!
//! For each egress two tasks. The *programme* task reads the path feeds and
//! makes the programme feed; it waits for nobody. The *publisher* task reads
//! the programme feed as any other reader does and stores what follows from it:
//! facts, segments, playlists, in this order.

mod metrics;
mod numbers;
mod programme;
mod publisher;
mod recovery;
mod retention;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalogue::Egress;
use feed::merge::{Cause, Merger, PathStatus, SOURCE_TIMEOUT, Settings, Totals};
use feed::{PathItem, Record, Timeline};
use media::{AacProfile, SegmentInfo, Title, WallTime};
use playlists::TitleRange;
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Tail};
use store::Stores;
use tokio::task::JoinSet;

use crate::recovery::Patience;

use crate::numbers::Numbers;

pub use crate::metrics::Metrics;

/// What a programme feed holds for readers that are late: ten minutes of
/// 320 kbit/s. A bucket that is away for longer misses segments.
const FEED_LIMITS: tail::Limits = tail::Limits { items_max: 65_536, weight_max: 28 << 20 };

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
}

/// An egress's programme, as its readers see it.
#[derive(Debug, Clone)]
pub struct Programme {
    /// The records, from now on.
    pub feed: Tail<Record>,
    /// What the bucket has from before the process began, oldest first.
    pub past: Arc<Past>,
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
    /// Whose frames followed last, and why.
    pub last_break: Option<(String, Cause)>,
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
    pub feed: Tail<PathItem>,
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
        let mut recovered =
            recovery::recover(&self.stores, egress, &self.clock, &self.patience).await;
        let numbers = self.data.as_ref().map(|data| Numbers::new(data, name));
        if let Some(numbers) = &numbers
            && let Some(last) = numbers.last().await
        {
            recovered.resume.not_before_number(last);
        }
        let past = Arc::new(recovered.past(egress, self.clock.now()));
        let before = recovered.resume.next_number.0.saturating_sub(1);
        let status = Status { closed: before, published: before, ..Status::default() };
        let status = Arc::new(Mutex::new(status));
        self.metrics.programmes.add(name, Arc::clone(&status));
        let (writer, feed) = tail::tail(FEED_LIMITS, Record::weight);
        let metrics = self.metrics.of(name);
        let timeline = Timeline::new(egress.target_secs(), recovered.resume.clone());
        let settings =
            Settings { hold_back: egress.hold_back, source_timeout: self.source_timeout };
        let merger = Merger::new(u8::try_from(paths.len()).unwrap_or(u8::MAX), settings);
        let merge = (merger, timeline);
        let programme =
            programme::Task::new(egress, merge, writer, Arc::clone(&status), metrics.clone())
                .with_numbers(numbers);
        tasks.spawn(programme.run(paths, self.clock.clone(), self.shutdown.clone()));
        let shared = publisher::Shared {
            stores: self.stores.clone(),
            clock: self.clock.clone(),
            status: Arc::clone(&status),
            metrics,
        };
        let publisher = publisher::Task::new(egress, recovered, shared);
        tasks.spawn(publisher.run(feed.from_start(), self.shutdown.clone()));
        Programme { feed, past, stores: self.stores.clone(), status }
    }
}

impl Status {
    /// Segments that the bucket does not have yet.
    pub fn bucket_lag(&self) -> u32 {
        u32::try_from(self.closed.saturating_sub(self.published)).unwrap_or(u32::MAX)
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
