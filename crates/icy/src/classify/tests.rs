use proptest::prelude::*;

use super::*;

/// Every prefix gives `Pending` or the final answer, and bytes behind it change nothing.
#[track_caller]
fn check(bytes: &[u8], expected: Kind) {
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(classify(bytes), expected, "{text:?}");
    for end in 0..bytes.len() {
        let kind = classify(&bytes[..end]);
        assert!(kind == Kind::Pending || kind == expected, "{kind:?} at {end} of {text:?}");
    }
    if expected != Kind::Pending {
        for more in [&b"\n"[..], b"\xff\xfb\x90\x00", b"icy-name:x\r\n\r\n"] {
            let longer = [bytes, more].concat();
            assert_eq!(classify(&longer), expected, "{text:?} and more");
        }
    }
}

#[test]
fn http_is_told_from_sources() {
    check(b"GET /live HTTP/1.1\r\n", Kind::Http);
    check(b"HEAD /live HTTP/1.0\n", Kind::Http);
    check(b"POST /admin/metadata HTTP/1.1\r\nContent-Length: 1\r\n", Kind::Http);
    check(b"OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n", Kind::Http);
    check(b"GET /admin/!POKE HTTP/1.1\r\n", Kind::Http);
    check(b"STATS / HTTP/1.0\r\n", Kind::Http);
    check(b"GET http://radio.example/live HTTP/1.1\r\n", Kind::Http);
    check(b"SOURCE /live HTTP/1.0\r\n", Kind::Source);
    check(b"SOURCE /live ICE/1.0\n", Kind::Source);
    check(b"PUT /live HTTP/1.1\r\n", Kind::Source);
}

#[test]
fn what_is_wrong_with_a_request_the_parser_of_heads_answers() {
    check(b"GET /my mount HTTP/1.0\r\n", Kind::Http);
    check(b"SOURCE /my mount HTTP/1.0\r\n", Kind::Source);
    check(b"GET / HTTP/3.0\r\n", Kind::Http);
    check(b"GET / HTTP/1.1\rX", Kind::Http);
    check(b"PRI / HTTP/1.1\r\n", Kind::Http);
}

#[test]
fn a_lone_line_is_a_password_whatever_its_end() {
    for end in ["\r\n", "\n", "\r", "\r\r\n"] {
        check(format!("s3cret{end}").as_bytes(), Kind::Shoutcast);
        check(format!("/mount:s3cret{end}").as_bytes(), Kind::Shoutcast);
        check(
            format!("!POKE{end}icy-name:libshout server poke request\n\n").as_bytes(),
            Kind::Shoutcast,
        );
        check(format!("PRI{end}").as_bytes(), Kind::Shoutcast);
        check(format!("GET{end}").as_bytes(), Kind::Shoutcast);
        check(format!("p\u{e4}ssword{end}").as_bytes(), Kind::Shoutcast);
    }
}

#[test]
fn xaudiocast_is_told() {
    check(b"SOURCE s3cret /live\n", Kind::Xaudiocast);
    check(b"SOURCE s3cret live\n", Kind::Junk);
}

#[test]
fn http2_and_tls_are_told() {
    check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Kind::Http2);
    check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n", Kind::Pending);
    check(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Kind::Tls);
    check(b"\x16\x03\x01\x02\x00\x02", Kind::Junk);
    check(b"\x16\x02", Kind::Junk);
    check(b"\x16\x03\x01\x02", Kind::Pending);
}

#[test]
fn the_rest_is_junk() {
    check(b"", Kind::Pending);
    check(b"\r\n", Kind::Junk);
    check(b"\n", Kind::Junk);
    check(b" \n", Kind::Junk);
    check(b" / HTTP/1.1\r\n", Kind::Junk);
    check(b"GET /\r\n", Kind::Junk);
    check(b"two words\r\n", Kind::Junk);
    check(b"\0\0\0\x0c", Kind::Junk);
    check(b"abc\x01", Kind::Junk);
    check(b"G\x7f / HTTP/1.1\r\n", Kind::Junk);
    check(b"G(T / HTTP/1.1\r\n", Kind::Junk);
}

#[test]
fn a_password_has_at_most_255_bytes() {
    let longest = "a".repeat(PASSWORD_LEN_MAX);
    check(longest.as_bytes(), Kind::Pending);
    check(format!("{longest}\n").as_bytes(), Kind::Shoutcast);
    check(format!("{longest}a").as_bytes(), Kind::Junk);
    check(format!("{longest}a\n").as_bytes(), Kind::Junk);
}

#[test]
fn a_method_has_at_most_20_bytes() {
    let longest = "A".repeat(METHOD_LEN_MAX);
    check(format!("{longest} / HTTP/1.1\r\n").as_bytes(), Kind::Http);
    check(format!("{longest}A / HTTP/1.1\r\n").as_bytes(), Kind::Junk);
}

#[test]
fn a_line_without_end_is_decided_at_8_kib() {
    for (start, expected) in [("GET /", Kind::Http), ("PUT /", Kind::Source), ("(x) /", Kind::Junk)]
    {
        let line = format!("{start}{}", "a".repeat(LINE_LEN_MAX - start.len()));
        check(line.as_bytes(), Kind::Pending);
        check(format!("{line}a").as_bytes(), expected);
        check(format!("{line}a\r\n").as_bytes(), expected);
    }
}

proptest! {
    #[test]
    fn no_prefix_gives_another_answer(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        check(&bytes, classify(&bytes));
    }

    #[test]
    fn no_prefix_of_text_gives_another_answer(
        text in "(PRI|SOURCE|PUT|GET|pw)?[ -~]{0,24}(HTTP/1.1)?[\r\n]{0,3}[ -~\r\n]{0,9}",
    ) {
        check(text.as_bytes(), classify(text.as_bytes()));
    }
}
