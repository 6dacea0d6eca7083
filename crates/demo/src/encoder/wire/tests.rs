use std::time::Duration;

use media::AacProfile;

use super::*;
use crate::Encoding;

fn target() -> Target {
    Target {
        address: "radio.example:8000".into(),
        mount: "demo".into(),
        user: "source".into(),
        password: "hackme".into(),
        name: "Skywave demo".into(),
        description: String::new(),
        genre: "Ambient".into(),
        url: "https://radio.example/".into(),
    }
}

fn settings(encoding: Encoding) -> Settings {
    Settings { encoding, head_start: Duration::ZERO }
}

#[test]
fn a_source_request_is_what_icecast_expects() {
    let request = source_request(&target(), &settings(Encoding::Mp3 { kbps: 128 }), 44_100, 2);
    let expected = "PUT /demo HTTP/1.1\r\n\
        Host: radio.example:8000\r\n\
        Authorization: Basic c291cmNlOmhhY2ttZQ==\r\n\
        User-Agent: skywave-demo/0.0.0\r\n\
        Content-Type: audio/mpeg\r\n\
        Expect: 100-continue\r\n\
        ice-public: 0\r\n\
        ice-name: Skywave demo\r\n\
        ice-genre: Ambient\r\n\
        ice-url: https://radio.example/\r\n\
        ice-bitrate: 128\r\n\
        ice-audio-info: ice-samplerate=44100;ice-bitrate=128;ice-channels=2\r\n\r\n";
    assert_eq!(request, expected);
}

#[test]
fn aac_has_its_own_media_type() {
    let encoding = Encoding::Aac { profile: AacProfile::HeV2, kbps: 32 };
    let request = source_request(&target(), &settings(encoding), 48_000, 1);
    assert!(request.contains("\r\nContent-Type: audio/aac\r\n"));
    assert!(request.contains("ice-samplerate=48000;ice-bitrate=32;ice-channels=1"));
}

#[test]
fn a_slash_before_the_mount_is_not_doubled() {
    let target = Target { mount: "/demo".into(), ..target() };
    let request = source_request(&target, &settings(Encoding::Mp3 { kbps: 128 }), 44_100, 2);
    assert!(request.starts_with("PUT /demo HTTP/1.1\r\n"));
}

#[test]
fn a_line_break_in_a_value_begins_no_header() {
    let target = Target { name: "a\r\nEvil: yes".into(), ..target() };
    let request = source_request(&target, &settings(Encoding::Mp3 { kbps: 128 }), 44_100, 2);
    assert!(request.contains("\r\nice-name: a  Evil: yes\r\n"));
}

#[test]
fn a_title_is_percent_encoded_utf8() {
    let request = title_request(&target(), "Ada & Søn - 100% \"Süd\"?");
    let expected = "GET /admin/metadata?mode=updinfo&mount=%2Fdemo&charset=UTF-8\
        &song=Ada%20%26%20S%C3%B8n%20-%20100%25%20%22S%C3%BCd%22%3F HTTP/1.1\r\n\
        Host: radio.example:8000\r\n\
        Authorization: Basic c291cmNlOmhhY2ttZQ==\r\n\
        User-Agent: skywave-demo/0.0.0\r\n\
        Connection: close\r\n\r\n";
    assert_eq!(request, expected);
}

#[test]
fn the_debug_text_has_no_password() {
    assert!(!format!("{:?}", target()).contains("hackme"));
}

#[test]
fn any_chunking_of_answers_gives_the_same_statuses() {
    let answers = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
    for chunk_len in [1, 7, 1460, 65_536] {
        let (mut received, mut statuses) = (Vec::new(), Vec::new());
        for chunk in answers.chunks(chunk_len) {
            received.extend(chunk);
            while let Some(status) = take_status(&mut received).unwrap() {
                statuses.push(status);
            }
        }
        assert_eq!(statuses, [100, 200]);
        assert!(received.is_empty());
    }
}

#[test]
fn what_is_not_http_is_refused() {
    for answer in ["ICY 200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 ok 200\r\n\r\n", "\r\n\r\n"]
    {
        let refused = take_status(&mut answer.into());
        assert!(matches!(refused, Err(Error::NotHttp)), "{answer:?}");
    }
}

#[test]
fn a_head_may_be_as_long_as_the_limit_and_no_longer() {
    let head = |len: usize| {
        let mut head = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
        head.resize(len, b'x');
        head.extend(b"\r\n\r\n");
        head
    };
    assert!(matches!(take_status(&mut head(ANSWER_LEN_MAX)), Ok(Some(200))));
    assert!(matches!(take_status(&mut head(ANSWER_LEN_MAX + 1)), Err(Error::NotHttp)));
    assert!(matches!(take_status(&mut vec![b'x'; ANSWER_LEN_MAX]), Ok(None)));
    assert!(matches!(take_status(&mut vec![b'x'; ANSWER_LEN_MAX + 1]), Err(Error::NotHttp)));
}
