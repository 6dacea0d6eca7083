//! Who makes a rendition: the programme feed in, the rendition's feed out, the work on the
//! pool's threads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use feed::Record;
use runtime::pool::Pool;
use runtime::tail::{ReadError, Reader, Writer};
use tokio::time::Instant;
use tracing::{info, warn};
use transcode::{Counts, Transcoder};

use super::metrics::RenditionMetrics;
use super::prime::Primer;
use super::waiting::Waiting;
use super::{Progress, RenditionStatus};

/// Records taken at a time: about a second.
const BATCH_MAX: usize = 64;

/// How long the programme may wait to be encoded before the rendition counts as late, and is
/// taken out of the multivariant playlist: chosen, the shortest target duration and a half,
/// more than any encoder needs.
pub(super) const LATE: Duration = Duration::from_secs(3);

/// How long it may wait when the rendition has caught up.
pub(super) const CAUGHT_UP: Duration = Duration::from_millis(500);

/// How long it may wait before the rendition does not catch up, but goes on with what is on
/// air: chosen, before a window of the shortest length has gone.
pub(super) const LOST: Duration = Duration::from_secs(18);

/// How often it is told how far behind a rendition is whose turn on the pool has not come.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Makes one rendition.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) egress: String,
    pub(super) rendition: String,
    /// `None` while it is at work.
    pub(super) transcoder: Option<Box<Transcoder>>,
    pub(super) pool: Pool,
    pub(super) writer: Writer<Record>,
    pub(super) status: Arc<Mutex<RenditionStatus>>,
    pub(super) metrics: RenditionMetrics,
    pub(super) waiting: Waiting,
    /// Records that were read and are not encoded yet.
    pub(super) at_work: u64,
    pub(super) counts: Counts,
}

impl Task {
    /// Follows the programme feed to its end.
    pub(super) async fn run(mut self, primer: Primer, mut reader: Reader<Record>) {
        let reading = primer.read();
        if let Some(primed) = self.meanwhile(reading, &reader).await {
            self.work(move |transcoder| primed.give(transcoder), &reader).await;
        }
        loop {
            match reader.next_batch(BATCH_MAX).await {
                Ok(records) => self.take(records, &reader).await,
                Err(ReadError::Lagged { missed }) => self.missed(missed),
                Err(ReadError::Closed) => return,
            }
            let behind = self.behind(&reader);
            if behind > LOST {
                let skipped = reader.skip_to_end();
                self.missed(skipped);
            }
            self.tell(behind);
        }
    }

    async fn take(&mut self, records: Vec<Record>, reader: &Reader<Record>) {
        self.at_work = records.len() as u64;
        let work = move |transcoder: &mut Transcoder| {
            let results = records.iter().map(|record| transcoder.handle(record));
            results.filter_map(Result::err).map(|error| error.to_string()).collect()
        };
        self.work(work, reader).await;
    }

    /// Has the transcoder work, and passes on what it has made.
    async fn work(
        &mut self,
        work: impl FnOnce(&mut Transcoder) -> Vec<String> + Send + 'static,
        reader: &Reader<Record>,
    ) {
        let Some(mut transcoder) = self.transcoder.take() else { return };
        let pool = self.pool.clone();
        let done = pool.run(move || {
            let errors = work(&mut transcoder);
            let made: Vec<Record> = std::iter::from_fn(|| transcoder.next_record()).collect();
            (transcoder, made, errors)
        });
        let done = self.meanwhile(done, reader).await;
        self.at_work = 0;
        let (transcoder, made, errors) = match done {
            Ok(done) => done,
            Err(panicked) => {
                // Nothing is left of it: the feed stays as it is, and the rendition is
                // taken out of the multivariant playlist.
                let (egress, rendition) = (&self.egress, &self.rendition);
                warn!(egress, rendition, %panicked, "the rendition has ended until the restart");
                self.status().progress = Progress::Failed;
                return;
            }
        };
        for error in errors {
            warn!(egress = self.egress, rendition = self.rendition, error, "a segment is left out");
        }
        self.count(transcoder.counts());
        self.transcoder = Some(transcoder);
        self.writer.extend(made);
    }

    /// Waits for something, and tells meanwhile how long the programme waits.
    async fn meanwhile<T>(
        &mut self,
        waiting: impl Future<Output = T>,
        reader: &Reader<Record>,
    ) -> T {
        self.behind(reader);
        let mut waiting = std::pin::pin!(waiting);
        loop {
            tokio::select! {
                done = &mut waiting => return done,
                () = tokio::time::sleep(TELL_EVERY) => {
                    let behind = self.behind(reader);
                    self.tell(behind);
                }
            }
        }
    }

    fn count(&mut self, counts: Counts) {
        let before = std::mem::replace(&mut self.counts, counts);
        self.metrics.concealed.inc_by(counts.concealed - before.concealed);
        self.metrics.left_out.inc_by(counts.left_out - before.left_out);
    }

    fn missed(&mut self, missed: u64) {
        warn!(egress = self.egress, rendition = self.rendition, missed, "records were skipped");
        if let Some(transcoder) = &mut self.transcoder {
            transcoder.handle_missed();
            let counts = transcoder.counts();
            self.count(counts);
        }
    }

    /// How long what is not encoded yet has waited.
    pub(super) fn behind(&mut self, reader: &Reader<Record>) -> Duration {
        let end = reader.position() + reader.behind();
        let done = reader.position().saturating_sub(self.at_work);
        self.waiting.waited(done, end, Instant::now())
    }

    pub(super) fn tell(&self, behind: Duration) {
        self.metrics.behind.set(i64::try_from(behind.as_millis()).unwrap_or(i64::MAX));
        let mut status = self.status();
        status.behind = behind;
        let progress = match status.progress {
            Progress::OnTime if behind > LATE => Progress::Late,
            Progress::Late if behind <= CAUGHT_UP => Progress::OnTime,
            progress => progress,
        };
        if progress != status.progress {
            let (egress, rendition) = (&self.egress, &self.rendition);
            if progress == Progress::Late {
                warn!(egress, rendition, ?behind, "the rendition falls behind");
            } else {
                info!(egress, rendition, "the rendition has caught up");
            }
            status.progress = progress;
        }
    }

    fn status(&self) -> std::sync::MutexGuard<'_, RenditionStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
