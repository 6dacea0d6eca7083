use super::*;
use crate::limits::NAME_BYTES_MAX;

fn check_name(text: &str, expected: bool) {
    assert_eq!(Name::new(text).is_ok(), expected, "{text:?}");
}

fn check_path(text: &str, expected: bool) {
    assert_eq!(MountPath::new(text).is_ok(), expected, "{text:?}");
}

#[test]
fn names_are_lower_case_letters_digits_and_dashes() {
    check_name("acme", true);
    check_name("a", true);
    check_name("0-", true);
    check_name("", false);
    check_name("-a", false);
    check_name("Acme", false);
    check_name("a.b", false);
    check_name("a b", false);
    check_name("ä", false);
    check_name("a\n", false);
}

#[test]
fn a_name_has_at_most_63_bytes() {
    check_name(&"a".repeat(NAME_BYTES_MAX), true);
    check_name(&"a".repeat(NAME_BYTES_MAX + 1), false);
}

#[test]
fn paths_have_one_to_three_segments() {
    check_path("acme.mp3", true);
    check_path("live/Acme_", true);
    check_path("live/_acme", false);
    check_path("live/acme~1", true);
    check_path("a/b/c", true);
    check_path("a/b/c/d", false);
    check_path("", false);
    check_path("a/", false);
    check_path("a//b", false);
    check_path("a/../b", false);
    check_path("a/.b", false);
    check_path("%41", false);
    check_path("a?b", false);
}

#[test]
fn a_segment_has_at_most_64_bytes() {
    let longest = "a".repeat(PATH_SEGMENT_BYTES_MAX);
    check_path(&format!("x/{longest}"), true);
    check_path(&format!("x/{longest}a"), false);
}

#[test]
fn a_leading_slash_is_named_as_the_fault() {
    let error = MountPath::new("/acme").unwrap_err().to_string();
    assert_eq!(error, "`/acme` begins with a slash; leave it out");
}
