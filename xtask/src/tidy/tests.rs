use super::RULES;
use super::tree::{File, Import, Member, Tree};

/// A tree in memory; each of `crates` is a folder, its last part the name.
pub(crate) fn tree(files: &[(&str, &str)], crates: &[&str]) -> Tree {
    let mut files: Vec<File> = files
        .iter()
        .map(|(path, text)| File {
            path: (*path).to_owned(),
            len: text.len() as u64,
            text: Some((*text).to_owned()),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let members = crates.iter().map(|dir| member(dir, 0, false, &[])).collect();
    Tree { files, members }
}

/// A crate of `dir` with its imports.
pub(crate) fn member(dir: &str, layer: u64, sans_io: bool, imports: &[&str]) -> Member {
    let import = |name: &&str| Import { name: (*name).to_owned(), dev: false };
    Member {
        name: dir.rsplit('/').next().unwrap_or(dir).to_owned(),
        dir: dir.to_owned(),
        layer: Some(layer),
        sans_io: Some(sans_io),
        imports: imports.iter().map(import).collect(),
    }
}

#[test]
fn rules_have_names_of_their_own() {
    let names: std::collections::BTreeSet<&str> = RULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), RULES.len());
}

#[test]
fn a_fault_is_told_with_its_rule() {
    let tree = tree(&[("docs/adr/0002-second.md", "")], &[]);
    let faults = super::faults(&tree);
    assert_eq!(faults[0], "docs/adr/0002-second.md: the number should be 0001 [adr]");
}

#[test]
fn an_empty_tree_is_tidy() {
    assert!(super::faults(&Tree::default()).is_empty());
}
