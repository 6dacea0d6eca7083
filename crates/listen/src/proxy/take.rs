//! Taking the header off a connection, and nothing behind it: TLS may follow.

use std::io;
use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::{Parsed, ProxyError};

/// Bytes that are looked at a time: any header that has no extensions.
const LOOK_LEN: usize = 256;

/// What was before the client's first byte.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The client, if there is a header and it names one.
    pub(crate) client: Option<SocketAddr>,
    /// What was read and is no header: the client's own first bytes.
    pub(crate) said: BytesMut,
}

/// Why nothing can be read behind it.
#[derive(Debug)]
pub(crate) enum TakeError {
    /// It begins like a header and is none.
    Header(ProxyError),
    /// The connection's end.
    Io(io::Error),
}

/// Reads the header that a proxy may send, and not a byte more.
///
/// Bytes are looked at in the kernel and taken out only as far as they are the
/// header's, or begin like one.
///
/// # Errors
///
/// [`TakeError`].
pub(crate) async fn take(stream: &mut TcpStream) -> Result<Taken, TakeError> {
    let mut said = BytesMut::new();
    loop {
        let before = said.len();
        let mut seen = [0; LOOK_LEN];
        let len = stream.peek(&mut seen).await.map_err(TakeError::Io)?;
        said.extend_from_slice(seen.get(..len).unwrap_or_default());
        let parsed = super::parse(&said).map_err(TakeError::Header)?;
        let header_len = match parsed {
            Parsed::Complete { len, .. } => len,
            Parsed::Partial if len > 0 => said.len(),
            Parsed::Partial | Parsed::Absent => {
                said.truncate(before);
                return Ok(Taken { client: None, said });
            }
        };
        let fresh = seen.get_mut(..header_len - before).unwrap_or_default();
        stream.read_exact(fresh).await.map_err(TakeError::Io)?;
        if let Parsed::Complete { client, .. } = parsed {
            return Ok(Taken { client, said: BytesMut::new() });
        }
    }
}

#[cfg(test)]
mod tests;
