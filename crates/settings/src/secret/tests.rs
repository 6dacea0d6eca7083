use super::*;

fn check(given: &[u8], expected: bool) {
    assert_eq!(Secret::new("s3cret").unwrap().matches(given), expected, "{given:?}");
}

#[test]
fn only_the_secret_itself_matches() {
    check(b"s3cret", true);
    check(b"s3creT", false);
    check(b"s3cre", false);
    check(b"s3cret ", false);
    check(b"", false);
}

#[test]
fn padding_does_not_make_two_secrets_one() {
    check(b"s3cret\0", false);
    let longest = "x".repeat(SECRET_BYTES_MAX);
    let secret = Secret::new(&longest).unwrap();
    assert!(secret.matches(longest.as_bytes()));
    assert!(!secret.matches(format!("{longest}y").as_bytes()));
    assert!(!secret.matches(&longest.as_bytes()[1..]));
}

#[test]
fn empty_overlong_and_unsendable_secrets_are_refused() {
    assert_eq!(Secret::new("").unwrap_err(), "a secret must not be empty");
    assert!(Secret::new(&"x".repeat(SECRET_BYTES_MAX + 1)).is_err());
    assert!(Secret::new("a\nb").is_err());
}

#[test]
fn a_secret_is_given_back_whole_but_never_printed() {
    let secret = Secret::new("pässword").unwrap();
    assert_eq!(secret.expose(), "pässword".as_bytes());
    assert_eq!(format!("{secret:?}"), "Secret(…)");
}

#[test]
fn errors_about_a_secret_do_not_quote_it() {
    #[derive(Debug, serde::Deserialize)]
    struct Settings {
        #[expect(dead_code, reason = "only the error matters")]
        password: Secret,
    }
    for value in ["12345", "true", "1.5", "[\"12345\"]", "{ a = \"12345\" }", "\"a12345\\nb\""] {
        let text = format!("password = {value}");
        let error = crate::from_toml::<Settings>(&text, "a.toml", &|_| None).unwrap_err();
        assert!(!error.to_string().contains("12345"), "{error}");
        assert!(error.to_string().starts_with("a.toml:1: password: a secret "), "{error}");
    }
}
