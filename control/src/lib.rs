//! The control role: the page, metrics and health.

mod page;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use catalogue::report::Report;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use runtime::shutdown::Shutdown;

/// What the control port tells of.
#[derive(Clone)]
pub struct Control {
    report: Arc<dyn Fn() -> Report + Send + Sync>,
    registry: Arc<Registry>,
    shutdown: Shutdown,
    ports: Ports,
}

pub use page::Ports;

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("ports", &self.ports).finish_non_exhaustive()
    }
}

impl Control {
    /// `report` says what the node does at the moment it is called.
    pub fn new(
        report: Arc<dyn Fn() -> Report + Send + Sync>,
        registry: Registry,
        shutdown: Shutdown,
        ports: Ports,
    ) -> Self {
        Self { report, registry: Arc::new(registry), shutdown, ports }
    }

    /// Everything on the control port.
    pub fn router(&self) -> Router {
        page::routes()
            .route("/metrics", get(metrics))
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .with_state(self.clone())
    }
}

/// The content type of the OpenMetrics text format, version 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async fn metrics(State(control): State<Control>) -> Response {
    let mut text = String::new();
    match encode(&mut text, &control.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
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
