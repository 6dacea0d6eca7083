use proptest::prelude::*;

use super::*;

fn whole(bytes: &[u8]) -> Head {
    match parse(bytes) {
        Ok(Parsed::Complete { head, len }) => {
            assert_eq!(len, bytes.len());
            head
        }
        other => panic!("{other:?} of {:?}", String::from_utf8_lossy(bytes)),
    }
}

/// Parses `head`, each of its prefixes, and it with a body behind.
#[track_caller]
fn check(head: &str, status: u16) -> Head {
    let expected = whole(head.as_bytes());
    assert_eq!(expected.status, status, "{head:?}");
    for end in 0..head.len() {
        assert_eq!(parse(&head.as_bytes()[..end]), Ok(Parsed::Partial), "{end} of {head:?}");
    }
    let mut more = head.as_bytes().to_vec();
    more.extend_from_slice(b"\xff\xfb\r\n\r\nHTTP/1.0 404 x\r\n\r\n");
    assert!(matches!(parse(&more), Ok(Parsed::Complete { len, .. }) if len == head.len()));
    expected
}

/// The error comes as soon as it is seen, and stays the same behind that.
#[track_caller]
fn check_refused(bytes: &[u8], expected: ResponseError) {
    assert_eq!(parse(bytes), Err(expected), "{:?}", String::from_utf8_lossy(bytes));
    for end in (0..bytes.len()).step_by(if bytes.len() < 600 { 1 } else { 997 }) {
        let answer = parse(&bytes[..end]);
        assert!(matches!(answer, Ok(Parsed::Partial)) || answer == Err(expected), "{answer:?}");
    }
    assert_eq!(parse(&[bytes, b"\r\n\r\nHTTP/1.0 200 OK\r\n\r\n"].concat()), Err(expected));
}

/// A head with these header lines.
fn with(headers: &str) -> Head {
    whole(format!("HTTP/1.0 200 OK\r\n{headers}\r\n").as_bytes())
}

#[test]
fn heads_of_stream_servers_are_read() {
    // Icecast 2.4.
    let head = check(
        "HTTP/1.0 200 OK\r\nServer: Icecast 2.4.4\r\nContent-Type: audio/mpeg\r\n\
         icy-br:128\r\nice-audio-info: bitrate=128\r\nicy-name:no name\r\nicy-metaint:16000\r\n\r\n",
        200,
    );
    assert_eq!(head.text("content-type").as_deref(), Some("audio/mpeg"));
    assert_eq!((head.body(), head.metaint()), (Ok(Body::UntilClose), Ok(Some(16_000))));
    // SHOUTcast DNAS 1.9.
    let head = check(
        "ICY 200 OK\r\nicy-notice1:<BR>This stream requires \
         <a href=\"http://www.winamp.com/\">Winamp</a><BR>\r\nicy-name:A\r\nicy-pub:1\r\n\
         content-type:audio/mpeg\r\nicy-metaint:8192\r\nicy-br:128\r\n\r\n",
        200,
    );
    assert_eq!((head.text("ICY-NAME").as_deref(), head.metaint()), (Some("A"), Ok(Some(8_192))));
    // Icecast 2.5 to a client of HTTP/1.1.
    let head =
        check("HTTP/1.1 200 OK\r\nConnection: Close\r\nTransfer-Encoding: chunked\r\n\r\n", 200);
    assert_eq!((head.body(), head.metaint()), (Ok(Body::Chunked), Ok(None)));
}

#[test]
fn status_lines_are_read_as_servers_write_them() {
    check("HTTP/1.0 200 OK\r\n\r\n", 200);
    check("HTTP/1.1 302\r\n\r\n", 302);
    check("HTTP/1.1 404 \r\n\r\n", 404);
    check("http/1.0 200 ok\n\n", 200);
    check("icy 200 ok\r\n\r\n", 200);
    check("ICY 200\n\n", 200);
    check("ICY  401  Service Unavailable\r\n\r\n", 401);
    check("HTTP/1.1 503 \u{1F4FB} zu\r\n\n", 503);
}

#[test]
fn what_is_no_status_line_is_refused_at_once() {
    for line in [
        "HTTP/2 200 OK",
        "HTTP/1 200 OK",
        "HTTP/1.x 200 OK",
        "HTTP/1.10 200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1",
        "HTTP/1.1 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 x",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 200OK",
        "ICY",
        "ICY OK",
        "ICYcast 200",
        "OK2",
        "",
        " HTTP/1.0 200",
        "<html>",
        "\u{0}",
    ] {
        check_refused(format!("{line}\r\n\r\n").as_bytes(), ResponseError::StatusLine);
    }
    for start in [&b"\xff"[..], b"G", b"I\r", b"HTTX", b"ICY\n"] {
        assert_eq!(parse(start), Err(ResponseError::StatusLine), "{start:?}");
    }
}

#[test]
fn lines_may_end_in_lf_and_what_is_no_header_is_left_out() {
    let head =
        check("HTTP/1.1 200 OK\na: 1\r\nno colon\n b: folded\nc d: 2\n: 3\ne: x\ry\nA:4\n\n", 200);
    let headers: Vec<_> = head.iter().collect();
    assert_eq!(headers, [("a", &b"1"[..]), ("A", &b"4"[..])]);
    assert_eq!(head.header("A"), Some(&b"1"[..]));
}

#[test]
fn texts_are_clean_and_values_are_as_sent() {
    let head = whole(b"ICY 200 OK\r\nicy-name: Caf\xe9 \x07 \r\nempty:\r\n\r\n");
    assert_eq!(head.header("icy-name"), Some(&b"Caf\xe9 \x07"[..]));
    assert_eq!(head.text("icy-name").as_deref(), Some("Café"));
    assert_eq!((head.header("empty"), head.text("empty")), (Some(&b""[..]), None));
    assert_eq!((head.header("absent"), head.text("absent")), (None, None));
}

#[test]
fn the_body_is_delimited_as_the_headers_say() {
    for (headers, body) in [
        ("", Ok(Body::UntilClose)),
        ("Content-Length: 7\r\n", Ok(Body::Length(7))),
        ("Content-Length: 7\r\ncontent-length: 7\r\n", Ok(Body::Length(7))),
        ("Content-Length: 7\r\nContent-Length: 8\r\n", Err(ResponseError::Length)),
        ("Content-Length: -1\r\n", Err(ResponseError::Length)),
        ("Transfer-Encoding: Chunked\r\nContent-Length: 7\r\n", Ok(Body::Chunked)),
        ("Transfer-Encoding: identity\r\n", Ok(Body::UntilClose)),
        ("Transfer-Encoding: gzip, chunked\r\n", Err(ResponseError::TransferCoding)),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            Err(ResponseError::TransferCoding),
        ),
    ] {
        assert_eq!(with(headers).body(), body, "{headers}");
    }
}

#[test]
fn an_interval_has_at_most_a_mebibyte() {
    for (value, metaint) in [
        ("0", Ok(None)),
        ("1", Ok(Some(1))),
        ("1048576", Ok(Some(1_048_576))),
        ("1048577", Err(ResponseError::Metaint)),
        ("-1", Err(ResponseError::Metaint)),
        ("", Err(ResponseError::Metaint)),
        ("16000, 16000", Err(ResponseError::Metaint)),
    ] {
        assert_eq!(with(&format!("icy-metaint:{value}\r\n")).metaint(), metaint, "{value}");
    }
}

#[test]
fn a_line_of_an_answer_has_at_most_8_kib() {
    let head = |len: usize| format!("HTTP/1.0 200 OK\r\na:{}\r\n\r\n", "x".repeat(len - 2));
    check(&head(LINE_LEN_MAX), 200);
    check_refused(head(LINE_LEN_MAX + 1).as_bytes(), ResponseError::LineTooLong);
    let first = format!("HTTP/1.0 200 {}\r\n\r\n", "x".repeat(LINE_LEN_MAX));
    check_refused(first.as_bytes(), ResponseError::LineTooLong);
}

#[test]
fn a_head_of_an_answer_has_at_most_16_kib() {
    let start = format!("HTTP/1.0 200 OK\r\na:{}\r\n", "x".repeat(LINE_LEN_MAX - 2));
    let head = |len: usize| {
        let room = len - start.len() - "b:\r\n\r\n".len();
        format!("{start}b:{}\r\n\r\n", "x".repeat(room))
    };
    assert_eq!(whole(head(HEAD_LEN_MAX).as_bytes()).status, 200);
    check_refused(head(HEAD_LEN_MAX + 1).as_bytes(), ResponseError::TooLong);
}

#[test]
fn a_head_of_an_answer_has_at_most_100_lines() {
    for line in ["a:1\r\n", "no header\n"] {
        let head = |lines: usize| format!("ICY 200 OK\r\n{}\r\n", line.repeat(lines));
        check(&head(HEADERS_MAX), 200);
        check_refused(head(HEADERS_MAX + 1).as_bytes(), ResponseError::TooManyHeaders);
    }
}

#[test]
fn debug_shows_no_values() {
    let head = with("Location: http://a/?token=secret\r\n");
    assert_eq!(format!("{head:?}"), r#"Head { status: 200, headers: ["Location"] }"#);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_verdicts_last(
        bytes in "(HTTP/1.[01]|icy) [1-5 ][0-9]{2} ?[a-z]{0,4}\r?\n([A-Za-z: \r\t\n\0-]{0,12}\r?\n){0,5}",
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
