use super::*;

fn target(text: &str) -> Target {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What goes into the request for this URL: host, port, path and query.
#[track_caller]
fn check(text: &str, authority: &str, port: u16, path_and_query: &str) {
    let target = target(text);
    assert_eq!(target.authority(), authority, "{text}");
    assert_eq!(target.port(), port, "{text}");
    assert_eq!(target.path_and_query(), path_and_query, "{text}");
}

#[track_caller]
fn check_redirect(base: &str, location: &str, url: &str) {
    assert_eq!(target(base).join(location).unwrap().url.as_str(), url, "{location} from {base}");
}

#[test]
fn urls_are_read() {
    check("http://a.example", "a.example", 80, "/");
    check("HTTPS://A.example:443/x", "a.example", 443, "/x");
    check("https://a.example:8443/x?y=%20&z#frag", "a.example:8443", 8443, "/x?y=%20&z");
    check("http://u:p@a.example:8000/;stream.mp3", "a.example:8000", 8000, "/;stream.mp3");
    check(
        "http://a.example/caf\u{e9} x?t=\u{fc} '",
        "a.example",
        80,
        "/caf%C3%A9%20x?t=%C3%BC%20%27",
    );
    check("http://b\u{fc}cher.example/", "xn--bcher-kva.example", 80, "/");
    check("http://[2001:DB8:0::1]:8000/a", "[2001:db8::1]:8000", 8000, "/a");
    check("http:a.example/x", "a.example", 80, "/x");
}

#[test]
fn every_spelling_of_an_address_is_that_address() {
    for (spelling, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.0X0.0x0.0X1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0177.0.0.01.", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("\u{ff11}\u{ff12}\u{ff17}.0.0.1", "127.0.0.1"),
        ("127\u{3002}0\u{3002}0\u{3002}1", "127.0.0.1"),
        ("\u{2460}\u{2461}\u{2466}.0.0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("0xa9.0xfe.0xa9fe", "169.254.169.254"),
        ("2852039166", "169.254.169.254"),
        ("0251.0376.0251.0376", "169.254.169.254"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
        ("[::FFFF:7f00:1]", "::ffff:127.0.0.1"),
        ("[0:0:0:0:0:ffff:127.0.0.1]", "::ffff:127.0.0.1"),
        ("[::127.0.0.1]", "::7f00:1"),
        ("[0000::0001]", "::1"),
        ("[64:ff9b::169.254.169.254]", "64:ff9b::a9fe:a9fe"),
    ] {
        let target = target(&format!("http://{spelling}/"));
        let host = match target.host() {
            Host::Ipv4(address) => std::net::IpAddr::V4(address),
            Host::Ipv6(address) => address.into(),
            Host::Domain(name) => panic!("{spelling} is a name: {name}"),
        };
        assert_eq!(host, address.parse::<std::net::IpAddr>().unwrap(), "{spelling}");
        assert!(crate::Policy::default().check(host).is_err(), "{spelling}");
    }
}

#[test]
fn a_name_is_not_taken_for_an_address() {
    for name in ["localhost", "localhost.", "1.example", "127.0.0.1.nip.example"] {
        assert_eq!(target(&format!("http://{name}/")).host(), Host::Domain(name));
    }
}

#[test]
fn what_cannot_be_connected_to_is_refused() {
    for (text, error) in [
        ("ftp://a/", TargetError::Scheme),
        ("file:///etc/passwd", TargetError::Scheme),
        ("gopher://a/", TargetError::Scheme),
        ("icy://a/", TargetError::Scheme),
        ("http://a:0/", TargetError::Port),
        ("http://a/\r\nX: 1", TargetError::ControlCharacter),
        ("ht\ttp://a/", TargetError::ControlCharacter),
        ("http://a/\u{85}", TargetError::ControlCharacter),
    ] {
        assert_eq!(text.parse::<Target>(), Err(error), "{text}");
    }
    for text in [
        "",
        "a.example/x",
        "/x",
        "http://",
        "http://:80/",
        "http://a:65536/",
        "http://a:x/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://1.2.3.4.5/",
        "http://256.0.0.1/",
        "http://0x100000000/",
        "http://a b/",
        "http://a%00b/",
    ] {
        assert!(matches!(text.parse::<Target>(), Err(TargetError::Url(_))), "{text}");
    }
}

#[test]
fn a_url_has_at_most_2_kib() {
    let url = |len: usize| format!("http://a/{}", "x".repeat(len - "http://a/".len()));
    assert!(url(TARGET_LEN_MAX).parse::<Target>().is_ok());
    assert_eq!(url(TARGET_LEN_MAX + 1).parse::<Target>(), Err(TargetError::TooLong));
    // Escaping makes it longer.
    let escaped = format!("http://a/{}", "\u{fc}".repeat(900));
    assert!(escaped.len() < TARGET_LEN_MAX);
    assert_eq!(escaped.parse::<Target>(), Err(TargetError::TooLong));
}

#[test]
fn a_user_becomes_basic_credentials() {
    for (url, authorization) in [
        ("http://a/", None),
        ("http://source:hackme@a/", Some("Basic c291cmNlOmhhY2ttZQ==")),
        ("http://a%40b:p%3Aq%2F@a/", Some("Basic YUBiOnA6cS8=")),
        ("http://user@a/", Some("Basic dXNlcjo=")),
        ("http://:pass@a/", Some("Basic OnBhc3M=")),
    ] {
        assert_eq!(target(url).authorization().as_deref(), authorization, "{url}");
    }
}

#[test]
fn neither_display_nor_debug_show_more_than_the_origin() {
    let secret = target("https://user:hunter2@hooks.example:8443/services/T0KEN?key=s3cret");
    assert_eq!(secret.to_string(), "https://hooks.example:8443");
    assert_eq!(format!("{secret:?}"), "Target(https://hooks.example:8443)");
    let bad = "http://user:hunter2@a:99999/".parse::<Target>().unwrap_err();
    assert!(!format!("{bad} {bad:?}").contains("hunter2"));
}

#[test]
fn a_redirect_is_a_url_or_a_part_of_one() {
    let base = "http://u:p@a.example:8000/b/c?d";
    check_redirect(base, "/x", "http://u:p@a.example:8000/x");
    check_redirect(base, "x?y", "http://u:p@a.example:8000/b/x?y");
    check_redirect(base, "?y", "http://u:p@a.example:8000/b/c?y");
    check_redirect(base, "../../../x", "http://u:p@a.example:8000/x");
    check_redirect(base, "http://a.example:8000/x#f", "http://u:p@a.example:8000/x");
    check_redirect(base, "http://v:q@a.example:8000/", "http://v:q@a.example:8000/");
    check_redirect(base, "//b.example/x", "http://b.example/x");
    check_redirect(base, "https://a.example:8000/", "https://a.example:8000/");
    check_redirect(base, "http://a.example/", "http://a.example/");
    check_redirect("https://u@a.example/", "http://a.example/", "http://a.example/");
    check_redirect("http://u@a.example/", "http://A.example:80/", "http://u@a.example/");
    check_redirect(base, "", "http://u:p@a.example:8000/b/c?d");
}

#[test]
fn a_redirect_to_what_cannot_be_connected_to_is_refused() {
    let base = target("http://a.example/");
    for (location, error) in [
        ("ftp://b/", TargetError::Scheme),
        ("file:///etc/passwd", TargetError::Scheme),
        ("javascript:1", TargetError::Scheme),
        ("//b:0/", TargetError::Port),
        ("/x\ry", TargetError::ControlCharacter),
    ] {
        assert_eq!(base.join(location), Err(error), "{location}");
    }
    assert_eq!(base.join(&"x".repeat(TARGET_LEN_MAX + 1)), Err(TargetError::TooLong));
    assert!(matches!(base.join("http://"), Err(TargetError::Url(_))));
}

#[test]
fn an_extension_is_that_of_the_last_part_of_the_path() {
    for (text, is) in [
        ("http://a.example/b/live.m3u", true),
        ("http://a.example/LIVE.M3U?c=d#e", true),
        ("http://a.example/.m3u", true),
        ("http://a.example/live.m3u8", false),
        ("http://a.example/live.m3u/b", false),
        ("http://a.example/m3u", false),
        ("http://a.m3u", false),
        ("http://a.example/?live.m3u", false),
    ] {
        assert_eq!(target(text).has_extension("m3u"), is, "{text}");
    }
}
