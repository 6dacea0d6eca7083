//! Where a programme may be heard: countries, and what holds where nobody knows one.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use settings::networks::Networks;

/// The officially assigned codes of ISO 3166-1 alpha-2, in order, and `XK`, which is
/// the user's to assign and what geographical databases call Kosovo.
const CODES: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO \
JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR \
MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";

/// Letters of a code.
const CODE_LEN: usize = 2;

/// A country, by its code of ISO 3166-1 alpha-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; CODE_LEN]);

/// What is no country's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no country: codes are those of ISO 3166-1, two capitals such as `DE`")]
pub struct CountryError(String);

/// Where an egress may be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geo {
    /// In which countries.
    pub countries: Countries,
    /// Whether it may be heard where nobody knows the country.
    pub unknown_country: bool,
    /// From these addresses it may be heard wherever they are.
    pub exempt: Networks,
}

/// In which countries a programme may be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Countries {
    /// Everywhere but there.
    AllExcept(Vec<Country>),
    /// Nowhere but there.
    NoneExcept(Vec<Country>),
}

impl Geo {
    /// Whether the egress may be heard in a country, or where nobody knows it.
    pub fn admits(&self, country: Option<Country>) -> bool {
        let Some(country) = country else { return self.unknown_country };
        match &self.countries {
            Countries::AllExcept(those) => !those.contains(&country),
            Countries::NoneExcept(those) => those.contains(&country),
        }
    }
}

impl Country {
    /// Every country.
    pub fn all() -> impl Iterator<Item = Self> {
        codes().iter().map(|[one, other, _]| Self([*one, *other]))
    }

    /// Its code, two capitals.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = CountryError;

    /// # Errors
    ///
    /// [`CountryError`]: small letters too.
    fn from_str(text: &str) -> Result<Self, CountryError> {
        // Asked at each reload of a playlist, for its token and for its address.
        let found =
            codes().binary_search_by(|[one, other, _]| [*one, *other][..].cmp(text.as_bytes()));
        let code = found.ok().and(text.as_bytes().first_chunk());
        code.map(|code| Self(*code)).ok_or_else(|| CountryError(text.to_owned()))
    }
}

/// The codes, each with the space behind it.
fn codes() -> &'static [[u8; CODE_LEN + 1]] {
    CODES.as_bytes().as_chunks().0
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
