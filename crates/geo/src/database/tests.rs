use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use fastrand::Rng;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::*;
use crate::testing::{Layout, database};

const BUILT: Duration = Duration::from_secs(1_700_000_000);

const LAYOUTS: [Layout; 2] = [Layout::Nested, Layout::Flat];

fn opened(layout: Layout, networks: &[(&str, &str)]) -> Database {
    Database::from_bytes(database(layout, networks, BUILT)).unwrap()
}

fn country(database: &Database, address: &str) -> Option<String> {
    database.country(address.parse().unwrap()).map(|country| country.to_string())
}

#[test]
fn both_layouts_are_read() {
    for layout in LAYOUTS {
        let networks = [("127.0.1.0/24", "DE"), ("127.0.2.0/24", "US"), ("2001:db8:1::/48", "FR")];
        let database = opened(layout, &networks);
        let told = ["127.0.1.9", "127.0.2.255", "2001:db8:1::7"].map(|one| country(&database, one));
        assert_eq!(told, ["DE", "US", "FR"].map(|code| Some(code.to_owned())), "{layout:?}");
        assert_eq!(country(&database, "127.0.3.1"), None);
        assert_eq!(country(&database, "2001:db8:2::1"), None);
        assert_eq!((database.kind(), database.built().secs()), ("Test-Country", 1_700_000_000));
    }
}

#[test]
fn an_ipv4_mapped_address_is_ipv4() {
    let database = opened(Layout::Nested, &[("198.51.100.0/24", "CH")]);
    assert_eq!(country(&database, "::ffff:198.51.100.7").as_deref(), Some("CH"));
}

#[test]
fn what_is_no_country_is_none() {
    let database = opened(
        Layout::Flat,
        &[("10.0.0.0/8", "EU"), ("11.0.0.0/8", "us"), ("12.0.0.0/8", ""), ("13.0.0.0/8", "US")],
    );
    for address in ["10.1.1.1", "11.1.1.1", "12.1.1.1"] {
        assert_eq!(country(&database, address), None, "{address}");
    }
    assert_eq!(country(&database, "13.1.1.1").as_deref(), Some("US"));
}

#[test]
fn what_is_no_database_of_countries_is_refused() {
    let refused = |bytes: Vec<u8>| Database::from_bytes(bytes).unwrap_err().to_string();
    assert!(refused(b"nothing".to_vec()).starts_with("no database in MaxMind's format: "));
    let other = database(Layout::Other, &[("10.0.0.0/8", "Acme")], BUILT);
    assert_eq!(
        refused(other),
        "has no countries: neither `country.iso_code` nor `country_code` (Test-Country)"
    );
    assert!(refused(database(Layout::Flat, &[], BUILT)).starts_with("has no countries"));
}

#[test]
fn a_damaged_database_is_refused_or_answers() {
    let whole = database(Layout::Nested, &[("10.0.0.0/8", "DE"), ("11.0.0.0/8", "US")], BUILT);
    for seed in 0..2_000 {
        let mut rng = Rng::with_seed(seed);
        let mut bytes = whole.clone();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..bytes.len());
            bytes[at] = rng.u8(..);
        }
        if rng.u8(..4) == 0 {
            bytes.truncate(rng.usize(..bytes.len()));
        }
        if let Ok(database) = Database::from_bytes(bytes) {
            for _ in 0..8 {
                database.country(Ipv4Addr::from(rng.u32(..)).into());
                database.country(Ipv6Addr::from(rng.u128(..)).into());
            }
        }
    }
}

/// Networks and addresses by chance: the longest network that has an address says the
/// country, as a list that is searched from its end does.
#[test]
fn any_address_is_in_the_country_of_its_network() {
    for seed in 0..200 {
        let mut rng = Rng::with_seed(seed);
        let layout = LAYOUTS[rng.usize(..2)];
        let codes: Vec<_> = Country::all().map(|country| country.to_string()).collect();
        let mut networks: Vec<(IpNet, String)> = Vec::new();
        for _ in 0..rng.usize(1..40) {
            let network = if rng.bool() {
                let address = Ipv4Addr::from(rng.u32(..) & 0x0F0F_FFFF | 0x1000_0000);
                IpNet::V4(Ipv4Net::new(address, rng.u8(9..=32)).unwrap().trunc())
            } else {
                let address = Ipv6Addr::from(rng.u128(..) >> 4 | 3 << 124);
                IpNet::V6(Ipv6Net::new(address, rng.u8(8..=64)).unwrap().trunc())
            };
            networks.push((network, codes[rng.usize(..codes.len())].clone()));
        }
        let mut by_length: Vec<_> = BTreeMap::from_iter(networks).into_iter().collect();
        // What is written later replaces what was.
        by_length.sort_by_key(|(network, _)| network.prefix_len());
        let texts: Vec<_> =
            by_length.iter().map(|(network, code)| (network.to_string(), code.as_str())).collect();
        let texts: Vec<_> = texts.iter().map(|(network, code)| (network.as_str(), *code)).collect();
        let database = opened(layout, &texts);
        for _ in 0..50 {
            let (network, _) = &by_length[rng.usize(..by_length.len())];
            let address = match network.addr() {
                IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from(u32::from(first) ^ rng.u32(..256))),
                IpAddr::V6(first) => {
                    IpAddr::V6(Ipv6Addr::from(u128::from(first) ^ u128::from(rng.u64(..))))
                }
            };
            let same = |network: &IpNet| network.addr().is_ipv4() == address.is_ipv4();
            let found = by_length
                .iter()
                .rev()
                .find(|(network, _)| same(network) && network.contains(&address));
            let wanted = found.map(|(_, code)| code.clone());
            let told = database.country(address).map(|country| country.to_string());
            assert_eq!(told, wanted, "seed {seed}, {address}");
        }
    }
}
