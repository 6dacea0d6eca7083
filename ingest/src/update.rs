//! Titles that encoders send beside their audio.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use icy::charset::Charset;
use icy::shoutcast::Login;
use icy::source::Credentials;
use icy::update::{HTML_MEDIA_TYPE, Outcome, TitleUpdate, UpdateError, XML_MEDIA_TYPE};
use listen::{Access, BoxFuture, Routes};
use tracing::{debug, info};

use crate::auth::{Claimant, Purpose, Right};
use crate::slot::Slot;
use crate::{Ingest, Shared};

/// The longest form body that is read, in bytes.
const FORM_LEN_MAX: usize = icy::update::QUERY_LEN_MAX;

/// The administrator's user, as in Icecast.
const ADMIN: &str = "admin";

/// Which server's way of answering.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Icecast,
    Shoutcast,
}

/// Answers what is asked of `/admin.cgi` beside titles.
pub type OtherPages = Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>;

impl Ingest {
    /// `/admin/metadata` and `/admin.cgi`, as encoders call them.
    pub fn routes(&self, other_pages: OtherPages) -> Routes {
        let shared = &self.shared;
        let icecast = {
            let shared = Arc::clone(shared);
            async move |request: Request| match Asked::read(request).await {
                Ok((asked, _)) => update(&shared, &asked, Manner::Icecast).await,
                Err(refusal) => refusal,
            }
        };
        let shoutcast = {
            let shared = Arc::clone(shared);
            async move |request: Request| match Asked::read(request).await {
                Ok((asked, request)) if !asked.is_update() => other_pages(request).await,
                Ok((asked, _)) => update(&shared, &asked, Manner::Shoutcast).await,
                Err(refusal) => refusal,
            }
        };
        Routes::default().get_or_post("/admin/metadata", Access::Source, icecast).get_or_post(
            "/admin.cgi",
            Access::Source,
            shoutcast,
        )
    }
}

/// What an update consists of, wherever it stands in the request.
struct Asked {
    peer: SocketAddr,
    credentials: Option<Credentials>,
    /// The query and the form.
    parameters: Vec<u8>,
}

impl Asked {
    /// Reads a request whole, and gives it back for who else may answer it.
    async fn read(request: Request) -> Result<(Self, Request), Response> {
        let (parts, body) = request.into_parts();
        let ConnectInfo(peer) = *parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
        let basic = parts.headers.get(header::AUTHORIZATION);
        let credentials =
            basic.and_then(|value| Credentials::from_authorization(value.as_bytes()).ok()?);
        let form = to_bytes(body, FORM_LEN_MAX).await.map_err(|_| too_long())?;
        let mut parameters = parts.uri.query().unwrap_or_default().as_bytes().to_vec();
        if !parameters.is_empty() && !form.is_empty() {
            parameters.push(b'&');
        }
        parameters.extend_from_slice(&form);
        let request = Request::from_parts(parts, Body::from(form));
        Ok((Self { peer, credentials, parameters }, request))
    }

    /// Whether it says that it is an update.
    fn is_update(&self) -> bool {
        TitleUpdate::parse(&self.parameters, Charset::Auto) != Err(UpdateError::Mode)
    }
}

async fn update(shared: &Shared, asked: &Asked, manner: Manner) -> Response {
    let update = match TitleUpdate::parse(&asked.parameters, Charset::Auto) {
        Ok(update) => update,
        Err(error) => {
            info!(peer = %asked.peer, %error, "title refused");
            shared.metrics.titles_refused.inc();
            return reply(StatusCode::BAD_REQUEST, Outcome::Rejected, manner);
        }
    };
    if asked.credentials.is_none() && update.password.is_none() {
        return unauthorised();
    }
    let now = shared.clock.now();
    if !shared.passwords.tries.begin(asked.peer, now) {
        info!(peer = %asked.peer, "title refused: too many wrong passwords");
        shared.metrics.strangers.inc();
        return too_many_tries();
    }
    let slot = if is_admin(shared, &update, asked.credentials.as_ref()) {
        slot_of_admin(shared, &update)
    } else if let Right::To(slot) = right(shared, &update, asked).await {
        Some(slot)
    } else {
        shared.stranger("title", update.mount.as_deref().unwrap_or_default());
        return unauthorised();
    };
    shared.passwords.tries.forgive(asked.peer, now);
    let Some(slot) = slot else {
        return reply(StatusCode::BAD_REQUEST, Outcome::NoSource, manner);
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
async fn right(shared: &Shared, update: &TitleUpdate, asked: &Asked) -> Right {
    let (basic, peer, purpose) = (asked.credentials.as_ref(), asked.peer, Purpose::Titles);
    if let Some((credentials, mount)) = basic.zip(update.mount.as_deref()) {
        return shared.right_to(mount, Claimant { credentials, peer, purpose }).await;
    }
    let Some(password) = update.password.as_ref().or_else(|| basic.map(|given| &given.password))
    else {
        return Right::None;
    };
    let Some(mut login) = Login::parse(password.as_bytes()) else { return Right::None };
    login.mount = login.mount.or_else(|| update.mount.clone());
    shared.right_of(&login, peer, purpose).await
}

/// Whether the administrator asks: by Basic authentication, as Icecast has it,
/// or by the password in the query, as SHOUTcast has it.
fn is_admin(shared: &Shared, update: &TitleUpdate, basic: Option<&Credentials>) -> bool {
    let Some(secret) = &shared.passwords.admin else { return false };
    let by_query = update.password.as_deref();
    let basic = basic.filter(|given| given.user == ADMIN).map(|given| given.password.as_str());
    [by_query, basic].into_iter().flatten().any(|given| secret.matches(given.as_bytes()))
}

/// The ingest that the administrator means: that of an encoder's mount, or the
/// one with a source of a listeners' mount, or of a SHOUTcast stream's number.
fn slot_of_admin(shared: &Shared, update: &TitleUpdate) -> Option<Arc<Slot>> {
    let catalogue = &shared.catalogue;
    let egress = if let Some(mount) = update.mount.as_deref() {
        if let Some(ingest) = catalogue.ingest_at(mount) {
            return shared.slot(ingest);
        }
        catalogue.egress_at(mount)?
    } else {
        catalogue.egress_by_sid(update.sid.unwrap_or(1))?
    };
    let slots = egress.ingests.iter().filter_map(|name| shared.slots.get(name.as_str()));
    let mut slots = slots.cloned();
    let first = slots.next()?;
    let has_source = slots.find(|slot| slot.has_source()).filter(|_| !first.has_source());
    Some(has_source.unwrap_or(first))
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

/// Longer than [`FORM_LEN_MAX`], or broken off: nobody is there then to read it.
fn too_long() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain")];
    (StatusCode::PAYLOAD_TOO_LARGE, headers, "The form is too long\n").into_response()
}

fn too_many_tries() -> Response {
    let headers = [(header::RETRY_AFTER, "60"), (header::CONTENT_TYPE, "text/plain")];
    (StatusCode::TOO_MANY_REQUESTS, headers, "Too many failed attempts\n").into_response()
}

#[cfg(test)]
mod tests;
