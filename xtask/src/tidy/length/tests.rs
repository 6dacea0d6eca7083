use super::check;
use crate::tidy::tests::tree;

fn faults(path: &str, lines: usize) -> Vec<String> {
    check(&tree(&[(path, &"// line\n".repeat(lines))], &[]))
}

#[test]
fn a_source_file_may_have_500_lines_and_not_one_more() {
    assert!(faults("a/src/lib.rs", 500).is_empty());
    assert_eq!(faults("a/src/lib.rs", 501), ["a/src/lib.rs: 501 lines, at most 500"]);
}

#[test]
fn a_test_file_may_have_1000_lines_and_not_one_more() {
    for path in ["a/src/b/tests.rs", "tests/it/main.rs", "tests/players/play.mjs"] {
        assert!(faults(path, 1_000).is_empty());
        assert_eq!(faults(path, 1_001), [format!("{path}: 1001 lines, at most 1000")]);
    }
}

#[test]
fn a_document_may_be_of_any_length() {
    assert!(faults("docs/manual.md", 5_000).is_empty());
}
