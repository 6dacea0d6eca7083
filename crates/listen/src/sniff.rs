//! Who gets a connection, told by its first bytes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use icy::head::{Head, HeadError, Parsed};
use icy::{Kind, classify};
use runtime::shutdown::Shutdown;
use tokio::io::AsyncWriteExt;
use tracing::info;

use crate::BoxFuture;
use crate::http;
use crate::transport::Connection;

/// Takes what encoders send.
pub trait SourceDoor: std::fmt::Debug + Send + Sync {
    /// An encoder that speaks HTTP; the head has been taken off.
    fn source(&self, head: Head, connection: Connection) -> BoxFuture<'static, ()>;
    /// An encoder that speaks SHOUTcast 1 or xaudiocast; nothing was taken off.
    fn shoutcast(&self, connection: Connection) -> BoxFuture<'static, ()>;
}

/// Takes ICY listeners off HTTP.
pub trait ListenerDoor: std::fmt::Debug + Send + Sync {
    /// Whether this request is for an ICY stream.
    fn wants(&self, head: &Head) -> bool;
    /// Takes the listener; the head has been taken off.
    fn listen(&self, head: Head, connection: Connection) -> BoxFuture<'static, ()>;
}

/// Who speaks what on a port.
#[derive(Debug, Clone)]
pub struct Doors {
    /// Everything that is plain HTTP.
    pub http: Router,
    /// Encoders; `None` where the port takes none.
    pub sources: Option<Arc<dyn SourceDoor>>,
    /// ICY listeners; `None` where the port has none.
    pub listeners: Option<Arc<dyn ListenerDoor>>,
}

enum Sniffed {
    Http,
    Listener(Head),
    Source(Head),
    Shoutcast,
    Refused(HeadError),
    Closed(&'static str),
}

/// Finds out what speaks and serves it.
///
/// `header_time` is for the whole of the first head, however slowly it comes.
pub(crate) async fn serve(
    mut connection: Connection,
    doors: Doors,
    header_time: Duration,
    shutdown: Shutdown,
) {
    let sniffed = tokio::time::timeout(header_time, sniff(&mut connection, &doors)).await;
    let peer = connection.peer();
    match sniffed.unwrap_or(Sniffed::Closed("no request within the header time")) {
        Sniffed::Http => http::serve(connection, doors.http, header_time, shutdown).await,
        Sniffed::Listener(head) => {
            if let Some(door) = doors.listeners {
                door.listen(head, connection).await;
            }
        }
        Sniffed::Source(head) => {
            if let Some(door) = doors.sources {
                door.source(head, connection).await;
            }
        }
        Sniffed::Shoutcast => {
            if let Some(door) = doors.sources {
                door.shoutcast(connection).await;
            }
        }
        Sniffed::Refused(error) => {
            info!(%peer, %error, "request refused");
            refuse(connection, &error, header_time).await;
        }
        Sniffed::Closed(reason) => info!(%peer, reason, "connection closed"),
    }
}

async fn sniff(connection: &mut Connection, doors: &Doors) -> Sniffed {
    loop {
        if let Some(sniffed) = decide(connection, doors) {
            return sniffed;
        }
        match connection.read_more().await {
            Ok(0) if connection.said().is_empty() => return Sniffed::Closed("nothing was said"),
            Ok(0) => return Sniffed::Closed("closed in the middle of a head"),
            Ok(_) => {}
            Err(_) => return Sniffed::Closed("reset"),
        }
    }
}

/// What it is, once enough has been read.
fn decide(connection: &mut Connection, doors: &Doors) -> Option<Sniffed> {
    let kind = match classify(connection.said()) {
        Kind::Pending => return None,
        Kind::Http2 => return Some(Sniffed::Http),
        Kind::Shoutcast | Kind::Xaudiocast if doors.sources.is_some() => {
            return Some(Sniffed::Shoutcast);
        }
        Kind::Shoutcast | Kind::Xaudiocast => {
            return Some(Sniffed::Closed("an encoder on a port that takes none"));
        }
        Kind::Tls => return Some(Sniffed::Closed("TLS on a plain port")),
        Kind::Junk => return Some(Sniffed::Closed("not a protocol of this port")),
        kind @ (Kind::Http | Kind::Source) => kind,
    };
    let (head, len) = match icy::head::parse(connection.said()) {
        Ok(Parsed::Partial) => return None,
        Ok(Parsed::Complete { head, len }) => (head, len),
        Err(error) => return Some(Sniffed::Refused(error)),
    };
    if kind == Kind::Source && doors.sources.is_some() {
        connection.forget(len);
        return Some(Sniffed::Source(head));
    }
    if doors.listeners.as_ref().is_some_and(|door| door.wants(&head)) {
        connection.forget(len);
        return Some(Sniffed::Listener(head));
    }
    Some(Sniffed::Http)
}

async fn refuse(mut connection: Connection, error: &HeadError, header_time: Duration) {
    let text = error.public_text();
    let answer = format!(
        "HTTP/1.1 {} {text}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}\n",
        error.status(),
        text.len() + 1,
    );
    let sent = async {
        connection.write_all(answer.as_bytes()).await?;
        connection.shutdown().await
    };
    // A peer that does not read its refusal is not waited for.
    let _ = tokio::time::timeout(header_time, sent).await;
}
