//! One webhook's task.

use std::sync::Arc;

use media::WallTime;
use outbound::{Answer, Error, Post, Target};
use runtime::backoff;
use settings::Secret;
use tracing::{debug, info, warn};

use super::metrics::Counters;
use super::patience::{Patience, Verdict};
use super::queue::{Message, Queue};
use super::signature::{SIGNATURE_HEADER, sign};
use super::{POST_TIME, Parts, STOP_TIME};

/// Carries messages to one receiver, in their order.
pub(super) struct Courier {
    pub(super) target: Target,
    pub(super) secret: Option<Secret>,
    pub(super) queue: Arc<Queue>,
    pub(super) parts: Parts,
    pub(super) counters: Counters,
}

/// What became of a message.
enum Fate {
    Sent,
    GivenUp(String),
    /// The process ends.
    Dropped,
}

impl Courier {
    /// Goes on until the shutdown, and [`STOP_TIME`] beyond it while there is
    /// something to tell.
    pub(super) async fn run(self) {
        let shutdown = self.parts.shutdown.clone();
        let end = async {
            shutdown.wait().await;
            tokio::time::sleep(STOP_TIME).await;
        };
        tokio::pin!(end);
        while let Some(message) = self.next().await {
            tokio::select! {
                biased;
                fate = self.deliver(&message) => self.tell(&message, &fate),
                () = &mut end => {
                    self.tell(&message, &Fate::Dropped);
                    break;
                }
            }
        }
        let left = self.queue.clear();
        if left > 0 {
            warn!(left, "the process ends before these events are told");
        }
    }

    /// The next message; `None` once the shutdown has come and none waits.
    async fn next(&self) -> Option<Message> {
        tokio::select! {
            biased;
            message = self.queue.pop() => Some(message),
            () = self.parts.shutdown.wait() => None,
        }
    }

    async fn deliver(&self, message: &Message) -> Fate {
        let mut patience = Patience::new(message.since);
        loop {
            let reason = match Verdict::of(&self.post(message).await) {
                Verdict::Taken => return Fate::Sent,
                Verdict::Never(reason) => return Fate::GivenUp(reason),
                Verdict::Later(reason) => reason,
            };
            let now = self.parts.clock.monotonic();
            let Some(due) = patience.handle_failure(now, backoff::random()) else {
                return Fate::GivenUp(reason);
            };
            info!(id = message.id, tries = patience.tries(), reason, "event not told yet");
            tokio::select! {
                () = self.parts.shutdown.wait() => return Fate::Dropped,
                () = tokio::time::sleep_until(due.into()) => {}
            }
        }
    }

    async fn post(&self, message: &Message) -> Result<Answer, Error> {
        // A receiver compares it with its own clock, so it is not the programme's.
        let now = WallTime::from(self.parts.clock.wall()).secs();
        let signature =
            self.secret.as_ref().map(|secret| sign(secret.expose(), now, &message.body));
        let header = signature.as_ref().map(|signature| (SIGNATURE_HEADER, signature.as_str()));
        let post = Post {
            content_type: "application/json",
            body: message.body.clone(),
            headers: header.as_slice(),
        };
        self.parts.client.post(&self.target, post, POST_TIME).await
    }

    fn tell(&self, message: &Message, fate: &Fate) {
        let id = &message.id;
        match fate {
            Fate::Sent => {
                debug!(id, "event told");
                self.counters.sent.inc();
            }
            Fate::GivenUp(reason) => {
                warn!(id, reason, "event not told: given up");
                self.counters.failed.inc();
            }
            Fate::Dropped => {
                warn!(id, "event not told: the process ends");
                self.counters.dropped.inc();
            }
        }
    }
}
