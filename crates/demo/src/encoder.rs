//! An Icecast source client: sends a source to a mount in real time, with titles.
//!
//! Speaks `PUT` with Basic authentication and `ice-` headers, as libshout does, and
//! `/admin/metadata?mode=updinfo` on the same port for titles. What it refuses to
//! do: encryption, and any other protocol than HTTP/1.1.
//!
//! It goes on until it is told to stop, whatever the server does: a connection
//! that fails is tried again. The source goes on where it was, so nothing but the
//! frame under way is lost, the rest is late.

mod feed;
mod pace;
mod session;
mod wire;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use media::WallTime;
use runtime::backoff::Backoff;
use runtime::clock::Clock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tracing::{info, warn};

use crate::{Encoding, Source};
use feed::Feed;
use session::Session;

/// Where to send, and as what.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// `host:port`.
    pub address: String,
    /// The mount's path, with or without the slash before it.
    pub mount: String,
    /// User of the mount, usually `source`.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// `ice-name`.
    pub name: String,
    /// `ice-description`.
    pub description: String,
    /// `ice-genre`.
    pub genre: String,
    /// `ice-url`.
    pub url: String,
}

/// How to send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Codec and bit rate.
    pub encoding: Encoding,
    /// How much sound is sent at once at the beginning, so that listeners have
    /// something to buffer: a second or two. Frames stay ahead by it.
    pub head_start: Duration,
}

/// Why a connection ended, or none came about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection was not made, or broke.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// The server did not act within the time given.
    #[error("no progress within {limit:?} while trying to {action}")]
    TimedOut {
        /// What was attempted.
        action: &'static str,
        /// The time given.
        limit: Duration,
    },
    /// The server said no.
    #[error("the server answered {status}")]
    Refused {
        /// The HTTP status: 401, 403, 404, 409 and so on.
        status: u16,
    },
    /// The server ended the stream, in good order.
    #[error("the server ended the stream")]
    Ended,
    /// What the server said is not HTTP/1, or is too long.
    #[error("the answer is not one of HTTP/1")]
    NotHttp,
    /// The encoder failed.
    #[error(transparent)]
    Codec(#[from] codec::Error),
}

/// How connections are made. Tests put a pipe in its place.
pub trait Connect: Send + Sync {
    /// What bytes go over.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin;

    /// Connects to a `host:port`.
    fn connect(&self, address: &str) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Connections over TCP.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tcp;

impl Connect for Tcp {
    type Stream = TcpStream;

    async fn connect(&self, address: &str) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        // Frames are small and on time; they are not to wait for each other.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// First pause before another attempt.
const BACKOFF_FIRST: Duration = Duration::from_millis(250);

/// Longest pause. Chosen: a server that comes back has its demo soon.
const BACKOFF_MAX: Duration = Duration::from_secs(8);

/// Sends a source over TCP until `stop` is done, as `Shutdown::wait` of the runtime.
///
/// # Errors
///
/// [`Error::Codec`] where the source cannot be encoded so. Nothing else ends it.
pub async fn run(
    target: Target,
    settings: Settings,
    source: Box<dyn Source>,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    run_over(Tcp, target, settings, source, clock, stop).await
}

/// As [`run`], over connections of any kind.
///
/// # Errors
///
/// As [`run`].
pub async fn run_over(
    connector: impl Connect,
    target: Target,
    settings: Settings,
    source: Box<dyn Source>,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let feed = Feed::new(settings.encoding, source)?;
    let mut session = Session::new(connector, target, settings, feed, clock);
    tokio::select! {
        () = stop => Ok(()),
        error = send_for_ever(&mut session) => Err(error),
    }
}

/// Connects again whenever a connection ends. Gives only what trying again does
/// not mend.
async fn send_for_ever<C: Connect>(session: &mut Session<C>) -> Error {
    let mut backoff = Backoff::new(BACKOFF_FIRST, BACKOFF_MAX);
    loop {
        let (frames_before, began) = (session.frames_sent(), session.clock().monotonic());
        let error = session.run().await;
        let Target { address, mount, .. } = session.target();
        match &error {
            Error::Codec(_) => return error,
            Error::Refused { .. } | Error::NotHttp => {
                warn!(address, mount, %error, "the source was not accepted");
            }
            _ => info!(address, mount, %error, "the connection ended"),
        }
        if session.frames_sent() > frames_before {
            backoff.handle_success(began);
        }
        let now = session.clock().monotonic();
        let again = backoff.handle_failure(now, WallTime::from(session.clock().wall()).nanos());
        tokio::time::sleep(again.saturating_duration_since(now)).await;
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the password.
        f.debug_struct("Target")
            .field("address", &self.address)
            .field("mount", &self.mount)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
