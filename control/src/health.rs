//! What other programs ask a node: metrics, and whether it lives and serves.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use tracing::error;

use crate::Control;

/// The content type of the `OpenMetrics` text format, version 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes() -> Router<Control> {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
}

async fn metrics(State(control): State<Control>) -> Response {
    let mut text = String::new();
    if encode(&mut text, &control.registry).is_err() {
        error!("a metric cannot be written as text");
        return (StatusCode::INTERNAL_SERVER_ERROR, "metrics cannot be had\n").into_response();
    }
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

/// The process lives.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The process takes connections, and is not about to end.
async fn readyz(State(control): State<Control>) -> (StatusCode, &'static str) {
    if control.shutdown.is_triggered() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}
