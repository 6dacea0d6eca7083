//! What becomes of sessions: the logs of each day on the disk and in the bucket, and the
//! report of a period.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use ledger::{Day, Ending, Ledger, Protocol, Session, rfc3339_millis, to_line};
use media::{SessionId, WallTime};
use prometheus_client::metrics::counter::Counter;
use runtime::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use tests::disk::Disk;
use tests::program::Setup;
use tests::{Program, Scratch, metrics, program, tools, wait};
use tokio::io::AsyncWriteExt;

/// The longest that a program may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How the node runs. A day's addresses are whole for two days.
const LINES: &str = "[node]\nname = \"fra-1\"\n[log]\naddress_days = 3\n";

/// What a listener may say of itself.
const HOSTILE: &str = "=1+1\t\"a\",b\r\nc";

/// A node's folder, with sessions of days that are over.
struct Station {
    scratch: Scratch,
    /// The day that it is, for logs.
    today: Day,
}

/// A session that began at an hour of a day.
fn session(id: u8, day: Day, hour: u64, length: Duration) -> Session {
    let started = day.start().plus(Duration::from_hours(hour));
    Session {
        id: SessionId::new([id; 16]),
        egress: "radio".to_owned(),
        protocol: Protocol::Icy,
        country: Some("DE".parse().unwrap()),
        address: "192.0.2.7".parse().unwrap(),
        path: "/radio".to_owned(),
        user_agent: "VLC/3.0".to_owned(),
        referer: String::new(),
        user: None,
        started,
        until: None,
        ended: started.plus(length),
        media: length,
        bytes: 16_000 * length.as_secs(),
        ending: Some(Ending::Left),
    }
}

fn mins(mins: u64) -> Duration {
    Duration::from_mins(mins)
}

impl Station {
    /// Its ledger has sessions of three days ago and of yesterday.
    fn new() -> Self {
        let now = WallTime::from(SystemClock.wall());
        let station =
            Self { scratch: Scratch::default(), today: Day::of(now.minus(ledger::CLOSE_AFTER)) };
        let (old, yesterday) = (station.old(), station.yesterday());
        let jazz = |session: Session| Session {
            egress: "jazz".to_owned(),
            protocol: Protocol::Hls,
            country: None,
            path: "/jazz".to_owned(),
            address: "2001:db8:1:2::3".parse().unwrap(),
            ending: Some(Ending::Idle),
            ..session
        };
        let hostile = session(4, yesterday, 12, mins(90));
        let sessions = [
            session(1, old, 10, mins(60)),
            jazz(session(2, old, 11, mins(30))),
            // Over midnight.
            jazz(session(3, yesterday.minus(1), 23, mins(120))),
            Session { user_agent: HOSTILE.to_owned(), ..hostile },
            session(5, yesterday, 13, Duration::from_secs(20)),
        ];
        let (ledger, _) =
            Ledger::open(&station.data().join("sessions"), now, Counter::default()).unwrap();
        for session in &sessions {
            ledger.record(session);
        }
        ledger.flush(LIMIT);
        station
    }

    fn data(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    fn old(&self) -> Day {
        self.today.minus(3)
    }

    fn yesterday(&self) -> Day {
        self.today.minus(1)
    }

    /// The logs of a day in the bucket.
    fn stored(&self, day: Day, node: &str) -> PathBuf {
        let folder = self.data().join("bucket/private/logs");
        folder.join(day.to_string()).join(node)
    }

    /// Runs the node until it has done what is due with the days that are over.
    async fn close_days(&self) {
        let setup = Setup { lines: LINES, ..Setup::default() };
        let program = Program::serve_as(tests::node::MP3, self.scratch.path(), setup).await;
        for day in [self.old(), self.yesterday()] {
            let note = self.data().join("sessions").join(format!("{day}.done"));
            wait::until("a day that is done", || async { note.exists().then_some(()) }).await;
        }
        assert_eq!(program.terminate().await, 0);
    }

    /// What the real program says of these days.
    async fn report(&self, from: &str, to: &str, more: &[&str]) -> Output {
        let arguments = ["report", "--config", "skywave.toml", "--from", from, "--to", to];
        let arguments = [&arguments[..], more].concat();
        let mut command = program::command(&arguments, self.scratch.path());
        tokio::time::timeout(LIMIT, command.output()).await.unwrap().unwrap()
    }

    /// From the old day to yesterday.
    async fn whole_report(&self, more: &[&str]) -> String {
        let (from, to) = (self.old().to_string(), self.yesterday().to_string());
        let output = self.report(&from, &to, more).await;
        assert!(output.status.success(), "{}", tools::said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn json_report(&self) -> Value {
        serde_json::from_str(&self.whole_report(&["--format", "json"]).await).unwrap()
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The rows of a table, as Python reads it.
async fn rows(table: &str, separator: &str) -> Vec<Vec<String>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/it/session_logs/tables.py");
    let mut command = tokio::process::Command::new("python3");
    command.args([script, separator]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    child.stdin.take().unwrap().write_all(table.as_bytes()).await.unwrap();
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", tools::said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_over_is_in_the_logs_that_the_field_reads() {
    let station = Station::new();
    station.close_days().await;
    let day = station.yesterday();
    let local = station.data().join("logs").join(day.to_string());
    for name in ["access.log", "sessions.csv", "radio.txt", "jazz.txt"] {
        assert_eq!(read(&local.join(name)), read(&station.stored(day, "fra-1").join(name)));
    }
    let streams = rows(&read(&local.join("radio.txt")), "tab").await;
    let date = day.to_string();
    let hostile = ["192.0.2.7", &date, "12:00:00", "radio", "5400", "200", "=1+1 \"a\",b  c"];
    let short = ["192.0.2.7", &date, "13:00:00", "radio", "20", "200", "VLC/3.0"];
    assert_eq!(streams, [short, hostile]);
    let table = rows(&read(&local.join("sessions.csv")), "comma").await;
    let column = |name: &str| table[0].iter().position(|column| column == name).unwrap();
    let cells = |name: &str| -> Vec<&str> {
        table[1..].iter().map(|row| row[column(name)].as_str()).collect()
    };
    assert!(table.iter().all(|row| row.len() == 16), "{table:?}");
    assert_eq!(cells("egress"), ["jazz", "radio", "radio"]);
    assert_eq!(cells("user_agent"), ["VLC/3.0", "VLC/3.0", "'=1+1 \"a\",b  c"]);
    assert_eq!(cells("country"), ["", "DE", "DE"]);
    assert_eq!(cells("media_seconds"), ["7200.000", "20.000", "5400.000"]);
    let ended = day.start().plus(mins(60));
    assert_eq!(cells("ended")[0], rfc3339_millis(ended));
    let access = read(&local.join("access.log"));
    assert_eq!(access.lines().count(), 3);
    assert!(access.lines().next().unwrap().contains("\"GET /jazz HTTP/1.0\" 200 115200000 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_short_in_all_that_is_old_and_whole_in_what_is_not() {
    let station = Station::new();
    station.close_days().await;
    let texts = |day: Day| {
        let records = station.data().join("sessions").join(format!("{day}.jsonl"));
        let logs = station.data().join("logs").join(day.to_string());
        let stored = station.stored(day, "fra-1");
        let files = [records, logs.join("access.log"), logs.join("sessions.csv")];
        let files = files.into_iter().chain([stored.join("radio.txt"), stored.join("access.log")]);
        let files = files.chain([stored.join("sessions.csv"), stored.join("sessions.jsonl")]);
        files.map(|file| read(&file)).collect::<Vec<_>>()
    };
    for text in texts(station.old()) {
        assert!(text.contains("192.0.2.0"), "{text}");
        assert!(!text.contains("192.0.2.7") && !text.contains("2001:db8:1:2"), "{text}");
    }
    for text in texts(station.yesterday()) {
        assert!(text.contains("192.0.2.7") && !text.contains("192.0.2.0"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_adds_up_what_all_nodes_have() {
    let station = Station::new();
    // All that there is lies here, nothing in the bucket.
    station.close_days().await;
    let all = json!({
        "session_starts": 5,
        "bounces": 1,
        "active_sessions": 4,
        "listening_ms": 300 * 60_000,
        "average_ms": 75 * 60_000,
        // Two networks, and one with two players.
        "unique_listeners": 3,
        "peak": 1,
        "peak_at": rfc3339_millis(station.old().start().plus(mins(600))),
    });
    let report = station.json_report().await;
    assert_eq!(report["all"], all);
    assert_eq!(
        (&report["unique_by"], &report["shortened_addresses"]),
        (&json!("network"), &json!(2))
    );
    // The same from the bucket alone.
    std::fs::remove_dir_all(station.data().join("sessions")).unwrap();
    assert_eq!(station.json_report().await, report);
    // Another node had one of them too, and one more, and one is under way here.
    let other = station.stored(station.yesterday(), "fra-2");
    let two = [
        session(4, station.yesterday(), 12, mins(90)),
        session(6, station.yesterday(), 13, mins(2)),
    ];
    let lines: String = two.iter().map(|session| to_line(session).unwrap()).collect();
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("sessions.jsonl"), lines + "half a li").unwrap();
    let now = WallTime::from(SystemClock.wall());
    let (ledger, _) =
        Ledger::open(&station.data().join("sessions"), now, Counter::default()).unwrap();
    let open = Session { ending: None, ..session(7, station.yesterday(), 13, mins(1)) };
    ledger.checkpoint(vec![open]);
    ledger.flush(LIMIT);
    let report = station.json_report().await;
    assert_eq!(report["all"]["active_sessions"], 6);
    assert_eq!(report["all"]["listening_ms"], 303 * 60_000);
    assert_eq!(report["all"]["peak"], 3);
    let hours = report["hours"].as_array().unwrap();
    assert_eq!(hours.len(), 72);
    let busy = &hours[48 + 13];
    assert_eq!((&busy["active_sessions"], &busy["session_starts"]), (&json!(3), &json!(3)));
    let sum: u64 = hours.iter().map(|hour| hour["listening_ms"].as_u64().unwrap()).sum();
    assert_eq!(sum, 303 * 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_read_by_people_and_by_spreadsheets() {
    let station = Station::new();
    station.close_days().await;
    let text = station.whole_report(&[]).await;
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "session starts (longer than 1 s) 5",
        "active sessions (at least 60 s) 4",
        "listening hours 5.00",
        "average time spent listening 1h 15m 0s",
        "bounce rate (starts shorter than 60 s) 20.0 %",
        "egress starts active hours average unique bounces peak jazz 2 2 2.50",
    ] {
        assert!(squeezed.contains(line), "{line}: {text}");
    }
    let table = rows(&station.whole_report(&["--format", "csv"]).await, "comma").await;
    assert!(table.iter().all(|row| row.len() == 11), "{table:?}");
    assert_eq!(table[1][..5], ["all", "", "5", "4", "5.000000"]);
    let jazz = station.whole_report(&["--format", "csv", "--egress", "jazz"]).await;
    assert_eq!(rows(&jazz, "comma").await[1][2..5], ["2", "2", "2.500000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_loses_no_record_and_has_the_logs_when_there_is_space() {
    let station = Station::new();
    let sessions = station.data().join("sessions");
    // The key of tokens is there: without it the process would have to keep a new one.
    let key = "printf %032d 0 > sessions.key";
    let before = format!("{key}; cp -r '{}' .; cat /dev/zero > filling", sessions.display());
    let scratch = Scratch::default();
    let manifest = tests::node::MP3;
    let disk = Disk::serve(manifest, scratch.path(), "size=16m", &before).await;
    let (lost, now) = (Counter::default(), WallTime::from(SystemClock.wall()));
    let (ledger, left) = Ledger::open(&disk.path("sessions"), now, lost.clone()).unwrap();
    assert!(left.is_empty());
    // More than what is left of a block.
    let day = station.today;
    let record =
        |id| Session { user_agent: "x".repeat(256), ..session(id, day, 1, mins(id.into())) };
    for id in 1..=200 {
        ledger.record(&record(id));
    }
    ledger.flush(LIMIT);
    let failed = "skywave_delivery_session_logs_failed_total";
    metrics::until(disk.program.control, failed, 1).await;
    let logs = disk.path("logs").join(station.yesterday().to_string());
    assert!(!logs.exists(), "logs are complete or not there");
    disk.free();
    wait::until("the logs", || async { logs.join("radio.txt").exists().then_some(()) }).await;
    wait::until("all records", || async {
        let mut read = Vec::new();
        let folder = ledger::Folder::new(&disk.path("sessions"));
        let outcome = folder.read(day, |session| read.push(session)).unwrap();
        assert_eq!(outcome.skipped, 0, "no line is torn");
        (read.len() == 200).then_some(())
    })
    .await;
    assert_eq!(lost.get(), 0);
    assert_eq!(disk.program.terminate().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_days_are_one_line_and_the_status_two() {
    let station = Station::new();
    std::fs::write(station.scratch.path().join("skywave.toml"), "data = \"data\"").unwrap();
    for (from, to, why) in [
        ("2026-11-31", "2026-12-01", "--from: a day is written as 2026-11-22"),
        ("2026-11-02", "2026-11-01", "--to: lies before --from"),
        ("2024-01-01", "2026-01-01", "--to: a period has at most 366 days"),
    ] {
        let output = station.report(from, to, &[]).await;
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(tools::said(&output), format!("skywave: {why}\n"));
    }
}
