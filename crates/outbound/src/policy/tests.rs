use super::*;

const PUBLIC_ONLY: Policy = Policy { allow_private: false };

/// The first and the last address of a range are refused as what it is called.
#[track_caller]
fn check(first: &str, last: &str, name: &str) {
    for text in [first, last] {
        let address: IpAddr = text.parse().unwrap();
        let refused = PUBLIC_ONLY.check(address).expect_err(text);
        assert!(refused.range.starts_with(name), "{text}: {refused}");
        assert_eq!(refused.address, address);
        assert_eq!(Policy { allow_private: true }.check(address), Ok(()), "{text}");
    }
}

#[track_caller]
fn check_public(addresses: &[&str]) {
    for text in addresses {
        assert_eq!(PUBLIC_ONLY.check(text.parse().unwrap()), Ok(()), "{text}");
    }
}

#[test]
fn ranges_of_ipv4_that_are_not_public_are_refused_to_their_edges() {
    check("0.0.0.0", "0.255.255.255", "this network");
    check("10.0.0.0", "10.255.255.255", "private");
    check("100.64.0.0", "100.127.255.255", "carrier-grade NAT");
    check("127.0.0.0", "127.255.255.255", "loopback");
    check("169.254.0.0", "169.254.255.255", "link-local");
    check("172.16.0.0", "172.31.255.255", "private");
    check("192.0.0.0", "192.0.0.255", "IETF protocol assignments");
    check("192.0.2.0", "192.0.2.255", "documentation");
    check("192.88.99.0", "192.88.99.255", "6to4 relay anycast");
    check("192.168.0.0", "192.168.255.255", "private");
    check("198.18.0.0", "198.19.255.255", "benchmarking");
    check("198.51.100.0", "198.51.100.255", "documentation");
    check("203.0.113.0", "203.0.113.255", "documentation");
    check("224.0.0.0", "239.255.255.255", "multicast");
    check("240.0.0.0", "255.255.255.255", "reserved and broadcast");
}

#[test]
fn neighbours_of_those_ranges_are_public() {
    check_public(&[
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.1.255",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
    ]);
}

#[test]
fn ranges_of_ipv6_that_are_not_public_are_refused_to_their_edges() {
    check("::", "::", "unspecified");
    check("::1", "::1", "loopback");
    check("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local");
    check("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local");
    check("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique local");
    check("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast");
    check("100::", "100::ffff:ffff:ffff:ffff", "discard");
    check("2001:2::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "IETF protocol assignments");
    check("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation");
    check("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation");
    check("1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "outside global unicast");
    check("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "outside global unicast");
    check("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "outside global unicast");
}

#[test]
fn forms_with_an_ipv4_address_within_are_refused() {
    for within in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "8.8.8.8"] {
        let v4: Ipv4Addr = within.parse().unwrap();
        let [a, b, c, d] = v4.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let [mapped, compatible, nat64, local_nat64, six_to_four, teredo] = [
            v4.to_ipv6_mapped().to_string(),
            format!("::{within}"),
            format!("64:ff9b::{within}"),
            format!("64:ff9b:1::{within}"),
            format!("2002:{high:x}:{low:x}::1"),
            format!("2001:0:4136:e378:8000:63bf:{:x}:{:x}", !high, !low),
        ];
        check(&mapped, &mapped, "IPv4-mapped");
        check(&compatible, &compatible, "IPv4-compatible");
        check(&nat64, &nat64, "NAT64");
        check(&local_nat64, &local_nat64, "NAT64");
        check(&six_to_four, &six_to_four, "6to4");
        check(&teredo, &teredo, "Teredo");
    }
}

#[test]
fn global_unicast_is_public() {
    check_public(&[
        "2000::1",
        "2001:200::",
        "2001:db7:ffff::1",
        "2001:db9::",
        "2001:4860:4860::8888",
        "2003::1",
        "2600::1",
        "2a01:4f8::1",
        "3ffe:ffff::1",
        "3fff:1000::",
    ]);
}

#[test]
fn no_address_is_allowed_by_default_that_is_not_public() {
    assert_eq!(Policy::default(), PUBLIC_ONLY);
}
