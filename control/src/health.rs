//! What other programs ask a node: metrics, and whether it lives and serves.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use listen::{Access, Routes};
use prometheus_client::encoding::text::encode;
use tracing::error;

use crate::Control;

/// The content type of the `OpenMetrics` text format, version 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes() -> Routes<Control> {
    Routes::default()
        .get("/metrics", Access::Public, metrics)
        .get("/healthz", Access::Public, healthz)
        .get("/readyz", Access::Public, readyz)
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
