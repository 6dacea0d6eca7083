//! Any answer of a stream server: no panic; a prefix is undecided or decided as
//! the whole; what is read of a head stays within its limits.

use icy::head::{HEAD_LEN_MAX, HEADERS_MAX};
use icy::response::{self, Head, Parsed};
use icy::source::{METAINT_MAX, StreamDescription};
use media::text::NAME_LEN_MAX;

/// Prefixes that are looked at, at most.
const PREFIXES: usize = 4;

/// Runs the target.
pub fn run(data: &[u8]) {
    let parsed = response::parse(data);
    for end in (0..data.len()).step_by(data.len() / PREFIXES + 1) {
        let before = response::parse(&data[..end]);
        assert!(matches!(before, Ok(Parsed::Partial)) || before == parsed);
    }
    match parsed {
        Ok(Parsed::Complete { head, len }) => {
            assert!(len <= data.len() && len <= HEAD_LEN_MAX);
            use_head(&head);
        }
        Ok(Parsed::Partial) => assert!(data.len() < HEAD_LEN_MAX),
        Err(_) => {}
    }
}

/// What stream servers, web servers and what is no server answer first.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"HTTP/1.0 200 OK\r\nServer: Icecast 2.4.4\r\nContent-Type: audio/mpeg\r\nice-audio-info: bitrate=128\r\nicy-metaint:16000\r\n\r\n\xff\xfb",
        b"ICY 200 OK\r\nicy-notice1:<BR>a<BR>\r\nicy-name:A\r\ncontent-type:audio/mpeg\r\nicy-metaint:8192\r\nicy-br:128\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n5\r\n",
        b"HTTP/1.1 302\nLocation: //a.example/b\nContent-Length: 0\nContent-Length: 00\n\n",
        b"icy 401 Service Unavailable\r\n folded\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nicy-metaint: 1048577\r\nContent-Length: -1\r\n\r\n",
        b"<html><body>",
    ])
}

fn use_head(head: &Head) {
    assert!((100..=999).contains(&head.status));
    assert!(head.iter().count() <= HEADERS_MAX);
    for (name, _) in head.iter() {
        assert!(head.header(name).is_some());
        assert!(head.text(name).is_none_or(|text| (1..=NAME_LEN_MAX).contains(&text.len())));
    }
    let metaint = head.metaint();
    assert!(!matches!(metaint, Ok(Some(metaint)) if !(1..=METAINT_MAX).contains(&metaint)));
    let _ = (head.body(), StreamDescription::from_headers(head.iter()));
}
