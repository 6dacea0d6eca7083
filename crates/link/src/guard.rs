//! Who may ask on the node port.

use std::net::SocketAddr;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use listen::{Access, Guard};
use settings::Secret;
use tracing::info;

use crate::metrics::Metrics;

/// What stands before the secret in `Authorization` (RFC 6750 §2.1).
pub(crate) const SCHEME: &str = "Bearer ";

/// Lets in who has the cluster's secret, and nobody else.
#[derive(Debug)]
pub struct NodeGuard {
    secret: Secret,
    metrics: Metrics,
}

impl NodeGuard {
    /// The guard of a cluster with this secret.
    pub fn new(secret: Secret, metrics: Metrics) -> Self {
        Self { secret, metrics }
    }
}

impl Guard for NodeGuard {
    fn admit(&self, _: Access, request: &Parts, peer: SocketAddr) -> Result<(), Box<Response>> {
        let given = request.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let given = given.and_then(|given| given.strip_prefix(SCHEME.as_bytes()));
        if given.is_some_and(|given| self.secret.matches(given)) {
            return Ok(());
        }
        self.metrics.strangers.inc();
        info!(%peer, "refused on the node port: not the cluster's secret");
        let headers = [(header::WWW_AUTHENTICATE, "Bearer"), (header::CACHE_CONTROL, "no-store")];
        let answer = (StatusCode::UNAUTHORIZED, headers, "not a node of this cluster\n");
        Err(Box::new(answer.into_response()))
    }
}
