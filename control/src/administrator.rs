//! The administrator: whose password opens `/admin/`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use icy::admin::ADMIN_USER;
use icy::source::Credentials;
use listen::{Access, Guard, Tries, too_many_tries, unauthorised};
use runtime::clock::Steady;
use settings::Secret;
use tracing::info;

/// The user with whose password relays ask for the list of mounts, as in Icecast.
const RELAY: &str = "relay";

/// Knows the passwords. Without one, nobody is let in.
#[derive(Debug)]
pub struct Administrator {
    password: Option<Secret>,
    relay_password: Option<Secret>,
    tries: Arc<Tries>,
    clock: Steady,
}

impl Administrator {
    /// `tries` remembers wrong passwords, here and wherever else the process
    /// asks for one.
    pub fn new(
        password: Option<Secret>,
        relay_password: Option<Secret>,
        tries: Arc<Tries>,
        clock: Steady,
    ) -> Self {
        Self { password, relay_password, tries, clock }
    }

    /// Whether a password is the administrator's. One that is wrong is counted,
    /// unless none could be right.
    fn knows(&self, given: &Credentials, peer: SocketAddr) -> Known {
        if self.password.is_none() && self.relay_password.is_none() {
            return Known::Nobody;
        }
        let is = |secret: &Option<Secret>| {
            secret.as_ref().is_some_and(|secret| secret.matches(given.password.as_bytes()))
        };
        let now = self.clock.now();
        if !self.tries.begin(peer, now) {
            return Known::TooManyTries;
        }
        // Icecast's slaves take the name they are given, most often `relay`.
        let known = match given.user.as_str() {
            ADMIN_USER | RELAY if is(&self.password) => Known::Admin,
            RELAY if is(&self.relay_password) => Known::Relay,
            _ => return Known::Nobody,
        };
        self.tries.forgive(peer, now);
        known
    }

    /// Lets in who has the right that `access` asks for, or gives the answer that
    /// refuses it.
    pub(crate) fn check(
        &self,
        given: Option<Credentials>,
        access: Access,
        peer: SocketAddr,
    ) -> Result<(), Box<Response>> {
        // A request without a password is how every browser begins.
        let Some(given) = given else { return Err(Box::new(unkept(unauthorised()))) };
        match (self.knows(&given, peer), access) {
            (Known::Admin, _) | (Known::Relay, Access::Relay) => Ok(()),
            (Known::TooManyTries, _) => {
                info!(%peer, "administrator refused: too many wrong passwords");
                Err(Box::new(unkept(too_many_tries())))
            }
            (Known::Relay | Known::Nobody, _) => {
                info!(%peer, "administrator refused: no right password");
                Err(Box::new(unkept(unauthorised())))
            }
        }
    }
}

/// Who someone is, by a name and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Admin,
    Relay,
    Nobody,
    TooManyTries,
}

impl Guard for Administrator {
    fn admit(
        &self,
        access: Access,
        request: &Parts,
        peer: SocketAddr,
    ) -> Result<(), Box<Response>> {
        // Icecast's commands act on GET, and a browser sends the password that it
        // knows with whatever another site's page asks for (Fetch Metadata).
        if request.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
            info!(%peer, "administrator refused: asked by another site's page");
            return Err(Box::new(of_another_site()));
        }
        self.check(basic(request), access, peer)
    }
}

/// The credentials of Basic authentication.
pub(crate) fn basic(request: &Parts) -> Option<Credentials> {
    let value = request.headers.get(header::AUTHORIZATION);
    Credentials::from_header(value.map(HeaderValue::as_bytes))
}

/// What the page of another site is told.
fn of_another_site() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::FORBIDDEN, headers, "not for pages of other sites\n").into_response()
}

/// No cache is to keep what somebody was refused.
fn unkept(mut refusal: Response) -> Response {
    refusal.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    refusal
}

#[cfg(test)]
mod tests;
