//! One connection to another node's feed.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use icy::chunked;
use icy::response::Head;
use icy::source::Body;
use outbound::{Client, Error, Stream, Target};
use settings::Secret;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::SILENCE_MAX;
use crate::guard::SCHEME;
use crate::metrics::Reason;
use crate::nodes::Node;
use crate::server::{NEXT_HEADER, SOURCE_HEADER};

/// Bytes of room for a read: two seconds of 128 kbit/s.
const READ_LEN: usize = 32 << 10;

/// What a server says whose feed has not come to the position that was asked for.
const AHEAD: u16 = 409;

/// Connects to nodes.
#[derive(Debug)]
pub(super) struct Dialler {
    client: Client,
    authorization: String,
}

/// A feed that is read.
#[derive(Debug)]
pub(super) struct Connection {
    /// The node's name.
    pub(super) node: String,
    /// Where it was reached.
    pub(super) address: SocketAddr,
    /// The position of the first item that comes from now on.
    pub(super) next: u64,
    /// Whether the ingest has a source there.
    pub(super) has_source: bool,
    stream: Stream,
    /// `None` for a body that ends with its connection.
    chunks: Option<chunked::Decoder>,
    buffer: BytesMut,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) struct Refused {
    /// For the log.
    pub(super) why: String,
    /// The feed has not come to where it was left off.
    pub(super) is_ahead: bool,
}

impl Dialler {
    pub(super) fn new(client: Client, secret: &Secret) -> Self {
        // A secret is made of a text.
        let secret = String::from_utf8_lossy(secret.expose());
        Self { client, authorization: format!("{SCHEME}{secret}") }
    }

    /// Asks a node for a feed by its name, behind the item at `after`.
    pub(super) async fn dial(
        &self,
        node: &Node,
        feed: &str,
        after: Option<u64>,
    ) -> Result<Connection, Refused> {
        let query = after.map_or_else(String::new, |after| format!("?after={after}"));
        let url = format!("http://{}/feeds/{feed}{query}", node.address);
        let refused =
            |why: String| Refused { why: format!("{}: {why}", node.name), is_ahead: false };
        let target: Target = url.parse().map_err(|why| refused(format!("{why}")))?;
        let headers = [("Authorization", self.authorization.as_str())];
        let opened = match self.client.open(&target, &headers).await {
            Ok(opened) => opened,
            Err(error) => {
                let is_ahead = matches!(error, Error::Status { status: AHEAD, .. });
                return Err(Refused { is_ahead, ..refused(error.to_string()) });
            }
        };
        let next = number(&opened.head, NEXT_HEADER);
        let next = next.ok_or_else(|| refused("it is no Skywave node".to_owned()))?;
        let chunks = match opened.head.body() {
            Ok(Body::Chunked) => Some(chunked::Decoder::new()),
            Ok(Body::UntilClose) => None,
            Ok(Body::Length(_)) | Err(_) => return Err(refused("its feed has an end".to_owned())),
        };
        Ok(Connection {
            node: node.name.clone(),
            address: opened.address,
            next,
            has_source: number(&opened.head, SOURCE_HEADER) == Some(1),
            stream: opened.stream,
            chunks,
            buffer: BytesMut::new(),
        })
    }
}

fn number(head: &Head, name: &str) -> Option<u64> {
    head.text(name)?.parse().ok()
}

impl Connection {
    /// Waits for the next bytes of the body. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Why no more come.
    pub(super) async fn next_data(&mut self) -> Result<Bytes, (Reason, String)> {
        loop {
            let next = self.chunks.as_mut().map(chunked::Decoder::next_data);
            match next.transpose() {
                Ok(Some(Some(data))) => return Ok(data),
                Ok(_) => {}
                Err(error) => return Err((Reason::Garbage, error.to_string())),
            }
            self.buffer.reserve(READ_LEN);
            let read = timeout(SILENCE_MAX, self.stream.read_buf(&mut self.buffer)).await;
            match read {
                Err(_) => {
                    return Err((Reason::Silent, format!("{}: no heartbeat", self.node)));
                }
                Ok(Ok(0)) => return Err((Reason::Closed, format!("{}: closed", self.node))),
                Ok(Err(error)) => return Err((Reason::Closed, format!("{}: {error}", self.node))),
                Ok(Ok(_)) => {}
            }
            let data = self.buffer.split();
            match &mut self.chunks {
                Some(chunks) => chunks.push(&data),
                None => return Ok(data.freeze()),
            }
        }
    }
}
