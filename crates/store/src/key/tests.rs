use super::*;

fn check(text: &str, fault: Option<&str>) {
    let got = match Key::new(text) {
        Ok(key) => {
            assert_eq!(key.as_str(), text);
            None
        }
        Err(Error::BadKey { reason, .. }) => Some(reason),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(got, fault, "{text:?}");
}

#[test]
fn names_that_are_used_are_keys() {
    for text in [
        "public/demo/playlist.m3u8",
        "public/demo/mp3-128/1700000000-00c0ffee.mp3",
        "private/demo/log/00000000000000000007",
        "private/_probe/0123456789abcdef",
        "public",
        "private/A.b_c~d-e",
    ] {
        check(text, None);
    }
}

#[test]
fn names_that_lead_elsewhere_are_no_keys() {
    const FIRST: Option<&str> =
        Some("a part begins with something else than a letter, a digit or _");
    const CHARACTER: Option<&str> = Some("has a character outside A-Z a-z 0-9 . _ ~ -");
    const ROOT: Option<&str> = Some("neither under public/ nor under private/");
    check("", ROOT);
    check("/public/a", ROOT);
    check("other/a", ROOT);
    check("../public/a", ROOT);
    check("publicity/a", ROOT);
    check("public/..", FIRST);
    check("public/./a", FIRST);
    check("public/../private/a", FIRST);
    check("public/.store", FIRST);
    check("public/-a", FIRST);
    check("public//a", Some("a part is empty"));
    check("public/", Some("a part is empty"));
    check("public/a b", CHARACTER);
    check("public/a%2e%2e", CHARACTER);
    check("public/a\\b", CHARACTER);
    check("public/a\0", CHARACTER);
    check("public/aé", CHARACTER);
    check("public/a?b", CHARACTER);
}

#[test]
fn a_part_has_at_most_128_bytes() {
    check(&format!("public/{}", "a".repeat(PART_BYTES_MAX)), None);
    let long = "a".repeat(PART_BYTES_MAX + 1);
    check(&format!("public/{long}"), Some("a part is longer than 128 bytes"));
}

#[test]
fn a_key_has_at_most_512_bytes() {
    let part = "a".repeat(101);
    let key = format!("public/{part}/{part}/{part}/{part}/");
    let rest = KEY_BYTES_MAX - key.len();
    check(&format!("{key}{}", "a".repeat(rest)), None);
    check(&format!("{key}{}", "a".repeat(rest + 1)), Some("longer than 512 bytes"));
}

#[test]
fn a_key_has_at_most_8_parts() {
    check("public/2/3/4/5/6/7/8", None);
    check("public/2/3/4/5/6/7/8/9", Some("more than 8 parts"));
}

#[test]
fn a_bad_key_is_told_in_bounded_length() {
    let Err(Error::BadKey { key, .. }) = Key::new("é".repeat(100_000)) else { panic!() };
    assert_eq!(key.chars().count(), KEY_BYTES_MAX);
}

#[test]
fn a_child_is_one_part() {
    let folder = Area::Public.root();
    assert_eq!(folder.child("demo").unwrap().as_str(), "public/demo");
    for part in ["", "a/b", "..", "a/../b"] {
        assert!(matches!(folder.child(part), Err(Error::BadKey { .. })), "{part:?}");
    }
}

#[test]
fn a_key_knows_its_area_and_its_last_part() {
    let key = Key::new("public/demo/playlist.m3u8").unwrap();
    assert_eq!((key.area(), key.file_name()), (Area::Public, "playlist.m3u8"));
    assert_eq!(Area::Private.root().child("a").unwrap().area(), Area::Private);
}
