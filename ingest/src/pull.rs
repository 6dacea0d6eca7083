//! Sources that Skywave connects to: streams of Icecast and SHOUTcast servers.
//!
//! A stream that ends, or cannot be had, is tried again ever later and for ever.
//! What comes is treated as what encoders send. A stream of this very process is
//! not taken: a mount that is its own source would repeat its last seconds for
//! ever.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use icy::chunked;
use icy::listener::PROCESS_HEADER;
use icy::metaint::Item;
use icy::response::ResponseError;
use icy::source::essence_of_media_type;
use outbound::{Client, Opened, Target, TargetError};
use playlists::tune_in;
use runtime::backoff::{self, Backoff};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, info, info_span};

use crate::body::Body;
use crate::door::{begin, media_type_fault, tell};
use crate::session::End;
use crate::slot::{Caller, NoPlace, Slot};
use crate::{Ingest, Shared};

/// Least wait before a stream is tried again, shortened at random by up to a half.
const WAIT_MIN: Duration = Duration::from_secs(1);

/// Greatest wait, and how long a stream must have held to begin anew with the least.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Tune-in files behind one another that are followed.
pub const TUNE_IN_DEPTH_MAX: usize = 2;

/// URLs of a tune-in file that are tried.
pub const TUNE_IN_URLS_TRIED_MAX: usize = 8;

/// Bytes of a tune-in file as it comes, chunks and all: twice what is read of it.
const TUNE_IN_WIRE_LEN_MAX: u64 = 2 * tune_in::FILE_LEN_MAX as u64;

/// Bytes read of it at a time.
const READ_LEN: usize = 4 << 10;

/// What every server is asked for beside the stream: its titles.
const HEADERS: [(&str, &str); 1] = [("Icy-MetaData", "1")];

/// Why a stream could not be had.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Open(#[from] outbound::Error),
    #[error(transparent)]
    Head(#[from] ResponseError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    TuneIn(#[from] tune_in::ReadError),
    #[error("{0}")]
    MediaType(String),
    #[error("the tune-in file is not whole: {0}")]
    Broken(#[from] io::Error),
    #[error("the tune-in file took longer than {0:?}")]
    Late(Duration),
    #[error("the tune-in file cannot be read: {0}")]
    Chunks(#[from] chunked::ChunkedError),
    #[error("{0}")]
    Mute(End),
    #[error("tune-in files lead to tune-in files")]
    TooDeep,
    #[error("the stream is one of this process: a mount cannot be its own source")]
    Own,
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    #[error("the process ends")]
    Shutdown,
}

/// One pulled ingest.
struct Pull {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    client: Client,
    /// What answers of this process bear as [`PROCESS_HEADER`].
    process: Arc<str>,
    backoff: Backoff,
    /// The failure that the log knows of.
    told: Option<String>,
}

impl Ingest {
    /// Begins to pull every ingest that is pulled. The tasks end with the shutdown.
    ///
    /// `process` is what the process's own answers bear as [`PROCESS_HEADER`].
    pub fn pull(&self, client: &Client, process: &str, tasks: &mut JoinSet<()>) {
        let process: Arc<str> = process.into();
        for slot in self.shared.slots.values() {
            let Some(pull) = slot.ingest().pull() else { continue };
            let span = info_span!("pull", ingest = slot.name());
            let target = pull.url.expose().parse::<Target>();
            let one = Pull {
                shared: Arc::clone(&self.shared),
                slot: Arc::clone(slot),
                client: client.clone(),
                process: Arc::clone(&process),
                backoff: Backoff::new(WAIT_MIN, WAIT_MAX),
                told: None,
            };
            tasks.spawn(one.keep(target).instrument(span));
        }
    }
}

impl Pull {
    /// Has the stream, again and again, until the shutdown.
    async fn keep(mut self, target: Result<Target, TargetError>) {
        while !self.shared.shutdown.is_triggered() {
            let failed = match &target {
                Ok(target) => self.follow(target, 0).await.err(),
                Err(error) => Some((*error).into()),
            };
            if let Some(failed) = failed {
                self.tell(&failed);
            }
            let due = self.backoff.handle_failure(Instant::now().into_std(), backoff::random());
            tokio::select! {
                () = self.shared.shutdown.wait() => {}
                () = tokio::time::sleep_until(due.into()) => {}
            }
        }
    }

    /// Opens a URL: a stream, which is taken to its end, or a tune-in file whose
    /// URLs are tried in their order until one has played.
    async fn follow(&mut self, target: &Target, depth: usize) -> Result<(), Failed> {
        let opened = self.unless_ended(self.client.open(target, &HEADERS)).await?;
        if !is_tune_in(&opened) {
            return self.take(opened).await;
        }
        if depth == TUNE_IN_DEPTH_MAX {
            return Err(Failed::TooDeep);
        }
        let urls = self.unless_ended(self.read_tune_in(opened)).await?;
        let mut last = Failed::TuneIn(tune_in::ReadError::NoUrl);
        for url in urls.iter().take(TUNE_IN_URLS_TRIED_MAX) {
            let next = async { Box::pin(self.follow(&url.parse()?, depth + 1)).await };
            match next.await {
                Ok(()) => return Ok(()),
                Err(failed) => last = failed,
            }
            if self.shared.shutdown.is_triggered() {
                break;
            }
        }
        Err(last)
    }

    /// Takes a stream to its end.
    async fn take(&mut self, opened: Opened) -> Result<(), Failed> {
        let Opened { head, address, mut stream, .. } = opened;
        if head.header(PROCESS_HEADER) == Some(self.process.as_bytes()) {
            return Err(Failed::Own);
        }
        let media_type = head.text("content-type");
        if let Some(fault) = media_type_fault(&self.slot, media_type.as_deref()) {
            return Err(Failed::MediaType(fault));
        }
        let body = Body::new(head.body()?, head.metaint()?);
        let caller = Caller { peer: address, user_agent: head.text("server") };
        let now = self.shared.clock.now();
        let frames_before = self.slot.frames_total();
        let claim = self.slot.claim(caller, &self.shared.places, now)?;
        info!(peer = %address, "stream opened");
        self.told = None;
        self.backoff.handle_success(Instant::now().into_std());
        let mut session = begin(&self.shared, claim, body);
        let end = session.run(&mut stream, &[], &self.shared.shutdown).await;
        tell(&session.claim, &end);
        drop(session);
        // What gave no frame has not played: there may be others to be tried.
        if self.slot.frames_total() == frames_before { Err(Failed::Mute(end)) } else { Ok(()) }
    }

    /// Reads a tune-in file whole, within the time that a head has.
    async fn read_tune_in(&self, opened: Opened) -> Result<Vec<String>, Failed> {
        let Opened { head, stream, .. } = opened;
        let body = Body::new(head.body()?, None);
        let time = self.shared.limits.header_time;
        let read = tokio::time::timeout(time, read_whole(stream, body)).await;
        Ok(tune_in::read(&read.map_err(|_| Failed::Late(time))??)?)
    }

    /// Waits for what a server does, as long as the process lasts.
    async fn unless_ended<T, E: Into<Failed>>(
        &self,
        does: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failed> {
        tokio::select! {
            biased;
            () = self.shared.shutdown.wait() => Err(Failed::Shutdown),
            done = does => done.map_err(Into::into),
        }
    }

    /// Counts a failure, and says it in the log unless it is the one before again.
    fn tell(&mut self, failed: &Failed) {
        if matches!(failed, Failed::Shutdown) {
            return;
        }
        let reason = failed.to_string();
        if self.told.as_ref() != Some(&reason) {
            info!(reason, "the stream cannot be had");
            self.told = Some(reason.clone());
        }
        self.slot.pull_failed(reason);
    }
}

/// A body to its end, which need not be the connection's; what is beyond
/// [`TUNE_IN_WIRE_LEN_MAX`] is not read.
async fn read_whole(stream: impl AsyncRead + Unpin, mut body: Body) -> Result<Vec<u8>, Failed> {
    let mut stream = stream.take(TUNE_IN_WIRE_LEN_MAX);
    let (mut buffer, mut items) = (vec![0; READ_LEN], Vec::new());
    while !body.is_finished() {
        let len = match stream.read(&mut buffer).await {
            // Many a server of TLS closes without a farewell.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            read => read?,
        };
        if len == 0 {
            break;
        }
        body.push(buffer.get(..len).unwrap_or_default(), &mut items)?;
    }
    let parts = items.into_iter().map(|item| match item {
        Item::Audio(part) | Item::Metadata(part) => part,
    });
    Ok(parts.flatten().collect())
}

/// Whether an answer is a tune-in file: by its media type, or where that says
/// nothing by its name, since web servers do not know these files.
fn is_tune_in(opened: &Opened) -> bool {
    let media_type = opened.head.text("content-type").unwrap_or_default();
    let essence = essence_of_media_type(&media_type).to_ascii_lowercase();
    match essence.as_str() {
        "audio/x-scpls"
        | "audio/scpls"
        | "application/pls+xml"
        | "audio/x-mpegurl"
        | "audio/mpegurl"
        | "application/x-mpegurl"
        | "application/vnd.apple.mpegurl" => true,
        "" | "application/octet-stream" | "text/plain" => {
            ["pls", "m3u"].iter().any(|extension| opened.target.has_extension(extension))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
