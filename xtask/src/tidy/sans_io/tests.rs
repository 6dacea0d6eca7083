use super::{DOORS, IO_LIBRARIES, check};
use crate::tidy::tests::{member, tree};
use crate::tidy::tree::{Member, Tree};

fn import_faults(members: Vec<Member>) -> Vec<String> {
    check(&Tree { files: Vec::new(), members })
}

fn name_faults(path: &str, text: &str) -> Vec<String> {
    let mut tree = tree(&[(path, text)], &[]);
    tree.members = vec![member("icy", 1, true, &[]), member("store", 2, false, &[])];
    check(&tree)
}

#[test]
fn every_io_library_is_refused_to_a_sans_io_crate() {
    for library in IO_LIBRARIES {
        assert_eq!(
            import_faults(vec![member("icy", 1, true, &[library])]),
            [format!("icy/Cargo.toml: icy is sans-IO but imports {library}")]
        );
    }
}

#[test]
fn a_crate_that_does_io_may_import_what_it_likes() {
    assert!(import_faults(vec![member("store", 2, false, &IO_LIBRARIES)]).is_empty());
}

#[test]
fn a_sans_io_crate_may_not_import_one_of_ours_that_does_io() {
    let members = vec![member("feed", 1, true, &["disk"]), member("disk", 0, false, &[])];
    assert_eq!(import_faults(members), ["feed/Cargo.toml: feed is sans-IO but imports disk"]);
}

#[test]
fn every_door_of_the_standard_library_is_found_with_its_line() {
    for door in DOORS {
        let text = format!("//! Text.\nuse {door};\n");
        assert_eq!(
            name_faults("icy/src/lib.rs", &text),
            [format!("icy/src/lib.rs:2: `{door}` in a sans-IO crate")]
        );
    }
}

#[test]
fn comments_tests_and_other_crates_may_name_them() {
    let text = "use std::fs;\n";
    assert!(name_faults("icy/src/lib.rs", "// std::fs is the caller's.\n").is_empty());
    assert!(name_faults("icy/src/lib.rs", "use std::net::IpAddr;\n").is_empty());
    assert!(name_faults("icy/src/head/tests.rs", text).is_empty());
    assert!(name_faults("store/src/lib.rs", text).is_empty());
}
