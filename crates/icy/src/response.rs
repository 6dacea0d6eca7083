//! The head of a stream server's answer: status line and headers.
//!
//! For who listens to others: `HTTP/1.x 200 OK` (RFC 9112 §4) and `ICY 200 OK`,
//! as SHOUTcast DNAS 1.9 says it. What servers get wrong harms nobody here, since
//! one connection carries one answer: lines may end in LF, the reason may be
//! missing, and a line that is no header is left out.

use std::fmt;

use media::text::NAME_LEN_MAX;

use crate::charset::Charset;
use crate::head::{
    HEAD_LEN_MAX, HEADERS_MAX, HeadError, Headers, LINE_LEN_MAX, Line, digits, header_line,
    next_line,
};
use crate::source::{Body, METAINT_MAX};

/// What the bytes so far amount to.
pub type Parsed = crate::head::Parsed<Head>;

/// An answer's head.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    /// The status, 100 to 999.
    pub status: u16,
    headers: Headers,
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The first line is neither `HTTP/1.x` nor `ICY` with a status.
    #[error("first line is no status line of HTTP/1 or ICY")]
    StatusLine,
    /// A line exceeds [`LINE_LEN_MAX`].
    #[error("line of the head exceeds {LINE_LEN_MAX} bytes")]
    LineTooLong,
    /// The head exceeds [`HEAD_LEN_MAX`].
    #[error("head exceeds {HEAD_LEN_MAX} bytes")]
    TooLong,
    /// More than [`HEADERS_MAX`] lines behind the first.
    #[error("head has more than {HEADERS_MAX} header lines")]
    TooManyHeaders,
    /// `Content-Length` is no number, or there are two that differ.
    #[error("length of the body is ambiguous")]
    Length,
    /// A transfer coding other than `chunked` and `identity`.
    #[error("transfer coding is not known")]
    TransferCoding,
    /// `icy-metaint` is no number up to [`METAINT_MAX`].
    #[error("icy-metaint is not a number up to {METAINT_MAX}")]
    Metaint,
}

/// Reads a head from the first bytes of an answer.
///
/// Keeps nothing: the caller has the bytes, at most [`HEAD_LEN_MAX`] of them
/// before the verdict. An error stays the same however much is appended, and
/// comes at the first byte that no status line has.
///
/// # Errors
///
/// [`ResponseError::StatusLine`] and the limits.
pub fn parse(bytes: &[u8]) -> Result<Parsed, ResponseError> {
    if !may_be_status_line(bytes) {
        return Err(ResponseError::StatusLine);
    }
    let Some((first, mut at)) = line(bytes, 0)? else { return Ok(Parsed::Partial) };
    let mut head = Head { status: status_of(first.content)?, headers: Headers::default() };
    for number in 2.. {
        let Some((line, next)) = line(bytes, at)? else { return Ok(Parsed::Partial) };
        at = next;
        if line.content.is_empty() {
            break;
        }
        if number > HEADERS_MAX + 1 {
            return Err(ResponseError::TooManyHeaders);
        }
        if let Ok(header) = header_line(line.content, number) {
            head.headers.push(header);
        }
    }
    Ok(Parsed::Complete { head, len: at })
}

impl Head {
    /// The value of the first header of this name, without regard to case, as
    /// sent.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.named(name).next()
    }

    /// The same as clean text, cut to [`NAME_LEN_MAX`] bytes; `None` where
    /// nothing is left of it.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = Charset::Auto.decode(self.header(name)?, NAME_LEN_MAX);
        (!text.is_empty()).then_some(text)
    }

    /// All headers in order: the name as sent and the value without the spaces
    /// around it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter()
    }

    /// How the body is delimited (RFC 9112 §6.3). Chunks are believed under
    /// HTTP/1.0 too: a server that says so sends them.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Length`] and [`ResponseError::TransferCoding`].
    pub fn body(&self) -> Result<Body, ResponseError> {
        let is = |coding: &[u8], name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
        let mut codings =
            self.headers.named("transfer-encoding").filter(|coding| !is(coding, "identity"));
        match (codings.next(), codings.next()) {
            (None, _) => self.length(),
            (Some(coding), None) if is(coding, "chunked") => Ok(Body::Chunked),
            _ => Err(ResponseError::TransferCoding),
        }
    }

    /// Bytes of audio between two blocks of metadata, 1 to [`METAINT_MAX`];
    /// `None` without `icy-metaint`, and where it is 0.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Metaint`]: where the blocks are cannot be known.
    pub fn metaint(&self) -> Result<Option<u32>, ResponseError> {
        let Some(value) = self.header("icy-metaint") else { return Ok(None) };
        let value = digits(value).and_then(|value| u32::try_from(value).ok());
        let value = value.filter(|value| *value <= METAINT_MAX).ok_or(ResponseError::Metaint)?;
        Ok((value > 0).then_some(value))
    }

    fn length(&self) -> Result<Body, ResponseError> {
        let mut lengths = self.headers.named("content-length");
        let Some(first) = lengths.next() else { return Ok(Body::UntilClose) };
        match digits(first) {
            Some(length) if lengths.all(|other| other == first) => Ok(Body::Length(length)),
            _ => Err(ResponseError::Length),
        }
    }
}

impl fmt::Debug for Head {
    /// Without the values of headers: cookies and signed URLs are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish()
    }
}

/// Whether the bytes begin as a status line does, as far as they go.
fn may_be_status_line(bytes: &[u8]) -> bool {
    ["HTTP/1.", "ICY "].iter().any(|start| {
        let mut pairs = start.bytes().zip(bytes);
        pairs.all(|(expected, byte)| byte.eq_ignore_ascii_case(&expected))
    })
}

/// Protocol, status, and a reason that may be anything or missing.
fn status_of(line: &[u8]) -> Result<u16, ResponseError> {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let (protocol, status) = (words.next(), words.next());
    let is_known = protocol.is_some_and(|protocol| {
        protocol.eq_ignore_ascii_case(b"ICY")
            || matches!(protocol, [_, _, _, _, _, _, b'.', minor] if minor.is_ascii_digit())
    });
    let status = status.filter(|status| is_known && status.len() == "200".len());
    let status = status.and_then(digits).and_then(|status| u16::try_from(status).ok());
    status.filter(|status| *status >= 100).ok_or(ResponseError::StatusLine)
}

fn line(bytes: &[u8], start: usize) -> Result<Option<(Line<'_>, usize)>, ResponseError> {
    next_line(bytes, start, HeadError::HeaderLineTooLong).map_err(|error| match error {
        HeadError::TooLong => ResponseError::TooLong,
        _ => ResponseError::LineTooLong,
    })
}

#[cfg(test)]
mod tests;
