//! The page at `/`: stations on air, titles, listeners, and a player.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::Control;

/// Nothing but our own script and style; sound from the public ports.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self' http: https:; media-src http: https: blob:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Where listeners connect, for the page's links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ports {
    /// The public port.
    pub public: u16,
    /// The public port with TLS.
    pub public_tls: Option<u16>,
}

/// What the page asks for every other second.
#[derive(Serialize)]
struct Status {
    ports: Ports,
    #[serde(flatten)]
    report: catalogue::report::Report,
}

pub(crate) fn routes() -> Router<Control> {
    Router::new()
        .route("/", get(|| asset("text/html; charset=utf-8", include_str!("../assets/index.html"))))
        .route(
            "/assets/page.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("../assets/page.js"))),
        )
        .route(
            "/assets/page.css",
            get(|| asset("text/css; charset=utf-8", include_str!("../assets/page.css"))),
        )
        .route("/api/v1/status", get(status))
}

async fn asset(media_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}

async fn status(State(control): State<Control>) -> Response {
    let report = (control.report)();
    let status = Status { ports: control.ports, report };
    ([(header::CACHE_CONTROL, "no-store")], Json(status)).into_response()
}
