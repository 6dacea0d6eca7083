//! Days of the world's clock, and how moments are written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use media::WallTime;

/// Length of a day: UTC as clocks have it knows no leap second.
pub const DAY: Duration = Duration::from_hours(24);

/// A UTC day, from 1970 to 2554. Written `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

/// What is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDay;

impl Day {
    /// The day of a moment.
    pub fn of(time: WallTime) -> Self {
        Self(u32::try_from(time.secs() / DAY.as_secs()).unwrap_or(u32::MAX))
    }

    /// When it begins.
    pub fn start(self) -> WallTime {
        WallTime::from_nanos(0).plus(DAY.saturating_mul(self.0))
    }

    /// When it is over, and the next one begins.
    pub fn end(self) -> WallTime {
        self.plus(1).start()
    }

    /// The day so many days later.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The day so many days earlier, none before 1970.
    #[must_use]
    pub fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// How many days it is later than `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", timestamp(self.start()).strftime("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let format = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        if !format.eq(*b"0000-00-00") {
            return Err(NoDay);
        }
        let date: Date = text.parse().map_err(|_| NoDay)?;
        let midnight = date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
        let secs = midnight.map_err(|_| NoDay)?.timestamp().as_second();
        let days = u64::try_from(secs).map_err(|_| NoDay)? / DAY.as_secs();
        let day = Self(u32::try_from(days).map_err(|_| NoDay)?);
        // Beyond 2554 its moments are not told apart any more.
        if Self::of(day.start()) == day { Ok(day) } else { Err(NoDay) }
    }
}

impl fmt::Display for NoDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a day is written as 2026-11-22")
    }
}

impl std::error::Error for NoDay {}

/// `2026-11-22T10:00:00.000Z`: RFC 3339 in UTC, rounded down to a millisecond.
pub fn rfc3339_millis(time: WallTime) -> String {
    timestamp(time).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The moment that an RFC 3339 text names, in any offset; `None` for another text,
/// and before 1970 and behind 2554.
pub(crate) fn parse_rfc3339(text: &str) -> Option<WallTime> {
    let nanos = text.parse::<Timestamp>().ok()?.as_nanosecond();
    u64::try_from(nanos).ok().map(WallTime::from_nanos)
}

/// Rounded down to a millisecond: as much as is written of a moment.
pub(crate) fn millis(time: WallTime) -> u64 {
    time.nanos() / 1_000_000
}

/// For formatting, rounded down to a millisecond.
pub(crate) fn timestamp(time: WallTime) -> Timestamp {
    let millis = i64::try_from(millis(time)).unwrap_or_default();
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

#[cfg(test)]
mod tests;
