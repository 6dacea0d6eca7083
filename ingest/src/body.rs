//! The audio in a source's request: as it is, counted, in chunks, and with
//! titles between.

use std::num::NonZeroU32;

use bytes::Bytes;
use icy::chunked;
use icy::metaint::{Demuxer, Item};
use icy::source;

/// Takes the audio out of what a source sends.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    titles: Option<Demuxer>,
}

#[derive(Debug)]
enum Framing {
    UntilClose,
    Length(u64),
    Chunked(chunked::Decoder),
}

impl Body {
    /// As the request's head says.
    pub fn new(framing: source::Body, metaint: Option<u32>) -> Self {
        let framing = match framing {
            source::Body::UntilClose => Framing::UntilClose,
            source::Body::Length(length) => Framing::Length(length),
            source::Body::Chunked => Framing::Chunked(chunked::Decoder::new()),
        };
        Self { framing, titles: metaint.and_then(NonZeroU32::new).map(Demuxer::new) }
    }

    /// Takes bytes as they came; adds audio and titles to `items` in their order.
    ///
    /// # Errors
    ///
    /// The chunks cannot be read. What `items` has by then counts.
    pub fn push(
        &mut self,
        bytes: &[u8],
        items: &mut Vec<Item>,
    ) -> Result<(), chunked::ChunkedError> {
        match &mut self.framing {
            Framing::UntilClose => items.extend(demux(&mut self.titles, bytes)),
            Framing::Length(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= len as u64;
                items.extend(demux(&mut self.titles, bytes.get(..len).unwrap_or_default()));
            }
            Framing::Chunked(decoder) => {
                decoder.push(bytes);
                while let Some(data) = decoder.next_data()? {
                    items.extend(demux(&mut self.titles, &data));
                }
            }
        }
        Ok(())
    }

    /// Whether no audio follows.
    pub fn is_finished(&self) -> bool {
        match &self.framing {
            Framing::UntilClose => false,
            Framing::Length(left) => *left == 0,
            Framing::Chunked(decoder) => decoder.is_finished(),
        }
    }
}

fn demux(titles: &mut Option<Demuxer>, bytes: &[u8]) -> Vec<Item> {
    let Some(demuxer) = titles else { return vec![Item::Audio(Bytes::copy_from_slice(bytes))] };
    demuxer.push(bytes);
    std::iter::from_fn(|| demuxer.next_item()).collect()
}

#[cfg(test)]
mod tests;
