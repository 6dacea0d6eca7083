//! One block of metadata, written and read.

use bytes::{BufMut, Bytes, BytesMut};
use media::Title;
use media::text::TITLE_LEN_MAX;

use crate::charset::Charset;

/// The longest block, its length byte included: 1 + 16 × 255.
pub const BLOCK_LEN_MAX: usize = 1 + 16 * 255;

/// The block that says "unchanged".
pub const EMPTY_BLOCK: &[u8] = &[0];

/// A block is no metadata: the stream is out of step with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("metadata block does not begin with a name and a value")]
pub struct NotMetadata;

/// Writes a title as a block: `StreamTitle='…';StreamUrl='…';`, in UTF-8.
///
/// The title is cut at a character to what fits; the URL, worthless when cut,
/// is left out if it does not fit or is empty. `';` within a value would end it
/// for players, so its apostrophe becomes U+2019. An empty title gives a block
/// too: that is how a stream begins.
pub fn block(title: &Title) -> Bytes {
    let mut text = field("StreamTitle", &title.stream_title, BLOCK_LEN_MAX - 1);
    if !title.url.is_empty() {
        let url = field("StreamUrl", &title.url, usize::MAX);
        if text.len() + url.len() < BLOCK_LEN_MAX {
            text.push_str(&url);
        }
    }
    let units = text.len().div_ceil(16);
    let mut block = BytesMut::with_capacity(1 + units * 16);
    block.put_u8(u8::try_from(units).expect("a block's text is cut to 255 units"));
    block.put_slice(text.as_bytes());
    block.put_bytes(0, units * 16 - text.len());
    block.freeze()
}

/// `name='value';` in at most `len_max` bytes.
fn field(name: &str, value: &str, len_max: usize) -> String {
    let clean: String = value.chars().filter(|c| !c.is_control()).collect();
    let value = clean.replace("';", "\u{2019};");
    let room = len_max - name.len() - "='';".len();
    let value = value.get(..value.floor_char_boundary(room)).unwrap_or_default();
    format!("{name}='{value}';")
}

/// Reads a block without its length byte; padding does not matter.
///
/// `None` if it has no `StreamTitle`. Other names are read over. A value ends
/// at the first `';` before another name or the end, so that `';` within a
/// title does not end it; else at the last `';`, which the audio of a block
/// that is shorter than it says may follow; else at the block's end.
///
/// # Errors
///
/// [`NotMetadata`] if it does not begin with a name and `=`.
pub fn parse_block(block: &[u8], charset: Charset) -> Result<Option<Title>, NotMetadata> {
    let end = block.iter().position(|byte| *byte == 0).unwrap_or(block.len());
    let mut rest = block.get(..end).unwrap_or_default();
    if rest.is_empty() {
        return if block.is_empty() { Ok(None) } else { all_padding(block) };
    }
    let (mut title, mut url) = (None, None);
    let mut first = true;
    while let Some((name, after)) = name(rest) {
        let (value, next) = value(after);
        match name {
            b"StreamTitle" => title = title.or(Some(value)),
            b"StreamUrl" => url = url.or(Some(value)),
            _ => {}
        }
        rest = next;
        first = false;
    }
    if first {
        return Err(NotMetadata);
    }
    let text = |value| charset.decode(value, TITLE_LEN_MAX);
    Ok(title.map(|title| Title::new(text(title), url.map(text).unwrap_or_default())))
}

/// Zeros alone are an empty block, zeros before anything else are none.
fn all_padding(block: &[u8]) -> Result<Option<Title>, NotMetadata> {
    if block.iter().all(|byte| *byte == 0) { Ok(None) } else { Err(NotMetadata) }
}

/// Takes `name=` from the front.
fn name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = text.iter().take(NAME_LEN_MAX + 1).position(|byte| *byte == b'=')?;
    let (name, rest) = text.split_at_checked(end)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (end > 0 && name.iter().all(is_name)).then(|| (name, rest.get(1..).unwrap_or_default()))
}

/// The longest name. Triton's and `AdsWizz`'s have some twenty letters.
const NAME_LEN_MAX: usize = 64;

/// Takes a value and its end from the front.
fn value(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(text) = text.strip_prefix(b"'") else {
        let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end).unwrap_or_default();
        return (value, rest.get(1..).unwrap_or_default());
    };
    let mut last = None;
    for (at, _) in text.windows(2).enumerate().filter(|(_, pair)| pair == b"';") {
        let rest = text.get(at + 2..).unwrap_or_default();
        last = text.get(..at);
        if rest.is_empty() || name(rest).is_some() {
            return (last.unwrap_or_default(), rest);
        }
    }
    if let Some(last) = last {
        return (last, &[]);
    }
    let unended = text.strip_suffix(b";").unwrap_or(text);
    (unended.strip_suffix(b"'").unwrap_or(unended), &[])
}
