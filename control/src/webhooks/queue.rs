//! What one webhook is still to be told.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::Notify;

/// Events that wait for one webhook; past that the oldest is dropped. Chosen: an
/// hour's outage of a receiver, at more than one event a minute.
pub const QUEUE_LEN_MAX: usize = 100;

/// One event, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The event's.
    pub(super) id: String,
    /// JSON.
    pub(super) body: Bytes,
    /// Since when it waits.
    pub(super) since: Instant,
}

/// Messages in their order: one end never waits, the other does.
#[derive(Debug)]
pub(super) struct Queue {
    messages: Mutex<VecDeque<Message>>,
    arrived: Notify,
    dropped: Counter,
}

impl Queue {
    /// Empty; what is dropped is counted in `dropped`.
    pub(super) fn new(dropped: Counter) -> Self {
        Self { messages: Mutex::default(), arrived: Notify::new(), dropped }
    }

    /// Adds a message; the oldest goes where there are too many.
    pub(super) fn push(&self, message: Message) {
        let mut messages = self.lock();
        if messages.len() >= QUEUE_LEN_MAX {
            messages.pop_front();
            self.dropped.inc();
        }
        messages.push_back(message);
        drop(messages);
        self.arrived.notify_one();
    }

    /// Waits for a message and takes the oldest. For one task alone.
    pub(super) async fn pop(&self) -> Message {
        loop {
            let oldest = self.lock().pop_front();
            if let Some(message) = oldest {
                return message;
            }
            self.arrived.notified().await;
        }
    }

    /// Drops all messages and says how many they were.
    pub(super) fn clear(&self) -> usize {
        let mut messages = self.lock();
        let count = messages.len();
        messages.clear();
        self.dropped.inc_by(count as u64);
        count
    }

    /// No code panics while it holds the lock, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
