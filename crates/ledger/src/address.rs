//! Addresses, whole and shortened.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network that an address is in: /24 of IPv4, /48 of IPv6, by its first address.
///
/// As analytics shorten them: of an IPv4 address the last of four bytes goes, and of
/// an IPv6 one all but what a provider gives to a site (RFC 6177). Shortened twice is
/// shortened once.
pub fn shortened(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

/// Whether an address is no more than its network's.
pub fn is_short(address: IpAddr) -> bool {
    shortened(address) == address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(whole: &str, short: &str) {
        let (whole, short) = (whole.parse().unwrap(), short.parse().unwrap());
        assert_eq!(shortened(whole), short, "{whole}");
        assert_eq!(shortened(short), short, "{short}");
        assert!(is_short(short));
        assert_eq!(is_short(whole), whole == short);
    }

    #[test]
    fn of_an_address_the_network_is_left() {
        check("192.0.2.7", "192.0.2.0");
        check("192.0.2.255", "192.0.2.0");
        check("0.0.0.0", "0.0.0.0");
        check("::ffff:192.0.2.7", "192.0.2.0");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1::");
        check("2001:db8:1:ffff::", "2001:db8:1::");
        check("::1", "::");
    }
}
