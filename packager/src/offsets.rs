//! The time between several encoders of one programme: their frames are other bytes,
//! so the merge cannot know, and a listener hears it when the programme goes on with
//! another one of them.
//!
//! What the paths brought lately is decoded now and then, beside everything else, and
//! compared by how loud it is ([`codec::envelope`]). Paths that are merged need none of
//! it. Nothing waits for what is found; it is shown.

mod sample;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use feed::PathEntry;
use feed::merge::{PathState, PathStatus, SKEW_MAX};
use media::WallTime;
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::Tail;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;
use tracing::info;

use crate::{Merged, Path, Status};
use sample::Sample;

/// Between two looks at what is on air. Chosen: a switch is told as soon.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Between two measurements of a programme. Chosen: encoders drift by milliseconds in
/// an hour; what costs is the decoding, some tenths of a second.
const MEASURE_EVERY: Duration = Duration::from_secs(30);

/// Measurements in a row in which a path was not found, until it counts as another
/// programme: music may pause.
const MISSES_MAX: u8 = 2;

/// Measures one egress's paths.
pub(crate) struct Task {
    egress: String,
    feeds: Vec<Tail<PathEntry>>,
    status: Arc<Mutex<Status>>,
    /// Held by the one of a process's programmes that decodes.
    turn: Arc<Semaphore>,
    clock: Steady,
    next: WallTime,
}

/// How much later the paths bring the same sound than the one on air does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offsets {
    /// The ingest that they are counted from.
    of: Option<String>,
    known: Vec<Offset>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Offset {
    ingest: String,
    nanos: i64,
    misses: u8,
}

impl Offsets {
    /// That of an ingest, in nanoseconds; below zero where it is earlier. `None` where
    /// it is not known to be another encoder of what is on air.
    pub fn of(&self, ingest: &str) -> Option<i64> {
        self.known.iter().find(|known| known.ingest == ingest).map(|known| known.nanos)
    }

    /// An ingest is on air, and the paths are so.
    fn handle_paths(&mut self, on_air: Option<&str>, paths: &[(String, PathStatus)]) {
        // When one has gone, they are counted from it until another one is on air.
        if let Some(on_air) = on_air.filter(|on_air| self.of.as_deref() != Some(on_air)) {
            self.count_from(on_air);
        }
        let state = |ingest: &str| paths.iter().find(|(name, _)| name == ingest);
        self.known.retain(|known| state(&known.ingest).is_some_and(|(_, path)| is_apart(path)));
    }

    /// Counts from another ingest, whose offset is known or not.
    fn count_from(&mut self, on_air: &str) {
        let (before, from) = (self.of.replace(on_air.to_owned()), self.of(on_air));
        let Some(from) = from else { return self.known.clear() };
        self.known.retain(|known| known.ingest != on_air);
        for known in &mut self.known {
            known.nanos -= from;
        }
        self.known.extend(before.map(|ingest| Offset { ingest, nanos: -from, misses: 0 }));
    }

    /// A path was measured against the one on air; says whether that is news.
    fn handle_measured(&mut self, ingest: &str, nanos: Option<i64>) -> bool {
        let known = self.known.iter_mut().find(|known| known.ingest == ingest);
        match (known, nanos) {
            (Some(known), Some(nanos)) => (known.nanos, known.misses) = (nanos, 0),
            (Some(known), None) => {
                known.misses += 1;
                self.known.retain(|known| known.misses < MISSES_MAX);
            }
            (None, Some(nanos)) => {
                self.known.push(Offset { ingest: ingest.to_owned(), nanos, misses: 0 });
                return true;
            }
            (None, None) => {}
        }
        false
    }
}

/// Whether a path delivers what is not merged.
fn is_apart(path: &PathStatus) -> bool {
    matches!(path.state, PathState::Seeking | PathState::Other)
}

impl Task {
    /// For a programme of these paths.
    pub(crate) fn new(
        egress: &str,
        paths: &[Path],
        status: &Arc<Mutex<Status>>,
        turn: &Arc<Semaphore>,
        clock: &Steady,
    ) -> Self {
        Self {
            egress: egress.to_owned(),
            feeds: paths.iter().map(|path| path.feed.clone()).collect(),
            status: Arc::clone(status),
            turn: Arc::clone(turn),
            clock: clock.clone(),
            next: WallTime::default(),
        }
    }

    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                _ = looks.tick() => {}
            }
            let (on_air, apart) = self.look();
            let Some(on_air) = on_air.filter(|_| !apart.is_empty()) else { continue };
            if self.clock.now() < self.next {
                continue;
            }
            tokio::select! {
                () = shutdown.wait() => return,
                () = self.measure(on_air, &apart) => {}
            }
        }
    }

    /// Brings what is known up to date; gives the path on air, and those to be measured
    /// against it.
    fn look(&self) -> (Option<usize>, Vec<usize>) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let Status { source, merge: Merged { paths, offsets, .. }, .. } = &mut *status;
        offsets.handle_paths(source.as_deref(), paths);
        let on_air = paths.iter().position(|(ingest, _)| Some(ingest) == source.as_ref());
        let apart = paths.iter().enumerate().filter(|(_, (_, path))| is_apart(path));
        let apart = apart.map(|(nth, _)| nth).filter(|nth| Some(*nth) != on_air);
        (on_air, apart.collect())
    }

    /// Compares paths with the one on air, once enough of both is there.
    async fn measure(&mut self, on_air: usize, apart: &[usize]) {
        let now = self.clock.now();
        let sample = |nth: usize| self.feeds.get(nth).and_then(|feed| Sample::take(feed, now));
        let Some(own) = sample(on_air) else { return };
        let others: Vec<_> = apart.iter().filter_map(|nth| Some((*nth, sample(*nth)?))).collect();
        if others.is_empty() {
            return;
        }
        // Never closed.
        let Ok(_turn) = self.turn.acquire().await else { return };
        let (ranks, others): (Vec<_>, Vec<_>) = others.into_iter().unzip();
        let measuring = spawn_blocking(move || own.offsets_of(&others, SKEW_MAX));
        // Ends only with the process's runtime.
        let Ok(found) = measuring.await else { return };
        for (nth, nanos) in ranks.into_iter().zip(found) {
            self.show((on_air, nth), nanos);
        }
        self.next = self.clock.now().plus(MEASURE_EVERY);
    }

    /// Shows what was measured, if the same ingest is on air still.
    fn show(&self, (on_air, nth): (usize, usize), nanos: Option<i64>) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let Merged { paths, offsets, .. } = &mut status.merge;
        let ingest = |nth: usize| paths.get(nth).map(|(ingest, _)| ingest.as_str());
        let (Some(of), Some(ingest)) = (ingest(on_air), ingest(nth)) else { return };
        if offsets.of.as_deref() == Some(of)
            && offsets.handle_measured(ingest, nanos)
            && let Some(nanos) = nanos
        {
            let (egress, offset_ms) = (&self.egress, nanos / 1_000_000);
            info!(egress, ingest, offset_ms, "another encoder of the programme");
        }
    }
}

#[cfg(test)]
mod tests;
