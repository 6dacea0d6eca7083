use std::io::{PipeReader, Read as _, pipe};

use tracing::subscriber::with_default;
use tracing::{error, info, warn};

use super::*;

/// The lines that `log` makes.
fn lines(format: LogFormat, filter: Option<&str>, log: impl FnOnce()) -> Vec<String> {
    let (mut reader, writer) = pipe().unwrap();
    let (subscriber, guard) = subscriber(format, filter, writer).unwrap();
    with_default(subscriber, log);
    drop(guard);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Logs more than the pipe and the queue hold, and gives back what was dropped.
fn flood(writer: io::PipeWriter, count: usize) -> u64 {
    let (subscriber, guard) = subscriber(LogFormat::Text, None, writer).unwrap();
    with_default(subscriber, || {
        for number in 0..count {
            info!(number, filling = "x".repeat(100), "a line");
        }
    });
    guard.dropped_lines()
}

/// Strings with which a line could be forged or a terminal steered.
const HOSTILE: [&str; 7] =
    ["a\nINFO forged", "a\rb", "\u{1b}[31mred", "\u{7}", "a\u{202e}b", "a\u{2028}b", "a\u{85}b"];

fn check_one_line(format: LogFormat, log: impl Fn(&str)) {
    for hostile in HOSTILE {
        let got = lines(format, None, || log(hostile));
        assert_eq!(got.len(), 1, "{hostile:?}: {got:?}");
        assert!(!settings::has_unsafe_text(&got[0]), "{hostile:?}: {got:?}");
    }
}

#[test]
fn an_event_is_one_line_whatever_its_fields_hold() {
    for format in [LogFormat::Text, LogFormat::Json] {
        check_one_line(format, |hostile| info!(title = %hostile, "shown"));
        check_one_line(format, |hostile| info!(title = hostile, "quoted"));
        check_one_line(format, |hostile| info!(title = ?hostile, "debugged"));
        check_one_line(format, |hostile| info!("{hostile}"));
        check_one_line(format, |hostile| {
            let span = tracing::info_span!("span", mount = %hostile);
            span.in_scope(|| info!("inside"));
        });
    }
}

#[test]
fn a_line_of_json_is_still_json_when_escaped() {
    for hostile in HOSTILE {
        let got = lines(LogFormat::Json, None, || info!(title = %hostile, "shown"));
        let value: serde_json::Value = serde_json::from_str(&got[0]).unwrap();
        assert_eq!(value["title"], hostile);
        assert_eq!(value["message"], "shown");
    }
}

#[test]
fn text_has_no_colours_and_keeps_other_scripts() {
    let got = lines(LogFormat::Text, None, || info!(title = %"Ünïcödé 日本", "shown"));
    assert!(got[0].contains("Ünïcödé 日本"), "{got:?}");
}

#[test]
fn the_filter_decides_what_is_logged() {
    let log = || {
        info!("an info");
        warn!("a warning");
    };
    assert_eq!(lines(LogFormat::Text, None, log).len(), 2);
    assert_eq!(lines(LogFormat::Text, Some("warn"), log).len(), 1);
    assert_eq!(lines(LogFormat::Text, Some("off"), log).len(), 0);
    let error = subscriber(LogFormat::Text, Some("info,=x=y"), io::sink()).err().unwrap();
    assert!(error.to_string().starts_with("SKYWAVE_LOG or RUST_LOG: `info,=x=y` is no filter: "));
}

#[test]
fn a_full_output_stops_nothing_and_drops_are_counted() {
    let (reader, writer): (PipeReader, _) = pipe().unwrap();
    let count = 4 * LINES_WAITING_MAX;
    let dropped = flood(writer, count);
    assert!(dropped > 0, "{dropped}");
    drop(reader);
}

#[test]
fn a_closed_output_stops_nothing() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    flood(writer, 1_000);
}

#[test]
fn a_writer_that_fails_stops_nothing() {
    #[derive(Debug)]
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::Error::other("broken"))
        }
    }
    let (subscriber, guard) = subscriber(LogFormat::Json, None, Broken).unwrap();
    with_default(subscriber, || (0..1_000).for_each(|number| error!(number, "a line")));
    drop(guard);
}
