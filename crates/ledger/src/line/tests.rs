use fastrand::Rng;
use serde_json::{Value, json};

use super::*;
use crate::testing::{any_session, session};

#[test]
fn a_line_has_the_fields_that_readers_rely_on() {
    let line = to_line(&session(7)).unwrap();
    assert!(line.ends_with("}\n"), "{line}");
    let expected = json!({
        "id": "07070707070707070707070707070707",
        "egress": "radio",
        "protocol": "icy",
        "country": "DE",
        "address": "192.0.2.7",
        "path": "/radio",
        "user_agent": "VLC/3.0",
        "referer": "",
        "user": null,
        "until": null,
        "started": "2026-11-22T18:00:00.000Z",
        "ended": "2026-11-22T19:00:00.005Z",
        "media_seconds": 3600.005,
        "bytes": 57_600_080,
        "ending": "left",
    });
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
}

#[test]
fn what_is_written_is_read() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..2_000 {
        let session = any_session(&mut rng);
        let line = to_line(&session).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(from_line(line.trim_end().as_bytes()), Some(session), "{line}");
    }
}

#[test]
fn every_length_in_milliseconds_is_read_as_it_is_written() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..10_000 {
        let bits = rng.u32(0..45);
        let whole = Duration::from_millis(rng.u64(..=1 << bits));
        assert_eq!(length(seconds(whole)), Some(whole));
    }
    assert_eq!(length(f64::NAN), None);
    assert_eq!(length(-0.5), None);
    assert_eq!(length(1e300), None);
}

/// Reads the line of a session with these fields changed.
fn changed(fields: &Value) -> Option<Session> {
    let line = to_line(&session(7)).unwrap();
    let mut line: Value = serde_json::from_str(&line).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        line[name] = value.clone();
    }
    from_line(line.to_string().as_bytes())
}

#[test]
fn what_a_later_version_has_more_is_passed_over() {
    assert_eq!(changed(&json!({ "city": { "name": "Köln" } })), Some(session(7)));
    let other = changed(&json!({ "ending": "abducted" })).unwrap();
    assert_eq!(other.ending, Some(Ending::Other));
    assert_eq!(changed(&json!({ "country": "QQ" })).unwrap().country, None);
    assert_eq!(changed(&json!({ "ending": null })).unwrap().ending, None);
    let mapped = changed(&json!({ "address": "::ffff:192.0.2.7" }));
    assert_eq!(mapped, Some(session(7)), "an IPv4 address is one however it is written");
}

#[test]
fn what_is_no_session_is_not_read() {
    for (name, value) in [
        ("id", json!("7")),
        ("egress", json!("../../etc")),
        ("egress", json!("")),
        ("protocol", json!("gopher")),
        ("address", json!("nowhere")),
        ("started", json!("yesterday")),
        ("ended", json!(7)),
        ("media_seconds", json!(-1)),
        ("bytes", json!(-1)),
        ("user", json!([])),
    ] {
        assert_eq!(changed(&json!({ name: value })), None, "{name}");
    }
    for line in ["", "{}", "null", "[1", "\u{0}"] {
        assert_eq!(from_line(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn a_line_is_at_most_16_kib_long() {
    let with_agent = |len| Session { user_agent: "a".repeat(len), ..session(7) };
    let rest = to_line(&with_agent(0)).unwrap().len() - 1;
    let longest = to_line(&with_agent(LINE_LEN_MAX - rest)).unwrap();
    assert_eq!(longest.len(), LINE_LEN_MAX + 1);
    assert_eq!(to_line(&with_agent(LINE_LEN_MAX - rest + 1)), None);
}

#[test]
fn every_ending_has_its_name() {
    for ending in Ending::ALL {
        assert_eq!(Ending::from_name(ending.name()), ending);
    }
}
