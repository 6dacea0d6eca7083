//! Bytes over TCP, for what no client sends on purpose.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest that [`exchange`] waits for the other end to close.
const CLOSE_TIME: Duration = Duration::from_secs(20);

/// What the other end said until it closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Every byte.
    pub bytes: Vec<u8>,
    /// Whether it has closed the connection.
    pub closed: bool,
}

impl Said {
    /// The status of the first answer; 0 where none came.
    pub fn status(&self) -> u16 {
        self.statuses().first().copied().unwrap_or_default()
    }

    /// The statuses of all answers, one after the other.
    pub fn statuses(&self) -> Vec<u16> {
        let text = self.text();
        let heads = text.split("HTTP/1.").skip(1);
        heads.filter_map(|head| head.get(2..5)?.parse().ok()).collect()
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Sends bytes, as many as are taken, and reads until the other end closes.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> Said {
    let stream = TcpStream::connect(address).await.unwrap();
    exchange_on(stream, bytes).await
}

/// The same on a connection that is there.
pub async fn exchange_on(stream: TcpStream, bytes: &[u8]) -> Said {
    let (mut from, mut to) = stream.into_split();
    let mut said = Said { bytes: Vec::new(), closed: false };
    let sending = async {
        // Who closes early need not take all.
        let _ = to.write_all(bytes).await;
        to
    };
    let reading = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(len @ 1..) = from.read(&mut buffer).await {
            said.bytes.extend_from_slice(&buffer[..len]);
        }
    };
    let both = async { tokio::join!(sending, reading) };
    let closed = tokio::time::timeout(CLOSE_TIME, both).await.is_ok();
    said.closed = closed;
    said
}

/// Writes bytes in pieces of `len`, each in a segment of its own as far as the
/// kernel lets it.
///
/// # Panics
///
/// The other end has closed.
pub async fn write_in_pieces(stream: &mut TcpStream, bytes: &[u8], len: usize) {
    stream.set_nodelay(true).unwrap();
    for piece in bytes.chunks(len) {
        stream.write_all(piece).await.unwrap();
    }
}
