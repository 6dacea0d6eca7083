//! A segment's pass: which country's listeners were told its address, and on which
//! day. One for all of them, so that a cache has a segment once for each.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalogue::Country;
use media::WallTime;

use crate::token::SessionKeys;

/// Characters of a pass at most: a day, a country, a mark, and what is between.
pub const PASS_LEN_MAX: usize = 48;

/// Bytes of the mark, which nobody guesses.
const MARK_LEN: usize = 16;

/// Seconds of a day.
const DAY_SECS: u64 = 24 * 60 * 60;

/// What stands for a country that nobody knows.
const NOWHERE: &str = "--";

/// To whom a segment's address was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentPass {
    /// On which day, in whole days since 1970.
    pub day: u64,
    /// To listeners in which country.
    pub country: Option<Country>,
}

impl SegmentPass {
    /// The pass of a session that began then, there.
    pub fn new(started: WallTime, country: Option<Country>) -> Self {
        Self { day: started.secs() / DAY_SECS, country }
    }

    /// Whole days since it was given, at `now`; none for one of tomorrow.
    pub fn age_days(&self, now: WallTime) -> Option<u64> {
        // A session lasts over midnight, and clocks of nodes differ.
        (now.secs() / DAY_SECS + 1).checked_sub(self.day).map(|age| age.saturating_sub(1))
    }

    /// The text of the pass for an egress's segments: `20780-DE-…`.
    pub fn sign(&self, keys: &SessionKeys, egress: &str) -> String {
        let mark: Option<[u8; MARK_LEN]> = keys.marks(&self.text(egress)).next();
        format!("{self}-{}", URL_SAFE_NO_PAD.encode(mark.unwrap_or_default()))
    }

    /// The pass that a text is for an egress's segments, if one of the keys has
    /// signed it.
    pub fn verify(text: &str, keys: &SessionKeys, egress: &str) -> Option<Self> {
        if text.len() > PASS_LEN_MAX {
            return None;
        }
        // The mark may have hyphens of its own.
        let (day, rest) = text.split_once('-')?;
        let (country, given) = rest.split_at_checked(NOWHERE.len())?;
        let given = URL_SAFE_NO_PAD.decode(given.strip_prefix('-')?).ok()?;
        let country = if country == NOWHERE { None } else { Some(country.parse().ok()?) };
        let pass = Self { day: day.parse().ok()?, country };
        let signed = pass.text(egress);
        let is_known = |mark: [u8; MARK_LEN]| {
            // One of the bytes differs in a time that depends on none of them.
            let differs = mark.iter().zip(&given).fold(0, |sum, (one, other)| sum | (one ^ other));
            given.len() == MARK_LEN && differs == 0
        };
        keys.marks(&signed).any(is_known).then_some(pass)
    }

    fn text(&self, egress: &str) -> Vec<u8> {
        // A token's bytes begin otherwise: one is never the other.
        format!("segment {egress} {self}").into_bytes()
    }
}

impl fmt::Display for SegmentPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let country = self.country.as_ref().map_or(NOWHERE, Country::as_str);
        write!(f, "{}-{country}", self.day)
    }
}

#[cfg(test)]
mod tests;
