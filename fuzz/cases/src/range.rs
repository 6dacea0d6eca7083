//! Any `Range` header for a body of any length: no panic, and a part that is
//! wanted lies within the body and is not empty.
//!
//! The first two bytes of the input are the length.

use delivery::range::{self, Wanted};

/// Runs the target.
pub fn run(data: &[u8]) {
    let [high, low, header @ ..] = data else { return };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    assert_eq!(range::wanted(None, len), Wanted::Whole);
    if let Wanted::Part(part) = range::wanted(Some(header), len) {
        assert!(part.start < part.end && part.end <= len, "{part:?} of {len}");
    }
}

/// Ranges of every form, and nonsense.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"\x01\0bytes=0-",
        b"\x01\0bytes=0-0",
        b"\x01\0bytes=-100",
        b"\x01\0bytes=200-99",
        b"\0\0bytes=-1",
        b"\0\x10 bytes=16-17 ",
        b"\0\x10bytes=0-18446744073709551615",
        b"\0\x10bytes=99999999999999999999-",
        b"\0\x10bytes=0-1,3-4",
        b"\0\x10items=0-1",
        b"\0\x10bytes=+1-2",
        b"\0\x10bytes=-",
    ])
}
