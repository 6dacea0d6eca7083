//! A connection that was made, plain or TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

/// The body of an answer as it comes off the wire: what was read behind the
/// head first, then the rest.
///
/// Chunks and the like are the reader's to undo
/// ([`icy::response::Head::body`]). Over TLS, a server that closes without a
/// farewell is an error of kind `UnexpectedEof`.
#[derive(Debug)]
pub struct Stream {
    said: BytesMut,
    transport: Transport,
}

/// What carries the bytes: plain on the left, TLS on the right.
pub(crate) type Transport = Either<TcpStream, Box<TlsStream<TcpStream>>>;

impl Stream {
    pub(crate) fn new(said: BytesMut, transport: Transport) -> Self {
        Self { said, transport }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.said.is_empty() {
            return Pin::new(&mut this.transport).poll_read(context, buffer);
        }
        let len = this.said.len().min(buffer.remaining());
        buffer.put_slice(this.said.get(..len).unwrap_or_default());
        this.said.advance(len);
        Poll::Ready(Ok(()))
    }
}
