//! A playlist as it is sent: its text, its gzip, its tag.

use std::io::Write as _;

use axum::http::HeaderValue;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use media::WallTime;
use playlists::date;

/// A text rendered once and sent to many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The text itself.
    pub text: Bytes,
    /// The same, compressed (RFC 1952).
    pub gzip: Bytes,
    /// The strong entity tag of `text`, with its quotes.
    pub etag: String,
    /// When the text became what it is.
    pub modified: WallTime,
    /// What does not change from answer to answer.
    pub(crate) lines: Lines,
}

/// Values of headers, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lines {
    /// The tag of the text.
    pub(crate) etag: HeaderValue,
    /// That of the compressed form.
    pub(crate) gzip_etag: HeaderValue,
    /// When the text became what it is.
    pub(crate) last_modified: HeaderValue,
}

impl Document {
    /// Compresses and tags a text.
    pub fn new(text: String, modified: WallTime) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
        let gzip = written.expect("writing to a Vec cannot fail").into();
        let etag = etag(text.as_bytes());
        let lines = Lines::new(&etag, modified);
        Self { text: text.into(), gzip, etag, modified, lines }
    }
}

impl Lines {
    fn new(etag: &str, modified: WallTime) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).expect("digits, letters and quotes");
        // Another representation (RFC 9110 §8.8.3.3).
        let gzip_etag = format!("{}-gzip\"", etag.trim_end_matches('"'));
        let last_modified = value(&date::http_date(modified));
        Self { etag: value(etag), gzip_etag: value(&gzip_etag), last_modified }
    }
}

/// A strong entity tag: the same everywhere.
fn etag(bytes: &[u8]) -> String {
    format!("\"{:016x}\"", fnv1a(bytes))
}

/// FNV-1a of the bytes, 64 bits.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests;
