//! Lengths of time as operators write them: `6s`, `4h`, `250ms`, `1m30s`.

use std::fmt::{self, Write as _};
use std::time::Duration as StdDuration;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};

/// Longest length that is taken, in milliseconds: 100 years of 365 days. Chosen,
/// so that no sum of two overflows anywhere.
const MAX_MS: u64 = 100 * 365 * 24 * 3_600_000;

/// Milliseconds in each unit, in the order in which they may follow each other.
const UNITS: [Unit; 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A unit's name and its worth in milliseconds.
type Unit = (&'static str, u64);

/// A length of time from `MIN` to `MAX` milliseconds, written as `"1m30s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration<const MIN: u64 = 0, const MAX: u64 = MAX_MS>(StdDuration);

impl<const MIN: u64, const MAX: u64> Duration<MIN, MAX> {
    /// The length of so many milliseconds, or `None` outside of the range.
    pub const fn from_millis(millis: u64) -> Option<Self> {
        if MIN <= millis && millis <= MAX {
            Some(Self(StdDuration::from_millis(millis)))
        } else {
            None
        }
    }

    /// The length as std has it.
    pub const fn get(self) -> StdDuration {
        self.0
    }
}

/// Why a text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// No number where one has to be.
    #[error("a length of time is written as `6s`, `250ms`, `1m30s` or `4h`")]
    Shape,
    /// A number without its unit.
    #[error("the length of time lacks its unit: one of d, h, m, s, ms")]
    NoUnit,
    /// A unit there is not.
    #[error("unknown unit of time; known are d, h, m, s, ms")]
    Unit,
    /// `5s1h`, `1s2s`.
    #[error("units of time go from the larger to the smaller, each once")]
    Order,
    /// Over 100 years.
    #[error("the length of time is over 100 years")]
    TooLong,
}

/// Reads a length: whole numbers with the units d, h, m, s, ms, the larger
/// first, each once, without blanks; or `0`.
///
/// # Errors
///
/// Each case of [`DurationError`].
pub fn parse_duration(text: &str) -> Result<StdDuration, DurationError> {
    if text == "0" {
        return Ok(StdDuration::ZERO);
    }
    if text.is_empty() {
        return Err(DurationError::Shape);
    }
    let (mut rest, mut units, mut millis) = (text, UNITS.as_slice(), 0_u64);
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit());
        if number.is_empty() {
            return Err(DurationError::Shape);
        }
        let number: u64 = number.parse().map_err(|_| DurationError::TooLong)?;
        let (unit, after) = split_where(after, |c| c.is_ascii_digit());
        let (worth, smaller) = take_unit(units, unit)?;
        let part = number.checked_mul(worth).ok_or(DurationError::TooLong)?;
        millis = millis.checked_add(part).ok_or(DurationError::TooLong)?;
        (rest, units) = (after, smaller);
    }
    if millis > MAX_MS {
        return Err(DurationError::TooLong);
    }
    Ok(StdDuration::from_millis(millis))
}

/// Writes a length as [`parse_duration`] reads it, rounded down to a millisecond.
pub fn format_duration(length: StdDuration) -> String {
    let mut millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, worth) in UNITS {
        if millis >= worth {
            let _ = write!(text, "{}{unit}", millis / worth);
            millis %= worth;
        }
    }
    text
}

/// The unit's worth in milliseconds, and the units that may follow it.
fn take_unit<'a>(allowed: &'a [Unit], unit: &str) -> Result<(u64, &'a [Unit]), DurationError> {
    if unit.is_empty() {
        return Err(DurationError::NoUnit);
    }
    if !UNITS.iter().any(|(known, _)| *known == unit) {
        return Err(DurationError::Unit);
    }
    let at = allowed.iter().position(|(known, _)| *known == unit).ok_or(DurationError::Order)?;
    match allowed.get(at..) {
        Some([(_, worth), smaller @ ..]) => Ok((*worth, smaller)),
        _ => Err(DurationError::Order),
    }
}

fn split_where(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stop).unwrap_or(text.len()))
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Duration<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let length = deserializer.deserialize_str(Text)?;
        let inside = u64::try_from(length.as_millis()).ok().and_then(Self::from_millis);
        inside.ok_or_else(|| {
            let range = [MIN, MAX].map(|ms| format_duration(StdDuration::from_millis(ms)));
            let [min, max] = range;
            D::Error::custom(format!("{} is out of range: {min} to {max}", format_duration(length)))
        })
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = StdDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time in quotes, such as \"6s\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        parse_duration(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests;
