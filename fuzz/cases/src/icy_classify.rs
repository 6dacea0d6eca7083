//! Any first bytes of a connection: no panic; a prefix is undecided or decided
//! as the whole, and past the longest line all is decided.
//!
//! The first byte of the input chooses the prefix.

use icy::Kind;
use icy::head::LINE_LEN_MAX;

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let kind = icy::classify(bytes);
    let end = bytes.len() * usize::from(choice) / 256;
    let before = icy::classify(&bytes[..end]);
    assert!(before == Kind::Pending || before == kind, "{before:?}, then {kind:?}");
    assert!(kind != Kind::Pending || bytes.len() <= LINE_LEN_MAX);
}

/// What speaks on the public port.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"\x80GET /live HTTP/1.1\r\n",
        b"\x80SOURCE /live ICE/1.0\r\n",
        b"\x80PUT /live HTTP/1.1\r\n",
        b"\x80SOURCE hackme /live\n",
        b"\x80hackme\r\n",
        b"\x80/live:hackme\r\n",
        b"\x80PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x80\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x80\x16\x03\x00",
        b"\x80\r\n",
        b"\x80G\0",
    ])
}
