//! A report as text for people, as JSON, and as CSV.

use std::fmt::Write as _;

use media::WallTime;
use serde_json::{Value, json};

use super::{ACTIVE_MIN, Figures, Report, START_MIN};
use crate::exports::write_csv_row;
use crate::rfc3339_millis;

/// The columns of the CSV.
const COLUMNS: [&str; 11] = [
    "of",
    "name",
    "session_starts",
    "active_sessions",
    "listening_hours",
    "average_seconds",
    "unique_listeners",
    "peak",
    "peak_at",
    "bounces",
    "bounce_rate",
];

/// What is said where nobody knows the country.
const UNKNOWN: &str = "unknown";

impl Report {
    /// For people.
    pub fn text(&self) -> String {
        let all = &self.all;
        let (from, to) = (self.period.from(), self.period.to());
        let of = self.egress.as_ref().map(|name| format!(", egress {name}")).unwrap_or_default();
        let (starts, active) = (START_MIN.as_secs(), ACTIVE_MIN.as_secs());
        let by = if self.shortened > 0 { "network and player" } else { "address and player" };
        let rows = [
            [format!("session starts (longer than {starts} s)"), all.starts.to_string()],
            [format!("active sessions (at least {active} s)"), all.active.to_string()],
            ["listening hours".to_owned(), hours(all.listening_ms)],
            ["average time spent listening".to_owned(), length(all.average_ms())],
            [format!("unique listeners (by {by})"), all.unique.to_string()],
            ["peak of active sessions".to_owned(), peak(all)],
            [format!("bounce rate (starts shorter than {active} s)"), percent(all)],
        ];
        let mut text = format!("{from} to {to} UTC{of}\n\n");
        text += &table(&rows);
        if self.shortened > 0 {
            let many = format!("{} of {} active sessions", self.shortened, all.active);
            // Writing to a `String` does not fail.
            let _ = write!(text, "\nOf {many} the address is shortened to its /24 or /48 network");
            text += " (log.address_days): listeners are told apart by it.\n";
        }
        let named = self.named();
        for of in ["egress", "country", "protocol"] {
            let rows = named.iter().filter(|(kind, ..)| *kind == of);
            text += &group(of, rows.map(|(_, name, figures)| (name.as_str(), *figures)));
        }
        text += &self.hourly();
        text
    }

    /// One object.
    pub fn json(&self) -> Value {
        let named = self.named();
        let group = |of: &str| -> Value {
            let rows = named.iter().filter(|(kind, ..)| *kind == of);
            rows.map(|(_, name, figures)| with(figures_json(figures), "name", json!(name)))
                .collect()
        };
        let hour = |hour: &super::Hour| {
            json!({
                "begins": rfc3339_millis(hour.begins),
                "session_starts": hour.starts,
                "active_sessions": hour.active,
                "listening_ms": hour.listening_ms,
                "peak": hour.peak,
            })
        };
        json!({
            "from": self.period.from().to_string(),
            "to": self.period.to().to_string(),
            "egress": self.egress,
            "all": figures_json(&self.all),
            "egresses": group("egress"),
            "countries": group("country"),
            "protocols": group("protocol"),
            "hours": self.hours.iter().map(hour).collect::<Value>(),
            "shortened_addresses": self.shortened,
            "unique_by": if self.shortened > 0 { "network" } else { "address" },
        })
    }

    /// A row of all, of each egress, country, protocol and hour, with a header.
    pub fn csv(&self) -> String {
        let mut out = Vec::new();
        let mut row = |cells: &[&str]| {
            // Writing to a `Vec` does not fail.
            let _ = write_csv_row(cells, &mut out);
        };
        row(&COLUMNS);
        let all = [("all", String::new(), &self.all)];
        for (of, name, figures) in all.into_iter().chain(self.named()) {
            let peak_at = figures.peak_at.map(rfc3339_millis).unwrap_or_default();
            row(&[
                of,
                &name,
                &figures.starts.to_string(),
                &figures.active.to_string(),
                &decimal(figures.listening_ms, 3_600_000, 6),
                &decimal(figures.average_ms(), 1_000, 3),
                &figures.unique.to_string(),
                &figures.peak.to_string(),
                &peak_at,
                &figures.bounces.to_string(),
                &decimal(figures.bounces_per_million(), 1_000_000, 6),
            ]);
        }
        for hour in &self.hours {
            row(&[
                "hour",
                &rfc3339_millis(hour.begins),
                &hour.starts.to_string(),
                &hour.active.to_string(),
                &decimal(hour.listening_ms, 3_600_000, 6),
                "",
                "",
                &hour.peak.to_string(),
                "",
                "",
                "",
            ]);
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// Of what the figures are, its name, and they.
    fn named(&self) -> Vec<(&'static str, String, &Figures)> {
        let mut named = Vec::new();
        named.extend(self.egresses.iter().map(|(name, of)| ("egress", name.clone(), of)));
        let country = |country: &Option<catalogue::Country>| {
            country.map_or_else(|| UNKNOWN.to_owned(), |country| country.to_string())
        };
        named.extend(self.countries.iter().map(|(code, of)| ("country", country(code), of)));
        let protocols = self.protocols.iter();
        named.extend(protocols.map(|(protocol, of)| ("protocol", protocol.name().to_owned(), of)));
        named
    }

    /// The hours in which there was anybody.
    fn hourly(&self) -> String {
        let header = ["hour (UTC)", "starts", "active", "hours", "peak"].map(str::to_owned);
        let mut rows = vec![header];
        for hour in self.hours.iter().filter(|hour| hour.starts + hour.active > 0) {
            let begins = rfc3339_millis(hour.begins).replace('T', " ");
            rows.push([
                begins.chars().take("2026-11-22 18:00".len()).collect(),
                hour.starts.to_string(),
                hour.active.to_string(),
                hours(hour.listening_ms),
                hour.peak.to_string(),
            ]);
        }
        if rows.len() > 1 { format!("\n{}", table(&rows)) } else { String::new() }
    }
}

/// A table of what has the same kind of name.
fn group<'a>(of: &str, named: impl Iterator<Item = (&'a str, &'a Figures)>) -> String {
    let header = [of, "starts", "active", "hours", "average", "unique", "bounces", "peak"];
    let mut rows = vec![header.map(str::to_owned)];
    for (name, figures) in named {
        rows.push([
            name.to_owned(),
            figures.starts.to_string(),
            figures.active.to_string(),
            hours(figures.listening_ms),
            length(figures.average_ms()),
            figures.unique.to_string(),
            percent(figures),
            peak(figures),
        ]);
    }
    if rows.len() > 1 { format!("\n{}", table(&rows)) } else { String::new() }
}

/// Lines of cells below each other: the first to the left, numbers to the right, and
/// where there are two alone both to the left.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (nth, (cell, width)) in row.iter().zip(&widths).enumerate() {
            line += if nth == 0 { "" } else { "  " };
            // Writing to a `String` does not fail.
            let _ = if nth == 0 || N == 2 {
                write!(line, "{cell:<width$}")
            } else {
                write!(line, "{cell:>width$}")
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn figures_json(figures: &Figures) -> Value {
    json!({
        "session_starts": figures.starts,
        "bounces": figures.bounces,
        "active_sessions": figures.active,
        "listening_ms": figures.listening_ms,
        "average_ms": figures.average_ms(),
        "unique_listeners": figures.unique,
        "peak": figures.peak,
        "peak_at": figures.peak_at.map(rfc3339_millis),
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    object
}

/// `2.50`: milliseconds as hours.
fn hours(ms: u64) -> String {
    decimal(ms, 3_600_000, 2)
}

/// `1h 2m 3s`, to the nearest second.
fn length(ms: u64) -> String {
    let secs = (ms + 500) / 1_000;
    match (secs / 3_600, secs / 60 % 60, secs % 60) {
        (0, 0, secs) => format!("{secs}s"),
        (0, mins, secs) => format!("{mins}m {secs}s"),
        (hours, mins, secs) => format!("{hours}h {mins}m {secs}s"),
    }
}

fn peak(figures: &Figures) -> String {
    let Some(at) = figures.peak_at else { return "0".to_owned() };
    let at = rfc3339_millis(WallTime::from_nanos(at.secs() * 1_000_000_000)).replace(".000Z", "Z");
    format!("{} at {at}", figures.peak)
}

fn percent(figures: &Figures) -> String {
    decimal(figures.bounces_per_million(), 10_000, 1) + " %"
}

/// A number of parts, so many to a whole, as a decimal, rounded to the nearest.
fn decimal(parts: u64, whole: u64, digits: u32) -> String {
    let scale = 10_u128.pow(digits);
    let rounded = (u128::from(parts) * scale + u128::from(whole / 2)) / u128::from(whole.max(1));
    let width = usize::try_from(digits).unwrap_or_default();
    format!("{}.{:0width$}", rounded / scale, rounded % scale)
}

#[cfg(test)]
mod tests;
