//! In-band metadata: `icy-metaint` audio bytes, one length byte, 16 × length
//! bytes of text padded with zeros, and again.
//!
//! Source: no standard; as SHOUTcast DNAS 1.9 and Icecast 2.4 send it.

use std::num::NonZeroU32;

use bytes::{Bytes, BytesMut};

mod block;

pub use block::{BLOCK_LEN_MAX, EMPTY_BLOCK, NotMetadata, block, parse_block};

/// One piece of the stream, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Audio bytes, cut at the metadata and nowhere else of meaning.
    Audio(Bytes),
    /// A metadata block without its padding, never empty, in the sender's
    /// encoding: [`parse_block`] reads it.
    Metadata(Bytes),
}

/// Takes the metadata out of a stream.
///
/// Holds what was pushed and not taken; once everything is taken, less than one
/// block ([`BLOCK_LEN_MAX`]).
#[derive(Debug)]
pub struct Demuxer {
    interval: usize,
    audio_left: usize,
    buffer: BytesMut,
}

impl Demuxer {
    /// Starts at the first body byte; `interval` is the `icy-metaint` header.
    pub fn new(interval: NonZeroU32) -> Self {
        let interval = usize::try_from(interval.get()).unwrap_or(usize::MAX);
        Self { interval, audio_left: interval, buffer: BytesMut::new() }
    }

    /// Adds bytes as they came off the wire.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next piece, or `None` until more bytes are pushed.
    pub fn next_item(&mut self) -> Option<Item> {
        loop {
            if self.audio_left > 0 {
                return self.audio().map(Item::Audio);
            }
            let length = usize::from(*self.buffer.first()?) * 16;
            if self.buffer.len() <= length {
                return None;
            }
            let block = self.buffer.split_to(length + 1).freeze().slice(1..);
            self.audio_left = self.interval;
            let block = without_padding(&block);
            if !block.is_empty() {
                return Some(Item::Metadata(block));
            }
        }
    }

    fn audio(&mut self) -> Option<Bytes> {
        let length = self.audio_left.min(self.buffer.len());
        self.audio_left -= length;
        (length > 0).then(|| self.buffer.split_to(length).freeze())
    }
}

fn without_padding(block: &Bytes) -> Bytes {
    let end = block.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    block.slice(..end)
}

#[cfg(test)]
mod tests;
