use super::*;

fn line() -> Line<'static> {
    Line {
        address: "::ffff:192.0.2.7".parse().unwrap(),
        user: None,
        ended: WallTime::from_nanos(1_795_372_329_500_000_000),
        path: "/radio?sid=1",
        status: 200,
        bytes: 1_234_567,
        referer: "",
        user_agent: "VLC/3.0",
        secs: 77,
    }
}

fn writer(path: &Path, lost: Counter) -> Writer {
    Writer { path: path.into(), file: open(path).unwrap(), lost, is_torn: false }
}

fn check(line: &Line<'_>, expected: &str) {
    assert_eq!(line.to_string(), format!("{expected}\n"));
}

#[test]
fn a_line_is_icecasts() {
    check(
        &line(),
        "192.0.2.7 - - [22/Nov/2026:18:32:09 +0000] \"GET /radio?sid=1 HTTP/1.0\" 200 1234567 \
         \"-\" \"VLC/3.0\" 77",
    );
    check(
        &Line { user: Some("anna"), referer: "https://a.example/", ..line() },
        "192.0.2.7 - anna [22/Nov/2026:18:32:09 +0000] \"GET /radio?sid=1 HTTP/1.0\" 200 1234567 \
         \"https://a.example/\" \"VLC/3.0\" 77",
    );
}

#[test]
fn nothing_that_a_stranger_says_ends_a_field_or_a_line() {
    let hostile = "a\" 200 1 \"x\r\n10.0.0.1 - - \\ \u{85}\u{0}";
    let text = Line {
        user: Some(hostile),
        path: hostile,
        referer: hostile,
        user_agent: hostile,
        ..line()
    };
    let text = text.to_string();
    assert_eq!(text.matches('\n').count(), 1);
    assert_eq!(text.matches('"').count(), 6);
    assert!(!text.trim_end().chars().any(char::is_control), "{text:?}");
}

#[test]
fn lines_are_appended_and_a_moved_log_is_begun_anew() {
    let folder = std::env::temp_dir().join(format!("access-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("access.log");
    let mut writer = writer(&path, Counter::default());
    writer.append("one\n").unwrap();
    writer.append("two\n").unwrap();
    std::fs::rename(&path, folder.join("access.log.1")).unwrap();
    writer.append("three\n").unwrap();
    assert_eq!(std::fs::read_to_string(folder.join("access.log.1")).unwrap(), "one\ntwo\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "three\n");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_disk_that_takes_nothing_loses_lines_and_no_more() {
    let (entries, waiting) = sync_channel(LINES_WAITING_MAX);
    let log = AccessLog { entries, lost: Counter::default() };
    for _ in 0..LINES_WAITING_MAX {
        log.write(&line());
    }
    assert_eq!(log.lost.get(), 0);
    log.write(&line());
    assert_eq!(log.lost.get(), 1);
    drop(log);
    let lost = Counter::default();
    let full = Path::new("/dev/full");
    writer(full, lost.clone()).run(&waiting);
    assert_eq!(lost.get(), LINES_WAITING_MAX as u64);
}

#[test]
fn what_is_written_comes_to_the_file() {
    let folder = std::env::temp_dir().join(format!("access-log-thread-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("access.log");
    let log = AccessLog::open(&path, Counter::default()).unwrap();
    log.write(&line());
    log.flush(Duration::from_secs(20));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), line().to_string());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_line_that_was_torn_is_ended_before_the_next() {
    let folder = std::env::temp_dir().join(format!("access-log-torn-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("access.log");
    std::fs::write(&path, "half a li").unwrap();
    let mut writer = writer(&path, Counter::default());
    writer.is_torn = true;
    writer.append("one\n").unwrap();
    writer.append("two\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "half a li\none\ntwo\n");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_name_is_one_word() {
    let text = Line { user: Some("a [b] \"c\" d"), ..line() }.to_string();
    assert!(text.starts_with("192.0.2.7 - a__b__\\x22c\\x22_d [22/Nov/"), "{text}");
}
