use super::{BYTES_MAX, check};
use crate::tidy::tree::{File, Tree};

fn faults(len: u64) -> Vec<String> {
    let files = vec![File { path: "a.aac".into(), len, text: None }];
    check(&Tree { files, members: Vec::new() })
}

#[test]
fn a_file_may_have_256_kib_and_not_one_byte_more() {
    assert!(faults(BYTES_MAX).is_empty());
    assert_eq!(faults(BYTES_MAX + 1), ["a.aac: 262145 bytes, at most 262144"]);
}
