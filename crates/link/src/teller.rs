//! What a reader of a path feed is told, message by message. Sans-IO.

use bytes::Bytes;
use feed::wire::Message;
use feed::{PathEntry, PathItem};
use tracing::debug;

use crate::server::Standing;

/// Tells one reader, from the place on where it left off.
///
/// Where that place is not there any more, it is told so ([`Message::Missed`]);
/// and whoever begins in the midst of a feed is told first whether there is a
/// source, and which, at a position before the first item.
#[derive(Debug)]
pub(crate) struct Teller {
    /// Position of the last item that the reader has; `None` for one that has none.
    after: Option<u64>,
    /// What it has to be told before the next item.
    preface: Preface,
    out: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preface {
    /// Nothing: the next item follows what it has.
    None,
    /// Which source is there.
    Source,
    /// That items were missed, and which source is there.
    Missed,
}

impl Teller {
    /// Begins with a reader that has all up to `after`, where the feed's oldest item
    /// is at `first`, and the next one to come will be at `next`.
    pub(crate) fn new(after: Option<u64>, first: Option<u64>, standing: &Standing) -> Self {
        let preface = match after {
            None => Preface::Source,
            Some(after) if first.unwrap_or(standing.next) > after + 1 => Preface::Missed,
            Some(_) => Preface::None,
        };
        let mut teller = Self { after, preface, out: Vec::new() };
        if first.is_none() {
            teller.introduce(standing.next, standing);
        }
        teller
    }

    /// The reader was too slow: items are gone that it has not had.
    pub(crate) fn handle_lag(&mut self) {
        self.preface = Preface::Missed;
    }

    /// Tells the feed's next items, those that the reader does not have.
    pub(crate) fn tell(&mut self, entries: Vec<PathEntry>, standing: &Standing) {
        for PathEntry { position, item } in entries {
            if self.after.is_some_and(|after| position <= after) {
                continue;
            }
            self.introduce(position, standing);
            self.say(&Message::Item { position, item });
            self.after = Some(position);
        }
    }

    /// Tells that nothing is new.
    pub(crate) fn beat(&mut self, standing: &Standing) {
        self.say(&Message::Heartbeat { end: standing.next });
    }

    /// Takes what is to be sent; empty if nothing is.
    pub(crate) fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.out).into()
    }

    /// Tells what has to be known before the item at `position`.
    fn introduce(&mut self, position: u64, standing: &Standing) {
        let preface = std::mem::replace(&mut self.preface, Preface::None);
        // Feeds that may be read by others begin far above 0.
        let before = position.checked_sub(1).filter(|_| preface != Preface::None);
        // What the reader has up to there it has not missed.
        let is_news = |before: &u64| self.after.is_none_or(|after| after < *before);
        let Some(before) = before.filter(is_news) else { return };
        if preface == Preface::Missed {
            self.say(&Message::Missed { up_to: before });
        }
        let item = standing.source.map_or(PathItem::Gone, PathItem::Connected);
        self.say(&Message::Item { position: before, item });
        self.after = Some(before);
    }

    fn say(&mut self, message: &Message<PathItem>) {
        if let Err(error) = message.encode(&mut self.out) {
            // What could not be read again stays away; its position stays empty.
            debug!(%error, "item not sent");
        }
    }
}

#[cfg(test)]
mod tests;
