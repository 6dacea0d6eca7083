//! Who gets a connection, told by its first bytes.

use std::sync::Arc;

use axum::Router;
use icy::head::{Head, HeadError, Parsed};
use icy::{Kind, classify};
use tracing::{debug, info};

use crate::BoxFuture;
use crate::forwarded;
use crate::http::{self, Protocol};
use crate::metrics::Reason;
use crate::port::Shared;
use crate::transport::Connection;

/// Takes what encoders send. A door that takes a connection for good calls
/// [`Connection::settle`].
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
    Http(Protocol),
    Listener(Head),
    Source(Head),
    Shoutcast,
    Refused(HeadError),
    /// Ended without an answer, through the peer's fault.
    Closed(Reason, &'static str),
    /// Nobody's fault: it ended before it had said anything.
    Silent,
}

/// Finds out what speaks and serves it.
///
/// The header time is for the whole of the first head, however slowly it comes.
pub(crate) async fn serve(mut connection: Connection, port: &Shared) {
    let sniffed = tokio::select! {
        biased;
        sniffed = tokio::time::timeout(port.settings.header_time, sniff(&mut connection, port)) => {
            sniffed.unwrap_or(Sniffed::Closed(Reason::Late, "no request within the header time"))
        }
        // A head that is not whole is no request under way.
        () = port.shutdown.wait() => Sniffed::Silent,
    };
    let (name, peer) = (port.settings.name, connection.peer());
    match sniffed {
        Sniffed::Http(protocol) => http::serve(connection, protocol, port).await,
        Sniffed::Listener(head) => {
            if let Some(door) = &port.doors.listeners {
                let connection = of_client(connection, &head, port);
                door.listen(head, connection).await;
            }
        }
        Sniffed::Source(head) => {
            if let Some(door) = &port.doors.sources {
                let connection = of_client(connection, &head, port);
                door.source(head, connection).await;
            }
        }
        Sniffed::Shoutcast => {
            if let Some(door) = &port.doors.sources {
                door.shoutcast(connection).await;
            }
        }
        Sniffed::Refused(error) => {
            port.metrics.refused(Reason::Head);
            info!(port = name, %peer, %error, "request refused");
            connection.close_with(refusal(error).as_bytes()).await;
        }
        Sniffed::Closed(reason, why) => {
            port.metrics.refused(reason);
            info!(port = name, %peer, reason = why, "connection closed");
        }
        // Balancers look so whether a port is open.
        Sniffed::Silent => debug!(port = name, %peer, "nothing was said"),
    }
}

/// The connection of whom its peer speaks for, by the headers of its only head.
fn of_client(connection: Connection, head: &Head, port: &Shared) -> Connection {
    let trusted = &port.settings.trusted_proxies;
    let client = forwarded::client_of_head(connection.peer(), head, trusted);
    connection.on_behalf_of(client)
}

async fn sniff(connection: &mut Connection, port: &Shared) -> Sniffed {
    loop {
        if let Some(sniffed) = decide(connection, &port.doors) {
            return sniffed;
        }
        match connection.read_more().await {
            Ok(0) | Err(_) if connection.said().is_empty() => return Sniffed::Silent,
            Ok(0) | Err(_) => {
                return Sniffed::Closed(Reason::Head, "the peer left in the middle of a head");
            }
            Ok(_) => {}
        }
    }
}

/// What it is, once enough has been read.
fn decide(connection: &mut Connection, doors: &Doors) -> Option<Sniffed> {
    let junk = |why| Some(Sniffed::Closed(Reason::Protocol, why));
    let kind = match classify(connection.said()) {
        Kind::Pending => return None,
        Kind::Http2 => return Some(Sniffed::Http(Protocol::Http2)),
        Kind::Shoutcast | Kind::Xaudiocast if doors.sources.is_some() => {
            return Some(Sniffed::Shoutcast);
        }
        Kind::Shoutcast | Kind::Xaudiocast => return junk("an encoder on a port that takes none"),
        Kind::Tls => return junk("TLS on a port without"),
        Kind::Junk => return junk("no protocol of this port"),
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
    Some(Sniffed::Http(Protocol::Http1))
}

fn refusal(error: HeadError) -> String {
    let (status, text) = (error.status(), error.public_text());
    format!(
        "HTTP/1.1 {status} {text}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{text}\n",
        text.len() + 1,
    )
}

#[cfg(test)]
mod tests;
