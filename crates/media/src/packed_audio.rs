//! Packed audio segments: one ID3 tag, then whole frames as they came.
//!
//! Source: RFC 8216 §3.4. The body is a function of its arguments alone, so
//! that every node makes the same segment of the same frames.

use bytes::Bytes;

use crate::id3;
use crate::segment::Title;
use crate::text::{TITLE_LEN_MAX, cut};
use crate::time::{MediaTime, Timescale};

/// Owner of the `PRIV` frame that carries the timestamp (RFC 8216 §3.4).
pub const TIMESTAMP_OWNER: &str = "com.apple.streaming.transportStreamTimestamp";

/// Description of the `TXXX` frame that carries the whole `StreamTitle`.
pub const STREAM_TITLE: &str = "StreamTitle";

/// Makes a segment's body: the tag of [`tag`], then the frames.
///
/// `start` is the time of the first frame's first sample. The body is allocated
/// once, at its final size; the frames are copied.
pub fn mux<'a, I>(start: MediaTime, scale: Timescale, title: Option<&Title>, frames: I) -> Bytes
where
    I: IntoIterator<Item = &'a Bytes>,
    I::IntoIter: Clone,
{
    let frames = frames.into_iter();
    let mut body = tag(start, scale, title);
    body.reserve_exact(frames.clone().map(Bytes::len).sum());
    for frame in frames {
        body.extend_from_slice(frame);
    }
    body.into()
}

/// Makes the tag that a segment begins with.
///
/// First the `PRIV` frame with the 33-bit timestamp, then `TIT2` and `TPE1`
/// where they are not empty, then `TXXX` with the whole `StreamTitle` where it
/// is not. Each text is cut to [`TITLE_LEN_MAX`] bytes.
pub fn tag(start: MediaTime, scale: Timescale, title: Option<&Title>) -> Vec<u8> {
    let mut tag = id3::Writer::default();
    tag.private(TIMESTAMP_OWNER, &start.mpeg_timestamp(scale).to_be_bytes());
    if let Some(title) = title {
        for (id, text) in [(*b"TIT2", &title.title), (*b"TPE1", &title.artist)] {
            if !text.is_empty() {
                tag.text(id, cut(text, TITLE_LEN_MAX));
            }
        }
        if !title.stream_title.is_empty() {
            tag.user_text(STREAM_TITLE, cut(&title.stream_title, TITLE_LEN_MAX));
        }
    }
    tag.finish()
}

#[cfg(test)]
mod tests;
