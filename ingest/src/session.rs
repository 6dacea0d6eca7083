//! One source's connection, from its first audio byte to its end.

use std::time::Duration;

use feed::PathItem;
use icy::metaint::{self, Item};
use media::WallTime;
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::body::Body;
use crate::conform::{Conform, Unconformed};
use crate::intake::{Intake, Rejected, Taken};
use crate::slot::{Claim, Dismissal};

/// Bytes read at a time: four seconds of 128 kbit/s.
const READ_LEN: usize = 64 << 10;

/// Why a source's connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    /// The body is complete.
    #[error("the source has ended")]
    Finished,
    /// The source closed the connection, or it broke.
    #[error("the source has gone")]
    Gone,
    /// Nothing, or no frame, came for the source's time-out.
    #[error("nothing came for {} s", .0.as_secs())]
    Silent(Duration),
    /// Another source has its place.
    #[error("another source took its place")]
    Replaced,
    /// The administrator has ended it.
    #[error("the administrator removed it")]
    Removed,
    /// The process ends.
    #[error("the process ends")]
    Shutdown,
    /// The stream cannot be taken.
    #[error("{0}")]
    Rejected(#[from] Rejected),
    /// The stream cannot be made to follow the ingest's settings.
    #[error("{0}")]
    Unconformed(#[from] Unconformed),
    /// What stands between the audio is no metadata.
    #[error("{0}")]
    Metadata(#[from] metaint::NotMetadata),
    /// The chunks of the request cannot be read.
    #[error("{0}")]
    Chunks(#[from] icy::chunked::ChunkedError),
}

/// A source's session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) claim: Claim,
    pub(crate) body: Body,
    pub(crate) intake: Intake,
    /// Where the ingest says so.
    pub(crate) conform: Option<Conform>,
    pub(crate) charset: icy::charset::Charset,
    pub(crate) clock: Steady,
    pub(crate) source_timeout: Duration,
    /// When the last frame came or the session began; later while the source is
    /// made to wait.
    pub(crate) heard: WallTime,
}

/// What a source did next.
enum Event {
    Bytes(usize),
    Tick,
    Dismissed(Dismissal),
    Shutdown,
}

impl Session {
    /// Takes what was read already, then reads to the end.
    pub(crate) async fn run(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        first: &[u8],
        shutdown: &Shutdown,
    ) -> End {
        let end = match self.take(first).await {
            Ok(wait) => self.read(stream, wait, shutdown).await,
            Err(end) => end,
        };
        if !matches!(end, End::Rejected(_)) {
            let items = self.intake.finish().items;
            let items = self.conform(items).await.unwrap_or_default();
            self.claim.append(items, &self.intake, self.clock.now());
        }
        end
    }

    async fn read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        mut wait: Duration,
        shutdown: &Shutdown,
    ) -> End {
        let mut buffer = vec![0; READ_LEN];
        while !self.body.is_finished() {
            let event = self.select(stream, &mut buffer, wait, shutdown).await;
            let outcome = match event {
                Event::Bytes(0) => return End::Gone,
                Event::Bytes(len) => self.take(buffer.get(..len).unwrap_or_default()).await,
                Event::Tick => self.check().map(|()| Duration::ZERO),
                Event::Dismissed(Dismissal::Replaced) => return End::Replaced,
                Event::Dismissed(Dismissal::Removed) => return End::Removed,
                Event::Shutdown => return End::Shutdown,
            };
            match outcome {
                Ok(next_wait) => wait = next_wait,
                Err(end) => return end,
            }
        }
        End::Finished
    }

    async fn select(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        buffer: &mut [u8],
        wait: Duration,
        shutdown: &Shutdown,
    ) -> Event {
        let due = self.due().since(self.clock.now());
        let read = async {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            // A broken connection is a closed one.
            stream.read(buffer).await.unwrap_or(0)
        };
        tokio::select! {
            biased;
            () = shutdown.wait() => Event::Shutdown,
            why = self.claim.dismissed() => Event::Dismissed(why),
            len = read => Event::Bytes(len),
            () = tokio::time::sleep(due) => Event::Tick,
        }
    }

    /// When silence becomes an end.
    fn due(&self) -> WallTime {
        let silent = self.heard.plus(self.source_timeout);
        self.intake.first_frame_due().map_or(silent, |due| due.min(silent))
    }

    fn check(&mut self) -> Result<(), End> {
        let now = self.clock.now();
        if self.intake.first_frame_due().is_some_and(|due| due <= now) {
            return Err(End::Rejected(self.intake.give_up()));
        }
        if self.heard.plus(self.source_timeout) <= now {
            return Err(End::Silent(self.source_timeout));
        }
        Ok(())
    }

    /// Takes bytes of the request's body; says how long not to read.
    async fn take(&mut self, bytes: &[u8]) -> Result<Duration, End> {
        let now = self.clock.now();
        let mut all = Taken::default();
        let outcome = self.take_items(bytes, now, &mut all);
        if all.items.iter().any(|item| matches!(item, PathItem::Unit(_))) {
            // While it is not read it is not silent.
            self.heard = now.plus(all.wait);
        }
        // What came before the fault is on the feed.
        let conformed = self.conform(all.items).await;
        let (items, conformed) = match conformed {
            Ok(items) => (items, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        self.claim.append(items, &self.intake, self.heard);
        outcome?;
        conformed?;
        self.check()?;
        Ok(all.wait)
    }

    /// The same items, of a source that is made to follow.
    async fn conform(&mut self, items: Vec<PathItem>) -> Result<Vec<PathItem>, Unconformed> {
        let Some(conform) = &mut self.conform else { return Ok(items) };
        // Only a mean bit rate is known of the whole stream alone.
        let is_off = !conform.is_at_work() && !self.intake.mismatch().is_empty();
        conform.pass(items, is_off).await
    }

    fn take_items(&mut self, bytes: &[u8], now: WallTime, all: &mut Taken) -> Result<(), End> {
        let mut items = Vec::new();
        let outcome = self.body.push(bytes, &mut items);
        for item in items {
            match item {
                Item::Audio(audio) => self.intake.push(&audio, now, all)?,
                Item::Metadata(block) => {
                    if let Some(title) = metaint::parse_block(&block, self.charset)? {
                        self.intake.push_title(title, all);
                    }
                }
            }
        }
        Ok(outcome?)
    }
}

#[cfg(test)]
mod tests;
