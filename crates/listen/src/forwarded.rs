//! The client's real address behind proxies that speak HTTP.
//!
//! By `X-Forwarded-For`, or `Forwarded` (RFC 7239) where that is absent. A
//! client can send both itself, and proxies add to the end: so the list is read
//! from its end, and believed as long as it is a trusted proxy who says it.

use std::net::{IpAddr, SocketAddr};

use icy::head::Head;
use settings::networks::Networks;

/// The address of the client of a request: the last one in the chain of proxies
/// that is not a trusted proxy's. Where a proxy does not say, its own.
///
/// `peer` is who sends the request. The port of a client whose proxy does not
/// name it is 0.
///
/// If both headers are there, `X-Forwarded-For` counts alone: proxies that write
/// only that one let a client's `Forwarded` pass.
pub fn client<'a>(
    peer: SocketAddr,
    x_forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
    forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    trusted: &Networks,
) -> SocketAddr {
    if !trusted.contains(peer.ip()) {
        return peer;
    }
    let mut x_forwarded_for = x_forwarded_for.peekable();
    if x_forwarded_for.peek().is_some() {
        let hops = x_forwarded_for.rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        return last_untrusted(peer, hops.map(node), trusted);
    }
    let hops = forwarded.rev().flat_map(|line| rsplit_unquoted(line, b','));
    last_untrusted(peer, hops.map(named_for), trusted)
}

/// [`client`] by the headers of a head.
pub(crate) fn client_of_head(peer: SocketAddr, head: &Head, trusted: &Networks) -> SocketAddr {
    if !trusted.contains(peer.ip()) {
        return peer;
    }
    let values = |name: &str| head.headers(name).collect::<Vec<_>>().into_iter();
    client(peer, values("x-forwarded-for"), values("forwarded"), trusted)
}

fn last_untrusted(
    peer: SocketAddr,
    hops: impl Iterator<Item = Option<SocketAddr>>,
    trusted: &Networks,
) -> SocketAddr {
    let mut client = peer;
    for hop in hops {
        let Some(hop) = hop else { break };
        client = hop;
        if !trusted.contains(hop.ip()) {
            break;
        }
    }
    client
}

/// An address with or without a port; IPv6 with a port is in brackets
/// (RFC 7239 §6). Neither `unknown` nor a name given for secrecy is one.
fn node(text: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().map(|address| SocketAddr::new(address, 0));
    let address = address.or_else(|_| text.parse::<SocketAddr>()).ok()?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

/// The node in the `for` of an element of `Forwarded` (RFC 7239 §5.2).
fn named_for(element: &[u8]) -> Option<SocketAddr> {
    let mut pairs = rsplit_unquoted(element, b';').map(<[u8]>::trim_ascii);
    let value = pairs.find_map(|pair| {
        let (name, value) = pair.split_at_checked(b"for=".len())?;
        name.eq_ignore_ascii_case(b"for=").then_some(value)
    })?;
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    node(quoted.unwrap_or(value))
}

/// Cuts at a separator outside of quoted strings (RFC 9110 §5.6.4), from the
/// end: what the last proxy wrote is whole, and quotes that a client has left
/// open stand before it.
fn rsplit_unquoted(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_behind_quote) = (false, false);
    text.rsplit(move |byte| {
        match byte {
            b'"' => (is_quoted, is_behind_quote) = (!is_quoted, true),
            // Each backslash before a quote changes whether the quote is one.
            b'\\' if is_behind_quote => is_quoted = !is_quoted,
            _ => {
                is_behind_quote = false;
                return *byte == separator && !is_quoted;
            }
        }
        false
    })
}

#[cfg(test)]
mod tests;
