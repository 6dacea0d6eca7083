//! A session as a line: one JSON object.
//!
//! The names of its fields are a contract with whoever reads the files. Fields that
//! are not known here are passed over, so that a later version may have more.

use std::net::IpAddr;
use std::time::Duration;

use media::WallTime;
use serde::{Deserialize, Serialize};

use crate::day::{parse_rfc3339, rfc3339_millis};
use crate::{Ending, Protocol, Session};

/// Bytes of a line at most, its end not among them. Chosen: what is kept of a path, a
/// player's name, a referring page and a user makes some 2,000 bytes, six times as
/// many where all of them are escaped.
pub const LINE_LEN_MAX: usize = 16_384;

/// The object, as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    id: String,
    egress: String,
    protocol: String,
    country: Option<String>,
    address: IpAddr,
    #[serde(default)]
    path: String,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    referer: String,
    user: Option<String>,
    started: String,
    #[serde(default)]
    until: Option<String>,
    ended: String,
    #[serde(default)]
    media_seconds: f64,
    #[serde(default)]
    bytes: u64,
    ending: Option<String>,
}

/// A session's line with its end, or `None` where it is longer than
/// [`LINE_LEN_MAX`].
///
/// Moments and lengths are rounded down to a millisecond.
pub fn to_line(session: &Session) -> Option<String> {
    let line = Line {
        id: session.id.to_string(),
        egress: session.egress.clone(),
        protocol: session.protocol.name().to_owned(),
        country: session.country.map(|country| country.to_string()),
        address: session.address,
        path: session.path.clone(),
        user_agent: session.user_agent.clone(),
        referer: session.referer.clone(),
        user: session.user.clone(),
        started: rfc3339_millis(session.started),
        until: session.until.map(rfc3339_millis),
        ended: rfc3339_millis(session.ended),
        media_seconds: seconds(session.media),
        bytes: session.bytes,
        ending: session.ending.map(|ending| ending.name().to_owned()),
    };
    // It has no key that is no text, and no number that JSON has not.
    let mut text = serde_json::to_string(&line).ok()?;
    if text.len() > LINE_LEN_MAX {
        return None;
    }
    text.push('\n');
    Some(text)
}

/// The session of a line without its end, or `None` where it is none.
pub fn from_line(line: &[u8]) -> Option<Session> {
    let line: Line = serde_json::from_slice(line).ok()?;
    // It becomes a file's name.
    if !settings::is_name(&line.egress) {
        return None;
    }
    Some(Session {
        id: line.id.parse().ok()?,
        egress: line.egress,
        protocol: Protocol::from_name(&line.protocol)?,
        // A later list of countries may have more.
        country: line.country.and_then(|code| code.parse().ok()),
        address: line.address.to_canonical(),
        path: line.path,
        user_agent: line.user_agent,
        referer: line.referer,
        user: line.user,
        started: moment(&line.started)?,
        until: match line.until {
            Some(until) => Some(moment(&until)?),
            None => None,
        },
        ended: moment(&line.ended)?,
        media: length(line.media_seconds)?,
        bytes: line.bytes,
        ending: line.ending.map(|name| Ending::from_name(&name)),
    })
}

fn moment(text: &str) -> Option<WallTime> {
    parse_rfc3339(text)
}

/// In seconds, as the decimal with three digits is read: a sum of floats may be
/// beside it.
fn seconds(length: Duration) -> f64 {
    format!("{}.{:03}", length.as_secs(), length.subsec_millis()).parse().unwrap_or_default()
}

/// To the nearest millisecond.
fn length(seconds: f64) -> Option<Duration> {
    let length = Duration::try_from_secs_f64(seconds).ok()?;
    let half = Duration::from_micros(500);
    let millis = length.checked_add(half)?.as_millis();
    u64::try_from(millis).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests;
