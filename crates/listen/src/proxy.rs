//! The PROXY protocol's header, versions 1 and 2: what a balancer sends before
//! the client's first byte to say who the client is.
//!
//! After haproxy's `proxy-protocol.txt`. It is read from trusted peers alone:
//! from anyone else it is junk like any other. What stands in it of TLS,
//! authorities and checksums is passed over.

use std::net::{IpAddr, SocketAddr};

mod take;

pub(crate) use take::{TakeError, Taken, take};

/// The longest header of version 1, its line's end included (§2.1).
pub(crate) const V1_LEN_MAX: usize = 107;

/// The longest header of version 2. The length field allows 65,551 bytes; nginx
/// reads so many too.
pub(crate) const V2_LEN_MAX: usize = 4096;

const V1_BEGIN: &[u8] = b"PROXY ";

/// The signature of version 2 (§2.2).
const V2_BEGIN: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The signature, the command, the protocol and the length.
const V2_HEAD_LEN: usize = 16;

/// What the bytes so far amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// They begin like a header; read on.
    Partial,
    /// The connection does not begin with a header.
    Absent,
    /// The header is whole.
    Complete {
        /// The client, as the proxy knows it; `None` where the proxy speaks for
        /// itself, or has the client from what is neither IPv4 nor IPv6.
        client: Option<SocketAddr>,
        /// The header's length in bytes.
        len: usize,
    },
}

/// A header that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Version 1: no line of at most 107 bytes, or not of its form.
    #[error("PROXY header of version 1 is not `PROXY TCP4|TCP6 source destination port port`")]
    Line,
    /// Version 2: another version, command, family or transport than there is.
    #[error("PROXY header of version 2 has an unknown version, command or protocol")]
    Unknown,
    /// Version 2: its length has no room for its addresses.
    #[error("PROXY header of version 2 is too short for its addresses")]
    Short,
    /// Version 2: it exceeds 4,096 bytes.
    #[error("PROXY header of version 2 exceeds {V2_LEN_MAX} bytes")]
    Long,
}

/// Reads the header that may stand at the beginning of a connection.
///
/// Keeps nothing: the caller has the bytes. Where it answers
/// [`Parsed::Partial`], all of them are the header's if it is one.
///
/// # Errors
///
/// [`ProxyError`]; it stays the same whatever is appended.
pub fn parse(bytes: &[u8]) -> Result<Parsed, ProxyError> {
    for (begin, read) in [(V1_BEGIN, v1 as fn(&[u8]) -> _), (V2_BEGIN, v2)] {
        if bytes.starts_with(begin) {
            return read(bytes);
        }
        if begin.starts_with(bytes) {
            return Ok(Parsed::Partial);
        }
    }
    Ok(Parsed::Absent)
}

fn v1(bytes: &[u8]) -> Result<Parsed, ProxyError> {
    let window = bytes.get(..V1_LEN_MAX).unwrap_or(bytes);
    let Some(end) = window.iter().position(|byte| *byte == b'\n') else {
        return if window.len() < V1_LEN_MAX { Ok(Parsed::Partial) } else { Err(ProxyError::Line) };
    };
    let line = window.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    let line = line.and_then(|line| std::str::from_utf8(line).ok()).ok_or(ProxyError::Line)?;
    Ok(Parsed::Complete { client: v1_client(line)?, len: end + 1 })
}

fn v1_client(line: &str) -> Result<Option<SocketAddr>, ProxyError> {
    let mut words = line.split(' ').skip(1);
    let mut word = || words.next().ok_or(ProxyError::Line);
    let family = word()?;
    // What follows is to be passed over (§2.1).
    if family == "UNKNOWN" {
        return Ok(None);
    }
    let (source, destination) = (address(family, word()?)?, address(family, word()?)?);
    let (source_port, _) = (port(word()?)?, port(word()?)?);
    if words.next().is_some() || source.is_ipv4() != destination.is_ipv4() {
        return Err(ProxyError::Line);
    }
    Ok(Some(client(source, source_port)))
}

fn address(family: &str, text: &str) -> Result<IpAddr, ProxyError> {
    let address = match family {
        "TCP4" => text.parse().map(IpAddr::V4).ok(),
        "TCP6" => text.parse().map(IpAddr::V6).ok(),
        _ => None,
    };
    address.ok_or(ProxyError::Line)
}

/// Digits without leading zeros (§2.1).
fn port(text: &str) -> Result<u16, ProxyError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = text == "0" || !text.starts_with('0');
    text.parse().ok().filter(|_| is_number && is_short).ok_or(ProxyError::Line)
}

fn v2(bytes: &[u8]) -> Result<Parsed, ProxyError> {
    let Some((head, rest)) = bytes.split_first_chunk::<V2_HEAD_LEN>() else {
        return v2_known(bytes).map(|()| Parsed::Partial);
    };
    v2_known(bytes)?;
    let [.., command, protocol, high, low] = *head;
    let len = usize::from(u16::from_be_bytes([high, low]));
    if V2_HEAD_LEN + len > V2_LEN_MAX {
        return Err(ProxyError::Long);
    }
    // LOCAL: the proxy itself, to see whether we live. Its addresses count for
    // nothing, nor do those of protocols that we do not serve.
    let family = if command == LOCAL { 0 } else { protocol };
    let addresses_len = match family {
        TCP4 => 12,
        TCP6 => 36,
        _ => 0,
    };
    if len < addresses_len {
        return Err(ProxyError::Short);
    }
    if rest.len() < len {
        return Ok(Parsed::Partial);
    }
    let client = match family {
        TCP4 => v2_client::<4>(rest, 8),
        TCP6 => v2_client::<16>(rest, 32),
        _ => None,
    };
    Ok(Parsed::Complete { client, len: V2_HEAD_LEN + len })
}

const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

/// Whether the version and command, and the family and transport, are ones that
/// there are (§2.2), as far as they have come.
fn v2_known(bytes: &[u8]) -> Result<(), ProxyError> {
    let mut rest = bytes.iter().skip(V2_BEGIN.len());
    let is_command = rest.next().is_none_or(|byte| matches!(*byte, LOCAL | PROXY));
    let is_protocol = rest.next().is_none_or(|byte| byte >> 4 <= 3 && byte & 0xf <= 2);
    if is_command && is_protocol { Ok(()) } else { Err(ProxyError::Unknown) }
}

/// The source: its address first, its port behind both addresses.
fn v2_client<const LEN: usize>(rest: &[u8], port_at: usize) -> Option<SocketAddr>
where
    IpAddr: From<[u8; LEN]>,
{
    let port = rest.get(port_at..)?.first_chunk::<2>()?;
    Some(client(IpAddr::from(*rest.first_chunk::<LEN>()?), u16::from_be_bytes(*port)))
}

fn client(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address.to_canonical(), port)
}

#[cfg(test)]
mod tests;
