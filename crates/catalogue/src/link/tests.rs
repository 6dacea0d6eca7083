use super::*;

fn check(text: &str, error: LinkError) {
    assert_eq!(text.parse::<Link>().unwrap_err(), error, "{text:?}");
}

#[test]
fn only_http_and_https_are_links() {
    for text in ["http://a/", "https://a.example:8443/x?y=1", "HTTP://[::1]/"] {
        assert!(text.parse::<Link>().is_ok(), "{text}");
    }
    check("file:///etc/passwd", LinkError::Scheme);
    check("gopher://a/", LinkError::Scheme);
    check("//a/b", LinkError::Malformed);
    check("http://", LinkError::Malformed);
    check("", LinkError::Malformed);
    check("http://a:0/", LinkError::Malformed);
    check("http://a/\tb", LinkError::Malformed);
}

#[test]
fn a_link_has_at_most_2048_bytes() {
    let text = |len: usize| format!("http://a/{}", "x".repeat(len - 9));
    assert!(text(LINK_BYTES_MAX).parse::<Link>().is_ok());
    check(&text(LINK_BYTES_MAX + 1), LinkError::TooLong);
    let escaped = format!("http://a/{}", " x".repeat(LINK_BYTES_MAX / 3));
    assert!(escaped.len() < LINK_BYTES_MAX);
    check(&escaped, LinkError::TooLong);
}

#[test]
fn a_password_is_neither_printed_nor_quoted() {
    let link: Link = "https://user:hush@a.example/x?key=hush#x".parse().unwrap();
    assert_eq!(format!("{link} {link:?}"), "https://a.example/x Link(https://a.example/x)");
    assert_eq!(link.expose(), "https://user:hush@a.example/x?key=hush#x");
}
