use super::*;
use crate::testing::session;

fn check(session: &Session, expected: &str) {
    assert_eq!(access_line(session), format!("{expected}\n"));
}

#[test]
fn a_line_is_icecasts() {
    check(
        &session(1),
        "192.0.2.7 - - [22/Nov/2026:19:00:00 +0000] \"GET /radio HTTP/1.0\" 200 57600080 \
         \"-\" \"VLC/3.0\" 3600",
    );
    check(
        &Session {
            address: "::ffff:192.0.2.9".parse().unwrap(),
            user: Some("anna".to_owned()),
            referer: "https://a.example/".to_owned(),
            user_agent: String::new(),
            ..session(1)
        },
        "192.0.2.9 - anna [22/Nov/2026:19:00:00 +0000] \"GET /radio HTTP/1.0\" 200 57600080 \
         \"https://a.example/\" \"-\" 3600",
    );
}

#[test]
fn nothing_that_a_stranger_says_ends_a_field_or_a_line() {
    let hostile = "a\" 200 1 \"x\r\n10.0.0.1 - - \\ \u{85}\u{0}";
    let line = access_line(&Session {
        user: Some(hostile.to_owned()),
        path: hostile.to_owned(),
        referer: hostile.to_owned(),
        user_agent: hostile.to_owned(),
        ..session(1)
    });
    assert_eq!(line.matches('\n').count(), 1);
    assert_eq!(line.matches('"').count(), 6);
    assert!(!line.trim_end().chars().any(char::is_control), "{line:?}");
}

#[test]
fn a_name_is_one_word() {
    let line = access_line(&Session { user: Some("a [b] \"c\" d".to_owned()), ..session(1) });
    assert!(line.starts_with("192.0.2.7 - a__b__\\x22c\\x22_d [22/Nov/"), "{line}");
}
