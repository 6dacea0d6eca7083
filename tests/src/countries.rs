//! Networks that are countries: databases as a node reads them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use mmdb_writer::Writer;

/// How a database is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `country.iso_code`, as MaxMind's.
    Nested,
    /// `country_code`, as DB-IP's.
    Flat,
}

/// Writes a database of these networks into a folder.
pub fn database(networks: &[(&str, &str)], layout: Layout, folder: &Path) -> PathBuf {
    let mut writer = Writer::new("Test-Country");
    for (network, code) in networks {
        let network: IpNet = network.parse().unwrap();
        let inserted = match layout {
            Layout::Nested => {
                let country = BTreeMap::from([("iso_code", *code)]);
                writer.insert(network, &BTreeMap::from([("country", country)]))
            }
            Layout::Flat => writer.insert(network, &BTreeMap::from([("country_code", *code)])),
        };
        inserted.unwrap();
    }
    let file = folder.join("country.mmdb");
    std::fs::write(&file, writer.to_bytes().unwrap()).unwrap();
    file
}
