//! What stands between hyper and a connection.
//!
//! Two readers of one request that disagree are how requests are smuggled. So
//! every head of an HTTP/1 connection, not the first alone, goes through
//! [`icy::head`]; hyper gets a head when it is whole and fit to be served, and in
//! place of any other one the request that [`refusal`] knows. The guard follows
//! no bodies: behind a request that has one nothing is read as a head, and the
//! connection ends with its answer.
//!
//! It also ends a connection whose peer takes no answer for [`STALLED_AFTER`].

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::{Request, StatusCode, Version};
use bytes::BytesMut;
use icy::head::{Framing, HeadError, Parsed};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::transport::Connection;

/// How long a peer may take nothing of what is sent to it, chosen: players
/// pause, but read what they asked for.
pub(crate) const STALLED_AFTER: Duration = Duration::from_secs(30);

/// The method of what stands in for a refused head. The parser lets no method of
/// more than 20 bytes through, so no peer can send it.
const REFUSED: &str = "A-HEAD-THAT-IS-REFUSED";

/// Guards a connection.
#[derive(Debug)]
pub(crate) struct Guard {
    connection: Connection,
    state: State,
    /// What stands in for the head that was refused, as far as it is not read.
    stand_in: BytesMut,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// A head begins at the connection's first byte, or goes on there.
    Head,
    /// So many bytes of a head may be read.
    Granted(usize),
    /// The same of the last head, whose body follows.
    Last(usize),
    /// Nothing is judged any more.
    Rest,
    /// A head was refused: what follows it is thrown away.
    Refused,
}

impl Guard {
    /// For HTTP/1.
    pub(crate) fn http1(connection: Connection) -> Self {
        Self::new(connection, State::Head)
    }

    /// For HTTP/2, whose frames leave no doubt.
    pub(crate) fn http2(connection: Connection) -> Self {
        Self::new(connection, State::Rest)
    }

    fn new(connection: Connection, state: State) -> Self {
        Self { connection, state, stand_in: BytesMut::new(), stalled: None }
    }

    /// Judges what has come; says whether more has to be read first.
    fn judge(&mut self) -> bool {
        self.state = match icy::head::parse(self.connection.said()) {
            Ok(Parsed::Partial) => return true,
            Ok(Parsed::Complete { head, len }) => match head.framing {
                Framing::None | Framing::Length(0) => State::Granted(len),
                Framing::Length(_) | Framing::Chunked => State::Last(len),
            },
            Err(error) => {
                self.stand_in.extend_from_slice(stand_in(error).as_bytes());
                State::Refused
            }
        };
        false
    }

    /// Reads more of a head. At the end of the input hyper gets what there is.
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let read = pin!(self.connection.read_more());
        if std::task::ready!(read.poll(context))? == 0 {
            self.state = State::Rest;
        }
        Poll::Ready(Ok(()))
    }

    /// Gives out at most `granted` bytes of a head; the number that is left.
    fn give(&mut self, granted: usize, buffer: &mut ReadBuf<'_>) -> usize {
        let len = granted.min(buffer.remaining());
        buffer.put_slice(self.connection.said().get(..len).unwrap_or_default());
        self.connection.forget(len);
        granted - len
    }

    /// Ends a connection whose peer takes nothing.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled =
            self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(STALLED_AFTER)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Guard {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match this.state {
                State::Head => {
                    if this.judge() {
                        std::task::ready!(this.poll_head(context))?;
                    }
                }
                State::Granted(len) => {
                    let left = this.give(len, buffer);
                    this.state = if left == 0 { State::Head } else { State::Granted(left) };
                    return Poll::Ready(Ok(()));
                }
                State::Last(len) => {
                    let left = this.give(len, buffer);
                    this.state = if left == 0 { State::Rest } else { State::Last(left) };
                    return Poll::Ready(Ok(()));
                }
                State::Rest => return Pin::new(&mut this.connection).poll_read(context, buffer),
                State::Refused if !this.stand_in.is_empty() => {
                    let len = this.stand_in.len().min(buffer.remaining());
                    buffer.put_slice(&this.stand_in.split_to(len));
                    return Poll::Ready(Ok(()));
                }
                State::Refused => {
                    this.connection.forget(usize::MAX);
                    let read = pin!(this.connection.read_more());
                    if std::task::ready!(read.poll(context))? == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl AsyncWrite for Guard {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.connection).poll_write(context, bytes);
        this.watch(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.connection).poll_flush(context);
        // TCP has nothing to flush; TLS may have.
        if this.connection.is_secure() { this.watch(context, flushed) } else { flushed }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.connection).poll_shutdown(context);
        this.watch(context, shut)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.connection).poll_write_vectored(context, slices);
        this.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }
}

fn stand_in(error: HeadError) -> String {
    let text = error.public_text().replace(' ', "-");
    format!("{REFUSED} /{}/{text} HTTP/1.1\r\n\r\n", error.status())
}

/// What to answer where a request stands in for a head that was refused.
///
/// HTTP/2 has no guard, and there the method is anybody's.
pub(crate) fn refusal<B>(request: &Request<B>) -> Option<(StatusCode, String)> {
    if request.method().as_str() != REFUSED || request.version() == Version::HTTP_2 {
        return None;
    }
    let (status, text) = request.uri().path().strip_prefix('/')?.split_once('/')?;
    Some((status.parse().ok()?, text.replace('-', " ")))
}
