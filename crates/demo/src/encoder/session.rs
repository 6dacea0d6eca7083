//! One connection after another: the handshake, the frames, the titles.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use media::Timescale;
use runtime::clock::Clock;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::watch;
use tracing::{debug, info};

use super::feed::Feed;
use super::pace::Pace;
use super::{Connect, Error, Settings, Target, wire};

/// Everything that lasts over several connections.
#[derive(Debug)]
pub(super) struct Session<C> {
    titles: Titles<C>,
    settings: Settings,
    feed: Feed,
    clock: Arc<dyn Clock>,
    frames_sent: u64,
}

/// Where titles are sent to, each over a connection of its own.
#[derive(Debug)]
struct Titles<C> {
    connector: C,
    target: Target,
}

/// How long connecting, one write and one answer may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long `100 Continue` is waited for: a server that knows no `Expect` never
/// says it (RFC 9110 §10.1.1).
const CONTINUE_TIMEOUT: Duration = Duration::from_secs(2);

/// Pause before a title that did not arrive is sent again.
const TITLE_RETRY: Duration = Duration::from_secs(3);

impl<C: Connect> Session<C> {
    pub(super) fn new(
        connector: C,
        target: Target,
        settings: Settings,
        feed: Feed,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let titles = Titles { connector, target };
        Self { titles, settings, feed, clock, frames_sent: 0 }
    }

    pub(super) fn target(&self) -> &Target {
        &self.titles.target
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Frames sent over all connections.
    pub(super) fn frames_sent(&self) -> u64 {
        self.frames_sent
    }

    /// Connects and sends until the connection ends; gives the reason.
    pub(super) async fn run(&mut self) -> Error {
        match self.try_run().await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn try_run(&mut self) -> Result<Infallible, Error> {
        let (rate, channels) = (self.feed.sample_rate_hz(), self.feed.channels());
        let head = wire::source_request(&self.titles.target, &self.settings, rate, channels);
        let stream = self.titles.connect().await?;
        let (reader, mut writer) = tokio::io::split(stream);
        in_time("send the request", writer.write_all(head.as_bytes())).await?;
        let mut answers = Answers { reader, received: Vec::new() };
        answers.go_ahead().await?;
        info!(mount = self.titles.target.mount, "the source is connected");
        let (title_tx, title_rx) = watch::channel(self.feed.title_at(self.feed.position()));
        let Self { titles, settings, feed, clock, frames_sent } = self;
        let frames = Frames { feed, clock: clock.as_ref(), title: title_tx, sent: frames_sent };
        tokio::select! {
            ended = frames.send(&mut writer, settings.head_start) => ended,
            ended = answers.until_the_end() => ended,
            never = titles.send(title_rx) => match never {},
        }
    }
}

/// What sends frames on one connection.
#[derive(Debug)]
struct Frames<'a> {
    feed: &'a mut Feed,
    clock: &'a dyn Clock,
    title: watch::Sender<String>,
    sent: &'a mut u64,
}

impl Frames<'_> {
    async fn send<S: AsyncWrite>(
        self,
        writer: &mut WriteHalf<S>,
        head_start: Duration,
    ) -> Result<Infallible, Error> {
        let scale = Timescale::new(self.feed.sample_rate_hz()).ok_or(Error::Ended)?;
        let first = self.feed.position();
        let pace = Pace::new(self.clock.monotonic(), first, scale, head_start);
        loop {
            let frame = self.feed.next_frame()?;
            let wait = pace.wait(frame.start, self.clock.monotonic());
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            in_time("send a frame", writer.write_all(&frame.data)).await?;
            *self.sent += 1;
            self.announce(frame.start);
        }
    }

    /// Has a new title sent, if one holds from this place on.
    fn announce(&self, sample: u64) {
        let title = self.feed.title_at(sample);
        self.title.send_if_modified(|current| {
            let is_new = *current != title;
            *current = title;
            is_new
        });
    }
}

impl<C: Connect> Titles<C> {
    async fn connect(&self) -> Result<C::Stream, Error> {
        in_time("connect", self.connector.connect(&self.target.address)).await
    }

    /// Sends each title, the first one at once. The latest alone counts: one that
    /// did not arrive is not sent any more when there is another.
    async fn send(&self, mut titles: watch::Receiver<String>) -> Infallible {
        loop {
            let title = titles.borrow_and_update().clone();
            match self.send_one(&title).await {
                Ok(()) => {
                    if titles.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                Err(error) => {
                    debug!(mount = self.target.mount, %error, "the title did not arrive");
                    // Whichever comes first: another title, or the time to try again.
                    let _ = tokio::time::timeout(TITLE_RETRY, titles.changed()).await;
                }
            }
        }
    }

    async fn send_one(&self, title: &str) -> Result<(), Error> {
        let (reader, mut writer) = tokio::io::split(self.connect().await?);
        let request = wire::title_request(&self.target, title);
        in_time("send a title", writer.write_all(request.as_bytes())).await?;
        let mut answers = Answers { reader, received: Vec::new() };
        let status = in_limit("read the answer", STEP_TIMEOUT, answers.next_status()).await??;
        if (200..300).contains(&status) { Ok(()) } else { Err(Error::Refused { status }) }
    }
}

/// What the server says on one connection.
#[derive(Debug)]
struct Answers<S> {
    reader: ReadHalf<S>,
    received: Vec<u8>,
}

impl<S: AsyncRead> Answers<S> {
    /// Waits until the stream may begin: the server says so, or says nothing.
    async fn go_ahead(&mut self) -> Result<(), Error> {
        match tokio::time::timeout(CONTINUE_TIMEOUT, self.next_status()).await {
            // Icecast 2.4 answers 200 at once where others say 100.
            Ok(Ok(100..300)) | Err(_) => Ok(()),
            Ok(Ok(status)) => Err(Error::Refused { status }),
            Ok(Err(error)) => Err(error),
        }
    }

    /// Waits until the server ends the stream or refuses it after all.
    async fn until_the_end(&mut self) -> Result<Infallible, Error> {
        loop {
            let status = self.next_status().await?;
            if status >= 300 {
                return Err(Error::Refused { status });
            }
        }
    }

    async fn next_status(&mut self) -> Result<u16, Error> {
        loop {
            if let Some(status) = wire::take_status(&mut self.received)? {
                return Ok(status);
            }
            let read = self.reader.read_buf(&mut self.received).await;
            match read {
                Ok(0) => return Err(Error::Ended),
                Ok(_) => {}
                Err(source) => return Err(Error::Io { action: "read an answer", source }),
            }
        }
    }
}

async fn in_time<T>(
    action: &'static str,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, Error> {
    let result = in_limit(action, STEP_TIMEOUT, step).await?;
    result.map_err(|source| Error::Io { action, source })
}

async fn in_limit<T>(
    action: &'static str,
    limit: Duration,
    step: impl Future<Output = T>,
) -> Result<T, Error> {
    tokio::time::timeout(limit, step).await.map_err(|_| Error::TimedOut { action, limit })
}
