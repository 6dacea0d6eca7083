//! HTTP by hyper: everything that is neither an encoder nor an ICY listener.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use runtime::shutdown::Shutdown;
use tower::ServiceExt;

use crate::transport::Connection;

/// Streams of one HTTP/2 connection at a time.
const STREAMS_MAX: u32 = 64;

/// The read buffer of an HTTP/1 connection, and so the longest head.
const HEAD_LEN_MAX: usize = icy::head::HEAD_LEN_MAX;

/// A request's extension: whether it came over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secure(pub bool);

/// Serves a connection until its peer or the shutdown ends it.
pub(crate) async fn serve(
    connection: Connection,
    router: Router,
    header_time: Duration,
    shutdown: Shutdown,
) {
    let (peer, secure) = (connection.peer(), Secure(connection.is_secure()));
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request, peer, secure).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_time)
        .max_headers(icy::head::HEADERS_MAX)
        .max_buf_size(HEAD_LEN_MAX)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_LEN_MAX.try_into().unwrap_or(u32::MAX))
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(header_time);
    let serving = builder.serve_connection(TokioIo::new(connection), service);
    tokio::pin!(serving);
    // An error here is the peer's, who has been answered or is gone.
    tokio::select! {
        _ = serving.as_mut() => return,
        () = shutdown.wait() => serving.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(header_time, serving).await;
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    secure: Secure,
) -> Response<Body> {
    if is_ambiguous(&request) {
        return refused();
    }
    let has_body = !hyper::body::Body::is_end_stream(request.body());
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(secure);
    let Ok(mut response) = router.oneshot(request).await;
    if has_body && response.version() < axum::http::Version::HTTP_2 {
        // Whatever of the body was left unread is not taken for a request.
        response.headers_mut().insert(header::CONNECTION, CLOSE);
    }
    response
}

const CLOSE: axum::http::HeaderValue = axum::http::HeaderValue::from_static("close");

/// Two readings of where the body ends: the request is smuggled or broken
/// (RFC 9112 §6.1).
fn is_ambiguous(request: &Request<Incoming>) -> bool {
    let count = |name: &HeaderName| request.headers().get_all(name).iter().count();
    let (lengths, encodings) =
        (count(&header::CONTENT_LENGTH), count(&header::TRANSFER_ENCODING));
    lengths > 1 || encodings > 1 || (lengths > 0 && encodings > 0)
}

fn refused() -> Response<Body> {
    let mut response = Response::new(Body::from("ambiguous length of the body\n"));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(header::CONNECTION, CLOSE);
    response
}
