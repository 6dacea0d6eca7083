//! What is written down of sessions.

use std::path::Path;
use std::time::Duration;

use media::WallTime;
use serde_json::Value;
use tests::wait;

/// A session's record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) egress: String,
    pub(super) protocol: String,
    pub(super) user_agent: String,
    pub(super) started: WallTime,
    pub(super) ended: WallTime,
    pub(super) media: Duration,
    pub(super) bytes: u64,
    pub(super) ending: String,
}

impl Record {
    fn read(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            egress: text("egress"),
            protocol: text("protocol"),
            user_agent: text("user_agent"),
            started: moment(&text("started")),
            ended: moment(&text("ended")),
            media: Duration::from_secs_f64(line["media_seconds"].as_f64().unwrap()),
            bytes: line["bytes"].as_u64().unwrap(),
            ending: text("ending"),
        }
    }

    /// From its start to its end.
    pub(super) fn length(&self) -> Duration {
        self.ended.since(self.started)
    }
}

/// All that a node has written down, from every day.
pub(super) fn all(data: &Path) -> Vec<Record> {
    let Ok(entries) = std::fs::read_dir(data.join("sessions")) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let is_day = |path: &Path| {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("20") && path.extension().is_some_and(|extension| extension == "jsonl")
    };
    let texts = files.iter().filter(|path| is_day(path)).map(std::fs::read_to_string);
    texts.flat_map(|text| text.unwrap().lines().map(Record::read).collect::<Vec<_>>()).collect()
}

/// The sessions that the last checkpoint of a node has.
pub(super) fn open(data: &Path) -> Vec<Record> {
    let text = std::fs::read_to_string(data.join("sessions/open.jsonl")).unwrap_or_default();
    text.lines().map(Record::read).collect()
}

/// Waits until there are so many records.
pub(super) async fn until(data: &Path, count: usize) -> Vec<Record> {
    wait::until("records", || async { Some(all(data)).filter(|all| all.len() >= count) }).await
}

/// `2026-11-23T08:12:49.250Z`.
fn moment(text: &str) -> WallTime {
    let digits: Vec<u64> = text
        .split(|char: char| !char.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    let [year, month, day, hour, minute, second, ..] = digits[..] else { panic!("{text:?}") };
    let millis = digits.get(6).copied().unwrap_or_default();
    // Days since 1970 in the proleptic Gregorian calendar, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let secs = (days - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second;
    WallTime::from_nanos((secs * 1_000 + millis) * 1_000_000)
}

#[test]
fn a_moment_is_read_as_it_was_written() {
    let written = "2026-11-23T08:12:49.250Z";
    assert_eq!(moment(written), WallTime::from_nanos(1_795_421_569_250_000_000));
    assert_eq!(moment("2024-02-29T00:00:00.000Z"), WallTime::from_nanos(1_709_164_800_000_000_000));
}
