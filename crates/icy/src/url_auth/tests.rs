use std::net::{Ipv4Addr, Ipv6Addr};

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

const SERVER: Server<'_> = Server { host: "ice.example", port: 8000 };

fn listener<'a>() -> Listener<'a> {
    Listener {
        client: 1,
        target: "/live?x=1&y=a%20b",
        user: "fr",
        password: "ed p/w",
        ip: Ipv4Addr::LOCALHOST.into(),
        agent: Some("My (player)/1.0 a~b-c_d*'!é+".as_bytes()),
    }
}

fn source<'a>() -> Source<'a> {
    Source {
        mount: "/live",
        ip: Ipv4Addr::LOCALHOST.into(),
        user: "so urce",
        password: "ha ck&me",
        admin: false,
    }
}

/// The expected bodies are what Icecast 2.4.4 sent for the same requests.
#[track_caller]
fn check(action: Action<'_>, expected: &Expect) {
    expected.assert_eq(&action.to_body(SERVER).unwrap());
}

#[test]
fn a_listener_who_comes_is_described_as_icecast_has_it() {
    let headers = [("x-foo", b"a&b=c".as_slice())];
    let passed = PassedHeaders { prefix: "ClientHeader.", headers: &headers };
    check(
        Action::ListenerAdd(listener(), passed),
        &expect![
            "action=listener_add&server=ice%2eexample&port=8000&client=1&mount=%2flive%3fx%3d1%26y%3da%2520b&user=fr&pass=ed%20p%2fw&ip=127%2e0%2e0%2e1&agent=My%20%28player%29%2f1%2e0%20a%7eb%2dc%5fd%2a%27%21%c3%a9%2b&ClientHeader.x-foo=a%26b%3dc"
        ],
    );
}

#[test]
fn a_listener_of_whom_nothing_is_known_has_the_same_fields() {
    let stranger = Listener {
        target: "/live",
        user: "",
        password: "",
        ip: Ipv6Addr::LOCALHOST.into(),
        agent: None,
        ..listener()
    };
    check(
        Action::ListenerAdd(stranger, PassedHeaders::default()),
        &expect![
            "action=listener_add&server=ice%2eexample&port=8000&client=1&mount=%2flive&user=&pass=&ip=%3a%3a1&agent=%2d"
        ],
    );
}

#[test]
fn a_listener_who_goes_has_a_duration_in_whole_seconds() {
    check(
        Action::ListenerRemove(listener(), Duration::from_millis(3_999)),
        &expect![
            "action=listener_remove&server=ice%2eexample&port=8000&client=1&mount=%2flive%3fx%3d1%26y%3da%2520b&user=fr&pass=ed%20p%2fw&duration=3&ip=127%2e0%2e0%2e1&agent=My%20%28player%29%2f1%2e0%20a%7eb%2dc%5fd%2a%27%21%c3%a9%2b"
        ],
    );
}

#[test]
fn sources_and_mounts_are_described_as_icecast_has_it() {
    check(
        Action::StreamAuth(source()),
        &expect![
            "action=stream_auth&mount=%2flive&ip=127%2e0%2e0%2e1&server=ice%2eexample&port=8000&user=so%20urce&pass=ha%20ck%26me"
        ],
    );
    check(
        Action::StreamAuth(Source { admin: true, ..source() }),
        &expect![
            "action=stream_auth&mount=%2flive&ip=127%2e0%2e0%2e1&server=ice%2eexample&port=8000&user=so%20urce&pass=ha%20ck%26me&admin=1"
        ],
    );
    check(
        Action::MountAdd("/live"),
        &expect!["action=mount_add&mount=%2flive&server=ice%2eexample&port=8000"],
    );
    check(
        Action::MountRemove("/live"),
        &expect!["action=mount_remove&mount=%2flive&server=ice%2eexample&port=8000"],
    );
}

#[test]
fn a_body_has_at_most_4095_bytes() {
    let mount = |len| "a".repeat(len);
    let rest = Action::MountAdd("").to_body(SERVER).unwrap().len();
    let longest = Action::MountAdd(&mount(BODY_LEN_MAX - rest)).to_body(SERVER).unwrap();
    assert_eq!(longest.len(), BODY_LEN_MAX);
    assert_eq!(Action::MountAdd(&mount(BODY_LEN_MAX - rest + 1)).to_body(SERVER), Err(TooLong));
    assert_eq!(Action::MountAdd(&mount(1 << 20)).to_body(SERVER), Err(TooLong));
}

#[test]
fn cve_2018_18820_headers_of_any_length_write_nothing_behind_the_body() {
    let long = vec![b'%'; 1 << 20];
    let many = vec![("x-foo", b"bar".as_slice()); 1000];
    for headers in [[("x-foo", long.as_slice())].as_slice(), &many] {
        let passed = PassedHeaders { prefix: "", headers };
        assert_eq!(Action::ListenerAdd(listener(), passed).to_body(SERVER), Err(TooLong));
    }
}

/// The fields of a body, as any back end reads them.
fn fields(body: &str) -> Vec<(String, Vec<u8>)> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let halves = body.split('&').map(|field| field.split_once('=').unwrap());
    halves.map(|(name, value)| (String::from_utf8(decode(name)).unwrap(), decode(value))).collect()
}

#[test]
fn no_value_adds_a_field_or_a_line() {
    let evil = "a\r\nicecast-auth-user: 1\r\n\0&pass=x&user=admin;duration=0#?%26+é";
    let headers = [("x-a&pass=b\r\n", evil.as_bytes()), ("x-b", &[0, 0xff, b'&'])];
    let listener = Listener {
        target: evil,
        user: evil,
        password: evil,
        agent: Some(evil.as_bytes()),
        ..listener()
    };
    let passed = PassedHeaders { prefix: "&evil=", headers: &headers };
    let body = Action::ListenerAdd(listener, passed).to_body(SERVER).unwrap();
    assert!(body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"&=%-._".contains(&byte)));
    let fields = fields(&body);
    let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "action",
        "server",
        "port",
        "client",
        "mount",
        "user",
        "pass",
        "ip",
        "agent",
        "&evil=x-a&pass=b\r\n",
        "&evil=x-b",
    ];
    assert_eq!(names, expected);
    for index in [4, 5, 6, 8, 9] {
        assert_eq!(fields[index].1, evil.as_bytes());
    }
    assert_eq!(fields[10].1, [0, 0xff, b'&']);
}

proptest! {
    #[test]
    fn any_value_comes_back_as_it_was(target: String, agent: Vec<u8>, value: Vec<u8>) {
        let headers = [("x-foo", value.as_slice())];
        let listener = Listener { target: &target, agent: Some(&agent), ..listener() };
        let passed = PassedHeaders { prefix: "p.", headers: &headers };
        if let Ok(body) = Action::ListenerAdd(listener, passed).to_body(SERVER) {
            let fields = fields(&body);
            prop_assert_eq!(fields.len(), 10);
            prop_assert_eq!(&fields[4].1, target.as_bytes());
            prop_assert_eq!(&fields[8].1, &agent);
            prop_assert_eq!(&fields[9], &("p.x-foo".to_owned(), value));
        }
    }
}

/// Judges an answer by its status and its header lines.
fn judge(rules: &Rules, status: u16, headers: &[(&str, &str)]) -> Verdict {
    rules.verdict(status, headers.iter().map(|(name, value)| (*name, value.as_bytes())))
}

const YES: (&str, &str) = ("icecast-auth-user", "1");

#[track_caller]
fn check_limit(value: &str, expected: Option<u64>) {
    let verdict = judge(&Rules::default(), 200, &[YES, ("icecast-auth-timelimit", value)]);
    let limit = expected.map(Duration::from_secs);
    assert_eq!(verdict, Verdict::Allowed { limit }, "{value:?}");
}

const DENIED: Verdict = Verdict::Denied { reason: None };

#[test]
fn only_a_yes_is_a_yes() {
    let rules = Rules::default();
    let allowed = Verdict::Allowed { limit: None };
    for name in ["icecast-auth-user", "Icecast-Auth-User", "ICECAST-AUTH-USER"] {
        assert_eq!(judge(&rules, 200, &[(name, "1")]), allowed);
    }
    for value in ["", "0", "10", "-1", "yes", "1a", "01"] {
        assert_eq!(judge(&rules, 200, &[("icecast-auth-user", value)]), DENIED, "{value:?}");
    }
    assert_eq!(judge(&rules, 200, &[]), DENIED);
    assert_eq!(judge(&rules, 200, &[("x-icecast-auth-user", "1")]), DENIED);
    assert_eq!(judge(&rules, 403, &[YES]), allowed);
}

#[test]
fn a_server_error_is_no_yes() {
    assert_ne!(judge(&Rules::default(), 499, &[YES]), DENIED);
    assert_eq!(judge(&Rules::default(), 500, &[YES]), DENIED);
}

#[test]
fn any_header_and_any_status_can_be_the_yes() {
    let rules = Rules::new("X-Access: granted", "X-Limit:").unwrap();
    let said = [("x-access", "Granted; by me"), ("x-limit", "60")];
    assert_eq!(judge(&rules, 200, &said), Verdict::Allowed { limit: Some(Duration::from_mins(1)) });
    assert_eq!(judge(&rules, 200, &[("x-access", "grantedly")]), DENIED);
    assert_eq!(judge(&rules, 200, &[YES]), DENIED);
    let any_value = Rules::new("X-Access:", "X-Limit").unwrap();
    assert_ne!(judge(&any_value, 200, &[("x-access", "yes")]), DENIED);
    for accept in ["HTTP/1.1 200 OK", "HTTP 200", "http/2 200", "HTTP/1.0 200"] {
        let rules = Rules::new(accept, "l").unwrap();
        assert_eq!(judge(&rules, 200, &[]), Verdict::Allowed { limit: None });
        assert_eq!(judge(&rules, 204, &[YES]), DENIED);
    }
}

#[test]
fn rules_that_nothing_could_meet_are_refused() {
    for accept in ["", "icecast-auth-user", "a b: 1", ": 1", "HTTP/1.1", "HTTP 99", "HTTP 600"] {
        assert_eq!(Rules::new(accept, "l"), Err(RulesError::Accept), "{accept:?}");
    }
    for time_limit in ["", ":", "a b", "a:b"] {
        assert_eq!(Rules::new("a: 1", time_limit), Err(RulesError::TimeLimit), "{time_limit:?}");
    }
}

#[test]
fn a_time_limit_is_read_as_icecast_reads_it() {
    check_limit("900", Some(900));
    check_limit(" 900 ", Some(900));
    check_limit("2x", Some(2));
    check_limit("-1", None);
    check_limit("abc", None);
    check_limit("", None);
    let denied = judge(&Rules::default(), 200, &[YES, ("icecast-auth-timelimit", "0")]);
    assert_eq!(denied, DENIED);
}

#[test]
fn a_time_limit_is_at_most_a_year() {
    let year = TIME_LIMIT_MAX.as_secs();
    check_limit(&year.to_string(), Some(year));
    check_limit(&(year + 1).to_string(), Some(year));
    check_limit(&"9".repeat(1 << 20), Some(year));
}

#[test]
fn of_several_time_limits_the_least_counts() {
    let limit = |value| ("icecast-auth-timelimit", value);
    let verdict = judge(&Rules::default(), 200, &[limit("20"), YES, limit("10"), limit("30")]);
    assert_eq!(verdict, Verdict::Allowed { limit: Some(Duration::from_secs(10)) });
}

#[test]
fn a_reason_is_clean_and_at_most_255_bytes() {
    let reason = |value: &str| judge(&Rules::default(), 200, &[("Icecast-Auth-Message", value)]);
    let denied = |reason: &str| Verdict::Denied { reason: Some(reason.to_owned()) };
    assert_eq!(reason("no seats\u{7}"), denied("no seats"));
    assert_eq!(reason(&"x".repeat(255)), denied(&"x".repeat(255)));
    assert_eq!(reason(&"x".repeat(256)), denied(&"x".repeat(255)));
    assert_eq!(reason(" "), DENIED);
}

#[test]
fn nothing_secret_is_in_debug() {
    let headers = [("x-foo", b"secret".as_slice())];
    let passed = PassedHeaders { prefix: "", headers: &headers };
    let listener = Listener { target: "/live?secret", password: "secret", ..listener() };
    let source = Source { password: "secret", ..source() };
    let actions = [Action::ListenerAdd(listener, passed), Action::StreamAuth(source)];
    assert!(!format!("{actions:?}").contains("secret"));
}
