use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::head::{self, Parsed};

fn request(text: &str) -> ListenerRequest {
    match head::parse(text.as_bytes()) {
        Ok(Parsed::Complete { head, .. }) => ListenerRequest::from_head(&head),
        other => panic!("{other:?} of {text:?}"),
    }
}

fn asked(headers: &str) -> ListenerRequest {
    request(&format!("GET /a HTTP/1.0\r\n{headers}\r\n"))
}

fn station() -> StationHead {
    StationHead {
        codec: Codec::Mp3,
        name: "My Radio".into(),
        description: "Best".into(),
        genre: "Rock".into(),
        url: "https://x.example".into(),
        public: true,
        bitrate_kbps: 128,
        audio_info: "ice-samplerate=44100;ice-bitrate=128;ice-channels=2".into(),
        headers: vec![("X-Station".into(), "x".into())],
        metaint: Some(16_000),
        cors: Cors::Any,
    }
}

fn head(station: &StationHead, request: &ListenerRequest) -> String {
    String::from_utf8(response_head(station, request).to_vec()).unwrap()
}

/// Line ends are shown as `\n`.
#[track_caller]
fn check(bytes: &Bytes, expected: &Expect) {
    expected.assert_eq(&String::from_utf8_lossy(bytes).replace("\r\n", "\n"));
}

#[test]
fn a_stream_begins_as_icecasts() {
    let request = asked("Icy-MetaData: 1\r\n");
    check(
        &response_head(&station(), &request),
        &expect![[r#"
            HTTP/1.0 200 OK
            Content-Type: audio/mpeg
            X-Station: x
            icy-br:128
            icy-name:My Radio
            icy-description:Best
            icy-genre:Rock
            icy-url:https://x.example
            icy-pub:1
            ice-audio-info: ice-samplerate=44100;ice-bitrate=128;ice-channels=2
            icy-metaint:16000
            Server: Skywave
            Cache-Control: no-cache, no-store
            Expires: Mon, 26 Jul 1997 05:00:00 GMT
            Pragma: no-cache
            Connection: close
            Access-Control-Allow-Origin: *
            Access-Control-Allow-Methods: GET, HEAD, OPTIONS
            Access-Control-Allow-Headers: Content-Type, Icy-MetaData, Range, Authorization
            Access-Control-Expose-Headers: Icy-MetaInt, Icy-Br, Icy-Description, Icy-Genre, Icy-Name, Ice-Audio-Info, Icy-Url, Icy-Sr, Icy-Vbr, Icy-Pub, X-Block-Reason

        "#]],
    );
}

#[test]
fn what_is_not_known_is_left_out() {
    let bare = StationHead {
        name: String::new(),
        description: String::new(),
        genre: String::new(),
        url: String::new(),
        public: false,
        bitrate_kbps: 0,
        audio_info: String::new(),
        headers: Vec::new(),
        metaint: None,
        cors: Cors::SameOrigin,
        codec: Codec::Aac,
    };
    let request = request("GET /a HTTP/1.1\r\nIcy-MetaData: 1\r\n\r\n");
    check(
        &response_head(&bare, &request),
        &expect![[r#"
        HTTP/1.1 200 OK
        Content-Type: audio/aac
        icy-pub:0
        Server: Skywave
        Cache-Control: no-cache, no-store
        Expires: Mon, 26 Jul 1997 05:00:00 GMT
        Pragma: no-cache
        Connection: close

    "#]],
    );
}

#[test]
fn metadata_is_sent_to_those_who_ask() {
    for (headers, wanted) in [
        ("", false),
        ("Icy-MetaData: 0\r\n", false),
        ("icy-metadata:1\r\n", true),
        ("ICY-METADATA: 1\r\n", true),
    ] {
        let request = asked(headers);
        assert_eq!(request.wants_metadata, wanted);
        assert_eq!(head(&station(), &request).contains("icy-metaint:16000\r\n"), wanted);
    }
}

#[test]
fn players_with_quirks_get_what_they_need() {
    let aac = StationHead { codec: Codec::Aac, ..station() };
    for (agent, status, content_type) in [
        ("VLC/3.0", "HTTP/1.0", "Content-Type: audio/aac\r\n"),
        ("Mozilla/5.0 Chrome/120", "HTTP/1.0", "Content-Type: audio/aac\r\n"),
        ("shoutcastsource/1", "ICY", "Content-Type: audio/aacp\r\n"),
        ("Windows-Media-Player/9", "ICY", "Content-Type: audio/aacp\r\n"),
        ("RealMedia Player", "ICY", "Content-Type: audio/aacp\r\n"),
        ("BlackBerry9000", "ICY", "Content-Type: audio/aacp\r\n"),
        ("Shoutcast Server 1.9.8", "HTTP/1.0", "content-type: audio/aacp\r\n"),
        ("WinampMPEG/5.66", "HTTP/1.0", "Content-Type: audio/aacp\r\n"),
    ] {
        let head = head(&aac, &asked(&format!("User-Agent: {agent}\r\n")));
        assert!(head.starts_with(&format!("{status} 200 OK\r\n{content_type}")), "{agent}: {head}");
        assert!(!head.contains("Content-Length"), "{agent}: {head}");
    }
}

#[test]
fn players_that_want_a_length_get_one() {
    for headers in ["User-Agent: Mozilla/4.0 (compatible; MSIE 8.0)\r\n", "x-flash-version: 10\r\n"]
    {
        let head = head(&station(), &asked(headers));
        assert!(head.contains("\r\nContent-Length: 221183499\r\n"), "{head}");
    }
}

#[test]
fn a_range_changes_nothing_and_a_probe_is_told() {
    let plain = head(&station(), &asked(""));
    for (range, probe) in [("bytes=0-1", true), ("bytes=0-", false), ("bytes=100-", false)] {
        let request = asked(&format!("Range: {range}\r\n"));
        assert_eq!((request.probe, head(&station(), &request) == plain), (probe, true), "{range}");
    }
}

#[test]
fn a_user_agent_is_clean_and_at_most_256_bytes() {
    let agent =
        |len| asked(&format!("User-Agent: {}\r\n", "a".repeat(len))).user_agent.unwrap().len();
    assert_eq!(agent(USER_AGENT_LEN_MAX), USER_AGENT_LEN_MAX);
    assert_eq!(agent(USER_AGENT_LEN_MAX + 1), USER_AGENT_LEN_MAX);
    assert_eq!(asked("User-Agent: %n\u{202e}\x1b[1m\r\n").user_agent.as_deref(), Some("%n[1m"));
    assert_eq!(asked("User-Agent: \r\n").user_agent, None);
}

#[test]
fn a_referer_is_clean_and_at_most_256_bytes() {
    let referer = |len| asked(&format!("Referer: {}\r\n", "a".repeat(len))).referer.unwrap().len();
    assert_eq!(referer(REFERER_LEN_MAX), REFERER_LEN_MAX);
    assert_eq!(referer(REFERER_LEN_MAX + 1), REFERER_LEN_MAX);
    assert_eq!(referer(8_000), REFERER_LEN_MAX);
    assert_eq!(asked("Referer: %n\u{202e}\x1b[1m\r\n").referer.as_deref(), Some("%n[1m"));
    assert_eq!(asked("Referer: \r\n").referer, None);
    assert_eq!(asked("").referer, None);
}

#[test]
fn hostile_texts_add_no_header() {
    let evil = "x\r\nSet-Cookie: a=b\r\n\r\n<script>\0\u{85}";
    let hostile = StationHead {
        name: evil.into(),
        description: evil.into(),
        genre: evil.into(),
        url: evil.into(),
        audio_info: evil.into(),
        headers: vec![("X-Evil".into(), evil.into()), ("X: a\r\nSet-Cookie".into(), "b".into())],
        ..station()
    };
    let (honest, head) = (head(&station(), &asked("")), head(&hostile, &asked("")));
    assert_eq!(head.lines().count(), honest.lines().count());
    assert!(head.lines().all(|line| !line.starts_with("Set-Cookie")), "{head}");
    assert_eq!(head.matches("\r\n\r\n").count(), 1);
}

#[test]
fn own_headers_cannot_frame_the_message() {
    let headers = [
        "Content-Length",
        "transfer-encoding",
        "Connection",
        "Content-Type",
        "Icy-MetaInt",
        "server",
    ];
    let headers = headers.map(|name| (name.to_owned(), "evil".to_owned())).to_vec();
    assert!(!head(&StationHead { headers, ..station() }, &asked("")).contains("evil"));
}

#[test]
fn own_headers_stand_instead_of_ours() {
    let own = [
        ("access-control-allow-origin", "https://x"),
        ("Cache-Control", "private"),
        ("icy-name", "Other"),
    ];
    let headers = own.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let head = head(&StationHead { headers, ..station() }, &asked("")).to_ascii_lowercase();
    for (name, value) in own {
        let name = name.to_ascii_lowercase();
        assert_eq!(head.matches(&format!("\r\n{name}:")).count(), 1, "{head}");
        let line = format!("\r\n{name}: {}\r\n", value.to_ascii_lowercase());
        assert!(head.contains(&line), "{head}");
    }
}

#[test]
fn options_is_answered_without_a_body() {
    let request = request("OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n");
    check(
        &options_head(Cors::Any, &request),
        &expect![[r#"
        HTTP/1.1 200 OK
        Server: Skywave
        Allow: GET, HEAD, OPTIONS, PUT, SOURCE
        Accept-Encoding: identity
        Content-Length: 0
        Connection: close
        Access-Control-Allow-Origin: *
        Access-Control-Allow-Methods: GET, HEAD, OPTIONS
        Access-Control-Allow-Headers: Content-Type, Icy-MetaData, Range, Authorization
        Access-Control-Expose-Headers: Icy-MetaInt, Icy-Br, Icy-Description, Icy-Genre, Icy-Name, Ice-Audio-Info, Icy-Url, Icy-Sr, Icy-Vbr, Icy-Pub, X-Block-Reason
        Access-Control-Max-Age: 86400

    "#]],
    );
}

#[test]
fn refusals_are_one_line_that_pages_may_read() {
    let busy = Refusal::Unavailable { retry_after_secs: 7 };
    check(
        &refused(&busy, Cors::Any, Version::Http11),
        &expect![[r#"
        HTTP/1.1 503 Service Unavailable
        Server: Skywave
        Content-Type: text/plain; charset=utf-8
        Content-Length: 19
        Cache-Control: no-store
        Connection: close
        Retry-After: 7
        Access-Control-Allow-Origin: *
        Access-Control-Allow-Methods: GET, HEAD, OPTIONS
        Access-Control-Allow-Headers: Content-Type, Icy-MetaData, Range, Authorization
        Access-Control-Expose-Headers: Icy-MetaInt, Icy-Br, Icy-Description, Icy-Genre, Icy-Name, Ice-Audio-Info, Icy-Url, Icy-Sr, Icy-Vbr, Icy-Pub, X-Block-Reason

        Not available now
    "#]],
    );
    let evil = "No\r\nSet-Cookie: a\r\n\r\n".to_owned();
    for (refusal, status) in [
        (Refusal::NotFound, "404 Not Found"),
        (Refusal::Forbidden(evil), "403 Forbidden"),
        (Refusal::Unauthorized(None), "401 Unauthorized"),
        (Refusal::Unauthorized(Some("Pay first".into())), "401 Unauthorized"),
        (Refusal::Head(HeadError::RequestLineTooLong), "414 URI Too Long"),
    ] {
        let reply = refused(&refusal, Cors::SameOrigin, Version::Http10);
        let reply = String::from_utf8(reply.to_vec()).unwrap();
        assert!(reply.starts_with(&format!("HTTP/1.0 {status}\r\n")), "{reply}");
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{reply}");
        assert_eq!(body.lines().count(), 1, "{reply}");
    }
}

proptest! {
    #[test]
    fn no_text_adds_a_line(name in ".{0,40}", value in "[\r\n\0 -~]{0,40}", header in ".{0,12}") {
        let hostile = StationHead { name, headers: vec![(header, value.clone())], url: value, ..station() };
        let head = head(&hostile, &asked(""));
        // The name, the URL and the own header may be left out.
        let lines_max = self::head(&station(), &asked("")).lines().count();
        prop_assert!((lines_max - 3..=lines_max).contains(&head.lines().count()), "{head}");
        prop_assert_eq!(head.matches("\r\n\r\n").count(), 1);
    }
}
