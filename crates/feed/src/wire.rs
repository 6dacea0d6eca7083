//! The feeds' items as bytes: for a journal on disk, and for another node.
//!
//! An item is its version, its kind, and its contents, field by field: numbers
//! big-endian and of fixed size, text and frames behind their length of two
//! bytes. `items` has the list of kinds and fields, once for both directions.
//! [`Decoder`] takes items out of a connection.
//!
//! What is read is judged: a value that no writer of ours gives is an error, and
//! never a panic or an allocation larger than the input. For the same reason
//! what could not be read again is not written. A frame's data is not copied
//! when it is read. Nothing here tries again, and nothing judges the order in
//! which items come.

mod fields;
mod items;
mod stream;
#[cfg(test)]
mod testing;

use bytes::{Buf, Bytes};

use crate::log::NUMBER_MAX;

pub use stream::{Decoder, MESSAGE_LEN_MAX, Message};

/// The version that is written, and the only one that is read.
pub const VERSION: u8 = 2;

/// Longest item, in bytes. Chosen: the longest that there is, a closed segment
/// with a title of four full texts, takes 16,085.
pub const ITEM_LEN_MAX: usize = 16 << 10;

/// Longest frame, in bytes: ADTS has 13 bits for it, and MP3's are shorter.
pub const FRAME_LEN_MAX: usize = media::adts::FRAME_LEN_MAX;

/// Longest text of a title, in bytes of UTF-8.
pub const TEXT_LEN_MAX: usize = media::text::TITLE_LEN_MAX;

/// Greatest sampling rate, in Hz (ISO/IEC 13818-7 Table 35).
pub const RATE_HZ_MAX: u32 = 96_000;

/// Most channels of a frame header.
pub const CHANNELS_MAX: u8 = 8;

/// Most samples per channel in a frame: four raw data blocks of ADTS.
pub const SAMPLES_MAX: u32 = 4 * media::adts::SAMPLES_PER_BLOCK;

/// What a feed carries, as bytes.
pub trait Item: Sized {
    /// Appends it.
    ///
    /// # Errors
    ///
    /// [`WireError`] for what could not be read again; `out` is as it was.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError>;

    /// Reads it of all the bytes. The data of a frame is a slice of them, and
    /// keeps them in memory.
    ///
    /// # Errors
    ///
    /// [`WireError`].
    fn decode(bytes: Bytes) -> Result<Self, WireError>;
}

/// Why bytes are no item, or an item has no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Another version wrote it.
    #[error("version {0} of an item is not known, only {VERSION}")]
    Version(u8),
    /// No item or message, or none of this feed, has this kind.
    #[error("kind {0:#04x} is not known")]
    Kind(u8),
    /// The bytes end before the contents do.
    #[error("ends within its contents")]
    TooShort,
    /// The contents end before the bytes do.
    #[error("{0} bytes follow the contents")]
    Trailing(usize),
    /// Something exceeds its limit.
    #[error("{what} of {len} bytes exceeds {len_max}")]
    TooLong {
        /// What it is.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        len_max: usize,
    },
    /// A value that cannot be.
    #[error("impossible: {0}")]
    Value(&'static str),
}

/// Appends version and contents, or nothing.
fn encode(
    out: &mut Vec<u8>,
    contents: impl FnOnce(&mut Vec<u8>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let begin = out.len();
    out.push(VERSION);
    let encoded = contents(out).and_then(|()| within("item", out.len() - begin, ITEM_LEN_MAX));
    if encoded.is_err() {
        out.truncate(begin);
    }
    encoded
}

/// Reads version, kind and contents, and that nothing follows.
fn decode<T>(
    mut bytes: Bytes,
    contents: impl FnOnce(u8, &mut Bytes) -> Result<T, WireError>,
) -> Result<T, WireError> {
    within("item", bytes.len(), ITEM_LEN_MAX)?;
    let version = bytes.try_get_u8().map_err(short)?;
    if version != VERSION {
        return Err(WireError::Version(version));
    }
    let kind = bytes.try_get_u8().map_err(short)?;
    let item = contents(kind, &mut bytes)?;
    if bytes.is_empty() { Ok(item) } else { Err(WireError::Trailing(bytes.len())) }
}

fn within(what: &'static str, len: usize, len_max: usize) -> Result<(), WireError> {
    if len > len_max { Err(WireError::TooLong { what, len, len_max }) } else { Ok(()) }
}

fn possible(what: &'static str, is_possible: bool) -> Result<(), WireError> {
    if is_possible { Ok(()) } else { Err(WireError::Value(what)) }
}

/// What is counted stays below the limit of all that is.
fn countable(number: u64) -> Result<u64, WireError> {
    possible("a number above 2^53", number <= NUMBER_MAX).map(|()| number)
}

fn short(_: bytes::TryGetError) -> WireError {
    WireError::TooShort
}

#[cfg(test)]
mod tests;
