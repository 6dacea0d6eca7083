use std::time::Duration;

use fastrand::Rng;

use super::*;
use crate::testing::{any_session, at, session};

fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn csv(session: Session) -> String {
    text(|out| write_csv(&[session], out)).lines().nth(1).unwrap().to_owned()
}

#[test]
fn of_several_records_with_one_id_the_last_one_counts() {
    let again = Session { bytes: 1, ended: at(18, 59, 0), ..session(3) };
    let records = vec![session(3), session(2), again.clone(), session(1)];
    assert_eq!(sorted(records), [again, session(1), session(2)]);
    assert_eq!(sorted(Vec::new()), []);
    // Who came back later than a session pauses has begun another one with its token.
    let later = Session { started: at(18, 30, 0), ..session(1) };
    assert_eq!(sorted(vec![session(1), later]).len(), 2);
}

#[test]
fn a_stream_has_seven_columns() {
    let log = |sessions: &[Session]| {
        let sessions: Vec<_> = sessions.iter().collect();
        text(|out| write_stream_log(&sessions, out))
    };
    let expected = "192.0.2.7\t2026-11-22\t18:00:00\tradio\t3600\t200\tVLC/3.0\n";
    assert_eq!(log(&[session(1)]), expected);
    let hostile = "a\tb\r\nc\u{0}\u{2028}\u{85}d";
    let hostile = Session { user_agent: hostile.to_owned(), ..session(1) };
    assert!(log(&[hostile]).ends_with("\t200\ta b  c   d\n"));
    let page = Session { referer: "https://a.example/".to_owned(), ..session(1) };
    let silent = Session { user_agent: String::new(), ..page };
    assert!(log(&[silent]).ends_with("\t200\thttps://a.example/\n"));
    let silent = Session { user_agent: String::new(), ..session(1) };
    assert!(log(&[silent]).ends_with("\t200\t-\n"));
}

#[test]
fn whole_seconds_are_counted() {
    for (millis, secs) in [(0, 0), (999, 0), (1_000, 1), (59_999, 59), (60_000, 60)] {
        let ended = session(1).started.plus(Duration::from_millis(millis));
        let session = Session { ended, ..session(1) };
        let line = text(|out| write_stream_log(&[&session], out));
        assert_eq!(line.split('\t').nth(4), Some(format!("{secs}").as_str()));
        assert!(access_line(&session).ends_with(&format!(" {secs}\n")));
    }
}

#[test]
fn a_csv_has_a_header_and_every_column() {
    let table = text(|out| write_csv(&[session(7)], out));
    let expected = "id,egress,protocol,country,address,path,user_agent,referer,user,started,ended,\
                    seconds,media_seconds,bytes,status,ending\r\n\
                    07070707070707070707070707070707,radio,icy,DE,192.0.2.7,/radio,VLC/3.0,,,\
                    2026-11-22T18:00:00.000Z,2026-11-22T19:00:00.005Z,3600.005,3600.005,57600080,\
                    200,left\r\n";
    assert_eq!(table, expected);
}

#[test]
fn a_cell_is_quoted_where_it_has_to_be_and_is_no_formula() {
    let agent = |text: &str| csv(Session { user_agent: text.to_owned(), ..session(1) });
    for (text, cell) in [
        ("a,b", "\"a,b\""),
        ("a\"b", "\"a\"\"b\""),
        (" a", "\" a\""),
        ("a\r\nb\tc", "a  b c"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
        ("a=b", "a=b"),
    ] {
        let row = agent(text);
        assert!(row.contains(&format!(",/radio,{cell},")), "{text}: {row}");
    }
}

/// Whatever is said, each session is one row of as many cells as there are columns.
#[test]
fn nothing_that_a_stranger_says_ends_a_column_or_a_line() {
    let mut rng = Rng::with_seed(1);
    let sessions: Vec<_> = (0..500).map(|_| any_session(&mut rng)).collect();
    let table = text(|out| write_csv(&sessions, out));
    assert_eq!(table.matches("\r\n").count(), 501);
    assert_eq!(table.matches(['\r', '\n']).count(), 2 * 501);
    for row in table.lines() {
        let outside = row.split('"').step_by(2);
        assert_eq!(outside.map(|part| part.matches(',').count()).sum::<usize>(), 15, "{row}");
    }
    let all: Vec<_> = sessions.iter().collect();
    let log = text(|out| write_stream_log(&all, out));
    assert_eq!(log.lines().count(), 500);
    assert!(log.lines().all(|line| line.matches('\t').count() == 6));
    assert_eq!(text(|out| write_access_log(&sessions, out)).lines().count(), 500);
}

#[test]
fn each_stream_has_its_own_sessions() {
    let other = Session { egress: "jazz".to_owned(), ..session(2) };
    let sessions = [session(1), other, session(3)];
    let egresses = by_egress(&sessions);
    assert_eq!(egresses.keys().copied().collect::<Vec<_>>(), ["jazz", "radio"]);
    assert_eq!(egresses["radio"], [&sessions[0], &sessions[2]]);
}
