//! Any bytes: the reader neither panics nor gives what is not in them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::id3;

fuzz_target!(|data: &[u8]| {
    let mut given = 0;
    for frame in id3::frames(data).into_iter().flatten() {
        given += frame.body.len();
        let _ = (frame.text(), frame.user_text(), frame.private());
    }
    assert!(given <= data.len());
});
