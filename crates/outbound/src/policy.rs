//! Which addresses may be connected to.
//!
//! Refused is what the IANA IPv4 and IPv6 Special-Purpose Address Registries
//! (RFC 6890) do not call globally reachable, and multicast (RFC 5771, RFC 4291
//! §2.7). Of IPv6, only global unicast (`2000::/3`) is left to begin with. What
//! holds an IPv4 address within (mapped, compatible, NAT64, 6to4, Teredo) is
//! refused whatever that address is: who means an IPv4 address can say so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Every address may be, this machine's and its neighbours' too.
    pub allow_private: bool,
}

/// An address may not be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} is not public: {range}")]
pub struct Forbidden {
    /// The address.
    pub address: IpAddr,
    /// What it is, with its range.
    pub range: &'static str,
}

/// Ranges of IPv4: first address, bits of the prefix, name.
const IPV4: [(Ipv4Addr, u32, &str); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8, "this network, 0.0.0.0/8"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private, 10.0.0.0/8"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT, 100.64.0.0/10"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback, 127.0.0.0/8"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local, 169.254.0.0/16"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private, 172.16.0.0/12"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "IETF protocol assignments, 192.0.0.0/24"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation, 192.0.2.0/24"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay anycast, 192.88.99.0/24"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private, 192.168.0.0/16"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking, 198.18.0.0/15"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation, 198.51.100.0/24"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation, 203.0.113.0/24"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast, 224.0.0.0/4"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved and broadcast, 240.0.0.0/4"),
];

/// Ranges of IPv6, the narrower before the wider. The last three are what is
/// not global unicast.
const IPV6: [(Ipv6Addr, u32, &str); 19] = [
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified, ::"),
    (Ipv6Addr::LOCALHOST, 128, "loopback, ::1"),
    (Ipv6Addr::UNSPECIFIED, 96, "IPv4-compatible, ::/96"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "IPv4-mapped, ::ffff:0:0/96"),
    (v6(0x64, 0xff9b, 0), 96, "NAT64, 64:ff9b::/96"),
    (v6(0x64, 0xff9b, 1), 48, "NAT64, 64:ff9b:1::/48"),
    (v6(0x100, 0, 0), 64, "discard, 100::/64"),
    (v6(0x2001, 0, 0), 32, "Teredo, 2001::/32"),
    (v6(0x2001, 0, 0), 23, "IETF protocol assignments, 2001::/23"),
    (v6(0x2001, 0xdb8, 0), 32, "documentation, 2001:db8::/32"),
    (v6(0x2002, 0, 0), 16, "6to4, 2002::/16"),
    (v6(0x3fff, 0, 0), 20, "documentation, 3fff::/20"),
    (v6(0xfe80, 0, 0), 10, "link-local, fe80::/10"),
    (v6(0xfec0, 0, 0), 10, "site-local, fec0::/10"),
    (v6(0xff00, 0, 0), 8, "multicast, ff00::/8"),
    (v6(0xfc00, 0, 0), 7, "unique local, fc00::/7"),
    (v6(0, 0, 0), 3, "outside global unicast, 2000::/3"),
    (v6(0x4000, 0, 0), 2, "outside global unicast, 2000::/3"),
    (v6(0x8000, 0, 0), 1, "outside global unicast, 2000::/3"),
];

impl Policy {
    /// Whether the address may be connected to.
    ///
    /// # Errors
    ///
    /// [`Forbidden`], with what the address is.
    pub fn check(self, address: IpAddr) -> Result<(), Forbidden> {
        match range_of(address) {
            Some(range) if !self.allow_private => Err(Forbidden { address, range }),
            _ => Ok(()),
        }
    }
}

/// The range that keeps an address from being public.
fn range_of(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => IPV4.iter().find_map(|(first, prefix, name)| {
            let apart = first.to_bits() ^ address.to_bits();
            (apart.leading_zeros() >= *prefix).then_some(*name)
        }),
        IpAddr::V6(address) => IPV6.iter().find_map(|(first, prefix, name)| {
            let apart = first.to_bits() ^ address.to_bits();
            (apart.leading_zeros() >= *prefix).then_some(*name)
        }),
    }
}

const fn v6(first: u16, second: u16, third: u16) -> Ipv6Addr {
    Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0)
}

#[cfg(test)]
mod tests;
