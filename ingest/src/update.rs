//! Titles that encoders send beside their audio.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use icy::admin::ADMIN_USER;
use icy::charset::Charset;
use icy::shoutcast::Login;
use icy::source::Credentials;
use icy::update::{HTML_MEDIA_TYPE, Outcome, TitleUpdate, UpdateError, XML_MEDIA_TYPE};
use listen::{Access, Asked, BoxFuture, Routes, too_many_tries, unauthorised};
use tracing::{debug, info};

use crate::auth::{Claimant, Purpose, Right};
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

/// Answers what is asked of `/admin.cgi` beside titles.
pub type OtherPages = Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>;

impl Ingest {
    /// `/admin/metadata` and `/admin.cgi`, as encoders call them.
    pub fn routes(&self, other_pages: OtherPages) -> Routes {
        let shared = &self.shared;
        let icecast = {
            let shared = Arc::clone(shared);
            async move |request: Request| match Update::read(request).await {
                Ok(update) => set_title(&shared, update, Manner::Icecast).await,
                Err(refusal) => refusal,
            }
        };
        let shoutcast = {
            let shared = Arc::clone(shared);
            async move |request: Request| match Update::read(request).await {
                Ok(Update { parsed: Err(UpdateError::Mode), asked, .. }) => {
                    other_pages(Request::from_parts(asked.head, Body::from(asked.form))).await
                }
                Ok(update) => set_title(&shared, update, Manner::Shoutcast).await,
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

/// A request that may be an update.
struct Update {
    peer: SocketAddr,
    credentials: Option<Credentials>,
    asked: Asked,
    /// What it says, as far as that can be told before its ingest is known.
    parsed: Result<TitleUpdate, UpdateError>,
}

impl Update {
    async fn read(request: Request) -> Result<Self, Response> {
        let ConnectInfo(peer) = *request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
        let asked = Asked::read(request, FORM_LEN_MAX).await.map_err(|_| too_long())?;
        let basic = asked.head.headers.get(header::AUTHORIZATION);
        let credentials = Credentials::from_header(basic.map(HeaderValue::as_bytes));
        let parsed = TitleUpdate::parse(&asked.parameters, Charset::Auto);
        Ok(Self { peer, credentials, asked, parsed })
    }
}

async fn set_title(shared: &Shared, update: Update, manner: Manner) -> Response {
    let Update { peer, credentials, asked, parsed } = update;
    let update = match parsed {
        Ok(update) => update,
        Err(error) => {
            info!(%peer, %error, "title refused");
            shared.metrics.titles_refused.inc();
            return reply(StatusCode::BAD_REQUEST, Outcome::Rejected, manner);
        }
    };
    if credentials.is_none() && update.password.is_none() {
        return unauthorised();
    }
    let now = shared.clock.now();
    if !shared.passwords.tries.begin(peer, now) {
        info!(%peer, "title refused: too many wrong passwords");
        shared.metrics.strangers.inc();
        return too_many_tries();
    }
    let slot = if is_admin(shared, &update, credentials.as_ref()) {
        slot_of_admin(shared, &update)
    } else if let Right::To(slot) = right(shared, &update, credentials.as_ref(), peer).await {
        Some(slot)
    } else {
        shared.stranger("title", update.mount.as_deref().unwrap_or_default());
        return unauthorised();
    };
    shared.passwords.tries.forgive(peer, now);
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
async fn right(
    shared: &Shared,
    update: &TitleUpdate,
    basic: Option<&Credentials>,
    peer: SocketAddr,
) -> Right {
    let purpose = Purpose::Titles;
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
    let basic = basic.filter(|given| given.user == ADMIN_USER).map(|given| given.password.as_str());
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

/// Longer than [`FORM_LEN_MAX`], or broken off: nobody is there then to read it.
fn too_long() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain")];
    (StatusCode::PAYLOAD_TOO_LARGE, headers, "The form is too long\n").into_response()
}

#[cfg(test)]
mod tests;
