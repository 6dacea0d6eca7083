//! Moments as text: RFC 3339 in playlists, the HTTP date in headers.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use media::WallTime;

/// The moment in UTC with six decimals: `2026-11-22T14:47:34.000000Z` (RFC 3339 §5.6).
///
/// Rounds down to a microsecond, so that one moment has one text everywhere:
/// `EXT-X-PROGRAM-DATE-TIME` and `START-DATE` of the same sample are equal.
pub fn rfc3339(time: WallTime) -> String {
    timestamp(time).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// The moment as `Last-Modified` has it: `Sun, 22 Nov 2026 14:47:34 GMT`
/// (IMF-fixdate, RFC 9110 §5.6.7).
///
/// Rounds down to a second.
pub fn http_date(time: WallTime) -> String {
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&timestamp(time))
        .expect("a year of four digits can be written")
}

fn timestamp(time: WallTime) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(time.nanos())).expect("jiff counts to the year 9999")
}

#[cfg(test)]
mod tests;
