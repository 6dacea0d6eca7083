//! One listener that a back end knows of, from its coming to its going.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use icy::source::Credentials;
use icy::url_auth::Listener;
use media::WallTime;

use super::BackEnd;
use crate::fanout::ListenerId;

/// Who a listener is, in what the back end is told.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: ListenerId,
    pub(super) target: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) ip: IpAddr,
    pub(super) agent: Option<Vec<u8>>,
}

/// A listener that has gone.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) identity: Identity,
    /// How long it was there.
    pub(super) duration: Duration,
}

/// A listener that a back end has let in. It hears of the end when the ticket is
/// dropped, however the listener came to it: nothing waits for that.
#[derive(Debug)]
pub(crate) struct Ticket {
    back_end: Arc<BackEnd>,
    since: WallTime,
    /// Until it is dropped.
    identity: Option<Identity>,
}

impl Identity {
    pub(super) fn listener(&self) -> Listener<'_> {
        let own = self.credentials.as_ref();
        Listener {
            client: self.id.get(),
            target: &self.target,
            user: own.map_or("", |own| &own.user),
            password: own.map_or("", |own| &own.password),
            ip: self.ip,
            agent: self.agent.as_deref(),
        }
    }
}

impl Ticket {
    pub(super) fn new(back_end: Arc<BackEnd>, identity: Identity) -> Self {
        let since = back_end.setup.clock.now();
        Self { back_end, since, identity: Some(identity) }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let (back_end, identity) = (&self.back_end, self.identity.take());
        let Some((gone, identity)) = back_end.gone.as_ref().zip(identity) else { return };
        let duration = back_end.setup.clock.now().since(self.since);
        if gone.try_send(Gone { identity, duration }).is_err() {
            back_end.counters.untold();
        }
    }
}

impl fmt::Debug for Identity {
    /// Without the query and the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listener().fmt(f)
    }
}
