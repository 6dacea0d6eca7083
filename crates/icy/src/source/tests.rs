use proptest::prelude::*;

use super::*;
use crate::head::{self, HeadError, Parsed};

fn head_of(text: &str) -> Head {
    match head::parse(text.as_bytes()) {
        Ok(Parsed::Complete { head, .. }) => head,
        other => panic!("{other:?} of {text:?}"),
    }
}

#[track_caller]
fn check(text: &str, mount: &str, method: Method, body: Body) -> SourceRequest {
    let request = SourceRequest::from_head(&head_of(text)).expect(text);
    assert_eq!((request.mount.as_str(), request.method, request.body), (mount, method, body));
    request
}

#[track_caller]
fn check_refused(text: &str, expected: SourceError) {
    assert_eq!(SourceRequest::from_head(&head_of(text)), Err(expected), "{text}");
}

fn source_login() -> Credentials {
    Credentials { user: "source".to_owned(), password: "hackme".to_owned() }
}

/// `source:hackme`.
const LOGIN: &str = "Authorization: Basic c291cmNlOmhhY2ttZQ==\r\n";

#[test]
fn what_libshout_sends_is_read() {
    let probe = "SOURCE /live HTTP/1.0\r\nHost: h:8000\r\nUser-Agent: libshout/2.4.6\r\n\
                 Content-Type: audio/mpeg\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\
                 ice-public: 0\r\nice-name: no name\r\n\r\n";
    assert_eq!(check(probe, "live", Method::Source, Body::UntilClose).credentials, None);
    let text = format!(
        "SOURCE /live HTTP/1.0\r\n{LOGIN}Host: h:8000\r\nUser-Agent: libshout/2.4.6\r\n\
         Content-Type: audio/mpeg\r\nice-public: 1\r\nice-name: My Radio\r\nice-url: http://x\r\n\
         ice-genre: Rock\r\nice-description: Best\r\n\
         ice-audio-info: channels=2;samplerate=44100;bitrate=128\r\n\r\n"
    );
    let request = check(&text, "live", Method::Source, Body::UntilClose);
    assert_eq!((&request.credentials, request.codec()), (&Some(source_login()), Some(Codec::Mp3)));
    assert_eq!(
        request.description,
        StreamDescription {
            name: Some("My Radio".into()),
            description: Some("Best".into()),
            genre: Some("Rock".into()),
            url: Some("http://x".into()),
            public: Some(true),
            bitrate_kbps: Some(128),
            audio_info: Some("channels=2;samplerate=44100;bitrate=128".into()),
            sample_rate_hz: Some(44_100),
            channels: Some(2),
        }
    );
    assert_eq!(request.user_agent.as_deref(), Some("libshout/2.4.6"));
}

#[test]
fn what_ffmpeg_sends_is_read() {
    let text = format!(
        "PUT /live.mp3 HTTP/1.1\r\nUser-Agent: Lavf/59.27.100\r\nAccept: */*\r\n\
         Expect: 100-continue\r\nConnection: close\r\nHost: h:8000\r\nContent-Type: audio/aac\r\n\
         Icy-MetaData: 1\r\nIce-Name: A\r\nIce-Public: 0\r\n{LOGIN}\r\n"
    );
    let request = check(&text, "live.mp3", Method::Put, Body::UntilClose);
    assert!(request.expect_continue);
    assert_eq!(accepted(&request), "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(ended(&request).starts_with(b"HTTP/1.1 200 OK\r\n"));
    let legacy = "SOURCE /a HTTP/1.1\r\nUser-Agent: Lavf/59.27.100\r\nConnection: close\r\n\
                  Host: h\r\nContent-Type: audio/mpeg\r\nIcy-MetaData: 1\r\n\r\n";
    assert!(!check(legacy, "a", Method::Source, Body::UntilClose).expect_continue);
}

#[test]
fn what_butt_liquidsoap_and_ices_send_is_read() {
    let butt = format!(
        "SOURCE /stream HTTP/1.0\r\n{LOGIN}User-Agent: butt 0.1.40\r\n\
         Content-Type: audio/mpeg\r\nice-name: n\r\nice-public: 0\r\nice-url: \r\nice-genre: \r\n\
         ice-audio-info: ice-bitrate=128;ice-channels=2;ice-samplerate=44100\r\n\
         ice-description: \r\n\r\n"
    );
    let request = check(&butt, "stream", Method::Source, Body::UntilClose);
    assert_eq!((request.description.url, request.description.channels), (None, Some(2)));
    let liquidsoap = format!(
        "SOURCE /radio HTTP/1.0\r\nice-name: Caf\u{e9}\r\n{LOGIN}ice-public: 1\r\n\
         User-Agent: Liquidsoap/2.1.3 (Unix; OCaml 4.13.1)\r\n\
         ice-audio-info: channels=2;samplerate=44100;bitrate=128\r\n\
         Content-Type: audio/mpeg\r\n\r\n"
    );
    let request = check(&liquidsoap, "radio", Method::Source, Body::UntilClose);
    assert_eq!(request.credentials, Some(source_login()));
    let chunked = format!(
        "PUT /radio HTTP/1.1\r\n{LOGIN}Host: h:8000\r\nContent-Type: audio/aacp\r\n\
         Transfer-Encoding: chunked\r\nice-audio-info: bitrate=10%2e0;channels=2\r\n\r\n"
    );
    let request = check(&chunked, "radio", Method::Put, Body::Chunked);
    assert_eq!((request.codec(), accepted(&request).len()), (Some(Codec::Aac), 0));
    assert_eq!(request.description.bitrate_kbps, Some(10));
    let ices = format!(
        "SOURCE /ices HTTP/1.0\r\n{LOGIN}ice-name: unknown\r\nice-bitrate: Quality 4\r\n\
         icy-br:128, 128\r\ncontent-type: audio/mpeg\r\n\r\n"
    );
    let request = check(&ices, "ices", Method::Source, Body::UntilClose);
    assert_eq!(request.description.bitrate_kbps, Some(128));
    let ice = "SOURCE /old ICE/1.0\nContent-Type: audio/mpeg\nIce-Name: Caf\u{e9}\n\n";
    let request = check(ice, "old", Method::Source, Body::UntilClose);
    assert_eq!(request.description.name.as_deref(), Some("Café"));
}

#[test]
fn the_body_of_a_put_has_the_length_it_says() {
    check("PUT /a HTTP/1.1\r\nContent-Length: 7\r\n\r\n", "a", Method::Put, Body::Length(7));
    check("SOURCE /a HTTP/1.0\r\nContent-Length: 7\r\n\r\n", "a", Method::Source, Body::UntilClose);
    check("PUT http://h:8000/a?x HTTP/1.1\r\n\r\n", "a", Method::Put, Body::UntilClose);
}

#[test]
fn descriptions_are_clean_and_the_first_that_says_something_counts() {
    let value = "a".repeat(5000);
    let text = format!(
        "SOURCE /a HTTP/1.0\r\nice-name:\r\nicy-name: \u{202e}x\u{7f} \r\nice-name: second\r\n\
         icy-pub: maybe\r\nicy-public: -1\r\nicy-br: 99999\r\nice-description: {value}\r\n\r\n"
    );
    let description = check(&text, "a", Method::Source, Body::UntilClose).description;
    assert_eq!(description.name.as_deref(), Some("x"));
    assert_eq!((description.public, description.bitrate_kbps), (Some(false), None));
    assert_eq!(description.description.unwrap().len(), NAME_LEN_MAX);
}

#[test]
fn other_methods_and_impossible_mounts_are_refused() {
    check_refused("GET /a HTTP/1.1\r\n\r\n", SourceError::Method);
    check_refused("source /a HTTP/1.1\r\n\r\n", SourceError::Method);
    check_refused("SOURCE live HTTP/1.0\r\n\r\n", SourceError::Mount(MountError::NoSlash));
    check_refused("SOURCE / HTTP/1.0\r\n\r\n", SourceError::Mount(MountError::NoSlash));
    check_refused("PUT http://h HTTP/1.1\r\n\r\n", SourceError::Mount(MountError::NoSlash));
    check_refused("PUT /%2e%2e/a HTTP/1.1\r\n\r\n", SourceError::Mount(MountError::Segment));
}

#[track_caller]
fn check_login(value: &str, expected: Result<Option<(&str, &str)>, SourceError>) {
    let got = Credentials::from_authorization(value.as_bytes());
    let got = got.map(|found| found.map(|login| (login.user, login.password)));
    assert_eq!(
        got,
        expected.map(|found| found.map(|(u, p)| (u.to_owned(), p.to_owned()))),
        "{value}"
    );
}

#[test]
fn credentials_are_read() {
    check_login("Basic c291cmNlOmhhY2ttZQ==", Ok(Some(("source", "hackme"))));
    check_login("basic  c291cmNlOmhhY2ttZQ==", Ok(Some(("source", "hackme"))));
    check_login("Basic OmE6Yg==", Ok(Some(("", "a:b"))));
    check_login("Basic YTpw5A==", Ok(Some(("a", "pä"))));
    check_login("Bearer abc", Ok(None));
    check_login("Digest username=\"a\"", Ok(None));
    check_login("", Ok(None));
    for value in [
        "Basic",
        "Basic ",
        "Basic !",
        "Basic c291cmNl",
        "Basic c291cmNlOmhhY2ttZQ=",
        "Basic c291 Y2U6",
    ] {
        check_login(value, Err(SourceError::Credentials));
    }
}

#[test]
fn authorization_has_at_most_1_kib() {
    let login = |len: usize| format!("Basic {}", "OmFh".repeat(len).split_at(len - 6).0);
    let encoded = format!("Basic {}", "OmFh".repeat(254));
    assert_eq!(encoded.len(), 1022);
    assert!(Credentials::from_authorization(encoded.as_bytes()).is_ok());
    for len in [AUTHORIZATION_LEN_MAX + 1, 1 << 20] {
        check_login(&login(len), Err(SourceError::Credentials));
    }
}

#[test]
fn an_interval_is_between_one_byte_and_a_mebibyte() {
    for (value, expected) in [
        ("1", Ok(Some(1))),
        ("16000", Ok(Some(16_000))),
        ("1048576", Ok(Some(METAINT_MAX))),
        ("1048577", Err(SourceError::Metaint)),
        ("0", Err(SourceError::Metaint)),
        ("-1", Err(SourceError::Metaint)),
        ("", Err(SourceError::Metaint)),
        ("8k", Err(SourceError::Metaint)),
    ] {
        let text = format!("SOURCE /a HTTP/1.0\r\nicy-metaint: {value}\r\n\r\n");
        let got = SourceRequest::from_head(&head_of(&text)).map(|request| request.metaint);
        assert_eq!(got, expected, "{value}");
    }
}

#[test]
fn the_codec_is_the_content_types() {
    for (media_type, codec) in [
        ("audio/mpeg", Some(Codec::Mp3)),
        ("AUDIO/MPEG; charset=x", Some(Codec::Mp3)),
        ("audio/aacp", Some(Codec::Aac)),
        ("audio/aach", Some(Codec::Aac)),
        ("audio/aacr", Some(Codec::Aac)),
        ("application/ogg", None),
        ("audio/mp4", None),
        ("audio/mpegurl", None),
        ("", None),
    ] {
        assert_eq!(codec_of_media_type(media_type), codec, "{media_type}");
    }
    let source = check("SOURCE /a HTTP/1.0\r\n\r\n", "a", Method::Source, Body::UntilClose);
    assert_eq!(source.codec(), Some(Codec::Mp3));
    let put = check("PUT /a HTTP/1.1\r\n\r\n", "a", Method::Put, Body::UntilClose);
    assert_eq!(put.codec(), None);
}

#[test]
fn debug_shows_no_password() {
    let text = format!("SOURCE /a HTTP/1.0\r\n{LOGIN}\r\n");
    let request = check(&text, "a", Method::Source, Body::UntilClose);
    assert!(!format!("{request:?}").contains("hackme"));
}

#[test]
fn a_source_is_answered_at_once() {
    let request = check("SOURCE /a HTTP/1.0\r\n\r\n", "a", Method::Source, Body::UntilClose);
    assert_eq!(
        accepted(&request),
        "HTTP/1.0 200 OK\r\nServer: Skywave\r\nAllow: GET, HEAD, OPTIONS, PUT, SOURCE\r\n\
         Accept-Encoding: identity\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(ended(&request), "");
}

#[test]
fn refusals_are_icecasts() {
    assert_eq!(
        refused(Refusal::Unauthorized),
        "HTTP/1.0 401 Unauthorized\r\nServer: Skywave\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: 26\r\nCache-Control: no-store\r\nConnection: close\r\n\
         Allow: GET, HEAD, OPTIONS, PUT, SOURCE\r\nAccept-Encoding: identity\r\n\
         WWW-Authenticate: Basic realm=\"Icecast2 Server\"\r\n\r\nYou need to authenticate\r\n"
    );
    for (refusal, line) in [
        (Refusal::MountInUse, "HTTP/1.0 403 Mountpoint in use\r\n"),
        (Refusal::ContentType, "HTTP/1.0 403 Content-type not supported\r\n"),
        (Refusal::NoContentType, "HTTP/1.0 403 No Content-type given\r\n"),
        (Refusal::TooManySources, "HTTP/1.0 403 too many sources connected\r\n"),
        (Refusal::NoSuchMount, "HTTP/1.0 404 Not Found\r\n"),
        (Refusal::BadRequest, "HTTP/1.0 400 Bad Request\r\n"),
        (Refusal::Head(HeadError::TooLong), "HTTP/1.0 431 Request Header Fields Too Large\r\n"),
        (Refusal::TooManyTries, "HTTP/1.0 429 Too Many Requests\r\n"),
        (Refusal::Unavailable, "HTTP/1.0 503 Service Unavailable\r\n"),
    ] {
        let reply = String::from_utf8(refused(refusal).to_vec()).unwrap();
        assert!(reply.starts_with(line), "{reply}");
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{reply}");
        assert!(body.ends_with("\r\n") && body.lines().count() == 1, "{reply}");
    }
}

#[test]
fn a_reason_stands_behind_the_words_and_ends_no_line() {
    let reply = refused_because(Refusal::ContentType, "this is Ogg\r\nwith Vorbis");
    let reply = String::from_utf8(reply.to_vec()).unwrap();
    assert!(reply.starts_with("HTTP/1.0 403 Content-type not supported\r\n"), "{reply}");
    let body = "Content-type not supported: this is Ogg  with Vorbis\r\n";
    assert!(reply.ends_with(&format!("\r\n\r\n{body}")), "{reply}");
    assert!(reply.contains(&format!("Content-Length: {}\r\n", body.len())), "{reply}");
}

proptest! {
    #[test]
    fn no_head_makes_it_panic(path in "[!-~]{1,20}", name in "(ice|icy)-[a-z-]{1,12}", value in "[ -~é%;=]{0,40}") {
        let text = format!("SOURCE {path} HTTP/1.0\r\n{name}: {value}\r\nAuthorization: {value}\r\n\r\n");
        let _ = SourceRequest::from_head(&head_of(&text));
    }
}
