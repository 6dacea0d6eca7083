use super::*;
use crate::report::{Collector, Period};
use crate::testing::{at, session};
use crate::{Day, Protocol, Session};

fn report() -> Report {
    let day = Day::of(at(0, 0, 0));
    let mut collector = Collector::new(Period::new(day, day).unwrap());
    let hls = Session {
        egress: "jazz-128".to_owned(),
        protocol: Protocol::Hls,
        country: None,
        started: at(18, 59, 30_000),
        ended: at(19, 0, 0),
        ..session(2)
    };
    for session in [&session(1), &hls] {
        collector.take(session).unwrap();
    }
    collector.report(None)
}

#[test]
fn a_person_reads_it() {
    let expected = "\
2026-11-22 to 2026-11-22 UTC

session starts (longer than 1 s)        2
active sessions (at least 60 s)         1
listening hours                         1.00
average time spent listening            1h 0m 0s
unique listeners (by address and player)  1
peak of active sessions                 1 at 2026-11-22T18:00:00Z
bounce rate (starts shorter than 60 s)  50.0 %
";
    let text = report().text();
    let (head, _) = text.split_once("\negress").unwrap();
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(head), squeezed(expected), "{text}");
    let rest = "
egress    starts  active  hours   average  unique  bounces                       peak
jazz-128       1       0   0.00        0s       0  100.0 %                          0
radio          1       1   1.00  1h 0m 0s       1    0.0 %  1 at 2026-11-22T18:00:00Z

country  starts  active  hours   average  unique  bounces                       peak
unknown       1       0   0.00        0s       0  100.0 %                          0
DE            1       1   1.00  1h 0m 0s       1    0.0 %  1 at 2026-11-22T18:00:00Z

protocol  starts  active  hours   average  unique  bounces                       peak
icy            1       1   1.00  1h 0m 0s       1    0.0 %  1 at 2026-11-22T18:00:00Z
hls            1       0   0.00        0s       0  100.0 %                          0

hour (UTC)        starts  active  hours  peak
2026-11-22 18:00       2       1   1.00     1
2026-11-22 19:00       0       1   0.00     1
";
    assert!(text.ends_with(rest), "{text}");
}

#[test]
fn shortened_addresses_are_said() {
    let day = Day::of(at(0, 0, 0));
    let mut collector = Collector::new(Period::new(day, day).unwrap());
    let short = Session { address: "192.0.2.0".parse().unwrap(), ..session(1) };
    collector.take(&short).unwrap();
    let report = collector.report(Some("radio"));
    let text = report.text();
    assert!(text.starts_with("2026-11-22 to 2026-11-22 UTC, egress radio\n"), "{text}");
    assert!(text.contains("\nunique listeners (by network and player)"), "{text}");
    assert!(text.contains("\nOf 1 of 1 active sessions the address is shortened"), "{text}");
    assert_eq!(report.json()["unique_by"], "network");
}

#[test]
fn a_program_reads_it() {
    let json = report().json();
    assert_eq!((&json["from"], &json["egress"]), (&json!("2026-11-22"), &Value::Null));
    let all = json!({
        "session_starts": 2,
        "bounces": 1,
        "active_sessions": 1,
        "listening_ms": 3_600_005,
        "average_ms": 3_600_005,
        "unique_listeners": 1,
        "peak": 1,
        "peak_at": "2026-11-22T18:00:00.000Z",
    });
    assert_eq!(json["all"], all);
    assert_eq!(json["egresses"][1]["name"], "radio");
    assert_eq!(json["egresses"][1]["listening_ms"], 3_600_005);
    assert_eq!(json["countries"][0]["name"], "unknown");
    assert_eq!(json["protocols"][1]["name"], "hls");
    let hour = json!({
        "begins": "2026-11-22T19:00:00.000Z",
        "session_starts": 0,
        "active_sessions": 1,
        "listening_ms": 5,
        "peak": 1,
    });
    assert_eq!(json["hours"][19], hour);
    assert_eq!((&json["shortened_addresses"], &json["unique_by"]), (&json!(0), &json!("address")));
}

#[test]
fn a_spreadsheet_reads_it() {
    let table = report().csv();
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows[0], COLUMNS.join(","));
    assert_eq!(rows[1], "all,,2,1,1.000001,3600.005,1,1,2026-11-22T18:00:00.000Z,1,0.500000");
    assert_eq!(rows[2], "egress,jazz-128,1,0,0.000000,0.000,0,0,,1,1.000000");
    assert_eq!(rows[8 + 18], "hour,2026-11-22T18:00:00.000Z,2,1,1.000000,,,1,,,");
    assert_eq!(rows.len(), 8 + 24);
    assert!(rows.iter().all(|row| row.matches(',').count() == 10), "{table}");
}

#[test]
fn numbers_are_rounded_to_the_nearest() {
    let check = |parts, whole, digits, expected: &str| {
        assert_eq!(decimal(parts, whole, digits), expected);
    };
    check(0, 3_600_000, 2, "0.00");
    check(17_999, 3_600_000, 2, "0.00");
    check(18_000, 3_600_000, 2, "0.01");
    check(u64::MAX, 3_600_000, 2, "5124095576030.43");
    assert_eq!(length(499), "0s");
    assert_eq!(length(59_500), "1m 0s");
    assert_eq!(length(3_723_000), "1h 2m 3s");
}
