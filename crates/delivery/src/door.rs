//! Where listeners come in: off the accept loop as they are, or through hyper.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::request::Parts;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Response, Version};
use bytes::Bytes;
use futures_util::stream;
use icy::head::Head;
use icy::listener::{self, Cors, ListenerRequest};
use listen::{BoxFuture, Connection, ListenerDoor, Secure, Transport};
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use store::Store;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::Receiver;
use tracing::{debug, info};

use crate::answer::{self, Refusal};
use crate::fanout::{Fanout, JoinRefused, NewListener, Seat};
use crate::hls;
use crate::metrics::{FanoutCollector, Kind, Metrics, RequestLabel};
use crate::resolve::{Stations, Wanted};
use crate::station::Station;

/// When a listener that found the mount off the air, or full, may come again.
const RETRY_SECS: u32 = 5;

/// Everything that listeners ask for. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Delivery {
    stations: Arc<Stations>,
    bucket: Store,
    clock: Steady,
    metrics: Metrics,
}

impl Delivery {
    /// Serves these stations, whose ICY listeners are in `fanout`; older
    /// segments come from `bucket`.
    pub fn new(
        stations: Arc<Stations>,
        fanout: &Fanout,
        bucket: Store,
        clock: Steady,
        registry: &mut Registry,
    ) -> Self {
        let metrics = Metrics::register(registry);
        let collector =
            FanoutCollector { stations: Arc::clone(&stations), fanout: fanout.clone() };
        registry.register_collector(Box::new(collector));
        Self { stations, bucket, clock, metrics }
    }

    /// All that goes through hyper. It answers every path, with 404 at the least.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }
}

impl ListenerDoor for Delivery {
    fn wants(&self, head: &Head) -> bool {
        head.method == "GET"
            && matches!(self.stations.resolve(head.path()), Some((_, Wanted::Stream)))
    }

    fn listen(&self, head: Head, connection: Connection) -> BoxFuture<'static, ()> {
        let found = self.stations.resolve(head.path());
        Box::pin(async move {
            if let Some((station, Wanted::Stream)) = found {
                listen(&station, &ListenerRequest::from_head(&head), connection).await;
            }
        })
    }
}

/// Takes a listener that came as it is: the fan-out engine gets the socket.
async fn listen(station: &Station, request: &ListenerRequest, mut connection: Connection) {
    let peer = connection.peer();
    let seat = match station.mount().seat() {
        Ok(seat) => seat,
        Err(refused) => {
            let refusal = listener::Refusal::Unavailable { retry_after_secs: RETRY_SECS };
            let answer = listener::refused(&refusal, Cors::Any, request.version);
            // A peer that is gone needs no answer.
            let _ = connection.write_all(&answer).await;
            let _ = connection.shutdown().await;
            let mount = station.settings().name.as_str();
            return info!(mount, %peer, reason = %refused, "listener refused");
        }
    };
    let head = listener::response_head(station.head(), request);
    let newcomer = newcomer(station, request, head, peer);
    // What the player has sent behind its request is not waited for: a stream
    // never ends, so no second request of the connection is ever read.
    match connection.into_parts().0 {
        Transport::Plain(stream) => {
            if let Ok(socket) = stream.into_std() {
                report(seat.join(socket, newcomer).err(), peer);
            }
        }
        Transport::Tls(mut stream) => match seat.join_pipe(newcomer) {
            Ok(mut pipe) => {
                while let Some(bytes) = pipe.recv().await {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                let _ = stream.shutdown().await;
            }
            Err(error) => report(Some(error), peer),
        },
    }
}

fn report(error: Option<crate::fanout::NotJoined>, peer: SocketAddr) {
    if let Some(error) = error {
        info!(%peer, %error, "listener lost");
    }
}

fn newcomer(
    station: &Station,
    request: &ListenerRequest,
    head: Bytes,
    peer: SocketAddr,
) -> NewListener {
    let mount = station.settings().name.clone();
    let agent = request.user_agent.clone().unwrap_or_default();
    debug!(mount, %peer, agent, "listener joined");
    NewListener {
        head,
        metaint: station
            .head()
            .metaint
            .filter(|_| request.wants_metadata)
            .and_then(NonZeroU32::new),
        until: None,
        on_end: Some(Box::new(move |end| {
            debug!(mount, %peer, agent, ?end, "listener left");
        })),
    }
}

/// Answers whatever came through hyper.
async fn answer(
    State(delivery): State<Delivery>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(Secure(secure)): Extension<Secure>,
    request: Request,
) -> Response<Body> {
    let request = request.into_parts().0;
    let found = delivery.stations.resolve(request.uri.path());
    let kind = kind_of(found.as_ref().map(|(_, wanted)| wanted));
    let response = match found {
        _ if request.method == Method::OPTIONS => answer::options(),
        None => Refusal::NotFound.respond(),
        Some(_) if !matches!(request.method, Method::GET | Method::HEAD) => {
            Refusal::Method.respond()
        }
        Some((station, wanted)) => {
            let asked = Asked { request: &request, peer, secure };
            delivery.give(&station, wanted, asked).await
        }
    };
    let label = RequestLabel { kind, status: response.status().as_u16() };
    delivery.metrics.requests.get_or_create(&label).inc();
    response
}

/// A request and where it came from.
struct Asked<'a> {
    request: &'a Parts,
    peer: SocketAddr,
    secure: bool,
}

impl Delivery {
    async fn give(&self, station: &Arc<Station>, wanted: Wanted, asked: Asked<'_>) -> Response<Body> {
        let (headers, now) = (&asked.request.headers, self.clock.now());
        match wanted {
            Wanted::Stream => stream_answer(station, asked.request, asked.peer),
            Wanted::Multivariant { prefix } => {
                let document = station.hls().multivariant(&prefix);
                hls::playlist(station, document.as_ref(), headers, now)
            }
            Wanted::Media => hls::playlist(station, station.hls().media.as_deref(), headers, now),
            Wanted::Segment { name } => {
                if !station.hls().segments.contains_key(&name) {
                    self.metrics.from_bucket.inc();
                }
                hls::segment(station, &name, &self.bucket, headers).await
            }
            Wanted::TuneIn(format) => {
                let url = own_url(asked.request, asked.secure, &station.settings().name);
                hls::tune_in(station, format, url)
            }
        }
    }
}

fn kind_of(wanted: Option<&Wanted>) -> Kind {
    match wanted {
        Some(Wanted::Stream) => Kind::Stream,
        Some(Wanted::Multivariant { .. } | Wanted::Media) => Kind::Playlist,
        Some(Wanted::Segment { .. }) => Kind::Segment,
        Some(Wanted::TuneIn(_)) => Kind::TuneIn,
        None => Kind::Unknown,
    }
}

/// A stream over a connection that hyper keeps: HTTP/2, or one that has been
/// used before. The engine fills a pipe instead of the socket.
fn stream_answer(station: &Station, request: &Parts, peer: SocketAddr) -> Response<Body> {
    let asked = listener_request(request);
    let head = listener::response_head(station.head(), &asked);
    let body = if request.method == Method::HEAD {
        Body::empty()
    } else {
        match station.mount().seat() {
            Ok(seat) => match pipe(seat, newcomer(station, &asked, Bytes::new(), peer)) {
                Some(body) => body,
                None => return Refusal::OffAir { retry_secs: RETRY_SECS.into() }.respond(),
            },
            Err(JoinRefused::MountFull | JoinRefused::ProcessFull) => {
                return Refusal::Full.respond();
            }
            Err(_) => return Refusal::OffAir { retry_secs: RETRY_SECS.into() }.respond(),
        }
    };
    let mut response = Response::new(body);
    copy_headers(&head, response.headers_mut());
    response
}

fn pipe(seat: Seat, newcomer: NewListener) -> Option<Body> {
    let receiver = seat.join_pipe(newcomer).ok()?;
    let next = |mut receiver: Receiver<Bytes>| async move {
        receiver.recv().await.map(|bytes| (Ok::<_, std::convert::Infallible>(bytes), receiver))
    };
    Some(Body::from_stream(stream::unfold(receiver, next)))
}

fn listener_request(request: &Parts) -> ListenerRequest {
    let version = match request.version {
        Version::HTTP_09 | Version::HTTP_10 => icy::head::Version::Http10,
        _ => icy::head::Version::Http11,
    };
    ListenerRequest::from_headers(version, |name| {
        request.headers.get(name).map(HeaderValue::as_bytes)
    })
}

/// The header lines of a head that is ready to be sent, but for those that say
/// how the message is framed.
fn copy_headers(head: &[u8], headers: &mut HeaderMap) {
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let parsed = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value));
        if let (Ok(name), Ok(value)) = parsed
            && name != header::CONNECTION
            && name != header::CONTENT_LENGTH
        {
            headers.append(name, value);
        }
    }
}

/// The mount's address as the client knows this server.
fn own_url(request: &Parts, secure: bool, mount: &str) -> String {
    let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = request.uri.authority().map(axum::http::uri::Authority::as_str);
    let is_host = |host: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
        !host.is_empty() && host.len() <= 255 && host.bytes().all(allowed)
    };
    let host = host.or(authority).filter(is_host).unwrap_or("localhost");
    let scheme = if secure { "https" } else { "http" };
    format!("{scheme}://{host}/{mount}")
}

#[cfg(test)]
mod tests;
