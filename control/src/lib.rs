//! The control role: the page, the API, metrics and health; what happens, and
//! who is told of it.
//!
//! It tells what the node does and changes nothing. It refuses to run code
//! that is not its own: each answer bears a content security policy.

mod administrator;
mod api;
mod health;
mod page;
mod panel;
mod policy;
pub mod watch;
pub mod webhooks;
pub mod yp;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use catalogue::report::Report;
use listen::{Guard, Routes};
use prometheus_client::registry::Registry;
use runtime::shutdown::Shutdown;
use serde::Serialize;

use crate::watch::Recent;

pub use crate::administrator::Administrator;
pub use crate::panel::{Identity, Panel, Parts, Sources};

/// What the control port tells of.
#[derive(Clone)]
pub struct Control {
    report: Arc<dyn Fn() -> Report + Send + Sync>,
    registry: Arc<Registry>,
    shutdown: Shutdown,
    ports: Ports,
    recent: Recent,
    extent: Extent,
}

/// What a process has on its control port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Page, API, metrics and health.
    #[default]
    All,
    /// Metrics and health: the process has not the control role.
    Health,
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
        let recent = Recent::default();
        let extent = Extent::default();
        Self { report, registry: Arc::new(registry), shutdown, ports, recent, extent }
    }

    /// The same, with so much on its port.
    #[must_use]
    pub fn with_extent(self, extent: Extent) -> Self {
        Self { extent, ..self }
    }

    /// The same, telling of these events.
    #[must_use]
    pub fn with_events(self, recent: Recent) -> Self {
        Self { recent, ..self }
    }

    /// The routes of the control port.
    pub fn routes(&self) -> Routes {
        let routes = match self.extent {
            Extent::All => page::routes().and(health::routes()).and(api::routes()),
            Extent::Health => health::routes(),
        };
        routes.with_state(self)
    }

    /// Everything on the control port.
    pub fn router(&self, guard: &Arc<dyn Guard>) -> Router {
        let policy = policy::Policy::new(self.ports);
        self.routes()
            .into_router(guard)
            .fallback(nothing)
            .method_not_allowed_fallback(no_method)
            .layer(map_response(move |response| {
                let answer = policy.apply(response);
                async move { answer }
            }))
    }
}

async fn nothing(uri: Uri) -> Response {
    if api::is_below(uri.path()) {
        return api::nothing();
    }
    (StatusCode::NOT_FOUND, "there is nothing here\n").into_response()
}

async fn no_method(uri: Uri) -> Response {
    if api::is_below(uri.path()) {
        return api::no_method();
    }
    (StatusCode::METHOD_NOT_ALLOWED, "this can be read and nothing else\n").into_response()
}

#[cfg(test)]
mod tests;
