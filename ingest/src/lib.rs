//! The ingest role: takes programmes from encoders into path feeds.
//!
//! An encoder connects to the public port and is handed over by its first
//! bytes ([`Ingest`] is a [`listen::SourceDoor`]). Its bytes are cut into frames
//! and appended, with the time of their arrival, to the path feed of its
//! ingest. Nothing here decides what goes on air.

mod auth;
mod body;
mod conform;
mod door;
mod intake;
mod metrics;
mod pace;
mod pull;
mod session;
mod slot;
#[cfg(test)]
mod testing;
mod update;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use catalogue::Catalogue;
use catalogue::report::IngestReport;
use feed::{PathEntry, SourceInfo};
use journal::{Desk, Journal};
use listen::Tries;
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::pool::Pool;
use runtime::shutdown::Shutdown;
use runtime::tail::Tail;
use settings::Secret;
use tokio::sync::Semaphore;
use tracing::{info, warn};

use crate::metrics::Metrics;
use crate::slot::Slot;

pub use crate::auth::StreamAuth;
pub use crate::body::Body;
pub use crate::intake::{FIRST_FRAME_TIME, Intake, Rejected, Taken};
pub use crate::pace::BURST_MAX;
pub use crate::pull::{TUNE_IN_DEPTH_MAX, TUNE_IN_URLS_TRIED_MAX};
pub use crate::slot::{FEED_LIMITS, TAKE_OVER_AFTER};
pub use crate::update::OtherPages;

/// What a path feed's journal may take on disk: more than a minute of 320 kbit/s.
pub const JOURNAL_LIMITS: journal::Limits =
    journal::Limits { bytes_max: 4 << 20, file_bytes_max: 256 << 10 };

/// Limits of the role, from the process's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time for the headers of a SHOUTcast source.
    pub header_time: Duration,
    /// How long a source may be silent.
    pub source_timeout: Duration,
    /// Sources at a time.
    pub sources_max: usize,
}

/// What passwords are compared with, beside the ingests' own.
#[derive(Debug, Clone, Default)]
pub struct Passwords {
    /// The administrator's, who may set every title.
    pub admin: Option<Secret>,
    /// Wrong passwords, here and wherever else the process asks for one.
    pub tries: Arc<Tries>,
    /// How back ends are asked whether a password is right; without it none is.
    pub stream_auth: Option<StreamAuth>,
}

/// The ingest role of a process. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Ingest {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    catalogue: Arc<Catalogue>,
    limits: Limits,
    clock: Steady,
    shutdown: Shutdown,
    metrics: Metrics,
    /// Places for sources.
    places: Arc<Semaphore>,
    passwords: Passwords,
    /// Where sources are transcoded that do not follow their settings.
    pool: Pool,
    /// By the ingest's name.
    slots: HashMap<String, Arc<Slot>>,
}

impl Ingest {
    /// A role that takes every ingest of the catalogue.
    pub fn new(
        catalogue: Arc<Catalogue>,
        limits: Limits,
        (clock, shutdown, pool): (Steady, Shutdown, Pool),
        passwords: Passwords,
        registry: &mut Registry,
    ) -> Self {
        let metrics = Metrics::register(registry);
        let slots = catalogue.ingests().map(|ingest| {
            let slot = Slot::new(ingest.clone(), metrics.of(ingest.name.as_str()));
            (ingest.name.as_str().to_owned(), Arc::new(slot))
        });
        let slots = slots.collect();
        let places = Arc::new(Semaphore::new(limits.sources_max));
        let shared =
            Shared { catalogue, limits, clock, shutdown, metrics, places, passwords, pool, slots };
        Self { shared: Arc::new(shared) }
    }

    /// Keeps the path feeds in journals beneath `folder`, and puts on them what a
    /// process before has left there. To be called before any source comes.
    ///
    /// A journal that cannot be opened is no reason to be silent: the feed goes on
    /// without one, at positions that no process before has used.
    pub fn keep_journals(&self, desk: &Desk, folder: &Path) {
        let floor = self.shared.clock.now().secs().saturating_mul(journal::POSITION_STEP);
        for (name, slot) in &self.shared.slots {
            match Journal::open(&folder.join(name), JOURNAL_LIMITS, floor) {
                Ok((journal, entries)) => slot.resume(desk.scribe(name, journal), entries),
                Err(error) => {
                    slot.begin_at(floor);
                    warn!(ingest = name, %error, "ingest without a journal");
                }
            }
        }
    }

    /// The path feed of an ingest.
    pub fn feed(&self, ingest: &str) -> Option<Tail<PathEntry>> {
        self.shared.slots.get(ingest).map(|slot| slot.feed())
    }

    /// The position from which on the path feed of an ingest is this process's own:
    /// what is before it has been left by another one.
    pub fn own_from(&self, ingest: &str) -> u64 {
        self.shared.slots.get(ingest).map_or(0, |slot| slot.own_from())
    }

    /// Where an ingest stands: the position of the next item of its path feed, and
    /// the source that is there, if one is. `None` for no ingest of ours.
    pub fn standing(&self, ingest: &str) -> Option<(u64, Option<SourceInfo>)> {
        self.shared.slots.get(ingest).map(|slot| slot.standing())
    }

    /// Ends the source of an ingest; `false` where it has none.
    pub fn end_source(&self, ingest: &str) -> bool {
        self.shared.slots.get(ingest).is_some_and(|slot| slot.remove_source())
    }

    /// What every ingest says of itself, by name.
    pub fn report(&self) -> Vec<IngestReport> {
        let now = self.shared.clock.now();
        let mut reports: Vec<_> = self.shared.slots.values().map(|slot| slot.report(now)).collect();
        reports.sort_by(|one, other| one.name.cmp(&other.name));
        reports
    }
}

impl Shared {
    fn slot(&self, ingest: &catalogue::Ingest) -> Option<Arc<Slot>> {
        self.slots.get(ingest.name.as_str()).cloned()
    }

    /// Takes note of one without a right password. The log names what the
    /// operator has named, and nothing that a stranger has: some send their
    /// password in its place.
    fn stranger(&self, what: &str, mount: &str) {
        self.metrics.strangers.inc();
        let ingest = self.catalogue.ingest_at(mount).map(|ingest| ingest.name.as_str());
        info!(ingest, what, "refused: no right password");
    }
}
