//! What Icecast and SHOUTcast answer to panels, relays and monitors, at the same
//! paths of the public port: who has moved from one of them changes the host's
//! name and nothing else.
//!
//! The documents are `icy::admin`'s; here is what stands in them, and what the
//! administration's commands do.

mod icecast;
mod shoutcast;
mod stats;

use std::fmt;
use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalogue::Catalogue;
use catalogue::report::Report;
use delivery::Delivery;
use icy::admin::{Document, ServerStats};
use icy::update::QUERY_LEN_MAX;
use listen::{Access, Asked, BoxFuture, Routes};
use media::WallTime;
use runtime::clock::Steady;

use crate::Administrator;

/// What the documents tell of the server itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Where listeners reach the public port, without a slash at the end.
    pub public_url: String,
    /// The host in it.
    pub host: String,
    /// Its region.
    pub region: String,
    /// When the process started.
    pub started: WallTime,
    /// ICY listeners that it takes at most.
    pub listeners_max: usize,
}

/// What the administration does to sources, which are another role's.
pub trait Sources: fmt::Debug + Send + Sync {
    /// Ends the source of an ingest; `false` where it has none.
    fn end(&self, ingest: &str) -> bool;
}

/// What the pages are made of.
#[derive(Debug, Clone)]
pub struct Panel(Arc<Shared>);

/// The parts of a [`Panel`].
#[derive(Clone)]
pub struct Parts {
    /// The resources.
    pub catalogue: Arc<Catalogue>,
    /// What the node does at the moment it is called.
    pub report: Arc<dyn Fn() -> Report + Send + Sync>,
    /// The listeners.
    pub delivery: Delivery,
    /// The sources.
    pub sources: Arc<dyn Sources>,
    /// Who may use the pages of `/admin.cgi`.
    pub administrator: Arc<Administrator>,
    /// The time.
    pub clock: Steady,
}

#[derive(Debug)]
struct Shared {
    parts: Parts,
    identity: Identity,
    /// What strangers were told last, and when it was gathered.
    told: Mutex<Option<(WallTime, Arc<ServerStats>)>>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl Panel {
    /// The pages of a server.
    pub fn new(parts: Parts, identity: Identity) -> Self {
        Self(Arc::new(Shared { parts, identity, told: Mutex::default() }))
    }

    /// All but what encoders use: `/admin/metadata` and `/admin.cgi` are ingest's.
    pub fn routes(&self) -> Routes {
        Routes::default()
            .get("/status-json.xsl", Access::Public, icecast::status_json)
            .get("/admin/streamlist.txt", Access::Relay, icecast::stream_list)
            .get_or_post("/admin/", Access::Admin, icecast::command)
            .get_or_post("/admin/{*command}", Access::Admin, icecast::command)
            .get("/7.html", Access::Public, shoutcast::seven)
            .get("/stats", Access::Public, shoutcast::stats)
            .get("/statistics", Access::Public, shoutcast::statistics)
            .get("/currentsong", Access::Public, shoutcast::current_song)
            .get("/played", Access::Public, shoutcast::played)
            .get("/played.html", Access::Public, shoutcast::played)
            .get("/nextsong", Access::Public, shoutcast::next_songs)
            .get("/nextsongs", Access::Public, shoutcast::next_songs)
            .get("/listen.pls", Access::Public, shoutcast::listen_pls)
            .with_state(self)
    }

    /// What `/admin.cgi` answers beside titles.
    pub fn admin_cgi(&self) -> Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync> {
        let panel = self.clone();
        Arc::new(move |request| {
            let panel = panel.clone();
            Box::pin(async move { shoutcast::admin_cgi(&panel, request).await })
        })
    }
}

/// A document that anyone may read, scripts of other pages too.
fn public(document: Document) -> Response {
    let mut response = answer(StatusCode::OK, document);
    let anyone = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
    response
}

/// A document as an answer: it is of this moment.
fn answer(status: StatusCode, document: Document) -> Response {
    let headers = [
        (header::CONTENT_TYPE, document.media_type),
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Pages are plain; nothing in them is to run, whatever a title says.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    (status, headers, document.body).into_response()
}

/// One line for who asks for what cannot be.
fn line(status: StatusCode, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, text).into_response()
}

/// Reads a request with its form, which is no longer than a query may be.
async fn read(request: Request) -> Result<Asked, Response> {
    let too_long = |_| line(StatusCode::PAYLOAD_TOO_LARGE, "the form is too long\n");
    Asked::read(request, QUERY_LEN_MAX).await.map_err(too_long)
}

#[cfg(test)]
mod tests;
