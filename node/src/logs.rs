//! The logs of sessions: where the ledger lies, and what is done with days that are over.
//!
//! A task looks every half minute what is due ([`ledger::Shelf`]), at the start too for
//! what was missed: it writes the logs of a day, stores them in the bucket under
//! `private/logs/{day}/{node}/`, and shortens addresses in both when their time is over.
//! What fails is tried again, ever later; nothing waits for it.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use anyhow::{Context, Result};
use ledger::{Addresses, Day, Due, Folder, Keeping, Ledger, RECORDS_FILE, Session, Shelf};
use media::WallTime;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use runtime::backoff::{self, Backoff};
use runtime::clock::Steady;
use runtime::config::{ProcessConfig, Role};
use runtime::shutdown::Shutdown;
use store::{Area, Attributes, Created, Key, Store, keys};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::linked::Surroundings;

/// Between two looks. Chosen: a day's logs are there within six minutes of its end.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The waits after what has failed: a disk that is full, a bucket that is away. Chosen.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_LONGEST: Duration = Duration::from_mins(10);

/// Logs of a node's day that are looked through for such as are there no more: more than
/// a manifest has egresses.
const LOGS_MAX: usize = 10_000;

/// An object up to this length is replaced in one step; a longer one is removed and
/// stored again. What a store compares, it holds.
const REPLACED_BYTES_MAX: usize = 16 << 20;

/// Where a process keeps its sessions.
pub(crate) fn folder(config: &ProcessConfig) -> Folder {
    Folder::new(&config.data.join("sessions"))
}

/// Opens the ledger of this process, and gives back the sessions that one before left
/// open when it was killed. `lost` counts records that no disk took.
///
/// # Errors
///
/// The system gives no thread.
pub(crate) fn open_ledger(
    config: &ProcessConfig,
    now: WallTime,
    lost: Counter,
) -> io::Result<(Ledger, Vec<Session>)> {
    let (ledger, left) = Ledger::open(folder(config).path(), now, lost)?;
    let is_short = config.session_logs.address_days == 0;
    let ledger = if is_short { ledger.shortening_addresses() } else { ledger };
    Ok((ledger, left))
}

/// Begins to do what is due, in a process that serves listeners.
pub(crate) fn start(around: &Surroundings<'_>, registry: &mut Registry, tasks: &mut JoinSet<()>) {
    let config = around.config;
    let metrics = Metrics::register(registry);
    if !config.node.does(Role::Origin) && !config.node.does(Role::Edge) {
        return;
    }
    let logs = &config.session_logs;
    let keeping = Keeping { address_days: logs.address_days, keep_days: logs.keep_days };
    let keeper = Keeper {
        shelf: Shelf::new(folder(config), &config.data.join("logs"), keeping),
        store: around.stores.area(Area::Private).clone(),
        node: config.node.name.clone(),
        clock: around.clock.clone(),
        metrics,
    };
    tasks.spawn(keeper.run(around.shutdown.clone()));
}

/// What is counted.
#[derive(Debug, Clone, Default)]
struct Metrics {
    written: Counter,
    failures: Counter,
}

impl Metrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let help = "Days whose session logs came to the disk and to the bucket";
        registry.register("delivery_session_logs_written", help, metrics.written.clone());
        let help = "Tries to write, to store or to remove session logs that failed";
        registry.register("delivery_session_logs_failed", help, metrics.failures.clone());
        metrics
    }
}

/// Does what is due.
#[derive(Debug)]
struct Keeper {
    shelf: Shelf,
    store: Store,
    node: String,
    clock: Steady,
    metrics: Metrics,
}

impl Keeper {
    async fn run(self, shutdown: Shutdown) {
        tokio::select! {
            // Whatever is under way is done again after the next start.
            () = shutdown.wait() => {}
            () = self.look_for_ever() => {}
        }
    }

    async fn look_for_ever(&self) {
        let mut retry = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        let mut is_failing = false;
        loop {
            let outcome = self.do_what_is_due().await;
            let now = self.clock.clock().monotonic();
            let wait = match outcome {
                Ok(()) => {
                    retry.handle_success(now);
                    is_failing = false;
                    LOOK_EVERY
                }
                Err(error) => {
                    self.metrics.failures.inc();
                    if !is_failing {
                        warn!(error = format!("{error:#}"), "session logs: tried again");
                    }
                    is_failing = true;
                    let at = retry.handle_failure(now, backoff::random());
                    at.saturating_duration_since(now)
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Does all that it can, and gives the first error. While the bucket is away, no
    /// further day is tried.
    async fn do_what_is_due(&self) -> Result<()> {
        let now = self.clock.now();
        let due = self.on_disk(move |shelf| shelf.due(now)).await?;
        let mut outcome = Ok(());
        for due in due {
            let Err(error) = self.act(due).await else { continue };
            let is_away = error.downcast_ref::<store::Error>().is_some();
            outcome = outcome.and(Err(error));
            if is_away {
                break;
            }
        }
        outcome
    }

    async fn act(&self, due: Due) -> Result<()> {
        match due {
            Due::Write(day, addresses) => {
                let what = || format!("session logs of {day}");
                self.write(day, addresses).await.with_context(what)
            }
            Due::Remove(day) => {
                self.on_disk(move |shelf| shelf.remove(day)).await?;
                info!(%day, "session logs removed from the disk: their time is over");
                Ok(())
            }
        }
    }

    async fn write(&self, day: Day, addresses: Addresses) -> Result<()> {
        let written = self.on_disk(move |shelf| shelf.write(day, addresses)).await?;
        let folder = keys::node_session_logs(&day.to_string(), &self.node)?;
        let records = folder.child(RECORDS_FILE)?;
        let mut stored = BTreeSet::from([records.clone()]);
        self.put(&records, written.records.clone()).await?;
        for file in &written.files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let key = folder.child(&name)?;
            self.put(&key, tokio::fs::read(file).await?).await?;
            stored.insert(key);
        }
        for entry in self.store.list(&folder, LOGS_MAX).await? {
            if !stored.contains(entry.key()) {
                self.store.delete(entry.key()).await?;
            }
        }
        self.on_disk(move |shelf| shelf.note(day, &written)).await?;
        self.metrics.written.inc();
        info!(%day, ?addresses, "session logs written");
        Ok(())
    }

    /// Stores an object in place of the one before. Nobody else writes to this node's
    /// folder.
    async fn put(&self, key: &Key, bytes: Vec<u8>) -> Result<(), store::Error> {
        let (bytes, attributes) = (bytes::Bytes::from(bytes), attributes(key));
        match self.store.create(key, bytes.clone(), &attributes).await? {
            Created::New | Created::Existed { same: true } => return Ok(()),
            Created::Existed { same: false } => {}
        }
        let before = match self.store.get(key, REPLACED_BYTES_MAX).await {
            Err(store::Error::TooLarge { .. }) => None,
            before => before?,
        };
        if let Some(before) = before.filter(|_| bytes.len() <= REPLACED_BYTES_MAX) {
            self.store.replace(key, bytes, &attributes, Some(&before.version)).await?;
            return Ok(());
        }
        self.store.delete(key).await?;
        self.store.create(key, bytes, &attributes).await.map(|_| ())
    }

    /// Runs what blocks beside the tasks.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shelf) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let shelf = self.shelf.clone();
        Ok(tokio::task::spawn_blocking(move || work(&shelf)).await??)
    }
}

/// By the name's end. No cache may keep who has listened.
fn attributes(key: &Key) -> Attributes {
    let content_type = match key.file_name().rsplit('.').next() {
        Some("csv") => "text/csv; charset=utf-8",
        Some("jsonl") => "application/x-ndjson",
        _ => "text/plain; charset=utf-8",
    };
    Attributes { content_type: content_type.into(), ..Attributes::record() }
}

#[cfg(test)]
mod tests;
