//! Programme feeds: the records that a packager makes.
//!
//! A record's position is its place in the process's own log, above a floor that rises
//! from process to process: so a reader that was here before this process is told that
//! it has missed something, and begins with the oldest record there is. Which records it
//! has already follows from their epochs and indices.

use std::collections::HashMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use feed::Record;
use feed::wire::Message;
use media::{RenditionId, WallTime};
use runtime::tail::Tail;
use tracing::debug;

use super::{Feeding, From, Refusal, Script, Server, first_batch};

/// What positions of a process are above those of one that began a second before: days
/// of records.
const POSITION_STEP: u64 = 1 << 20;

/// The programme feeds of a process, by egress and rendition.
#[derive(Debug, Default)]
pub struct Programmes {
    /// Position of the first record.
    floor: u64,
    feeds: HashMap<(String, String), Tail<Record>>,
}

/// A programme feed's.
struct ProgrammeScript {
    floor: u64,
    /// Position of the last record that the reader has.
    after: Option<u64>,
    /// Position of the next record.
    next: u64,
    out: Vec<u8>,
}

impl Programmes {
    /// Those of a process that began at `started`; none yet.
    pub fn new(started: WallTime) -> Self {
        Self { floor: started.secs().saturating_mul(POSITION_STEP), feeds: HashMap::new() }
    }

    /// Adds the feed of an egress's rendition.
    pub fn add(&mut self, egress: &str, rendition: &RenditionId, feed: Tail<Record>) {
        self.feeds.insert((egress.to_owned(), rendition.to_string()), feed);
    }
}

pub(super) async fn programme_feed(
    State(server): State<Server>,
    Path((egress, rendition)): Path<(String, String)>,
    from: Result<Query<From>, QueryRejection>,
) -> Response {
    let opened = match from {
        Ok(Query(from)) => server.open_programme(egress, rendition, from.after).await,
        Err(_) => Err(Refusal::Query),
    };
    opened.unwrap_or_else(IntoResponse::into_response)
}

impl Server {
    async fn open_programme(
        &self,
        egress: String,
        rendition: String,
        after: Option<u64>,
    ) -> Result<Response, Refusal> {
        let floor = self.programmes.floor;
        let place_name = format!("programmes/{egress}/{rendition}");
        let feed = self.programmes.feeds.get(&(egress, rendition)).ok_or(Refusal::Unknown)?;
        let place = self.place(place_name)?;
        let mut reader = feed.from_start();
        let next = floor + reader.position() + reader.behind();
        if after.is_some_and(|after| after >= next) {
            return Err(Refusal::Ahead);
        }
        let (first, batch) = first_batch(&mut reader).await;
        let mut script = ProgrammeScript { floor, after, next, out: Vec::new() };
        script.tell(batch, first);
        script.beat();
        let feeding = Feeding { script, reader, place, shutdown: self.shutdown.clone() };
        Ok(feeding.answer(next, true))
    }
}

impl ProgrammeScript {
    fn say(&mut self, message: &Message<Record>) {
        if let Err(error) = message.encode(&mut self.out) {
            // What could not be read again stays away; its position stays empty.
            debug!(%error, "record not sent");
        }
    }
}

impl Script for ProgrammeScript {
    type Item = Record;

    fn tell(&mut self, items: Vec<Record>, first: u64) {
        for (position, item) in (self.floor + first..).zip(items) {
            if self.after.is_some_and(|after| position <= after) {
                continue;
            }
            if self.after.is_some_and(|after| position > after + 1) {
                self.say(&Message::Missed { up_to: position });
            }
            self.say(&Message::Item { position, item });
            self.after = Some(position);
            self.next = position + 1;
        }
    }

    fn handle_lag(&mut self) {
        // The next record's position says so.
    }

    fn beat(&mut self) {
        self.say(&Message::Heartbeat { end: self.next });
    }

    fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.out).into()
    }
}

#[cfg(test)]
mod tests;
