//! Any first bytes of a connection: no panic; a prefix is undecided or decided
//! as the whole; what is read of a head stays within its limits, and no answer
//! to it has a second empty line in its head.

#![no_main]

use icy::head::{self, HEAD_LEN_MAX, HEADERS_MAX, Head, Parsed};
use icy::listener::{Cors, ListenerRequest};
use icy::source::SourceRequest;
use icy::{Kind, MOUNT_LEN_MAX};
use libfuzzer_sys::fuzz_target;

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

fuzz_target!(|data: &[u8]| {
    let (kind, parsed) = (icy::classify(data), head::parse(data));
    for end in (0..data.len()).step_by(data.len() / 64 + 1) {
        let before = icy::classify(&data[..end]);
        assert!(before == Kind::Pending || before == kind);
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
});
