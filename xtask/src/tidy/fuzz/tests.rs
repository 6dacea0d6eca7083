use super::check;
use crate::tidy::tests::tree;

const MANIFEST: &str = "[[bin]]\nname = \"adts\"\npath = \"fuzz_targets/adts.rs\"\n";

#[test]
fn a_target_that_is_not_listed_is_told() {
    let files = [
        ("fuzz/Cargo.toml", MANIFEST),
        ("fuzz/fuzz_targets/adts.rs", ""),
        ("fuzz/fuzz_targets/id3.rs", ""),
    ];
    assert_eq!(check(&tree(&files, &[])), ["fuzz/fuzz_targets/id3.rs: not in fuzz/Cargo.toml"]);
}

#[test]
fn a_listed_target_that_is_gone_is_told() {
    assert_eq!(
        check(&tree(&[("fuzz/Cargo.toml", MANIFEST)], &[])),
        ["fuzz/Cargo.toml: there is no fuzz/fuzz_targets/adts.rs"]
    );
}

#[test]
fn a_tree_without_fuzzers_passes() {
    assert!(check(&tree(&[], &[])).is_empty());
}
