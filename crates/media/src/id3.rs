//! `ID3v2` tags: a writer of version 2.4, a reader of what it writes, and the
//! header of every version, to skip a tag.
//!
//! Sources: id3.org, *ID3 tag version 2.4.0 – Main Structure* (header §3.1,
//! footer §3.4, frames §4, syncsafe integers §6.2) and *– Native Frames*
//! (text §4.2, `TXXX` §4.2.6, `PRIV` §4.27).
//!
//! Refuses to read what radio has no use for: unsynchronisation, compression,
//! encryption, and the frames of versions 2.2 and 2.3.

/// Bytes of a tag's header, of its footer, and of a frame's header.
pub const HEADER_LEN: usize = 10;

/// Largest value of a syncsafe integer of four bytes: 28 bits.
pub const SYNCSAFE_MAX: u32 = (1 << 28) - 1;

/// The encoding byte for UTF-8 (*Main Structure* §4).
const UTF_8: u8 = 3;

/// The header of an `ID3v2` tag, of any version from 2.2 to 2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// 2, 3 or 4, for 2.2 to 2.4.
    pub version: u8,
    /// Bytes between header and footer, as the tag declares them.
    pub body_len: u32,
    /// A footer follows the body; 2.4 only.
    pub footer: bool,
}

/// Writes one `ID3v2.4` tag, frame by frame.
#[derive(Debug, Clone)]
pub struct Writer {
    tag: Vec<u8>,
}

/// One frame of an `ID3v2.4` tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its name, for example `TIT2`.
    pub id: [u8; 4],
    /// What stands behind its header.
    pub body: &'a [u8],
}

/// The frames of an `ID3v2.4` tag; ends at padding, at the tag's end, and at
/// the first thing that is no frame.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    rest: &'a [u8],
}

impl Header {
    /// Reads a tag's header, or `None` where the ten bytes are none.
    ///
    /// Nothing is believed of the size it declares: that is for the caller.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[b'I', b'D', b'3', version @ 2..=4, revision, flags, s0, s1, s2, s3, ..] = bytes
        else {
            return None;
        };
        // The lower half of the flags is zero in every version.
        if revision == 0xFF || flags & 0x0F != 0 {
            return None;
        }
        let body_len = from_syncsafe([s0, s1, s2, s3])?;
        Some(Self { version, body_len, footer: version == 4 && flags & 0x10 != 0 })
    }

    /// Bytes of the whole tag, as it declares them: header, body and footer.
    pub fn tag_len(&self) -> u64 {
        let ends = if self.footer { 2 * HEADER_LEN } else { HEADER_LEN };
        u64::from(self.body_len) + ends as u64
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self { tag: b"ID3\x04\0\0\0\0\0\0".to_vec() }
    }
}

impl Writer {
    /// Adds a `PRIV` frame: bytes of `owner`'s own.
    pub fn private(&mut self, owner: &str, data: &[u8]) {
        self.frame(*b"PRIV", &[owner.as_bytes(), &[0], data]);
    }

    /// Adds a text frame, for example `TIT2`. A NUL would part two values, so
    /// the text ends before it.
    pub fn text(&mut self, id: [u8; 4], text: &str) {
        self.frame(id, &[&[UTF_8], before_nul(text)]);
    }

    /// Adds a `TXXX` frame: a text with a `description` of its own.
    pub fn user_text(&mut self, description: &str, text: &str) {
        self.frame(*b"TXXX", &[&[UTF_8], before_nul(description), &[0], before_nul(text)]);
    }

    /// Gives the whole tag.
    pub fn finish(mut self) -> Vec<u8> {
        let body_len = u32::try_from(self.tag.len().saturating_sub(HEADER_LEN)).unwrap_or(u32::MAX);
        if let (Some(size), Some(bytes)) = (self.tag.get_mut(6..HEADER_LEN), to_syncsafe(body_len))
        {
            size.copy_from_slice(&bytes);
        }
        self.tag
    }

    /// Leaves out a frame that would not fit: sizes have 28 bits.
    fn frame(&mut self, id: [u8; 4], parts: &[&[u8]]) {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let tag_len = u32::try_from(self.tag.len() + len).unwrap_or(u32::MAX);
        let (Some(_), Some(size)) =
            (to_syncsafe(tag_len), u32::try_from(len).ok().and_then(to_syncsafe))
        else {
            return;
        };
        self.tag.extend_from_slice(&id);
        self.tag.extend_from_slice(&size);
        self.tag.extend_from_slice(&[0, 0]);
        for part in parts {
            self.tag.extend_from_slice(part);
        }
    }
}

/// The frames of the `ID3v2.4` tag that `bytes` begin with, or `None` where they
/// begin with none, or end before it does.
pub fn frames(bytes: &[u8]) -> Option<Frames<'_>> {
    let header = Header::parse(bytes).filter(|header| header.version == 4)?;
    let end = HEADER_LEN.checked_add(usize::try_from(header.body_len).ok()?)?;
    Some(Frames { rest: bytes.get(HEADER_LEN..end)? })
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let (&[i0, i1, i2, i3, s0, s1, s2, s3, _, _], rest) =
            std::mem::take(&mut self.rest).split_first_chunk::<HEADER_LEN>()?;
        let id = [i0, i1, i2, i3];
        if !id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            return None;
        }
        let len = usize::try_from(from_syncsafe([s0, s1, s2, s3])?).ok()?;
        let (body, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some(Frame { id, body })
    }
}

impl<'a> Frame<'a> {
    /// The text of a text frame in UTF-8.
    pub fn text(&self) -> Option<&'a str> {
        let (&UTF_8, text) = self.body.split_first()? else { return None };
        std::str::from_utf8(text).ok()
    }

    /// Description and text of a `TXXX` frame.
    pub fn user_text(&self) -> Option<(&'a str, &'a str)> {
        if self.id == *b"TXXX" { self.text()?.split_once('\0') } else { None }
    }

    /// Owner and data of a `PRIV` frame.
    pub fn private(&self) -> Option<(&'a str, &'a [u8])> {
        let end = self.body.iter().position(|&byte| byte == 0)?;
        let (owner, data) = self.body.split_at_checked(end)?;
        let is_private = self.id == *b"PRIV";
        is_private.then_some((std::str::from_utf8(owner).ok()?, data.get(1..)?))
    }
}

/// Four bytes of seven bits each (*Main Structure* §6.2), or `None` above
/// [`SYNCSAFE_MAX`].
fn to_syncsafe(value: u32) -> Option<[u8; 4]> {
    let septet = |shift: u32| u8::try_from(value >> shift & 0x7F).ok();
    if value > SYNCSAFE_MAX {
        return None;
    }
    Some([septet(21)?, septet(14)?, septet(7)?, septet(0)?])
}

/// The value of four syncsafe bytes, or `None` where one has its top bit set.
fn from_syncsafe(bytes: [u8; 4]) -> Option<u32> {
    let is_syncsafe = bytes.iter().all(|&byte| byte < 0x80);
    is_syncsafe.then(|| bytes.iter().fold(0, |value, &byte| value << 7 | u32::from(byte)))
}

fn before_nul(text: &str) -> &[u8] {
    text.split('\0').next().unwrap_or_default().as_bytes()
}

#[cfg(test)]
mod tests;
