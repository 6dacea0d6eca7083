use proptest::prelude::*;

use super::*;

const PUT: &str = "PUT /live HTTP/1.1\r\nHost: a\r\n";

fn whole(bytes: &[u8]) -> Head {
    match parse(bytes) {
        Ok(Parsed::Complete { head, len }) => {
            assert_eq!(len, bytes.len());
            head
        }
        other => panic!("{other:?} of {:?}", String::from_utf8_lossy(bytes)),
    }
}

/// Parses `head`, each of its prefixes, and it with audio behind.
#[track_caller]
fn check(head: &str, framing: Framing) {
    assert_eq!(whole(head.as_bytes()).framing, framing);
    for end in 0..head.len() {
        assert_eq!(parse(&head.as_bytes()[..end]), Ok(Parsed::Partial), "{end} of {head:?}");
    }
    let mut more = head.as_bytes().to_vec();
    more.extend_from_slice(b"\xff\xfb\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    assert!(matches!(parse(&more), Ok(Parsed::Complete { len, .. }) if len == head.len()));
}

/// The error comes as soon as it is seen, and stays the same behind that.
#[track_caller]
fn check_refused(bytes: &[u8], expected: HeadError) {
    assert_eq!(parse(bytes), Err(expected), "{:?}", String::from_utf8_lossy(bytes));
    let ends = (0..bytes.len()).step_by(if bytes.len() < 600 { 1 } else { 997 });
    for end in ends {
        let answer = parse(&bytes[..end]);
        assert!(
            matches!(answer, Ok(Parsed::Partial)) || answer == Err(expected),
            "{answer:?} at {end} of {:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn a_head_is_read() {
    let head = whole(
        b"SOURCE /live.mp3?x=1 HTTP/1.0\r\nIce-Name:  Caf\xe9 \t\r\nicy-br:128\r\nX: 1\r\nx: 2\r\nempty:\r\n\r\n",
    );
    assert_eq!((head.method.as_str(), head.path(), head.query()), ("SOURCE", "/live.mp3", "x=1"));
    assert_eq!(head.version, Version::Http10);
    assert_eq!(head.header("ICE-NAME"), Some(&b"Caf\xe9"[..]));
    assert_eq!(head.header("icy-br"), Some(&b"128"[..]));
    assert_eq!(head.headers("x").collect::<Vec<_>>(), [b"1", b"2"]);
    assert_eq!(head.header("empty"), Some(&b""[..]));
    assert_eq!(head.header("absent"), None);
}

#[test]
fn debug_shows_no_credentials() {
    let head = whole(b"PUT /a?pass=hackme HTTP/1.1\r\nAuthorization: Basic c2VjcmV0\r\n\r\n");
    let shown = format!("{head:?}");
    assert!(!shown.contains("hackme") && !shown.contains("c2V"), "{shown}");
}

#[test]
fn the_framing_is_told_by_the_headers() {
    check(&format!("{PUT}\r\n"), Framing::None);
    check(&format!("{PUT}Content-Length: 0\r\n\r\n"), Framing::Length(0));
    check(&format!("{PUT}content-length:18446744073709551615\r\n\r\n"), Framing::Length(u64::MAX));
    check(&format!("{PUT}Transfer-Encoding: Chunked\r\n\r\n"), Framing::Chunked);
    check(&format!("{PUT}Transfer-Encoding: identity\r\n\r\n"), Framing::None);
    check("SOURCE /a ICE/1.0\r\n\r\n", Framing::None);
    check("OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n", Framing::None);
    check("GET /admin/!POKE HTTP/1.1\r\n\r\n", Framing::None);
}

#[test]
fn ambiguous_lengths_are_refused() {
    for headers in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\ncontent-length: 4",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 4",
        "Content-Length: +4",
        "Content-Length: -4",
        "Content-Length: 0x4",
        "Content-Length: 4 4",
        "Content-Length: 4;",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ] {
        check_refused(format!("{PUT}{headers}\r\n\r\n").as_bytes(), HeadError::Length);
    }
    let old = b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    check_refused(old, HeadError::Length);
    for coding in
        ["gzip, chunked", "chunked, identity", "xchunked", "\x0bchunked", "chunked\x0b", ""]
    {
        let head = format!("{PUT}Transfer-Encoding: {coding}\r\n\r\n");
        check_refused(head.as_bytes(), HeadError::TransferCoding);
    }
}

#[test]
fn malformed_headers_are_refused() {
    for (header, expected) in [
        ("Content-Length : 4", HeadError::HeaderLine(3)),
        ("Content-Length\t: 4", HeadError::HeaderLine(3)),
        ("no colon", HeadError::HeaderLine(3)),
        (": nameless", HeadError::HeaderLine(3)),
        ("na\"me: x", HeadError::HeaderLine(3)),
        ("n\u{e4}me: x", HeadError::HeaderLine(3)),
        (" folded: x", HeadError::Folded(3)),
        ("\tfolded", HeadError::Folded(3)),
        ("X: a\0b", HeadError::ControlCharacter(3)),
        ("X: a\rb", HeadError::ControlCharacter(3)),
        ("X: a\r", HeadError::ControlCharacter(3)),
        ("Host: b", HeadError::Repeated("host")),
        ("Authorization: a\r\nauthorization: a", HeadError::Repeated("authorization")),
    ] {
        check_refused(format!("{PUT}{header}\r\n\r\n").as_bytes(), expected);
    }
}

#[test]
fn malformed_request_lines_are_refused() {
    for line in [
        "",
        " GET / HTTP/1.1",
        "GET",
        "GET /",
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET /a b HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "G\u{7f}T / HTTP/1.1",
        "GE(T / HTTP/1.1",
        "GET /\u{7f} HTTP/1.1",
        "GET /\u{a0} HTTP/1.1",
        "GET / http/1.1",
        "GET / ICE/1.1",
        "GET / RTSP/1.0",
    ] {
        check_refused(format!("{line}\r\n\r\n").as_bytes(), HeadError::RequestLine);
    }
    check_refused(b"GET /\xff HTTP/1.1\r\n\r\n", HeadError::RequestLine);
    check_refused(b"GET /\0 HTTP/1.1\r\n\r\n", HeadError::ControlCharacter(1));
    check_refused(b"GET / HTTP/1.1\r\r\n\r\n", HeadError::ControlCharacter(1));
    for version in ["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/1.10", "HTTP/"] {
        check_refused(format!("GET / {version}\r\n\r\n").as_bytes(), HeadError::Version);
    }
}

#[test]
fn a_bare_lf_is_suffered_where_nothing_depends_on_it() {
    check("SOURCE /a HTTP/1.0\nicy-name:b\n\n", Framing::None);
    check("SOURCE /a HTTP/1.1\nicy-name:b\r\n\n", Framing::None);
    check("SOURCE /a ICE/1.0\nContent-Length: 0\n\n", Framing::Length(0));
    check("GET /admin.cgi?pass=a&mode=updinfo&song=b HTTP/1.0\nUser-Agent: x\n\n", Framing::None);
    check_refused(b"GET / HTTP/1.1\n\n", HeadError::BareLf(1));
    check_refused(b"PUT /a HTTP/1.1\r\nHost: a\n\r\n", HeadError::BareLf(2));
    check_refused(b"GET / HTTP/1.1\r\nHost: a\r\n\n", HeadError::BareLf(3));
    check_refused(b"POST / HTTP/1.0\r\nContent-Length: 3\n\r\n", HeadError::BareLf(2));
}

#[test]
fn a_method_has_at_most_20_bytes() {
    let longest = "A".repeat(METHOD_LEN_MAX);
    check(&format!("{longest} / HTTP/1.1\r\n\r\n"), Framing::None);
    check_refused(format!("{longest}A / HTTP/1.1\r\n\r\n").as_bytes(), HeadError::RequestLine);
}

#[test]
fn a_line_has_at_most_8_kib() {
    let target = "a".repeat(LINE_LEN_MAX - "GET / HTTP/1.1".len());
    whole(format!("GET /{target} HTTP/1.1\r\n\r\n").as_bytes());
    whole(format!("GET /{target} HTTP/1.0\n\n").as_bytes());
    for end in ["\r\n\r\n", "\n\n", ""] {
        let head = format!("GET /{target}a HTTP/1.0{end}");
        let answer = parse(head.as_bytes());
        let expected = Err(HeadError::RequestLineTooLong);
        assert!(answer == expected || (end.is_empty() && answer == Ok(Parsed::Partial)));
    }
    check_refused(&[b'A'; LINE_LEN_MAX + 2], HeadError::RequestLineTooLong);
    check_refused(&vec![b'A'; 100_000], HeadError::RequestLineTooLong);

    let value = "v".repeat(LINE_LEN_MAX - "X: ".len());
    whole(format!("GET / HTTP/1.1\r\nX: {value}\r\n\r\n").as_bytes());
    let head = format!("GET / HTTP/1.1\r\nX: {value}v\r\n\r\n");
    check_refused(head.as_bytes(), HeadError::HeaderLineTooLong);
}

#[test]
fn a_head_has_at_most_16_kib() {
    let head = |len: usize| {
        let start = "GET / HTTP/1.1\r\n".to_owned();
        let line = format!("A: {}\r\n", "a".repeat(LINE_LEN_MAX - 3));
        let rest = len - start.len() - line.len() - "B: \r\n\r\n".len();
        format!("{start}{line}B: {}\r\n\r\n", "b".repeat(rest))
    };
    whole(head(HEAD_LEN_MAX).as_bytes());
    check_refused(head(HEAD_LEN_MAX + 1).as_bytes(), HeadError::TooLong);
    let endless = format!("GET / HTTP/1.1\r\n{}", format!("A: {}\r\n", "a".repeat(300)).repeat(99));
    check_refused(endless.as_bytes(), HeadError::TooLong);
}

#[test]
fn a_head_has_at_most_100_headers() {
    let head = |count| format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(count));
    assert_eq!(whole(head(HEADERS_MAX).as_bytes()).iter().count(), HEADERS_MAX);
    check_refused(head(HEADERS_MAX + 1).as_bytes(), HeadError::TooManyHeaders);
    check_refused(head(10_000).as_bytes(), HeadError::TooManyHeaders);
}

#[test]
fn every_error_has_its_status_and_one_line_of_text() {
    for (error, status) in [
        (HeadError::RequestLine, 400),
        (HeadError::Length, 400),
        (HeadError::RequestLineTooLong, 414),
        (HeadError::HeaderLineTooLong, 431),
        (HeadError::TooLong, 431),
        (HeadError::TooManyHeaders, 431),
        (HeadError::TransferCoding, 501),
        (HeadError::Version, 505),
    ] {
        assert_eq!(error.status(), status);
        assert!(!error.public_text().is_empty() && !error.public_text().contains('\n'));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_errors_last(
        bytes in "(GET|PUT|SOURCE) /[a-z]{0,4} (HTTP/1.[01]|ICE/1.0)\r?\n([A-Za-z: \r\t\n\0-]{0,12}\r?\n){0,5}",
        more in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let before = parse(bytes.as_bytes());
        let mut longer = bytes.into_bytes();
        longer.extend(more);
        let after = parse(&longer);
        prop_assert!(matches!(before, Ok(Parsed::Partial)) || before == after);
    }

    #[test]
    fn no_noise_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }
}
