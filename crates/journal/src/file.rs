//! One file of a journal, as bytes.
//!
//! A header: seven bytes of magic, one of version, the first entry's position, and
//! the CRC-32 of these. Then the entries, at consecutive positions: length,
//! CRC-32, and the bytes. The CRC is over position and length, too, so that an
//! entry counts in its own place alone. Numbers are big-endian.

use bytes::{Buf, BufMut, Bytes};
use crc32fast::Hasher;

use crate::{Entry, POSITION_MAX, POSITION_STEP};

/// Bytes of the header.
pub const HEADER_LEN: usize = 20;

/// Bytes before an entry's own.
pub const ENTRY_HEAD_LEN: usize = 8;

/// Longest entry, in bytes; none is empty, so that zeroes are no entry. Chosen:
/// four times the longest item of a feed.
pub const ENTRY_LEN_MAX: usize = 64 << 10;

const MAGIC: &[u8; 7] = b"skywave";

const VERSION: u8 = 1;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Its entries, up to the first fault.
    pub entries: Vec<Entry>,
    /// The bytes that they and the header take; 0 where the header is none.
    pub valid_len: usize,
}

/// Reads a file whose name says that it begins at `first`.
///
/// Nothing is copied: entries are slices of the file. What is behind the first
/// fault is not looked at: a length that is wrong leaves no place to go on.
pub fn read(first: u64, file: &Bytes) -> Contents {
    let mut contents = Contents { entries: Vec::new(), valid_len: 0 };
    let mut rest = file.clone();
    if take_header(&mut rest) != Some(first) || first >= POSITION_MAX {
        return contents;
    }
    let mut position = first;
    loop {
        contents.valid_len = file.len() - rest.len();
        let Some(payload) = take_entry(position, &mut rest) else { break };
        contents.entries.push(Entry { position, payload });
        position += 1;
        // The next one is in another file.
        if position.is_multiple_of(POSITION_STEP) {
            contents.valid_len = file.len() - rest.len();
            break;
        }
    }
    contents
}

/// Appends the header of a file that begins at `first`.
pub fn put_header(first: u64, out: &mut Vec<u8>) {
    let begin = out.len();
    out.put_slice(MAGIC);
    out.put_u8(VERSION);
    out.put_u64(first);
    let crc = crc32fast::hash(out.get(begin..).unwrap_or_default());
    out.put_u32(crc);
}

/// Appends the entry at `position`; `None` where it is empty or exceeds
/// [`ENTRY_LEN_MAX`].
pub fn put_entry(position: u64, payload: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let len = u32::try_from(payload.len()).ok().filter(|_| fits(payload.len()))?;
    out.put_u32(len);
    out.put_u32(crc(position, len, payload));
    out.put_slice(payload);
    Some(())
}

/// Whether an entry may have so many bytes.
pub(crate) fn fits(len: usize) -> bool {
    (1..=ENTRY_LEN_MAX).contains(&len)
}

fn take_header(from: &mut Bytes) -> Option<u64> {
    let head = from.get(..HEADER_LEN - size_of::<u32>())?;
    let (magic, version) = (head.starts_with(MAGIC), head.get(MAGIC.len()) == Some(&VERSION));
    let crc = crc32fast::hash(head);
    from.advance(MAGIC.len() + 1);
    let first = from.try_get_u64().ok()?;
    let told = from.try_get_u32().ok()?;
    (magic && version && told == crc).then_some(first)
}

fn take_entry(position: u64, from: &mut Bytes) -> Option<Bytes> {
    let mut rest = from.clone();
    let len = rest.try_get_u32().ok()?;
    let told = rest.try_get_u32().ok()?;
    let payload_len = usize::try_from(len).ok().filter(|len| fits(*len) && *len <= rest.len())?;
    let payload = rest.split_to(payload_len);
    if told != crc(position, len, &payload) {
        return None;
    }
    *from = rest;
    Some(payload)
}

fn crc(position: u64, len: u32, payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&position.to_be_bytes());
    hasher.update(&len.to_be_bytes());
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests;
