//! What speaks on a new connection of the public port, told by its first bytes.

use crate::head::{LINE_LEN_MAX, METHOD_LEN_MAX, is_token_byte};

/// The longest first line that counts as a SHOUTcast password, `/mount:` included.
pub const PASSWORD_LEN_MAX: usize = 255;

/// The client's half of the HTTP/2 preface (RFC 9113 §3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What speaks on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not decided yet: read more.
    Pending,
    /// HTTP/1.x other than a source: parse its head, then serve it.
    Http,
    /// SOURCE, or PUT with any framing: an encoder that speaks HTTP.
    Source,
    /// `SOURCE password /mount`: an encoder from before Icecast 2. The same
    /// handshake as SHOUTcast's reads it.
    Xaudiocast,
    /// A lone password line: an encoder that speaks SHOUTcast 1.
    Shoutcast,
    /// HTTP/2 without TLS.
    Http2,
    /// TLS on a plain port.
    Tls,
    /// None of these.
    Junk,
}

/// Tells what speaks, from the first bytes of a connection.
///
/// A prefix gives [`Kind::Pending`] or the final answer. An answer comes after
/// [`LINE_LEN_MAX`] + 1 bytes at most; a sender of less is the caller's to time.
pub fn classify(bytes: &[u8]) -> Kind {
    if bytes.first() == Some(&TLS_HANDSHAKE) {
        return tls(bytes);
    }
    if bytes.starts_with(HTTP2_PREFACE) {
        return Kind::Http2;
    }
    if HTTP2_PREFACE.starts_with(bytes) {
        return Kind::Pending;
    }
    let window = bytes.get(..bytes.len().min(LINE_LEN_MAX + 1)).unwrap_or_default();
    let end = window.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let line = window.get(..end.unwrap_or(window.len())).unwrap_or_default();
    if line.iter().any(u8::is_ascii_control) {
        return Kind::Junk;
    }
    let first_word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    if first_word.len() > PASSWORD_LEN_MAX {
        return Kind::Junk;
    }
    match end {
        Some(_) => whole_line(line, first_word),
        None if line.len() > LINE_LEN_MAX => request(first_word),
        None => Kind::Pending,
    }
}

/// A record of the type "handshake" (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// A `ClientHello` in a record of any version.
fn tls(bytes: &[u8]) -> Kind {
    let (major, hello) = (bytes.get(1), bytes.get(5));
    match (major, hello) {
        (Some(major), _) if *major != 3 => Kind::Junk,
        (_, Some(1)) => Kind::Tls,
        (_, Some(_)) => Kind::Junk,
        _ => Kind::Pending,
    }
}

fn whole_line(line: &[u8], first_word: &[u8]) -> Kind {
    if line.is_empty() {
        return Kind::Junk;
    }
    if first_word.len() == line.len() {
        return Kind::Shoutcast;
    }
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let version = words.last().copied().unwrap_or_default();
    if version.starts_with(b"HTTP/") || version.starts_with(b"ICE/") {
        return request(first_word);
    }
    match words.as_slice() {
        [b"SOURCE", _, mount] if mount.starts_with(b"/") => Kind::Xaudiocast,
        _ => Kind::Junk,
    }
}

/// The kind of a request by its method; what else is wrong with it, the parser
/// of heads answers.
fn request(method: &[u8]) -> Kind {
    match method {
        b"SOURCE" | b"PUT" => Kind::Source,
        [] => Kind::Junk,
        _ if method.len() > METHOD_LEN_MAX => Kind::Junk,
        _ if method.iter().copied().all(is_token_byte) => Kind::Http,
        _ => Kind::Junk,
    }
}

#[cfg(test)]
mod tests;
