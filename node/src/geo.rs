//! `skywave geo`: by which database countries are known.

use std::fmt::Write as _;
use std::net::IpAddr;

use geo::{Atlas, OLD_AFTER, Status};
use media::WallTime;
use playlists::date;
use runtime::config::ProcessConfig;

/// How to get one. Which of them may be passed on, and on what terms, is theirs to say.
const HOW_TO_GET_ONE: &str = "\
Skywave brings no database. Set `geo.database` in skywave.toml, or SKYWAVE_GEO__DATABASE, to a
file in MaxMind's format (.mmdb) that has countries; it is read again whenever it changes:
  GeoLite2 Country   https://dev.maxmind.com/geoip/geolite2-free-geolocation-data
                     free with an account; `geoipupdate` keeps it up to date, as its licence asks
  DB-IP Lite         https://db-ip.com/db/download/ip-to-country-lite
                     free, CC BY 4.0: name DB-IP where you show what it says
";

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// For people.
    pub text: String,
    /// Whether there is a database that is not old.
    pub is_well: bool,
}

/// Reads the database that is configured, and looks addresses up in it.
pub fn look_up(config: &ProcessConfig, addresses: &[IpAddr], now: WallTime) -> Found {
    let atlas = config.geo_database.clone().map(Atlas::open).unwrap_or_default();
    let status = atlas.status();
    let mut text = describe(&status, now);
    for address in addresses {
        let country = atlas.country(*address);
        let country = country.map_or_else(|| "unknown".to_owned(), |country| country.to_string());
        // Writing to a `String` does not fail.
        let _ = writeln!(text, "{address}: {country}");
    }
    let is_well = status.kind.is_some() && status.error.is_none() && !status.is_old(now);
    if !is_well {
        text.push('\n');
        text.push_str(HOW_TO_GET_ONE);
    }
    Found { text, is_well }
}

fn describe(status: &Status, now: WallTime) -> String {
    let Some(path) = &status.path else {
        return "no database of countries is configured: every country is unknown\n".to_owned();
    };
    let path = path.display();
    match (&status.kind, status.built, &status.error) {
        (Some(kind), Some(built), _) => {
            let days = now.since(built).as_secs() / 86_400;
            let old = if status.is_old(now) {
                format!(", more than {}: get a new one", OLD_AFTER.as_secs() / 86_400)
            } else {
                String::new()
            };
            let built = date::rfc3339(built);
            format!("{path}: {kind}, built {built}, {days} days ago{old}\n")
        }
        (_, _, Some(error)) => format!("{path}: {error}\n"),
        _ => format!("{path}: not read\n"),
    }
}

#[cfg(test)]
mod tests;
