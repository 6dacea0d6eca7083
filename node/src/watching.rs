//! Watches what the node says of itself, tells whom it concerns, and listens
//! for silence.
//!
//! Nothing waits for it: reports are asked for once a second, and programmes
//! are read as any other reader does.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use catalogue::{Catalogue, WebhookEvent};
use codec::level::{Level, Meter};
use control::watch::silence::Silence;
use control::watch::{Event, Recent, Watch};
use control::webhooks::{self, Webhooks};
use feed::Record;
use media::StreamInfo;
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::{ReadError, Reader};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::info;

use crate::report::Reporter;
use crate::roles::Followed;

/// Between two looks. Chosen: nobody acts on such news within less.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Records that are listened to at a time, so that no task of the process waits
/// long for this one: some milliseconds' work.
const BATCH_MAX: usize = 64;

/// Which programmes are silent now, by egress: those alone that a webhook wants
/// to hear of.
pub(crate) type Silences = HashMap<String, Arc<AtomicBool>>;

/// Looks, and tells.
struct Watchman {
    reporter: Arc<Reporter>,
    watch: Watch,
    webhooks: Webhooks,
    recent: Recent,
    clock: Steady,
}

/// Begins to look, and to tell webhooks; gives what has happened lately.
pub(crate) fn start(
    catalogue: &Catalogue,
    reporter: &Arc<Reporter>,
    clock: &Steady,
    parts: &webhooks::Parts,
    tasks: &mut JoinSet<()>,
) -> Recent {
    let watchman = Watchman {
        reporter: Arc::clone(reporter),
        watch: Watch::new(catalogue, reporter.node(), reporter.started()),
        webhooks: Webhooks::start(catalogue, parts, tasks),
        recent: Recent::default(),
        clock: clock.clone(),
    };
    let recent = watchman.recent.clone();
    tasks.spawn(watchman.run(parts.shutdown.clone()));
    recent
}

/// Begins to listen to the programmes of those egresses that have a webhook for
/// silence. The tasks end with the feeds.
pub(crate) fn listen(
    catalogue: &Catalogue,
    followed: &[Followed],
    tasks: &mut JoinSet<()>,
) -> Silences {
    let mut silences = Silences::new();
    for Followed { station, feed, .. } in followed {
        let Some(egress) = catalogue.egress(&station.settings().name) else { continue };
        let mut wanted = egress.webhooks.iter().flat_map(|webhook| &webhook.on);
        if wanted.any(|event| *event == WebhookEvent::Silence) {
            let is_silent = Arc::new(AtomicBool::new(false));
            let listener = Listener::new(Arc::clone(&is_silent));
            tasks.spawn(listener.run(feed.from_start()));
            silences.insert(egress.name.as_str().to_owned(), is_silent);
        }
    }
    silences
}

impl Watchman {
    async fn run(mut self, shutdown: Shutdown) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                _ = ticks.tick() => self.look(),
            }
        }
    }

    fn look(&mut self) {
        for event in self.watch.handle_report(&self.reporter.report(), self.clock.now()) {
            log(&event);
            self.webhooks.tell(&event);
            self.recent.push(event);
        }
    }
}

fn log(event: &Event) {
    let Event { kind, egress, ingest, detail, id, .. } = event;
    info!(event = ?kind, egress, ingest, detail, id, "event");
}

/// Listens to one programme.
struct Listener {
    is_silent: Arc<AtomicBool>,
    silence: Silence,
    /// `None` before the first epoch, and where frames of this one were missed.
    epoch: Option<(StreamInfo, Meter)>,
}

impl Listener {
    fn new(is_silent: Arc<AtomicBool>) -> Self {
        Self { is_silent, silence: Silence::default(), epoch: None }
    }

    async fn run(mut self, mut reader: Reader<Record>) {
        loop {
            match reader.next_batch(BATCH_MAX).await {
                Ok(records) => {
                    for record in &records {
                        self.take(record);
                    }
                }
                Err(ReadError::Lagged { .. }) => self.silence.handle_gap(),
                Err(ReadError::Closed) => return,
            }
            self.is_silent.store(self.silence.is_silent(), Ordering::Relaxed);
            // A burst is there whole: others have their turn between two batches.
            tokio::task::yield_now().await;
        }
    }

    fn take(&mut self, record: &Record) {
        match record {
            Record::Epoch(epoch) => self.begin(epoch.stream),
            // Where the beginning was missed, a segment's end tells.
            Record::Closed(closed) if self.epoch.is_none() => self.begin(closed.epoch.stream),
            Record::Ended(_) => {
                self.silence.handle_gap();
                self.epoch = None;
            }
            Record::Unit(unit) => {
                if let Some((stream, meter)) = &mut self.epoch {
                    let level = meter.measure(&unit.data).map(Level::dbfs);
                    self.silence.handle_frame(level, stream.frame_duration());
                }
            }
            Record::Title(_) | Record::Closed(_) | Record::Clock(_) => {}
        }
    }

    fn begin(&mut self, stream: StreamInfo) {
        self.epoch = Meter::new(stream.codec).map(|meter| (stream, meter));
    }
}

#[cfg(test)]
mod tests;
