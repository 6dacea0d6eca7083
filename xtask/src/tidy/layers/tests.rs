use super::check;
use crate::tidy::tests::member;
use crate::tidy::tree::{Import, Member, Tree};

fn faults(members: Vec<Member>) -> Vec<String> {
    check(&Tree { files: Vec::new(), members })
}

#[test]
fn an_import_of_a_lower_layer_passes() {
    let members = vec![member("feed", 1, true, &["media", "bytes"]), member("media", 0, true, &[])];
    assert!(faults(members).is_empty());
}

#[test]
fn an_upward_import_is_told() {
    let members = vec![member("media", 0, true, &["feed"]), member("feed", 1, true, &[])];
    assert_eq!(
        faults(members),
        ["media/Cargo.toml: media (layer 0) imports feed (layer 1), which is not below it"]
    );
}

#[test]
fn a_role_that_imports_a_role_is_told() {
    let members =
        vec![member("origin", 4, false, &["packager"]), member("packager", 4, false, &[])];
    assert_eq!(
        faults(members),
        ["origin/Cargo.toml: origin (layer 4) imports packager (layer 4), which is not below it"]
    );
}

#[test]
fn a_test_may_not_import_upward_either() {
    let mut media = member("crates/media", 0, true, &[]);
    media.imports.push(Import { name: "feed".into(), dev: true });
    assert_eq!(
        faults(vec![media, member("crates/feed", 1, true, &[])]),
        ["crates/media/Cargo.toml: media (layer 0) imports in its tests feed (layer 1), which is \
         not below it"]
    );
}

#[test]
fn a_crate_without_a_layer_is_told() {
    let mut lost = member("lost", 0, true, &[]);
    lost.layer = None;
    let fault = "lost/Cargo.toml: no `layer` and `sans_io` in [package.metadata.architecture]";
    assert_eq!(faults(vec![lost]), [fault]);
    let mut unsaid = member("lost", 0, true, &[]);
    unsaid.sans_io = None;
    assert_eq!(faults(vec![unsaid]), [fault]);
}
