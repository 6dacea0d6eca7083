//! Tags that stand between frames: `ID3v2`, `ID3v1` and `APEv2`.
//!
//! Sources: id3.org (see [`crate::id3`]); the `APEv2` specification, §*Header
//! and footer* (hydrogenaud.io).

use crate::framer::sync::Here;
use crate::id3;

/// Longest tag that is skipped as one; a longer one is junk. Chosen: cover
/// pictures of files that are sent as they lie on disk stay below.
pub const TAG_LEN_MAX: u64 = 4 << 20;

/// Bytes of an `ID3v1` tag.
const ID3V1_LEN: u64 = 128;

/// Bytes of an `APEv2` header, and of its footer.
const APE_HEADER_LEN: u64 = 32;

/// What a tag says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    /// Bytes of the whole tag, at most [`TAG_LEN_MAX`].
    pub(super) len: u64,
}

/// Says whether `bytes` begin with a tag.
pub(super) fn read(bytes: &[u8]) -> Here {
    match bytes.first() {
        Some(b'I') => read_mark(bytes, b"ID3", id3::HEADER_LEN, id3v2_len),
        Some(b'T') => read_mark(bytes, b"TAG", 3, |_| Some(ID3V1_LEN)),
        Some(b'A') => read_mark(bytes, b"APETAGEX", 32, ape_len),
        _ => Here::Nothing,
    }
}

/// The `ID3v2` tag that `bytes` begin with, if it is too long to be skipped.
pub(super) fn too_long(bytes: &[u8]) -> Option<id3::Header> {
    id3::Header::parse(bytes).filter(|header| header.tag_len() > TAG_LEN_MAX)
}

fn read_mark(bytes: &[u8], mark: &[u8], head: usize, len: fn(&[u8]) -> Option<u64>) -> Here {
    let seen = bytes.len().min(mark.len());
    if bytes.get(..seen) != mark.get(..seen) {
        return Here::Nothing;
    }
    let Some(head) = bytes.get(..head) else { return Here::Cut };
    match len(head).filter(|&len| len <= TAG_LEN_MAX) {
        Some(len) => Here::Tag(Tag { len }),
        None => Here::Nothing,
    }
}

fn id3v2_len(head: &[u8]) -> Option<u64> {
    id3::Header::parse(head).map(|header| header.tag_len())
}

/// The size that an `APEv2` header declares counts the footer in, the header not.
fn ape_len(head: &[u8]) -> Option<u64> {
    let &[_, _, _, _, _, _, _, _, _, _, _, _, s0, s1, s2, s3, _, _, _, _, _, _, _, flags, ..] =
        head
    else {
        return None;
    };
    let is_header = flags & 0x20 != 0;
    let after = if is_header { u64::from(u32::from_le_bytes([s0, s1, s2, s3])) } else { 0 };
    Some(APE_HEADER_LEN + after)
}
