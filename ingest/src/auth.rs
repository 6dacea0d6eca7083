//! URL authentication of sources: who has no right password here may have one
//! that a back end knows, as Icecast's `stream_auth`.
//!
//! Who asks in vain stays out, and so does everyone while the back end is slow,
//! away or in trouble.

use std::net::SocketAddr;
use std::sync::Arc;

use catalogue::{Link, Push};
use icy::shoutcast::Login;
use icy::source::Credentials;
use icy::url_auth::{Action, Rules, Server, Source, Verdict};
use outbound::{BACK_END_TIME, Client, Target, TargetError};
use tracing::{info, warn};

use crate::Shared;
use crate::door::{slot_for, slot_of};
use crate::metrics::Outcome;
use crate::slot::Slot;

/// Sources of an ingest whose back end is asked about them at a time, chosen: a
/// mount has one. Others are turned away.
pub(crate) const ASKED_MAX: usize = 4;

/// How back ends are asked about sources.
#[derive(Debug, Clone)]
pub struct StreamAuth {
    /// The way to them.
    pub client: Client,
    /// This server's name, as they know it.
    pub host: String,
    /// The public port.
    pub port: u16,
}

/// Who says that it may do what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claimant<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) peer: SocketAddr,
    pub(crate) purpose: Purpose,
}

/// What somebody wants to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The programme.
    Audio,
    /// Its titles.
    Titles,
}

/// Whether somebody has the right to an ingest.
#[derive(Debug)]
pub(crate) enum Right {
    /// To this one.
    To(Arc<Slot>),
    /// To none: the password is wrong.
    None,
    /// It is not known: who can tell does not. It counts as a wrong one all the
    /// same, as it is not this server's.
    Unknown,
}

/// Why there is no verdict.
enum Unanswered {
    /// What a stranger says of itself is too long to be asked about.
    TooLong,
    /// The back end.
    Failed(String),
}

impl Shared {
    /// The ingest that Basic credentials give the right to.
    pub(crate) async fn right_to(&self, mount: &str, claimant: Claimant<'_>) -> Right {
        if let Some(slot) = slot_for(self, mount, claimant.credentials) {
            return Right::To(slot);
        }
        match self.catalogue.ingest_at(mount).and_then(|ingest| self.slot(ingest)) {
            Some(slot) => self.ask(slot, claimant).await,
            None => Right::None,
        }
    }

    /// The ingest that a SHOUTcast password gives the right to. A back end that
    /// has one of its own hears the ingest's user where the login says none.
    pub(crate) async fn right_of(
        &self,
        login: &Login,
        peer: SocketAddr,
        purpose: Purpose,
    ) -> Right {
        if let Some(slot) = slot_of(self, login) {
            return Right::To(slot);
        }
        let Some((slot, push)) = self.slot_that_asks(login) else { return Right::None };
        let (user, password) =
            login.user_and_password().unwrap_or((push.user.as_str(), login.password.as_str()));
        let credentials = Credentials { user: user.to_owned(), password: password.to_owned() };
        self.ask(slot.clone(), Claimant { credentials: &credentials, peer, purpose }).await
    }

    /// The ingest whose back end may know the password of a SHOUTcast source:
    /// that of its mount, or the only one that there is. A password is shown to
    /// no more than one.
    fn slot_that_asks(&self, login: &Login) -> Option<(&Arc<Slot>, &Push)> {
        let asks = |slot: &Arc<Slot>| {
            slot.ingest().push().is_some_and(|push| push.shoutcast && push.stream_auth.is_some())
        };
        let slot = if let Some(mount) = &login.mount {
            self.slots.get(self.catalogue.ingest_at(mount)?.name.as_str())?
        } else {
            let mut all = self.slots.values().filter(|slot| asks(slot));
            let only = all.next()?;
            if all.next().is_some() {
                return None;
            }
            only
        };
        Some((slot, slot.ingest().push()?))
    }

    async fn ask(&self, slot: Arc<Slot>, claimant: Claimant<'_>) -> Right {
        let asked = slot.ingest().push().and_then(|push| Some((push, push.stream_auth.as_ref()?)));
        let Some((push, link)) = asked else { return Right::None };
        let Ok(turn) = slot.turns().try_acquire() else {
            slot.metrics().asked(Outcome::Busy);
            return Right::Unknown;
        };
        let answer = self.answer(push, link, claimant).await;
        drop(turn);
        match answer {
            Ok(Verdict::Allowed { .. }) => {
                slot.metrics().asked(Outcome::Allowed);
                slot.back_end_failed(false);
                Right::To(slot)
            }
            Ok(Verdict::Denied { reason }) => {
                slot.metrics().asked(Outcome::Denied);
                slot.back_end_failed(false);
                info!(ingest = slot.name(), reason, "refused by the back end");
                Right::None
            }
            // What cannot be asked is nobody's password.
            Err(Unanswered::TooLong) => Right::None,
            Err(Unanswered::Failed(error)) => {
                slot.metrics().asked(Outcome::Failed);
                // Once for each trouble: whoever tries passwords would fill the log.
                if !slot.back_end_failed(true) {
                    warn!(ingest = slot.name(), error, "the back end lets no source in");
                }
                Right::Unknown
            }
        }
    }

    async fn answer(
        &self,
        push: &Push,
        link: &Link,
        claimant: Claimant<'_>,
    ) -> Result<Verdict, Unanswered> {
        let failed = |error: &dyn std::fmt::Display| Unanswered::Failed(error.to_string());
        let auth = self.passwords.stream_auth.as_ref();
        let auth = auth.ok_or_else(|| failed(&"nobody can be asked"))?;
        let mount = format!("/{}", push.mount);
        let source = Source {
            mount: &mount,
            ip: claimant.peer.ip().to_canonical(),
            user: &claimant.credentials.user,
            password: &claimant.credentials.password,
            admin: claimant.purpose == Purpose::Titles,
        };
        let server = Server { host: &auth.host, port: auth.port };
        let body = Action::StreamAuth(source).to_body(server);
        let body = body.map_err(|_| Unanswered::TooLong)?;
        let target: Target = link.expose().parse().map_err(|error: TargetError| failed(&error))?;
        let answer = auth.client.ask_back_end(&target, body, None, BACK_END_TIME).await;
        let answer = answer.map_err(|error| failed(&error))?;
        Ok(Rules::default().verdict(answer.status, answer.headers()))
    }
}

#[cfg(test)]
mod tests;
