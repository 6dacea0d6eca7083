//! Any first bytes of a balancer's connection: no panic; a prefix is undecided
//! or decided as the whole; a header stays within its limits. The same bytes as
//! `X-Forwarded-For` and `Forwarded`: only who is trusted is believed, and what
//! he says last.

use std::net::SocketAddr;

use listen::{forwarded, proxy};
use settings::networks::{Network, Networks};

/// The longest header of version 2.
const HEADER_LEN_MAX: usize = 4096;

/// Runs the target.
pub fn run(data: &[u8]) {
    let whole = proxy::parse(data);
    for end in (0..data.len()).step_by(data.len() / 64 + 1) {
        let before = proxy::parse(&data[..end]);
        assert!(before == Ok(proxy::Parsed::Partial) || before == whole);
    }
    match whole {
        Ok(proxy::Parsed::Complete { len, .. }) => {
            assert!(len <= data.len() && len <= HEADER_LEN_MAX);
            assert_eq!(proxy::parse(&data[..len]), whole);
        }
        Ok(proxy::Parsed::Partial) => assert!(data.len() < HEADER_LEN_MAX),
        Ok(proxy::Parsed::Absent) | Err(_) => {}
    }
    believe(data);
}

/// Headers of balancers, and what begins like one.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"PROXY TCP4 192.0.2.1 198.51.100.2 4711 8000\r\nGET / HTTP/1.1\r\n\r\n",
        b"PROXY TCP6 2001:db8::1 ::2 4711 8000\r\n",
        b"PROXY UNKNOWN\r\n",
        b"PROPFIND / HTTP/1.1\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02\x12\x67\x1f\x40",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x27\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x12\x67\x1f\x40\x04\0\0",
        b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
        b"8.8.8.8, 192.0.2.1, 10.0.0.9",
        b"for=192.0.2.1;host=\"x, for=8.8.8.8\", for=\"[2001:db8::1]:80\";by=_a",
        b"for=\"8.8.8.8\\\", for=10.0.0.9",
    ])
}

fn believe(line: &[u8]) {
    let peer = SocketAddr::from(([10, 0, 0, 1], 1));
    let trusted: Networks = "10.0.0.0/8".parse::<Network>().into_iter().collect();
    let last = SocketAddr::from(([192, 0, 2, 1], 0));
    for is_standard in [false, true] {
        let client = |lines: &[&[u8]], trusted: &Networks| {
            let (ours, standard) = if is_standard { (&[][..], lines) } else { (lines, &[][..]) };
            forwarded::client(peer, ours.iter().copied(), standard.iter().copied(), trusted)
        };
        assert_eq!(client(&[line], &Networks::default()), peer);
        let client_said = client(&[line], &trusted);
        assert_eq!(client_said.ip(), client_said.ip().to_canonical());
        let said_last: &[u8] = if is_standard { b"for=192.0.2.1" } else { b"192.0.2.1" };
        assert_eq!(client(&[line, said_last], &trusted), last);
        assert_eq!(client(&[&[line, b", ", said_last].concat()], &trusted), last);
    }
}
