//! How a request's body is delimited (RFC 9112 §6).

use super::{Head, HeadError, Version};

/// How the headers delimit the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Not at all: no body in HTTP, audio until the connection ends for a source.
    None,
    /// `Content-Length` in bytes.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// Reads the framing from the headers.
///
/// # Errors
///
/// [`HeadError::Length`] and [`HeadError::TransferCoding`].
pub(super) fn of(head: &Head) -> Result<Framing, HeadError> {
    let mut lengths = head.headers("content-length");
    let mut codings = head.headers("transfer-encoding");
    let framing = match (lengths.next(), codings.next()) {
        (None, None) => Framing::None,
        (Some(length), None) => Framing::Length(digits(length).ok_or(HeadError::Length)?),
        (None, Some(coding)) => transfer_coding(coding, head.version)?,
        (Some(_), Some(_)) => return Err(HeadError::Length),
    };
    if lengths.next().is_some() || codings.next().is_some() {
        return Err(HeadError::Length);
    }
    Ok(framing)
}

/// RFC 9112 §6.1: HTTP/1.0 has no transfer codings, so a message with one is
/// faulty. `identity` is what encoders of libshout's kind say for "none".
fn transfer_coding(value: &[u8], version: Version) -> Result<Framing, HeadError> {
    if value.eq_ignore_ascii_case(b"identity") {
        return Ok(Framing::None);
    }
    if !value.eq_ignore_ascii_case(b"chunked") {
        return Err(HeadError::TransferCoding);
    }
    match version {
        Version::Http11 => Ok(Framing::Chunked),
        Version::Http10 | Version::Ice10 => Err(HeadError::Length),
    }
}

/// A number of one to twenty digits, nothing else: no sign, no space, no list.
pub(crate) fn digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}
