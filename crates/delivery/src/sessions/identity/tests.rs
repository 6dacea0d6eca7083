use axum::http::{HeaderName, HeaderValue};

use super::*;

const SID: &str = "6e2fb550-c457-11e9-bb97-0800200c9a66";

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    lines.iter().map(pair).collect()
}

fn of(address: &str, lines: &[(&'static str, &str)], query: Option<&str>) -> Fingerprint {
    Fingerprint::of("acme", address.parse().unwrap(), &headers(lines), query)
}

#[test]
fn a_player_is_known_by_its_address_its_agent_and_the_mount() {
    let vlc = [("user-agent", "VLC/3.0")];
    let one = of("192.0.2.1", &vlc, None);
    assert_eq!(one, of("192.0.2.1", &vlc, Some("from=-2h")));
    assert_eq!(one, of("::ffff:192.0.2.1", &vlc, None), "the same address");
    assert_ne!(one, of("192.0.2.2", &vlc, None));
    assert_ne!(one, of("192.0.2.1", &[("user-agent", "VLC/3.1")], None));
    assert_ne!(one, of("192.0.2.1", &[], None));
    let address = "192.0.2.1".parse().unwrap();
    assert_ne!(one, Fingerprint::of("other", address, &headers(&vlc), None));
    assert_eq!(one, Fingerprint::of_client("acme", address, b"VLC/3.0"));
}

#[test]
fn a_network_of_ipv6_is_one_household() {
    let one = of("2001:db8:1:2:3:4:5:6", &[], None);
    assert_eq!(one, of("2001:db8:1:2:ffff::1", &[], None));
    assert_ne!(one, of("2001:db8:1:3:3:4:5:6", &[], None));
}

#[test]
fn what_a_player_calls_its_session_is_better_and_cmcd_is_best() {
    let apple = [("x-playback-session-id", "A1")];
    let one = of("192.0.2.1", &apple, None);
    assert_eq!(one, of("198.51.100.1", &apple, None), "wherever it goes");
    assert_ne!(one, of("192.0.2.1", &[("x-playback-session-id", "A2")], None));
    let session = format!("sid=\"{SID}\"");
    let query = format!("CMCD=bl%3D21300%2Csid%3D%22{SID}%22%2Csu&t=x");
    let by_header = of("192.0.2.1", &[("cmcd-session", &session), apple[0]], None);
    assert_eq!(by_header, of("198.51.100.1", &[], Some(&query)));
    assert_ne!(by_header, one);
}
