//! A feed on a connection: messages, each behind its length.
//!
//! A message is two bytes of length, its kind, a number, and in an item's
//! message the item. Which feed it is, and from where on, was said before the
//! first message; how long silence may last is the reader's to know.

use std::marker::PhantomData;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{ITEM_LEN_MAX, Item, WireError, countable, short, within};

/// Longest message, in bytes behind its length: kind, number, item.
pub const MESSAGE_LEN_MAX: usize = 1 + size_of::<u64>() + ITEM_LEN_MAX;

/// Bytes of a message's length.
const PREFIX_LEN: usize = size_of::<u16>();

/// Bytes allocated at once where pushes are small. Chosen: a second of sound, as
/// one frame that is kept keeps the allocation.
const BLOCK_LEN: usize = 16 << 10;

const ITEM: u8 = 0x81;
const HEARTBEAT: u8 = 0x82;
const MISSED: u8 = 0x83;

const _: () = assert!(MESSAGE_LEN_MAX <= u16::MAX as usize, "its length has two bytes");

/// What the writer of a feed tells a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<T> {
    /// The next item.
    Item {
        /// Its place in the feed; places rise, and none is used twice.
        position: u64,
        /// The item.
        item: T,
    },
    /// Nothing new: the writer is there.
    Heartbeat {
        /// One past the newest item's position.
        end: u64,
    },
    /// Items before this position are gone: the reader was too slow, or asked for
    /// what was never kept. It goes on here.
    Missed {
        /// Position of the next item, or where it will be.
        up_to: u64,
    },
}

/// Takes messages off a connection, however the bytes were chunked.
///
/// Push bytes, then call [`next_message`](Self::next_message) until it gives
/// `None`. What is held between two pushes is less than one message, which is
/// refused as soon as its length is known. Bytes are copied once, when they are
/// pushed: frames share the allocation.
#[derive(Debug)]
pub struct Decoder<T> {
    buffer: BytesMut,
    broken: Option<WireError>,
    item: PhantomData<fn() -> T>,
}

impl<T: Item> Message<T> {
    /// Appends it with its length.
    ///
    /// # Errors
    ///
    /// [`WireError`] for what could not be read again; `out` is as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let begin = out.len();
        out.put_bytes(0, PREFIX_LEN);
        let encoded = self.put(out).and_then(|()| set_len(out, begin));
        if encoded.is_err() {
            out.truncate(begin);
        }
        encoded
    }

    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let (kind, number) = match self {
            Self::Item { position, .. } => (ITEM, *position),
            Self::Heartbeat { end } => (HEARTBEAT, *end),
            Self::Missed { up_to } => (MISSED, *up_to),
        };
        out.put_u8(kind);
        out.put_u64(countable(number)?);
        if let Self::Item { item, .. } = self { item.encode(out) } else { Ok(()) }
    }

    fn decode(mut bytes: Bytes) -> Result<Self, WireError> {
        let kind = bytes.try_get_u8().map_err(short)?;
        let number = bytes.try_get_u64().map_err(short).and_then(countable);
        let message = match kind {
            ITEM => return Ok(Self::Item { position: number?, item: T::decode(bytes)? }),
            HEARTBEAT => Self::Heartbeat { end: number? },
            MISSED => Self::Missed { up_to: number? },
            _ => return Err(WireError::Kind(kind)),
        };
        if bytes.is_empty() { Ok(message) } else { Err(WireError::Trailing(bytes.len())) }
    }
}

impl<T: Item> Decoder<T> {
    /// Begins at a message's first byte.
    pub fn new() -> Self {
        Self { buffer: BytesMut::new(), broken: None, item: PhantomData }
    }

    /// Adds bytes as they came off the wire; behind an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        if self.buffer.capacity() - self.buffer.len() < bytes.len() {
            self.buffer.reserve(bytes.len().max(BLOCK_LEN));
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next message, or `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// [`WireError`], behind the last message that was right; again at each call
    /// after.
    pub fn next_message(&mut self) -> Result<Option<Message<T>>, WireError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let message = self.take();
        if let Err(error) = message {
            self.broken = Some(error);
            self.buffer = BytesMut::new();
        }
        message
    }

    fn take(&mut self) -> Result<Option<Message<T>>, WireError> {
        let Some(prefix) = self.buffer.first_chunk() else { return Ok(None) };
        let len = usize::from(u16::from_be_bytes(*prefix));
        within("message", len, MESSAGE_LEN_MAX)?;
        if self.buffer.len() < PREFIX_LEN + len {
            return Ok(None);
        }
        self.buffer.advance(PREFIX_LEN);
        Message::decode(self.buffer.split_to(len).freeze()).map(Some)
    }
}

impl<T: Item> Default for Decoder<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes the length of the message that begins here, into the room left for it.
fn set_len(out: &mut [u8], begin: usize) -> Result<(), WireError> {
    let message = out.get_mut(begin..).unwrap_or_default();
    let Some((prefix, body)) = message.split_first_chunk_mut::<PREFIX_LEN>() else {
        return Err(WireError::TooShort);
    };
    within("message", body.len(), MESSAGE_LEN_MAX)?;
    let len = u16::try_from(body.len()).map_err(|_| WireError::Value("length"))?;
    *prefix = len.to_be_bytes();
    Ok(())
}

#[cfg(test)]
mod tests;
