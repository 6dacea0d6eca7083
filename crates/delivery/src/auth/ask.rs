//! The question whether a listener may come in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Response;
use icy::source::Credentials;
use icy::url_auth::{Action, PassedHeaders, Verdict};
use outbound::{Answer, BACK_END_TIME, Error, Target};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{info, warn};

use super::BackEnd;
use super::metrics::Outcome;
use super::ticket::{Identity, Ticket};
use crate::answer::{self, Refusal};
use crate::fanout::ListenerId;

/// Longer than any listener listens: a century.
const DURATION_MAX: Duration = Duration::from_hours(100 * 365 * 24);

/// What a back end is to be asked of a listener.
#[derive(Debug)]
pub(crate) struct Question {
    pub(super) identity: Identity,
    body: String,
}

/// A listener may come in.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    /// By this name, where it said one.
    pub(crate) user: Option<String>,
    /// Until then and no longer.
    pub(crate) until: Option<Instant>,
    /// To be kept for as long as the listener is there.
    pub(crate) ticket: Option<Ticket>,
}

/// Why a listener may not come in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denial {
    /// The back end says no, perhaps why. Icecast asks for a password then.
    #[error("the back end says no")]
    Unauthorized(Option<String>),
    /// There is no answer, or there could be no question.
    #[error("who may listen cannot be told now")]
    Unanswered,
    /// Too many are asked about already.
    #[error("the back end is asked about too many listeners already")]
    Busy,
}

impl Denial {
    /// What a listener is told, over HTTP.
    pub(crate) fn respond(&self) -> Response<Body> {
        match self {
            Self::Unauthorized(reason) => answer::unauthorized(reason.as_deref()),
            Self::Unanswered => Refusal::Unanswered.respond(),
            Self::Busy => Refusal::Busy.respond(),
        }
    }
}

impl BackEnd {
    /// What to ask of a listener: who it is, which of the mount's paths it wants,
    /// and its headers by lower-case name. `None` where it says more than back ends can be told.
    pub(crate) fn question<'a>(
        &self,
        (id, peer): (ListenerId, SocketAddr),
        target: &str,
        header: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Option<Question> {
        let identity = Identity {
            id,
            target: target.to_owned(),
            credentials: Credentials::from_header(header("authorization")),
            ip: peer.ip().to_canonical(),
            agent: header("user-agent").map(<[u8]>::to_vec),
        };
        let lower: Vec<_> = self.headers.iter().map(|name| name.to_ascii_lowercase()).collect();
        let names = self.headers.iter().zip(&lower);
        let headers: Vec<_> =
            names.filter_map(|(name, lower)| Some((name.as_str(), header(lower)?))).collect();
        let passed = PassedHeaders { prefix: &self.header_prefix, headers: &headers };
        let listener = identity.listener();
        let body = Action::ListenerAdd(listener, passed).to_body(self.server()).ok()?;
        // Of its end the back end is to hear as well, whenever that is.
        Action::ListenerRemove(listener, DURATION_MAX).to_body(self.server()).ok()?;
        Some(Question { identity, body })
    }

    /// Lets a listener in, if the back end does, where it is asked.
    ///
    /// Should nobody wait for this any more, the back end's answer is waited for
    /// all the same: it has to hear of the end of each that it let in.
    ///
    /// # Errors
    ///
    /// [`Denial`].
    pub(crate) async fn admit(
        self: &Arc<Self>,
        question: Option<Question>,
    ) -> Result<Pass, Denial> {
        if !self.is_asked() {
            let Some(Question { identity, .. }) = question else {
                self.counters.untold();
                return Ok(Pass::default());
            };
            return Ok(Pass { user: None, ..self.pass(identity, None) });
        }
        let Some(question) = question else {
            self.counters.asked(Outcome::Failed);
            return Err(Denial::Unanswered);
        };
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.counters.asked(Outcome::Busy);
            return Err(Denial::Busy);
        };
        // Ends within `BACK_END_TIME`.
        let asking = tokio::spawn(Arc::clone(self).ask(question, place));
        asking.await.unwrap_or(Err(Denial::Unanswered))
    }

    async fn ask(
        self: Arc<Self>,
        question: Question,
        _place: OwnedSemaphorePermit,
    ) -> Result<Pass, Denial> {
        let Some(target) = &self.targets.listener_add else { return Err(Denial::Unanswered) };
        let due = tokio::time::Instant::now() + BACK_END_TIME;
        let Ok(Ok(_turn)) = tokio::time::timeout_at(due, self.turns.acquire()).await else {
            self.counters.asked(Outcome::Busy);
            return Err(Denial::Busy);
        };
        let Question { identity, body } = question;
        let time = due.saturating_duration_since(tokio::time::Instant::now());
        let own = identity.credentials.as_ref();
        let answer = self.setup.client.ask_back_end(target, body, own, time).await;
        let verdict = self.verdict(target, answer)?;
        self.judge(identity, verdict)
    }

    /// What an answer says; the first of those that say nothing is logged aloud.
    fn verdict(&self, target: &Target, answer: Result<Answer, Error>) -> Result<Verdict, Denial> {
        match answer {
            Ok(answer) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    info!(mount = self.egress, %target, "the back end answers again");
                }
                Ok(self.rules.verdict(answer.status, answer.headers()))
            }
            Err(error) => {
                self.counters.asked(Outcome::Failed);
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    warn!(mount = self.egress, %error, "the back end lets nobody in");
                }
                Err(Denial::Unanswered)
            }
        }
    }

    fn judge(self: &Arc<Self>, identity: Identity, verdict: Verdict) -> Result<Pass, Denial> {
        match verdict {
            Verdict::Allowed { limit } => {
                self.counters.asked(Outcome::Allowed);
                Ok(self.pass(identity, limit))
            }
            Verdict::Denied { reason } => {
                self.counters.asked(Outcome::Denied);
                Err(Denial::Unauthorized(reason))
            }
        }
    }

    fn pass(self: &Arc<Self>, identity: Identity, limit: Option<Duration>) -> Pass {
        let user = identity.credentials.as_ref().map(|own| own.user.clone());
        Pass {
            user: user.filter(|user| !user.is_empty()),
            until: limit.map(|limit| self.setup.clock.clock().monotonic() + limit),
            ticket: Some(Ticket::new(Arc::clone(self), identity)),
        }
    }
}
