//! A connection: plain or TLS, with the bytes that were read to tell what it is.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::port::Slot;

/// How long a connection that has its last answer is read on and what comes is
/// thrown away. A close with bytes unread is a reset, which may reach the peer
/// before it has read the answer. Chosen: a few round trips.
pub const LINGER_TIME: Duration = Duration::from_secs(2);

/// Bytes of room for a read: most heads, and little for ten thousand peers that
/// say nothing.
const READ_LEN: usize = 1024;

/// What carries the bytes.
#[derive(Debug)]
pub enum Transport {
    /// TCP as it is.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection, and what its peer has said already. Reading gives those bytes
/// first, then the rest.
///
/// It counts as one of its port's connections until a door takes it for good:
/// by [`Connection::settle`] or [`Connection::into_parts`].
#[derive(Debug)]
pub struct Connection {
    said: BytesMut,
    transport: Transport,
    peer: SocketAddr,
    slot: Option<Slot>,
}

impl Connection {
    /// A connection of which nothing has been read.
    pub fn new(transport: Transport, peer: SocketAddr) -> Self {
        Self { said: BytesMut::new(), transport, peer, slot: None }
    }

    /// The same, with bytes that were read already.
    pub(crate) fn with_said(self, said: BytesMut) -> Self {
        Self { said, ..self }
    }

    /// The same, of a client that a trusted proxy speaks for.
    pub(crate) fn on_behalf_of(self, peer: SocketAddr) -> Self {
        Self { peer, ..self }
    }

    /// The same, holding one of its port's places.
    pub(crate) fn with_slot(self, slot: Slot) -> Self {
        Self { slot: Some(slot), ..self }
    }

    /// Address of the other end, or of the client that a trusted proxy there speaks
    /// for.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether it is TLS.
    pub fn is_secure(&self) -> bool {
        matches!(self.transport, Transport::Tls(_))
    }

    /// What has been read and not been taken.
    pub fn said(&self) -> &[u8] {
        &self.said
    }

    /// Takes `len` bytes off what has been read: a head that is dealt with.
    pub fn forget(&mut self, len: usize) {
        self.said.advance(len.min(self.said.len()));
    }

    /// Reads more behind what has been read. 0 is the end. Dropping the future
    /// loses nothing.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub async fn read_more(&mut self) -> io::Result<usize> {
        self.said.reserve(READ_LEN);
        match &mut self.transport {
            Transport::Plain(stream) => stream.read_buf(&mut self.said).await,
            Transport::Tls(stream) => stream.read_buf(&mut self.said).await,
        }
    }

    /// A door has taken it for good: it is no longer one of the connections
    /// that the port's limit is for.
    pub fn settle(&mut self) {
        self.slot = None;
    }

    /// The transport itself, and what was read and not taken. Settles it.
    pub fn into_parts(self) -> (Transport, BytesMut) {
        (self.transport, self.said)
    }

    /// Sends the last answer and closes, so that the peer can read it: within
    /// [`LINGER_TIME`], whatever the peer does.
    pub async fn close_with(mut self, answer: &[u8]) {
        let closing = async {
            self.write_all(answer).await?;
            self.shutdown().await?;
            while self.read_more().await? > 0 {
                self.said.clear();
            }
            io::Result::Ok(())
        };
        // A peer that is gone needs no answer.
        let _ = tokio::time::timeout(LINGER_TIME, closing).await;
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.said.is_empty() {
            let len = this.said.len().min(buffer.remaining());
            buffer.put_slice(&this.said.split_to(len));
            return Poll::Ready(Ok(()));
        }
        match &mut this.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Transport::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
