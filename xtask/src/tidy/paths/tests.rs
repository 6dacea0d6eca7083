use super::{MACHINE_FOLDERS, check};
use crate::tidy::tests::tree;

#[test]
fn a_machine_path_is_found_in_any_text() {
    for folder in MACHINE_FOLDERS {
        let tree = tree(&[("docs/a.md", &format!("text\nrun `{folder}main/x`"))], &[]);
        assert_eq!(check(&tree), [format!("docs/a.md:2: a path below {folder}")]);
    }
}

#[test]
fn the_same_name_within_a_path_or_a_url_is_not_meant() {
    for before in ["http://localhost:80", "target", "docs/..", "{dir}"] {
        let text = format!("see {before}{}x", MACHINE_FOLDERS[0]);
        assert!(check(&tree(&[("a.rs", &text)], &[])).is_empty(), "{text}");
    }
}
