//! Where the end of a session is written: the ledger, and the access log.

use ledger::{Ledger, Session};

use crate::access_log::{AccessLog, Line};

/// Who is told of each session that has ended. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    pub(crate) ledger: Option<Ledger>,
    pub(crate) access_log: Option<AccessLog>,
}

impl Records {
    /// Tells of a session that has ended. Waits for nothing.
    pub(crate) fn ended(&self, session: &Session) {
        if let Some(ledger) = &self.ledger {
            ledger.record(session);
        }
        if let Some(log) = &self.access_log {
            log.write(&Line {
                address: session.address,
                user: session.user.as_deref(),
                ended: session.ended,
                path: &session.path,
                status: 200,
                bytes: session.bytes,
                referer: &session.referer,
                user_agent: &session.user_agent,
                secs: session.length().as_secs(),
            });
        }
    }
}
