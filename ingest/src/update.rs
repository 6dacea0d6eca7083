//! Titles that encoders send beside their audio.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use icy::charset::Charset;
use icy::shoutcast::Login;
use icy::source::Credentials;
use icy::update::{HTML_MEDIA_TYPE, Outcome, TitleUpdate, XML_MEDIA_TYPE};
use tracing::{debug, info};

use crate::door::{slot_for, slot_of};
use crate::slot::Slot;
use crate::{Ingest, Shared};

/// The longest form body that is read, in bytes.
const FORM_LEN_MAX: usize = icy::update::QUERY_LEN_MAX;

/// Which server's way of answering.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Icecast,
    Shoutcast,
}

impl Ingest {
    /// `/admin/metadata` and `/admin.cgi`, as encoders call them.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/admin/metadata", get(icecast).post(icecast))
            .route("/admin.cgi", get(shoutcast).post(shoutcast))
            .layer(axum::extract::DefaultBodyLimit::max(FORM_LEN_MAX))
            .with_state(Arc::clone(&self.shared))
    }
}

async fn icecast(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    form: Bytes,
) -> Response {
    update(&shared, query.as_deref(), &headers, &form, Manner::Icecast)
}

async fn shoutcast(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    form: Bytes,
) -> Response {
    update(&shared, query.as_deref(), &headers, &form, Manner::Shoutcast)
}

fn update(
    shared: &Shared,
    query: Option<&str>,
    headers: &HeaderMap,
    form: &[u8],
    manner: Manner,
) -> Response {
    let query = query.map_or(form, str::as_bytes);
    let update = match TitleUpdate::parse(query, Charset::Auto) {
        Ok(update) => update,
        Err(error) => {
            info!(%error, "title refused");
            return reply(StatusCode::BAD_REQUEST, Outcome::Rejected, manner);
        }
    };
    let Some(slot) = authorised(shared, &update, headers) else {
        shared.metrics.strangers.inc();
        return unauthorised();
    };
    let outcome = if slot.title(update.title) { Outcome::Updated } else { Outcome::NoSource };
    debug!(ingest = slot.ingest().name.as_str(), ?outcome, "title");
    reply(StatusCode::OK, outcome, manner)
}

/// The ingest whose title it may set: by Basic credentials and the mount, or by
/// a password in the query.
fn authorised(shared: &Shared, update: &TitleUpdate, headers: &HeaderMap) -> Option<Arc<Slot>> {
    let basic = headers.get(header::AUTHORIZATION);
    let basic = basic.and_then(|value| Credentials::from_authorization(value.as_bytes()).ok()?);
    if let Some((given, mount)) = basic.as_ref().zip(update.mount.as_deref()) {
        return slot_for(shared, mount, given);
    }
    let password = update.password.clone().or_else(|| basic.map(|given| given.password))?;
    let mut login = Login::parse(password.as_bytes())?;
    login.mount = login.mount.or_else(|| update.mount.clone());
    slot_of(shared, &login)
}

fn reply(status: StatusCode, outcome: Outcome, manner: Manner) -> Response {
    let (media_type, text) = match manner {
        Manner::Icecast => (XML_MEDIA_TYPE, outcome.to_xml()),
        Manner::Shoutcast => (HTML_MEDIA_TYPE, outcome.to_html()),
    };
    (status, [(header::CONTENT_TYPE, media_type)], text).into_response()
}

fn unauthorised() -> Response {
    let headers = [
        (header::WWW_AUTHENTICATE, "Basic realm=\"Icecast2 Server\""),
        (header::CONTENT_TYPE, "text/plain"),
    ];
    (StatusCode::UNAUTHORIZED, headers, "You need to authenticate\n").into_response()
}
