//! What comes of a feed, in its order. Sans-IO.

use feed::wire::{Decoder, Item, Message, WireError};

/// Takes the items of one connection; none is older than what is known.
#[derive(Debug)]
pub(crate) struct Receiver<T> {
    decoder: Decoder<T>,
    last: Option<u64>,
}

/// What a connection tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told<T> {
    /// The next item.
    Item {
        /// Its place in the feed.
        position: u64,
        /// The item.
        item: T,
    },
    /// Items were missed before the next one.
    Missed,
    /// The other side is there.
    Beat,
}

/// Why a connection cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// It is no message.
    #[error("no message of a feed: {0}")]
    Wire(#[from] WireError),
    /// A position that was there before, or is lower.
    #[error("position {position} after {last}")]
    Order {
        /// The position that came.
        position: u64,
        /// The last one before it.
        last: u64,
    },
}

impl<T: Item> Receiver<T> {
    /// Begins behind the item at `last`.
    pub(crate) fn new(last: Option<u64>) -> Self {
        Self { decoder: Decoder::new(), last }
    }

    /// Position of the last item that came, or that is known to be missed.
    pub(crate) fn last(&self) -> Option<u64> {
        self.last
    }

    /// Adds bytes of the body.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    /// Takes what is told next, or `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// [`Fault`]; what came before it is right.
    pub(crate) fn next_told(&mut self) -> Result<Option<Told<T>>, Fault> {
        let told = match self.decoder.next_message()? {
            None => return Ok(None),
            Some(Message::Heartbeat { .. }) => Told::Beat,
            Some(Message::Missed { up_to }) => {
                self.check(up_to)?;
                Told::Missed
            }
            Some(Message::Item { position, item }) => {
                self.check(position)?;
                self.last = Some(position);
                Told::Item { position, item }
            }
        };
        Ok(Some(told))
    }

    fn check(&self, position: u64) -> Result<(), Fault> {
        match self.last.filter(|last| position <= *last) {
            Some(last) => Err(Fault::Order { position, last }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
