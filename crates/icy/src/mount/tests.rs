use super::*;

#[track_caller]
fn check(path: &str, expected: Result<&str, MountError>) {
    assert_eq!(from_path(path), expected.map(str::to_owned), "{path}");
}

#[test]
fn a_path_is_decoded_once_and_loses_its_slash() {
    check("/live.mp3", Ok("live.mp3"));
    check("/live/acme%2Dfm", Ok("live/acme-fm"));
    check("/my%20mount", Ok("my mount"));
    check("/caf%C3%A9", Ok("café"));
    check("/a..b", Ok("a..b"));
}

#[test]
fn traversal_is_refused_in_every_spelling() {
    for path in [
        "/..",
        "/../etc",
        "/a/../b",
        "/%2e%2e",
        "/%2E%2E/a",
        "/.%2e/a",
        "/a/%2e%2e%2fb",
        "/a%2f..%2fb",
        "/a/.",
        "/./a",
        "//a",
        "/a//b",
        "/a/",
        "/a%2f",
    ] {
        check(path, Err(MountError::Segment));
    }
    for path in
        ["/%252e%252e/a", "/..%5ca", "/a\\b", "/%c0%ae%c0%ae/a", "/%ff", "/100%", "/%zz", "/a%3fb"]
    {
        check(path, Err(MountError::Character));
    }
}

#[test]
fn control_characters_are_refused() {
    for path in ["/a%00", "/a%0d%0aSet-Cookie:x", "/a%0a", "/%7f", "/a%c2%85"] {
        check(path, Err(MountError::Character));
    }
}

#[test]
fn a_mount_needs_a_slash_and_a_name() {
    check("live", Err(MountError::NoSlash));
    check("", Err(MountError::NoSlash));
    check("/", Err(MountError::NoSlash));
    check("*", Err(MountError::NoSlash));
}

#[test]
fn a_name_has_at_most_255_bytes() {
    let longest = "a".repeat(MOUNT_LEN_MAX);
    check(&format!("/{longest}"), Ok(&longest));
    check(&format!("/{longest}a"), Err(MountError::TooLong));
}

#[test]
fn a_bare_name_may_lack_its_slash() {
    assert_eq!(from_name(b"live"), Ok("live".to_owned()));
    assert_eq!(from_name(b"/live"), Ok("live".to_owned()));
    assert_eq!(from_name(b"\xff"), Err(MountError::Character));
    assert_eq!(from_name(b""), Err(MountError::NoSlash));
}
