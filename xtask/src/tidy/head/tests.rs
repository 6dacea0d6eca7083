use super::check;
use crate::tidy::tests::tree;

#[test]
fn a_crate_that_does_not_say_what_it_is_is_told() {
    let tree = tree(&[("crates/a/src/lib.rs", "pub fn f() {}\n")], &["crates/a"]);
    assert_eq!(check(&tree), ["crates/a/src/lib.rs: does not begin with `//!`"]);
}

#[test]
fn a_crate_that_says_what_it_is_passes() {
    let files = [
        ("a/src/lib.rs", "//! Takes programmes.\n"),
        ("a/src/main.rs", "//! The command.\nfn main() {}\n"),
        ("a/src/other.rs", "fn f() {}\n"),
    ];
    assert!(check(&tree(&files, &["a"])).is_empty());
}
