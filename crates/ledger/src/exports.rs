//! What the field reads, made of a day's records.
//!
//! Three forms: Icecast's access log, the tab-delimited file a stream that NPR and
//! others take (`SoundStack` calls it `LogExport`), and CSV with all that is known
//! (RFC 4180). Each is a function of the records; texts of strangers end neither a
//! column nor a line in any of them.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use crate::access::{access_line, or_dash};
use crate::day::{rfc3339_millis, timestamp};
use crate::{Session, to_line};

/// The columns of the CSV.
const COLUMNS: [&str; 16] = [
    "id",
    "egress",
    "protocol",
    "country",
    "address",
    "path",
    "user_agent",
    "referer",
    "user",
    "started",
    "ended",
    "seconds",
    "media_seconds",
    "bytes",
    "status",
    "ending",
];

/// The status of every session: who is refused has none.
const STATUS: &str = "200";

/// The sessions in the order of their ends, each once: of several records with one id
/// and one start the last one counts.
pub fn sorted(records: Vec<Session>) -> Vec<Session> {
    let mut last = HashMap::with_capacity(records.len());
    for session in records {
        last.insert((session.id, session.started), session);
    }
    let mut sessions: Vec<_> = last.into_values().collect();
    sessions.sort_unstable_by_key(|session| (session.ended, session.id));
    sessions
}

/// Writes the records themselves, a JSON object a line.
///
/// # Errors
///
/// Those of `out`; so for all below.
pub fn write_records(sessions: &[Session], out: &mut impl Write) -> io::Result<()> {
    sessions.iter().filter_map(to_line).try_for_each(|line| out.write_all(line.as_bytes()))
}

/// Writes Icecast's access log, a line a session.
///
/// # Errors
///
/// Those of `out`.
pub fn write_access_log(sessions: &[Session], out: &mut impl Write) -> io::Result<()> {
    sessions.iter().try_for_each(|session| out.write_all(access_line(session).as_bytes()))
}

/// The sessions of each egress, by its name: a file of the tab-delimited form each.
pub fn by_egress(sessions: &[Session]) -> BTreeMap<&str, Vec<&Session>> {
    let mut egresses: BTreeMap<&str, Vec<&Session>> = BTreeMap::new();
    for session in sessions {
        egresses.entry(&session.egress).or_default().push(session);
    }
    egresses
}

/// Writes the tab-delimited log of one stream: address, date and time of the start in
/// UTC, stream, seconds, status, player. It has no header.
///
/// The last column, "referrer or client player", is the player; where it says nothing
/// of itself the page that sent the listener there; where there is none, `-`.
///
/// # Errors
///
/// Those of `out`.
pub fn write_stream_log(sessions: &[&Session], out: &mut impl Write) -> io::Result<()> {
    sessions.iter().try_for_each(|session| {
        let Session { address, egress, user_agent, referer, .. } = session;
        let started = timestamp(session.started).strftime("%Y-%m-%d\t%H:%M:%S");
        let secs = session.length().as_secs();
        let player = if user_agent.is_empty() { or_dash(referer) } else { user_agent };
        let player = without_controls(player);
        writeln!(out, "{address}\t{started}\t{egress}\t{secs}\t{STATUS}\t{player}")
    })
}

/// Writes a CSV with a header and all that is known.
///
/// A text that a spreadsheet would take for a formula has a `'` before it.
///
/// # Errors
///
/// Those of `out`.
pub fn write_csv(sessions: &[Session], out: &mut impl Write) -> io::Result<()> {
    write_csv_row(&COLUMNS, out)?;
    sessions.iter().try_for_each(|session| {
        let seconds = |length: std::time::Duration| {
            format!("{}.{:03}", length.as_secs(), length.subsec_millis())
        };
        let cells: [&str; COLUMNS.len()] = [
            &session.id.to_string(),
            &session.egress,
            session.protocol.name(),
            session.country.as_ref().map_or("", |country| country.as_str()),
            &session.address.to_string(),
            &session.path,
            &session.user_agent,
            &session.referer,
            session.user.as_deref().unwrap_or_default(),
            &rfc3339_millis(session.started),
            &rfc3339_millis(session.ended),
            &seconds(session.length()),
            &seconds(session.media),
            &session.bytes.to_string(),
            STATUS,
            session.ending.map_or("", crate::Ending::name),
        ];
        write_csv_row(&cells, out)
    })
}

/// Writes cells with commas between them, and the line's end of RFC 4180.
pub(crate) fn write_csv_row(cells: &[&str], out: &mut impl Write) -> io::Result<()> {
    let cells: Vec<_> = cells.iter().map(|cell| csv_cell(cell)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// As RFC 4180 quotes it; what begins as a formula does is made a text by `'`.
fn csv_cell(text: &str) -> String {
    let text = without_controls(text);
    let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    if text.contains(['"', ',']) || text.starts_with(' ') || text.ends_with(' ') {
        return format!("\"{guard}{}\"", text.replace('"', "\"\""));
    }
    format!("{guard}{text}")
}

/// A blank for each character that ends a column or a line, or does worse.
fn without_controls(text: &str) -> String {
    let ends = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().map(|c| if ends(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
