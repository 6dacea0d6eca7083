//! A connection: plain or TLS, with the bytes that were read to tell what it is.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

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
#[derive(Debug)]
pub struct Connection {
    said: BytesMut,
    transport: Transport,
    peer: SocketAddr,
}

impl Connection {
    /// A connection of which nothing has been read.
    pub fn new(transport: Transport, peer: SocketAddr) -> Self {
        Self { said: BytesMut::new(), transport, peer }
    }

    /// Address of the other end.
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

    /// Reads more behind what has been read. 0 is the end.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub async fn read_more(&mut self) -> io::Result<usize> {
        match &mut self.transport {
            Transport::Plain(stream) => stream.read_buf(&mut self.said).await,
            Transport::Tls(stream) => stream.read_buf(&mut self.said).await,
        }
    }

    /// The transport itself, and what was read and not taken.
    pub fn into_parts(self) -> (Transport, BytesMut) {
        (self.transport, self.said)
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
