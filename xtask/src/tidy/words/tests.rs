use super::{UNFINISHED, check};
use crate::tidy::tests::tree;

#[test]
fn each_unfinished_word_is_found_with_its_line() {
    for word in UNFINISHED {
        let tree = tree(&[("a/src/lib.rs", &format!("//! Text.\n    {word} x"))], &[]);
        assert_eq!(check(&tree), [format!("a/src/lib.rs:2: `{word}`")]);
    }
}

#[test]
fn a_call_is_found_whatever_it_is_given() {
    let call = format!("fn f() {{ {}\"later\") }}", UNFINISHED[2]);
    assert_eq!(check(&tree(&[("a.rs", &call)], &[])).len(), 1);
}

#[test]
fn a_piece_of_a_longer_word_is_not_meant() {
    let text = format!("let frame = \"T{}\";", UNFINISHED[1]);
    assert!(check(&tree(&[("id3.rs", &text)], &[])).is_empty());
}

#[test]
fn a_document_may_speak_of_them() {
    assert!(check(&tree(&[("CONTRIBUTING.md", UNFINISHED[0])], &[])).is_empty());
}
