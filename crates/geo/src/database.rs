//! One database, whole in memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;

use catalogue::Country;
use maxminddb::{MaxMindDbError, PathElement, Reader};
use media::WallTime;

/// The largest file that is read: those of whole cities have 120 MB.
pub const DATABASE_BYTES_MAX: u64 = 256 << 20;

/// Where databases have the country's code: MaxMind's own, and flat ones such as DB-IP's
/// of ip-location-db.
const PATHS: [&[PathElement<'static>]; 2] = [
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
    &[PathElement::Key("country_code")],
];

/// A database of countries by address.
///
/// Holds the file, 10 MB for countries.
pub struct Database {
    reader: Reader<Vec<u8>>,
}

/// Why a file is no database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is larger than [`DATABASE_BYTES_MAX`].
    #[error("larger than {} MiB", DATABASE_BYTES_MAX >> 20)]
    TooLarge,
    /// It is no MaxMind DB, or a damaged one.
    #[error("no database in MaxMind's format: {0}")]
    Format(#[from] MaxMindDbError),
    /// It says nothing of any country.
    #[error("has no countries: neither `country.iso_code` nor `country_code` ({0})")]
    NoCountries(String),
}

impl Database {
    /// Reads a file whole.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let mut bytes = Vec::new();
        // A file that grows meanwhile is not read further.
        File::open(path)?.take(DATABASE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > DATABASE_BYTES_MAX {
            return Err(DatabaseError::TooLarge);
        }
        Self::from_bytes(bytes)
    }

    /// Takes a file's bytes.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Format`] and [`DatabaseError::NoCountries`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, DatabaseError> {
        let database = Self { reader: Reader::from_source(bytes)? };
        if database.has_countries()? {
            Ok(database)
        } else {
            Err(DatabaseError::NoCountries(database.kind().to_owned()))
        }
    }

    /// The country of an address; an IPv4-mapped one is IPv4. `None` where the database
    /// has none, or something that is no country of ISO 3166-1.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        let found = self.reader.lookup(address.to_canonical()).ok()?;
        let code = PATHS.iter().find_map(|path| found.decode_path::<&str>(path).ok().flatten());
        code?.parse().ok()
    }

    /// What it calls itself, such as `GeoLite2-Country`.
    pub fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// When it was built.
    pub fn built(&self) -> WallTime {
        WallTime::from_nanos(self.reader.metadata().build_epoch.saturating_mul(1_000_000_000))
    }

    /// Whether any of the first records names a country. A database of something else,
    /// as of networks' owners, would keep everybody out, or nobody.
    fn has_countries(&self) -> Result<bool, DatabaseError> {
        for found in self.reader.networks(maxminddb::WithinOptions::default())?.take(RECORDS_MAX) {
            let found = found?;
            if PATHS.iter().any(|path| matches!(found.decode_path::<&str>(path), Ok(Some(_)))) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Records that are looked at for a country: more than are without one in a row.
const RECORDS_MAX: usize = 10_000;

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
