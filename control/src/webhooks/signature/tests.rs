use super::*;

#[test]
fn a_signature_is_what_other_programs_compute() {
    // By Python's `hmac`: hmac.new(b"a key", b'1700000000.{"event":"on_air"}', "sha256").
    let expected =
        "t=1700000000,v1=4744ff060fe8c2fee372d1294bc2292de0e85e406fc7b93c53a945d0ebe81a62";
    assert_eq!(sign(b"a key", 1_700_000_000, br#"{"event":"on_air"}"#), expected);
}

#[test]
fn another_time_another_body_and_another_secret_are_other_signatures() {
    let one = sign(b"a key", 1, b"body");
    assert_ne!(one, sign(b"a key", 2, b"body"));
    assert_ne!(one, sign(b"a key", 1, b"bodY"));
    assert_ne!(one, sign(b"a kez", 1, b"body"));
    assert_eq!(one, sign(b"a key", 1, b"body"));
}
