//! Databases for tests, made on the spot.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use ipnet::IpNet;
use mmdb_writer::Writer;

/// How a database has its countries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As MaxMind's.
    Nested,
    /// As DB-IP's of ip-location-db.
    Flat,
    /// Another key: no countries.
    Other,
}

/// A database of these networks, built so long after 1970.
pub(crate) fn database(layout: Layout, networks: &[(&str, &str)], built: Duration) -> Vec<u8> {
    let built = SystemTime::UNIX_EPOCH + built;
    let mut writer = Writer::builder("Test-Country").build_epoch(built).build();
    for (network, code) in networks {
        let network: IpNet = network.parse().unwrap();
        let nested = BTreeMap::from([("country", BTreeMap::from([("iso_code", *code)]))]);
        let inserted = match layout {
            Layout::Nested => writer.insert(network, &nested),
            Layout::Flat => writer.insert(network, &BTreeMap::from([("country_code", *code)])),
            Layout::Other => writer.insert(network, &BTreeMap::from([("organization", *code)])),
        };
        inserted.unwrap();
    }
    writer.to_bytes().unwrap()
}
