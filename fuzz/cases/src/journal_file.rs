//! Any bytes as a file of a journal: no panic; entries stand one behind the
//! other, within the limits, and are written as they were read.

use bytes::Bytes;
use journal::{POSITION_STEP, file};

/// Where the file's name says that it begins.
const FIRST: u64 = 3 * POSITION_STEP - 3;

/// Runs the target.
pub fn run(data: &[u8]) {
    // As it is, and behind a header that is right.
    check(data);
    let mut whole = Vec::new();
    file::put_header(FIRST, &mut whole);
    whole.extend_from_slice(data);
    check(&whole);
}

fn check(bytes: &[u8]) {
    let contents = file::read(FIRST, &Bytes::copy_from_slice(bytes));
    let mut written = Vec::new();
    if contents.valid_len > 0 {
        file::put_header(FIRST, &mut written);
    }
    for (position, entry) in (FIRST..).zip(&contents.entries) {
        assert_eq!(entry.position, position);
        assert!(position < 3 * POSITION_STEP);
        file::put_entry(position, &entry.payload, &mut written).expect("what was read is written");
    }
    assert_eq!(written, bytes[..contents.valid_len]);
}

/// Files that are whole, torn, zeroed, and entries without a header.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    for (position, text) in (FIRST..).zip(["a", "bc", "def", "ghij"]) {
        file::put_entry(position, text.as_bytes(), &mut entries).expect("an entry that can be");
    }
    let mut whole = Vec::new();
    file::put_header(FIRST, &mut whole);
    whole.extend_from_slice(&entries);
    let torn = whole[..whole.len() / 2].to_vec();
    let zeroed = [&whole[..40], &[0; 40]].concat();
    vec![whole, torn, zeroed, entries, b"\0\0\0\x01".to_vec(), vec![0xFF; 40]]
}
