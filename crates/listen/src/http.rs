//! HTTP by hyper: everything that is neither an encoder nor an ICY listener.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use settings::networks::Networks;
use tokio::time::Sleep;
use tower::ServiceExt;
use tracing::info;

use crate::forwarded;
use crate::guard::{self, Guard};
use crate::metrics::{PortMetrics, Reason};
use crate::port::Shared;
use crate::transport::Connection;

/// Streams of one HTTP/2 connection at a time.
const STREAMS_MAX: u32 = 64;

/// How often a silent HTTP/2 connection is asked whether it lives.
const PING_EVERY: Duration = Duration::from_secs(30);

/// The read buffer of an HTTP/1 connection, and so the longest head.
const HEAD_LEN_MAX: usize = icy::head::HEAD_LEN_MAX;

/// A request's extension: whether it came over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secure(pub bool);

/// Which HTTP a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// What all requests of a connection have in common.
#[derive(Debug)]
struct Requests {
    router: Router,
    peer: SocketAddr,
    trusted_proxies: Networks,
    secure: Secure,
    body_time: Duration,
    metrics: PortMetrics,
}

/// Serves a connection until its peer or the shutdown ends it.
///
/// The header time is for each head from the end of the answer before, for each
/// body, and for the requests under way when the shutdown comes.
pub(crate) async fn serve(connection: Connection, protocol: Protocol, port: &Shared) {
    let header_time = port.settings.header_time;
    let requests = Arc::new(Requests {
        router: port.doors.http.clone(),
        peer: connection.peer(),
        trusted_proxies: port.settings.trusted_proxies.clone(),
        secure: Secure(connection.is_secure()),
        body_time: header_time,
        metrics: port.metrics.clone(),
    });
    let service = service_fn(move |request: Request<Incoming>| {
        let requests = Arc::clone(&requests);
        async move { Ok::<_, Infallible>(requests.answer(request).await) }
    });
    let builder = builder(header_time);
    let (builder, guard) = match protocol {
        Protocol::Http1 => (builder.http1_only(), Guard::http1(connection)),
        Protocol::Http2 => (builder.http2_only(), Guard::http2(connection)),
    };
    let serving = builder.serve_connection(TokioIo::new(guard), service);
    tokio::pin!(serving);
    // An error here is the peer's, who has been answered or is gone.
    tokio::select! {
        _ = serving.as_mut() => return,
        () = port.shutdown.wait() => serving.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(header_time, serving).await;
}

fn builder(header_time: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_time)
        // No `max_headers`: the guard lets no more through than hyper's own 100, and hyper
        // makes room for those of its own limit alone without a walk over it.
        .max_buf_size(HEAD_LEN_MAX)
        // Encoders close as soon as a title is sent, without waiting for the answer.
        .half_close(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_LEN_MAX.try_into().unwrap_or(u32::MAX))
        .keep_alive_interval(Some(PING_EVERY))
        .keep_alive_timeout(header_time);
    builder
}

impl Requests {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if let Some((status, text)) = guard::refusal(&request) {
            self.metrics.refused(Reason::Head);
            info!(peer = %self.peer, status = status.as_u16(), "request refused");
            return refused(status, text);
        }
        let peer = self.client_of(&request);
        let has_body = !hyper::body::Body::is_end_stream(request.body());
        let body_time = self.body_time;
        let mut request = request.map(|body| {
            if has_body { Body::new(Timely::new(body, body_time)) } else { Body::empty() }
        });
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(self.secure);
        let Ok(mut response) = self.router.clone().oneshot(request).await;
        if has_body && response.version() < Version::HTTP_2 {
            // Nothing behind a body is read as a head.
            response.headers_mut().insert(header::CONNECTION, CLOSE);
        }
        response
    }

    /// Who asks: the peer, or whom it speaks for.
    fn client_of<B>(&self, request: &Request<B>) -> SocketAddr {
        let values = |name| request.headers().get_all(name).iter().map(HeaderValue::as_bytes);
        let (ours, standard) = (values(X_FORWARDED_FOR), values(header::FORWARDED));
        forwarded::client(self.peer, ours, standard, &self.trusted_proxies)
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

const CLOSE: HeaderValue = HeaderValue::from_static("close");

fn refused(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text + "\n"));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONNECTION, CLOSE);
    response
}

/// A request's body that has a limited time in all.
struct Timely {
    body: Incoming,
    time: Duration,
    /// Runs from when it is first read.
    due: Option<Pin<Box<Sleep>>>,
}

impl Timely {
    fn new(body: Incoming, time: Duration) -> Self {
        Self { body, time, due: None }
    }
}

impl hyper::body::Body for Timely {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)));
        }
        let time = this.time;
        let due = this.due.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        std::task::ready!(due.as_mut().poll(context));
        let late = io::Error::new(io::ErrorKind::TimedOut, "the body took too long");
        Poll::Ready(Some(Err(axum::Error::new(late))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
