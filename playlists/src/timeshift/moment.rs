//! `from` and `to` of a request: moments, as a listener writes them.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use media::WallTime;
use settings::parse_duration;

/// Bytes of a moment that are looked at: an RFC 3339 time with nanoseconds and
/// an offset has 35.
pub const MOMENT_LEN_MAX: usize = 64;

/// A moment: so long ago, or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `-2h`, `-90s`, `-1h30m`, `-7200`: before now.
    Ago(Duration),
    /// `2026-11-22T10:00:00Z` (RFC 3339).
    At(WallTime),
}

/// What a request's query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Where listening begins.
    pub from: Moment,
    /// Where it ends; with nothing it goes on.
    pub to: Option<Moment>,
    /// As it was written, ready to stand in a URI.
    text: String,
}

/// A stretch of the past, at a given moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub from: WallTime,
    /// Whether `from` stays where it is from one reload to the next.
    pub is_fixed: bool,
    /// Where it ends.
    pub to: Option<WallTime>,
}

/// Why a query asks for nothing that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// It cannot be read.
    #[error("from and to are written as -2h, -90s or 2026-11-22T10:00:00Z")]
    Malformed,
    /// `to` alone, or one of them twice.
    #[error("from is needed, and to may follow, each once")]
    Incomplete,
    /// Nothing is there yet.
    #[error("from lies in the future")]
    Future,
    /// `to` is not behind `from`.
    #[error("to lies before from")]
    Backwards,
}

impl Moment {
    /// Reads a moment.
    ///
    /// A plus sign may have become a blank, as it does in forms.
    ///
    /// # Errors
    ///
    /// [`QueryError::Malformed`], above [`MOMENT_LEN_MAX`] bytes too.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MOMENT_LEN_MAX {
            return Err(QueryError::Malformed);
        }
        match text.strip_prefix('-') {
            Some(ago) => parse_ago(ago).map(Self::Ago),
            None => parse_time(text).map(Self::At),
        }
        .ok_or(QueryError::Malformed)
    }

    /// The moment, at `now`.
    pub fn at(self, now: WallTime) -> WallTime {
        match self {
            Self::Ago(ago) => now.minus(ago),
            Self::At(time) => time,
        }
    }
}

fn parse_ago(text: &str) -> Option<Duration> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // At most 100 years, as a length with a unit.
        return parse_duration(&format!("{text}s")).ok();
    }
    parse_duration(text).ok()
}

/// Reads an RFC 3339 time: with its offset, after 1970.
///
/// `jiff` reads much more, such as times without separators or with a zone's name.
fn parse_time(text: &str) -> Option<WallTime> {
    let text = text.replace(' ', "+");
    let (date, time) = text.split_once(['T', 't'])?;
    let is_plain = |text: &str| text.bytes().all(|byte| b"0123456789:.+-Zz".contains(&byte));
    let has_separators = date.len() == 10 && time.as_bytes().get(2) == Some(&b':');
    if !(is_plain(date) && is_plain(time) && has_separators) {
        return None;
    }
    let timestamp: Timestamp = text.parse().ok()?;
    Some(WallTime::from_nanos(u64::try_from(timestamp.as_nanosecond()).ok()?))
}

impl Query {
    /// Takes `from` and `to` out of a request's parameters, which are decoded;
    /// `None` where there is neither. Others are passed over.
    ///
    /// # Errors
    ///
    /// [`QueryError::Malformed`] and [`QueryError::Incomplete`].
    pub fn read<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Option<Self>, QueryError> {
        let (mut from, mut to) = (None, None);
        for (name, value) in parameters {
            let place = match name {
                "from" => &mut from,
                "to" => &mut to,
                _ => continue,
            };
            if place.replace((Moment::parse(value)?, value)).is_some() {
                return Err(QueryError::Incomplete);
            }
        }
        let Some((from, from_text)) = from else {
            return if to.is_some() { Err(QueryError::Incomplete) } else { Ok(None) };
        };
        let mut text = format!("from={}", escaped(from_text));
        if let Some((_, to_text)) = to {
            text = text + "&to=" + &escaped(to_text);
        }
        Ok(Some(Self { from, to: to.map(|(to, _)| to), text }))
    }

    /// What it means at `now`.
    ///
    /// # Errors
    ///
    /// [`QueryError::Future`] and [`QueryError::Backwards`].
    pub fn span(&self, now: WallTime) -> Result<Span, QueryError> {
        let (from, to) = (self.from.at(now), self.to.map(|to| to.at(now)));
        if from > now {
            return Err(QueryError::Future);
        }
        if to.is_some_and(|to| to <= from) {
            return Err(QueryError::Backwards);
        }
        Ok(Span { from, is_fixed: matches!(self.from, Moment::At(_)), to })
    }
}

impl fmt::Display for Query {
    /// `from=…&to=…`, for the URI of another playlist of the same station.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A moment has no other character that a query could take for its own.
fn escaped(moment: &str) -> String {
    moment.replace(['+', ' '], "%2B")
}

#[cfg(test)]
mod tests;
