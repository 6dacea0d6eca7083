//! What is done with sessions as time goes by.

use std::time::Duration;

use ledger::{CHECKPOINT_EVERY, Session};
use runtime::shutdown::Shutdown;
use tokio::time::{MissedTickBehavior, interval};

use super::Delivery;
use crate::roster::{Over, Visitor};

/// Between two looks at who has not come back.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

impl Delivery {
    /// Takes over the sessions that a process before had open when it died. Those of
    /// HLS go on where they come back; the others are over.
    pub fn resume(&self, open: Vec<Session>) {
        for session in open {
            let station = self.stations.all().iter().find(|s| s.settings().name == session.egress);
            match (session.protocol, station) {
                (ledger::Protocol::Hls, Some(_)) => self.sessions.restore(session),
                _ => self.records.ended(&Session { ending: Some(ledger::Ending::Lost), ..session }),
            }
        }
    }

    /// Ends the sessions that are not reloaded any more, and tells the ledger every
    /// [`CHECKPOINT_EVERY`] what is open, and at the shutdown: a session over HLS goes on
    /// with the next process.
    pub async fn keep_sessions(self, shutdown: Shutdown) {
        let mut ticks = interval(SWEEP_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut checkpoint_at = self.clock.now().plus(CHECKPOINT_EVERY);
        loop {
            tokio::select! {
                () = shutdown.wait() => break,
                _ = ticks.tick() => {}
            }
            let now = self.clock.now();
            self.sweep_sessions();
            if now >= checkpoint_at {
                self.checkpoint();
                checkpoint_at = now.plus(CHECKPOINT_EVERY);
            }
        }
        self.checkpoint();
    }

    /// Ends the sessions that are not reloaded any more.
    pub(crate) fn sweep_sessions(&self) {
        self.sessions.sweep(self.clock.now());
    }

    /// Tells the ledger which sessions are open.
    fn checkpoint(&self) {
        let Some(ledger) = &self.records.ledger else { return };
        let mut open = self.sessions.open();
        let icy = self.roster.all();
        open.extend(icy.iter().filter(|one| one.over == Over::Icy).map(|one| self.so_far(one)));
        ledger.checkpoint(open);
    }

    /// An ICY listener's session until now. What it was sent the engine alone knows, so
    /// it is told by its time and the rendition's bit rate.
    fn so_far(&self, visitor: &Visitor) -> Session {
        let session = visitor.session(self.clock.now());
        let media = session.length();
        let station = self.stations.all().iter().find(|s| s.settings().name == session.egress);
        let heard = visitor.rendition.as_ref().and_then(|id| station?.rendition(id.as_str()));
        let kbps = heard.map_or(0, |rendition| rendition.head().bitrate_kbps);
        let bytes = media.as_secs() * u64::from(kbps) * 1_000 / 8;
        Session { media, bytes, ..session }
    }
}

#[cfg(test)]
mod tests;
