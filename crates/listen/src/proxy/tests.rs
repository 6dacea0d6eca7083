use std::net::Ipv6Addr;

use super::*;

/// Reads a header with a request behind it, whole and cut at every byte.
#[track_caller]
fn check(header: &[u8], expected: Option<&str>) {
    let client = expected.map(|client| client.parse().unwrap());
    let whole = Ok(Parsed::Complete { client, len: header.len() });
    let text = String::from_utf8_lossy(header);
    assert_eq!(parse(header), whole, "{text:?}");
    let followed = [header, b"GET / HTTP/1.1\r\n\r\n"].concat();
    assert_eq!(parse(&followed), whole, "{text:?}");
    for end in 0..header.len() {
        assert_eq!(parse(&header[..end]), Ok(Parsed::Partial), "{text:?} cut at {end}");
    }
}

/// Refused, in the same way with more behind it, and undecided before.
#[track_caller]
fn check_refused(header: &[u8], error: ProxyError) {
    let text = String::from_utf8_lossy(header);
    assert_eq!(parse(header), Err(error), "{text:?}");
    assert_eq!(parse(&[header, b"\r\n\r\n"].concat()), Err(error), "{text:?}");
    for end in 0..header.len() {
        let before = parse(&header[..end]);
        assert!(before == Ok(Parsed::Partial) || before == Err(error), "{text:?} cut at {end}");
    }
}

/// A header of version 2.
fn binary(command: u8, protocol: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap().to_be_bytes();
    [V2_BEGIN, &[command, protocol], &len, body].concat()
}

/// From 192.0.2.1:4711 to 198.51.100.2:8000.
const IPV4: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 2, 0x12, 0x67, 0x1f, 0x40];

/// From an address, port 4711, to `::2`, port 8000.
fn ipv6(from: &str) -> Vec<u8> {
    let from: Ipv6Addr = from.parse().unwrap();
    let to: Ipv6Addr = "::2".parse().unwrap();
    [&from.octets()[..], &to.octets(), &[0x12, 0x67, 0x1f, 0x40]].concat()
}

#[test]
fn a_line_names_the_client() {
    check(b"PROXY TCP4 192.0.2.1 198.51.100.2 4711 8000\r\n", Some("192.0.2.1:4711"));
    check(b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 0\r\n", Some("255.255.255.255:65535"));
    check(b"PROXY TCP6 2001:db8::1 ::2 4711 8000\r\n", Some("[2001:db8::1]:4711"));
    check(b"PROXY TCP6 ::ffff:192.0.2.1 ::2 4711 8000\r\n", Some("192.0.2.1:4711"));
}

#[test]
fn a_line_of_an_unknown_client_names_none_whatever_else_it_says() {
    check(b"PROXY UNKNOWN\r\n", None);
    check(b"PROXY UNKNOWN ffff::1 ::2 1 2 3\r\n", None);
}

#[test]
fn a_line_has_at_most_107_bytes() {
    let line = |len: usize| format!("PROXY UNKNOWN {}\r\n", "x".repeat(len - 16)).into_bytes();
    check(&line(V1_LEN_MAX), None);
    check_refused(&line(V1_LEN_MAX + 1), ProxyError::Line);
    check_refused(&[V1_BEGIN, &[b'x'; 2000]].concat(), ProxyError::Line);
}

#[test]
fn a_line_that_is_not_of_the_form_is_refused() {
    for line in [
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4711 8000 \r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4711 8000\n",
        "PROXY  TCP4 192.0.2.1 198.51.100.2 4711 8000\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4711  8000\r\n",
        "PROXY TCP4 192.0.2.01 198.51.100.2 4711 8000\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 04711 8000\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 +4711 8000\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 65536 8000\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4711 -1\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2  8000\r\n",
        "PROXY TCP4 2001:db8::1 ::2 4711 8000\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.2 4711 8000\r\n",
        "PROXY TCP6 fe80::1%eth0 ::2 4711 8000\r\n",
        "PROXY TCP5 192.0.2.1 198.51.100.2 4711 8000\r\n",
        "PROXY tcp4 192.0.2.1 198.51.100.2 4711 8000\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4711 8000\rGET /\r\n",
    ] {
        check_refused(line.as_bytes(), ProxyError::Line);
    }
    check_refused(b"PROXY UNKNOWN \xff\r\n", ProxyError::Line);
}

#[test]
fn a_binary_header_names_the_client() {
    check(&binary(PROXY, TCP4, &IPV4), Some("192.0.2.1:4711"));
    check(&binary(PROXY, TCP6, &ipv6("2001:db8::1")), Some("[2001:db8::1]:4711"));
    check(&binary(PROXY, TCP6, &ipv6("::ffff:192.0.2.1")), Some("192.0.2.1:4711"));
}

#[test]
fn what_follows_the_addresses_is_passed_over() {
    let tlvs = [&IPV4[..], &[0x03, 0, 4, 1, 2, 3, 4, 0x04, 0xff]].concat();
    check(&binary(PROXY, TCP4, &tlvs), Some("192.0.2.1:4711"));
}

#[test]
fn a_proxy_that_speaks_for_itself_names_no_client() {
    check(&binary(LOCAL, 0, &[]), None);
    check(&binary(LOCAL, TCP4, &IPV4), None);
    check(&binary(LOCAL, TCP4, &[]), None);
}

#[test]
fn clients_by_other_protocols_are_not_named() {
    for protocol in [0x00, 0x01, 0x02, 0x10, 0x12, 0x20, 0x22, 0x30, 0x31, 0x32] {
        check(&binary(PROXY, protocol, &[]), None);
        check(&binary(PROXY, protocol, &[b'/'; 216]), None);
    }
}

#[test]
fn a_binary_header_with_anything_unknown_is_refused() {
    for command in [0x00, 0x01, 0x11, 0x22, 0x2f, 0x31, 0xff] {
        check_refused(&binary(command, TCP4, &IPV4), ProxyError::Unknown);
    }
    for protocol in [0x03, 0x13, 0x1f, 0x40, 0xf1, 0xff] {
        check_refused(&binary(PROXY, protocol, &IPV4), ProxyError::Unknown);
    }
}

#[test]
fn a_binary_header_has_room_for_its_addresses() {
    check_refused(&binary(PROXY, TCP4, &IPV4[..11]), ProxyError::Short);
    check_refused(&binary(PROXY, TCP6, &ipv6("::1")[..35]), ProxyError::Short);
    check_refused(&binary(PROXY, TCP6, &IPV4), ProxyError::Short);
}

#[test]
fn a_binary_header_has_at_most_4096_bytes() {
    let body = [&IPV4[..], &[0; V2_LEN_MAX]].concat();
    let room = V2_LEN_MAX - V2_HEAD_LEN;
    check(&binary(PROXY, TCP4, &body[..room]), Some("192.0.2.1:4711"));
    check_refused(&binary(PROXY, TCP4, &body[..=room]), ProxyError::Long);
}

#[test]
fn other_beginnings_are_no_header() {
    for bytes in [
        b"GET / HTTP/1.1\r\n".as_slice(),
        b"PROPFIND / HTTP/1.1\r\n",
        b"PROXYING\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\0",
        b"\r\n\r\n\0\r\nQUIT\r",
        b"\r\nGET / HTTP/1.0\r\n",
        b"password\r\n",
    ] {
        assert_eq!(parse(bytes), Ok(Parsed::Absent), "{:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(parse(b""), Ok(Parsed::Partial));
}
