//! Serves feeds to other processes.

mod programmes;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use feed::{PathEntry, SourceInfo};
use futures_util::stream;
use listen::{Access, Routes};
use runtime::shutdown::Shutdown;
use runtime::tail::{ReadError, Reader, Tail};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::HEARTBEAT_EVERY;
use crate::metrics::{Metrics, Served};
use crate::teller::Teller;

pub use programmes::Programmes;

/// Readers of a process at a time: two packagers of 2,000 ingests. Chosen.
pub const READERS_MAX: usize = 4_096;

/// Items that are encoded at a time, and so what is held for a reader beside what
/// the kernel does: 512 KiB of the longest, and 14 KiB of 128 kbit/s.
const BATCH_MAX: usize = 32;

/// Header of an answer: the position that the feed's next item will have.
pub(crate) const NEXT_HEADER: &str = "skywave-next";

/// Header of an answer: whether the ingest has a source, `1` or `0`.
pub(crate) const SOURCE_HEADER: &str = "skywave-source";

const MEDIA_TYPE: &str = "application/vnd.skywave.feed";

/// The path feeds of a process.
pub trait PathFeeds: std::fmt::Debug + Send + Sync {
    /// The feed of an ingest; `None` where there is no such ingest.
    fn feed(&self, ingest: &str) -> Option<Tail<PathEntry>>;

    /// Where it stands now.
    fn standing(&self, ingest: &str) -> Standing;
}

/// Where a path feed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Position of the next item to come.
    pub next: u64,
    /// The source that is there, once its first frames have come.
    pub source: Option<SourceInfo>,
}

/// Serves the feeds of a process. Clones serve the same.
#[derive(Debug, Clone)]
pub struct Server {
    feeds: Arc<dyn PathFeeds>,
    programmes: Arc<Programmes>,
    places: Arc<Semaphore>,
    metrics: Metrics,
    shutdown: Shutdown,
}

/// From where on a reader wants a feed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    /// Position of the last item that it has; without it, all that is remembered.
    after: Option<u64>,
}

/// What one reader is told of a feed.
trait Script: Send {
    /// What the feed holds.
    type Item: Clone + Send + Sync;

    /// Tells the next items; the first of them is at this place of the process's own log.
    fn tell(&mut self, items: Vec<Self::Item>, first: u64);

    /// The reader was too slow: items are gone.
    fn handle_lag(&mut self);

    /// Tells that nothing is new.
    fn beat(&mut self);

    /// Takes what is to be sent; empty if nothing is.
    fn take(&mut self) -> Bytes;
}

/// A path feed's.
struct PathScript {
    feeds: Arc<dyn PathFeeds>,
    ingest: String,
    teller: Teller,
}

/// One reader's body.
struct Feeding<S: Script> {
    script: S,
    reader: Reader<S::Item>,
    place: Place,
    shutdown: Shutdown,
}

/// A reader's place.
struct Place {
    feed: String,
    served: Served,
    _permit: OwnedSemaphorePermit,
}

impl Server {
    /// A server of these feeds; its bodies end with the shutdown.
    pub fn new(feeds: Arc<dyn PathFeeds>, shutdown: Shutdown, metrics: Metrics) -> Self {
        let places = Arc::new(Semaphore::new(READERS_MAX));
        Self { feeds, programmes: Arc::default(), places, metrics, shutdown }
    }

    /// The same, which serves these programme feeds.
    #[must_use]
    pub fn with_programmes(self, programmes: Arc<Programmes>) -> Self {
        Self { programmes, ..self }
    }

    /// The routes of the node port.
    pub fn routes(&self) -> Routes {
        Routes::default()
            .get("/feeds/paths/{ingest}", Access::Node, path_feed)
            .get("/feeds/programmes/{egress}/{rendition}", Access::Node, programmes::programme_feed)
            .with_state(self)
    }

    async fn open(&self, ingest: String, after: Option<u64>) -> Result<Response, Refusal> {
        let feed = self.feeds.feed(&ingest).ok_or(Refusal::Unknown)?;
        let place = self.place(format!("paths/{ingest}"))?;
        // Before the reader: what comes meanwhile is read.
        let standing = self.feeds.standing(&ingest);
        if after.is_some_and(|after| after >= standing.next) {
            return Err(Refusal::Ahead);
        }
        let mut reader = feed.from_start();
        let (_, batch) = first_batch(&mut reader).await;
        let first = batch.first().map(|entry| entry.position);
        let mut teller = Teller::new(after, first, &standing);
        teller.tell(batch, &standing);
        teller.beat(&standing);
        let script = PathScript { feeds: Arc::clone(&self.feeds), ingest, teller };
        let feeding = Feeding { script, reader, place, shutdown: self.shutdown.clone() };
        Ok(feeding.answer(standing.next, standing.source.is_some()))
    }

    /// A place for one more reader.
    fn place(&self, feed: String) -> Result<Place, Refusal> {
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::Full)?;
        let served = self.metrics.served(&feed);
        served.readers.inc();
        Ok(Place { feed, served, _permit: permit })
    }
}

/// What is remembered first of all, with its place in the log; nothing is waited for.
async fn first_batch<T: Clone>(reader: &mut Reader<T>) -> (u64, Vec<T>) {
    let batch = match reader.behind() {
        0 => Vec::new(),
        _ => reader.next_batch(BATCH_MAX).await.unwrap_or_default(),
    };
    (reader.position() - batch.len() as u64, batch)
}

async fn path_feed(
    State(server): State<Server>,
    Path(ingest): Path<String>,
    from: Result<Query<From>, QueryRejection>,
) -> Response {
    let opened = match from {
        Ok(Query(from)) => server.open(ingest, from.after).await,
        Err(_) => Err(Refusal::Query),
    };
    opened.unwrap_or_else(IntoResponse::into_response)
}

/// Why a feed is not served.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Unknown,
    Query,
    Ahead,
    Full,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "no feed of this name is here\n"),
            Self::Query => (StatusCode::BAD_REQUEST, "`after` is the position of an item\n"),
            Self::Ahead => (StatusCode::CONFLICT, "the feed has not come to this position\n"),
            Self::Full => {
                warn!(readers = READERS_MAX, "reader of a feed refused: too many");
                let headers = [(header::RETRY_AFTER, "5")];
                let text = "too many readers\n";
                return (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response();
            }
        };
        (status, text).into_response()
    }
}

impl Script for PathScript {
    type Item = PathEntry;

    fn tell(&mut self, items: Vec<PathEntry>, _: u64) {
        let standing = self.feeds.standing(&self.ingest);
        self.teller.tell(items, &standing);
    }

    fn handle_lag(&mut self) {
        self.teller.handle_lag();
    }

    fn beat(&mut self) {
        let standing = self.feeds.standing(&self.ingest);
        self.teller.beat(&standing);
    }

    fn take(&mut self) -> Bytes {
        self.teller.take()
    }
}

impl<S: Script + 'static> Feeding<S> {
    /// The answer whose body this is.
    fn answer(self, next: u64, has_source: bool) -> Response {
        let head = [
            (header::CONTENT_TYPE.as_str(), MEDIA_TYPE.to_owned()),
            (header::CACHE_CONTROL.as_str(), "no-store".to_owned()),
            (NEXT_HEADER, next.to_string()),
            (SOURCE_HEADER, u8::from(has_source).to_string()),
        ];
        let body = stream::unfold(self, |mut feeding| async move {
            let told = feeding.next_told().await?;
            Some((Ok::<_, Infallible>(told), feeding))
        });
        (head, Body::from_stream(body)).into_response()
    }

    /// Waits for what is to be sent next; `None` at the end.
    ///
    /// While the reader takes nothing this is not called, and the feed forgets what
    /// it has no room for.
    async fn next_told(&mut self) -> Option<Bytes> {
        loop {
            let told = self.script.take();
            if !told.is_empty() {
                self.place.served.sent_bytes.inc_by(told.len() as u64);
                return Some(told);
            }
            let read = tokio::select! {
                () = self.shutdown.wait() => return None,
                read = timeout(HEARTBEAT_EVERY, self.reader.next_batch(BATCH_MAX)) => read,
            };
            match read {
                Ok(Ok(batch)) => {
                    let first = self.reader.position() - batch.len() as u64;
                    self.script.tell(batch, first);
                }
                Ok(Err(ReadError::Lagged { missed })) => {
                    info!(feed = self.place.feed, missed, "a reader of the feed is too slow");
                    self.place.served.missed.inc_by(missed);
                    self.script.handle_lag();
                }
                Ok(Err(ReadError::Closed)) => return None,
                Err(_) => self.script.beat(),
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.served.readers.dec();
    }
}

#[cfg(test)]
mod tests;
