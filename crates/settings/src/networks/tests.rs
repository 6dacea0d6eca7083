use super::*;

fn networks(texts: &[&str]) -> Networks {
    texts.iter().map(|text| text.parse::<Network>().unwrap()).collect()
}

#[track_caller]
fn check(texts: &[&str], inside: &[&str], outside: &[&str]) {
    let networks = networks(texts);
    for address in inside {
        assert!(networks.contains(address.parse().unwrap()), "{address} is in {texts:?}");
    }
    for address in outside {
        assert!(!networks.contains(address.parse().unwrap()), "{address} is not in {texts:?}");
    }
}

#[test]
fn a_network_holds_its_addresses_and_no_others() {
    check(&["10.0.0.0/8"], &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0", "::1"]);
    check(&["fd00::/8"], &["fd00::", "fdff::1"], &["fc00::", "fe00::", "10.0.0.1"]);
    check(&["192.0.2.1"], &["192.0.2.1"], &["192.0.2.0", "192.0.2.2"]);
    check(&["::1"], &["::1"], &["::", "::2", "127.0.0.1"]);
    check(&["0.0.0.0/0"], &["0.0.0.0", "255.255.255.255"], &["::1"]);
    check(&["::/0"], &["::1", "2001:db8::1"], &["10.0.0.1", "::ffff:10.0.0.1"]);
    check(&["10.0.0.0/8", "192.0.2.0/24"], &["10.1.2.3", "192.0.2.9"], &["192.0.3.1"]);
    check(&[], &[], &["127.0.0.1", "::1"]);
}

#[test]
fn mapped_addresses_and_networks_are_ipv4() {
    check(&["10.0.0.0/8"], &["::ffff:10.1.2.3"], &["::ffff:11.1.2.3", "::10.1.2.3"]);
    check(&["::ffff:10.0.0.0/104"], &["10.1.2.3", "::ffff:10.1.2.3"], &["11.1.2.3"]);
    check(&["::ffff:192.0.2.1"], &["192.0.2.1"], &["192.0.2.2"]);
    check(&["::ffff:0:0/96"], &["192.0.2.1"], &["::1"]);
}

#[test]
fn what_is_no_network_is_refused() {
    for text in [
        "",
        "10",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/",
        "10.0.0/8",
        "::/129",
        "010.0.0.0/8",
        "localhost",
        "10.0.0.0/8,",
        " 10.0.0.0/8",
        "10.0.0.0/255.0.0.0",
        "fe80::1%eth0",
    ] {
        assert_eq!(text.parse::<Network>(), Err(NetworkError::Form(text.to_owned())), "{text:?}");
    }
}

#[test]
fn bits_behind_the_length_are_refused_with_the_network() {
    let refused = |text: &str| text.parse::<Network>().unwrap_err().to_string();
    assert_eq!(
        refused("10.1.2.3/8"),
        "`10.1.2.3/8` has bits behind its length: the network is `10.0.0.0/8`"
    );
    assert_eq!(
        refused("fd00::1/8"),
        "`fd00::1/8` has bits behind its length: the network is `fd00::/8`"
    );
}

#[test]
fn no_networks_are_empty() {
    assert!(networks(&[]).is_empty());
    assert!(!networks(&["::1"]).is_empty());
}
