use super::check;
use crate::tidy::tests::tree;

const LINTS: &str = "[lints]\nworkspace = true\n";

fn faults(root: &str, manifest: &str) -> Vec<String> {
    check(&tree(&[("Cargo.toml", root), ("a/Cargo.toml", manifest)], &["a"]))
}

#[test]
fn a_version_outside_the_root_is_told_whatever_its_kind() {
    for kind in [
        "dependencies",
        "dev-dependencies",
        "build-dependencies",
        "target.'cfg(unix)'.dependencies",
        "target.'cfg(unix)'.dev-dependencies",
    ] {
        for version in ["\"1\"", "{ version = \"1\" }", "{ path = \"../bytes\" }"] {
            let manifest = format!("{LINTS}[{kind}]\nbytes = {version}\n");
            assert_eq!(faults("", &manifest), ["a/Cargo.toml: `bytes` without `workspace = true`"]);
        }
    }
}

#[test]
fn both_ways_to_write_an_inherited_version_pass() {
    let root = "[workspace.dependencies]\nbytes = \"1\"\nserde = \"1\"\n";
    let manifest = format!(
        "{LINTS}[dependencies]\nbytes.workspace = true\n\
         serde = {{ workspace = true, features = [\"derive\"] }}\n"
    );
    assert!(faults(root, &manifest).is_empty());
}

#[test]
fn a_crate_that_escapes_the_lints_is_told() {
    assert_eq!(faults("", ""), ["a/Cargo.toml: no `[lints] workspace = true`"]);
}

#[test]
fn a_root_line_that_nothing_uses_is_told() {
    let root = "[workspace.dependencies]\nbytes = \"1\"\na = { path = \"a\" }\n";
    assert_eq!(
        faults(root, LINTS),
        ["Cargo.toml: no crate uses `bytes` of [workspace.dependencies]"]
    );
}

#[test]
fn a_manifest_that_git_does_not_have_is_told() {
    assert_eq!(
        check(&tree(&[], &["a"])),
        ["a/Cargo.toml: cannot be read, or git does not have it"]
    );
}
