//! The head of an HTTP request: request line and headers (RFC 9112 §2, §3, §5).
//!
//! Every first request on the public port goes through this parser, whoever
//! serves it afterwards, so that nobody behind it reads another request than
//! we do. It refuses what RFC 9112 calls ambiguous: two lengths, a length and
//! a coding, folded lines, a space before the colon, bare CR, NUL.
//!
//! A bare LF ends a line only where a body's end cannot depend on it: with the
//! method SOURCE, under `ICE/1.0`, and under `HTTP/1.0` without
//! `Content-Length` and `Transfer-Encoding`. Old encoders and butt's title
//! updates end their lines so.

use crate::head::headers::no_control_characters;

mod framing;
mod headers;
mod line;

pub use framing::Framing;
pub(crate) use framing::digits;
pub(crate) use headers::{Headers, header_line};
pub(crate) use line::{Line, next_line};

/// The longest line, its end not counted: `large_client_header_buffers` of nginx.
pub const LINE_LEN_MAX: usize = 8 * 1024;

/// The longest head, its empty line included: twice a line, as Node's llhttp has it.
pub const HEAD_LEN_MAX: usize = 16 * 1024;

/// The most header lines: the field's usual limit (`HAProxy` 101, Apache 100).
pub const HEADERS_MAX: usize = 100;

/// The longest method. The longest registered one in use has 17 letters
/// (`UPDATEREDIRECTREF`), none of them of interest here.
pub const METHOD_LEN_MAX: usize = 20;

/// What the bytes so far amount to: a request's head, or an answer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<H = Head> {
    /// The head goes on; parse again with more bytes.
    Partial,
    /// The head is whole.
    Complete {
        /// What it says.
        head: H,
        /// Its length in bytes, the empty line included; the body follows.
        len: usize,
    },
}

/// A request's head.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    /// The method, case kept: `GET`, `PUT`, `SOURCE`.
    pub method: String,
    /// The target as sent: neither decoded nor checked, but without spaces and
    /// control characters.
    pub target: String,
    /// The protocol's version.
    pub version: Version,
    /// How the body is delimited, as the headers have it.
    pub framing: Framing,
    headers: Headers,
}

/// The protocol's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// ICE/1.0: HTTP/1.0 as encoders before Icecast 2 call it.
    Ice10,
}

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// Not `METHOD target VERSION` with one space between.
    #[error("request line is not method, target and version")]
    RequestLine,
    /// The request line exceeds [`LINE_LEN_MAX`].
    #[error("request line exceeds {LINE_LEN_MAX} bytes")]
    RequestLineTooLong,
    /// Another version of HTTP than 1.0 and 1.1.
    #[error("version of HTTP is neither 1.0 nor 1.1")]
    Version,
    /// A header line that is not `name: value`.
    #[error("header line {0} is not a name, a colon and a value")]
    HeaderLine(usize),
    /// A header line begins with a space or a tab: folding (RFC 9112 §5.2).
    #[error("header line {0} is folded")]
    Folded(usize),
    /// NUL or a CR that ends no line.
    #[error("NUL or bare CR in line {0} of the head")]
    ControlCharacter(usize),
    /// A line ends with LF alone where that is not suffered.
    #[error("bare LF after line {0} of the head")]
    BareLf(usize),
    /// A header line exceeds [`LINE_LEN_MAX`].
    #[error("header line exceeds {LINE_LEN_MAX} bytes")]
    HeaderLineTooLong,
    /// The head exceeds [`HEAD_LEN_MAX`].
    #[error("head exceeds {HEAD_LEN_MAX} bytes")]
    TooLong,
    /// More than [`HEADERS_MAX`] header lines.
    #[error("head has more than {HEADERS_MAX} header lines")]
    TooManyHeaders,
    /// `Content-Length` is no number, stands twice, or beside
    /// `Transfer-Encoding` (RFC 9112 §6.3).
    #[error("length of the body is ambiguous")]
    Length,
    /// A transfer coding other than `chunked` and `identity`.
    #[error("transfer coding is not known")]
    TransferCoding,
    /// A header that may stand once stands twice.
    #[error("header stands twice: {0}")]
    Repeated(&'static str),
}

/// Reads a head from the first bytes of a connection.
///
/// Keeps nothing: the caller has the bytes, at most [`HEAD_LEN_MAX`] of them
/// before an answer comes. An error stays the same however much is appended.
///
/// # Errors
///
/// [`HeadError`], with the HTTP status to answer.
pub fn parse(bytes: &[u8]) -> Result<Parsed, HeadError> {
    let Some((first, mut at)) = next_line(bytes, 0, HeadError::RequestLineTooLong)? else {
        return Ok(Parsed::Partial);
    };
    let mut head = request_line(&first)?;
    let mut bare_lf = head.bare_lf(&first, 1)?;
    loop {
        let Some((line, next)) = next_line(bytes, at, HeadError::HeaderLineTooLong)? else {
            return Ok(Parsed::Partial);
        };
        let number = head.headers.len() + 2;
        bare_lf = bare_lf.or(head.bare_lf(&line, number)?);
        at = next;
        if line.content.is_empty() {
            break;
        }
        if head.headers.len() == HEADERS_MAX {
            return Err(HeadError::TooManyHeaders);
        }
        head.headers.push(header_line(line.content, number)?);
    }
    head.framing = framing::of(&head)?;
    if let Some(number) = bare_lf
        && !head.is_source()
        && head.framing != Framing::None
    {
        return Err(HeadError::BareLf(number));
    }
    for name in ["host", "authorization"] {
        if head.headers(name).count() > 1 {
            return Err(HeadError::Repeated(name));
        }
    }
    Ok(Parsed::Complete { head, len: at })
}

impl Head {
    /// The value of the first header of this name, without regard to case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers(name).next()
    }

    /// The values of all headers of this name, in order, without regard to case.
    pub fn headers<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.named(name)
    }

    /// All headers in order: the name as sent and the value without the spaces
    /// around it, in UTF-8 or Latin-1.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter()
    }

    /// The target's path, before the first `?`.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The target's query, after the first `?`; empty where there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Whether the method is SOURCE, Icecast's own, whose body ends with the
    /// connection whatever its headers say.
    pub fn is_source(&self) -> bool {
        self.method == "SOURCE"
    }

    /// The line's number where it ended with a bare LF and the request line
    /// allows that.
    fn bare_lf(&self, line: &Line<'_>, number: usize) -> Result<Option<usize>, HeadError> {
        if line.bare_lf && self.version == Version::Http11 && !self.is_source() {
            return Err(HeadError::BareLf(number));
        }
        Ok(line.bare_lf.then_some(number))
    }
}

impl std::fmt::Debug for Head {
    /// Without the query and the values of headers: credentials are among them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("version", &self.version)
            .field("framing", &self.framing)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

impl HeadError {
    /// The HTTP status to answer with.
    pub fn status(&self) -> u16 {
        match self {
            Self::RequestLineTooLong => 414,
            Self::HeaderLineTooLong | Self::TooLong | Self::TooManyHeaders => 431,
            Self::TransferCoding => 501,
            Self::Version => 505,
            _ => 400,
        }
    }

    /// One line for the stranger, without what was logged.
    pub fn public_text(&self) -> &'static str {
        match self.status() {
            414 => "Request line too long",
            431 => "Request header too large",
            501 => "Transfer coding not supported",
            505 => "HTTP version not supported",
            _ => "Malformed request",
        }
    }
}

fn request_line(line: &Line<'_>) -> Result<Head, HeadError> {
    no_control_characters(line.content, 1)?;
    let text = std::str::from_utf8(line.content).map_err(|_| HeadError::RequestLine)?;
    let mut words = text.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(HeadError::RequestLine);
    };
    if method.is_empty() || method.len() > METHOD_LEN_MAX || !method.bytes().all(is_token_byte) {
        return Err(HeadError::RequestLine);
    }
    let is_bad = |c: char| c.is_control() || c.is_whitespace();
    let is_graphic = target.bytes().all(|byte| byte.is_ascii_graphic());
    if target.is_empty() || (!is_graphic && target.chars().any(is_bad)) {
        return Err(HeadError::RequestLine);
    }
    let version = match version {
        "HTTP/1.0" => Version::Http10,
        "HTTP/1.1" => Version::Http11,
        "ICE/1.0" => Version::Ice10,
        other if other.starts_with("HTTP/") => return Err(HeadError::Version),
        _ => return Err(HeadError::RequestLine),
    };
    Ok(Head {
        method: method.to_owned(),
        target: target.to_owned(),
        version,
        framing: Framing::None,
        headers: Headers::default(),
    })
}

/// A byte of a token (RFC 9110 §5.6.2).
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
