//! The control role: the page, the API, metrics and health.
//!
//! It tells what the node does and changes nothing. It refuses to run code
//! that is not its own: each answer bears a content security policy.

mod api;
mod health;
mod page;
mod policy;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::routing::any;
use catalogue::report::Report;
use prometheus_client::registry::Registry;
use runtime::shutdown::Shutdown;
use serde::Serialize;

/// What the control port tells of.
#[derive(Clone)]
pub struct Control {
    report: Arc<dyn Fn() -> Report + Send + Sync>,
    registry: Arc<Registry>,
    shutdown: Shutdown,
    ports: Ports,
}

/// Where listeners connect, for the page's links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ports {
    /// The public port.
    pub public: u16,
    /// The public port with TLS.
    pub public_tls: Option<u16>,
}

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
        let policy = policy::Policy::new(self.ports);
        page::routes()
            .merge(health::routes())
            .nest("/api", api::routes())
            // A nested router does not have its own root with a slash.
            .route("/api/", any(api::nothing))
            .fallback(async || (StatusCode::NOT_FOUND, "there is nothing here\n"))
            .method_not_allowed_fallback(async || {
                (StatusCode::METHOD_NOT_ALLOWED, "this can be read and nothing else\n")
            })
            .with_state(self.clone())
            .layer(map_response(move |response| {
                let answer = policy.apply(response);
                async move { answer }
            }))
    }
}

#[cfg(test)]
mod tests;
