use super::node_major;

#[test]
fn the_major_number_is_the_first() {
    assert_eq!(node_major("v20.20.2\n"), Some(20));
    assert_eq!(node_major("v18"), Some(18));
}

#[test]
fn what_is_no_version_has_no_number() {
    assert_eq!(node_major(""), None);
    assert_eq!(node_major("20.1"), None);
    assert_eq!(node_major("vvv"), None);
}
