use super::*;

#[test]
fn a_day_is_read_as_it_is_written() {
    for text in ["1970-01-01", "2026-11-22", "2024-02-29", "2554-07-20"] {
        let day: Day = text.parse().unwrap();
        assert_eq!(day.to_string(), text);
        assert_eq!(Day::of(day.start()), day);
        assert_eq!(Day::of(day.end()), day.plus(1));
        assert_eq!(Day::of(day.end().minus(Duration::from_nanos(1))), day);
    }
    let others =
        ["", "2026-11-31", "2025-02-29", "2026-1-2", "26-11-22", "2026-11-22T", "1969-12-31"];
    for text in others.into_iter().chain(["2555-01-01", "+002026-11-22", "2026-11-2２"]) {
        assert_eq!(text.parse::<Day>(), Err(NoDay), "{text}");
    }
}

#[test]
fn days_are_counted() {
    let day: Day = "2026-02-27".parse().unwrap();
    assert_eq!(day.plus(2).to_string(), "2026-03-01");
    assert_eq!(day.plus(2).minus(2), day);
    assert_eq!((day.plus(2).since(day), day.since(day.plus(2))), (2, 0));
    assert_eq!(day.minus(u32::MAX).to_string(), "1970-01-01");
}

#[test]
fn a_moment_is_written_to_the_millisecond() {
    let time = WallTime::from_nanos(1_795_372_329_500_999_999);
    assert_eq!(rfc3339_millis(time), "2026-11-22T18:32:09.500Z");
    let read = parse_rfc3339("2026-11-22T18:32:09.500Z").unwrap();
    assert_eq!(read, WallTime::from_nanos(1_795_372_329_500_000_000));
    assert_eq!(parse_rfc3339("2026-11-22T19:32:09.5+01:00"), Some(read));
    for text in ["", "2026-11-22", "1969-12-31T23:59:59Z", "3000-01-01T00:00:00Z", "\u{0}"] {
        assert_eq!(parse_rfc3339(text), None, "{text}");
    }
}
