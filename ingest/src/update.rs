//! Titles that encoders send beside their audio.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequest, Request, State};
use axum::http::{StatusCode, header};
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

async fn icecast(State(shared): State<Arc<Shared>>, asked: Asked) -> Response {
    update(&shared, &asked, Manner::Icecast)
}

async fn shoutcast(State(shared): State<Arc<Shared>>, asked: Asked) -> Response {
    update(&shared, &asked, Manner::Shoutcast)
}

/// What an update consists of, wherever it stands in the request.
struct Asked {
    peer: SocketAddr,
    credentials: Option<Credentials>,
    /// The query and the form.
    parameters: Vec<u8>,
}

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let ConnectInfo(peer) = *request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
        let basic = request.headers().get(header::AUTHORIZATION);
        let credentials =
            basic.and_then(|value| Credentials::from_authorization(value.as_bytes()).ok()?);
        let mut parameters = request.uri().query().unwrap_or_default().as_bytes().to_vec();
        let form = Bytes::from_request(request, state).await;
        let form = form.map_err(IntoResponse::into_response)?;
        if !parameters.is_empty() && !form.is_empty() {
            parameters.push(b'&');
        }
        parameters.extend_from_slice(&form);
        Ok(Self { peer, credentials, parameters })
    }
}

fn update(shared: &Shared, asked: &Asked, manner: Manner) -> Response {
    let update = match TitleUpdate::parse(&asked.parameters, Charset::Auto) {
        Ok(update) => update,
        Err(error) => {
            info!(peer = %asked.peer, %error, "title refused");
            shared.metrics.titles_refused.inc();
            return reply(StatusCode::BAD_REQUEST, Outcome::Rejected, manner);
        }
    };
    let now = shared.clock.now();
    if shared.tries.are_used_up(asked.peer, now) {
        info!(peer = %asked.peer, "title refused: too many wrong passwords");
        shared.metrics.strangers.inc();
        return too_many_tries();
    }
    let Some(slot) = authorised(shared, &update, asked.credentials.as_ref()) else {
        shared.stranger("title", update.mount.as_deref().unwrap_or_default());
        if asked.credentials.is_some() || update.password.is_some() {
            shared.tries.failed(asked.peer, now);
        }
        return unauthorised();
    };
    // Now that the ingest is known, its charset is.
    let title = TitleUpdate::parse(&asked.parameters, slot.charset());
    let title = title.map_or(update.title, |update| update.title);
    let outcome = if slot.title(title) { Outcome::Updated } else { Outcome::NoSource };
    debug!(ingest = slot.name(), ?outcome, "title");
    reply(StatusCode::OK, outcome, manner)
}

/// The ingest whose title it may set: by Basic credentials and the mount, or by
/// a password in the query.
fn authorised(
    shared: &Shared,
    update: &TitleUpdate,
    basic: Option<&Credentials>,
) -> Option<Arc<Slot>> {
    if let Some((given, mount)) = basic.zip(update.mount.as_deref()) {
        return slot_for(shared, mount, given);
    }
    let password = update.password.as_ref().or_else(|| basic.map(|given| &given.password))?;
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

fn too_many_tries() -> Response {
    let headers = [(header::RETRY_AFTER, "60"), (header::CONTENT_TYPE, "text/plain")];
    (StatusCode::TOO_MANY_REQUESTS, headers, "Too many failed attempts\n").into_response()
}

#[cfg(test)]
mod tests;
