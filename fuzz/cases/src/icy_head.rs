//! Any first bytes of a connection: no panic; a prefix is undecided or decided
//! as the whole; what is read of a head stays within its limits, and no answer
//! to it has a second empty line in its head.

use icy::MOUNT_LEN_MAX;
use icy::head::{self, HEAD_LEN_MAX, HEADERS_MAX, Head, Parsed};
use icy::listener::{Cors, ListenerRequest};
use icy::source::SourceRequest;

/// Prefixes that are looked at, at most.
const PREFIXES: usize = 4;

/// Runs the target.
pub fn run(data: &[u8]) {
    let parsed = head::parse(data);
    for end in (0..data.len()).step_by(data.len() / PREFIXES + 1) {
        let before = head::parse(&data[..end]);
        assert!(matches!(before, Ok(Parsed::Partial)) || before == parsed);
    }
    match parsed {
        Ok(Parsed::Complete { head, len }) => {
            assert!(len <= data.len() && len <= HEAD_LEN_MAX);
            use_head(&head);
        }
        Ok(Parsed::Partial) => assert!(data.len() < HEAD_LEN_MAX),
        Err(error) => assert!(error.status() >= 400),
    }
}

/// What encoders, players, browsers and probes send first.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"GET /live HTTP/1.0\r\nIcy-MetaData: 1\r\nUser-Agent: NSPlayer/12\r\nRange: bytes=0-\r\n\r\n",
        b"HEAD /live.mp3?x=1 HTTP/1.1\r\nHost: radio.example:8000\r\nOrigin: https://a.example\r\n\r\n",
        b"OPTIONS /live HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Headers: icy-metadata\r\n\r\n",
        b"SOURCE /live ICE/1.0\r\nAuthorization: Basic c291cmNlOmhhY2ttZQ==\r\nContent-Type: audio/mpeg\r\nice-name: A\r\nice-audio-info: bitrate=128;samplerate=44100\r\n\r\n",
        b"PUT /a%20b/../c HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\nice-public: 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n folded\n\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"/live:hackme\r\n",
        b"SOURCE hackme /live\n\n",
    ])
}

fn use_head(head: &Head) {
    assert!(head.iter().count() <= HEADERS_MAX);
    if let Ok(source) = SourceRequest::from_head(head) {
        assert!((1..=MOUNT_LEN_MAX).contains(&source.mount.len()));
        assert!(source.mount.split('/').all(|segment| !matches!(segment, "" | "." | "..")));
        let _ = (icy::source::accepted(&source), icy::source::ended(&source), source.codec());
    }
    let listener = ListenerRequest::from_head(head);
    let reply = icy::listener::options_head(Cors::Any, &listener);
    assert!(reply.ends_with(b"\r\n\r\n"));
}
