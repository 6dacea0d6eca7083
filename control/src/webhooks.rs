//! Tells webhooks what happens, by HTTP.
//!
//! One task for each, with a queue of its own: events come in their order, one
//! at a time, and one that waits for its next try holds up those behind it.
//! Nobody waits for a webhook. What it is told is JSON, an
//! [`Event`]; docs/webhooks.md is its contract.
//!
//! Events are told at least once while a receiver is away for less than an
//! hour: a lost answer makes a second one, of the same id.

mod courier;
mod metrics;
mod patience;
mod queue;
mod signature;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catalogue::{Catalogue, Egress, Webhook, WebhookEvent};
use outbound::{Client, Target};
use runtime::clock::Clock;
use runtime::shutdown::Shutdown;
use tokio::task::JoinSet;
use tracing::{Instrument, error, info_span};

use crate::watch::Event;
use courier::Courier;
use queue::{Message, Queue};

pub use metrics::Metrics;
pub use patience::{AGE_MAX, TRIES_MAX};
pub use queue::QUEUE_LEN_MAX;
pub use signature::SIGNATURE_HEADER;

/// How long one try may take, from the resolution of the name to the answer's
/// end. Chosen: as long as Icecast waits for a back end.
pub const POST_TIME: Duration = Duration::from_secs(5);

/// How long the end of the process waits for what is still to be told: one try
/// each, in their order. Chosen: a receiver that lives takes a queue in that.
pub const STOP_TIME: Duration = Duration::from_secs(2);

/// The webhooks of all egresses. Their tasks end with the shutdown.
#[derive(Debug)]
pub struct Webhooks {
    hooks: Vec<Hook>,
    clock: Arc<dyn Clock>,
}

/// What webhooks work with.
#[derive(Clone)]
pub struct Parts {
    /// Connects; its policy says where to.
    pub client: Client,
    /// For tries and signatures.
    pub clock: Arc<dyn Clock>,
    /// The end of the process.
    pub shutdown: Shutdown,
    /// What is counted.
    pub metrics: Metrics,
}

/// One webhook, as the teller sees it.
#[derive(Debug)]
struct Hook {
    egress: String,
    on: Vec<WebhookEvent>,
    queue: Arc<Queue>,
}

impl Webhooks {
    /// Begins with every webhook of a catalogue, each in a task of `tasks`.
    pub fn start(catalogue: &Catalogue, parts: &Parts, tasks: &mut JoinSet<()>) -> Self {
        let mut hooks = Vec::new();
        for egress in catalogue.egresses() {
            for webhook in &egress.webhooks {
                hooks.extend(start(egress, webhook, parts, tasks));
            }
        }
        Self { hooks, clock: Arc::clone(&parts.clock) }
    }

    /// Tells those that want to hear of it; waits for none of them.
    pub fn tell(&self, event: &Event) {
        let is_told = |hook: &&Hook| hook.egress == event.egress && hook.on.contains(&event.kind);
        let mut told = self.hooks.iter().filter(is_told).peekable();
        if told.peek().is_none() {
            return;
        }
        let Ok(body) = serde_json::to_vec(event) else {
            return error!(id = event.id, "an event cannot be written as JSON");
        };
        let message =
            Message { id: event.id.clone(), body: body.into(), since: self.clock.monotonic() };
        for hook in told {
            hook.queue.push(message.clone());
        }
    }
}

fn start(
    egress: &Egress,
    webhook: &Webhook,
    parts: &Parts,
    tasks: &mut JoinSet<()>,
) -> Option<Hook> {
    let name = egress.name.as_str().to_owned();
    let target = match webhook.url.expose().parse::<Target>() {
        Ok(target) => target,
        Err(error) => {
            error!(egress = name, %error, "webhook left out");
            return None;
        }
    };
    let counters = parts.metrics.of(&name);
    let queue = Arc::new(Queue::new(counters.dropped.clone()));
    let span = info_span!("webhook", egress = name, origin = %target);
    let courier = Courier {
        target,
        secret: webhook.secret.clone(),
        queue: Arc::clone(&queue),
        parts: parts.clone(),
        counters,
    };
    tasks.spawn(courier.run().instrument(span));
    Some(Hook { egress: name, on: webhook.on.clone(), queue })
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
