use super::*;

fn check(text: &str, millis: u64) {
    assert_eq!(parse_duration(text), Ok(StdDuration::from_millis(millis)), "{text}");
}

fn check_refused(text: &str, expected: DurationError) {
    assert_eq!(parse_duration(text), Err(expected), "{text}");
}

#[test]
fn lengths_are_read() {
    check("6s", 6_000);
    check("4h", 14_400_000);
    check("250ms", 250);
    check("1m30s", 90_000);
    check("1d2h3m4s5ms", 93_784_005);
    check("0s", 0);
    check("0", 0);
    check("90s", 90_000);
}

#[test]
fn what_is_no_length_is_refused() {
    check_refused("", DurationError::Shape);
    check_refused("s", DurationError::Shape);
    check_refused("-1s", DurationError::Shape);
    check_refused("6", DurationError::NoUnit);
    check_refused("1m30", DurationError::NoUnit);
    check_refused("6 s", DurationError::Unit);
    check_refused("1.5s", DurationError::Unit);
    check_refused("6S", DurationError::Unit);
    check_refused("5s1h", DurationError::Order);
    check_refused("1s2s", DurationError::Order);
}

#[test]
fn the_longest_is_a_hundred_years() {
    check("36500d", MAX_MS);
    check_refused("36500d1ms", DurationError::TooLong);
    check_refused("18446744073709551615d", DurationError::TooLong);
    check_refused("99999999999999999999s", DurationError::TooLong);
}

#[test]
fn what_is_written_is_read_again() {
    for millis in [0, 1, 999, 1_000, 61_001, 86_400_000, MAX_MS] {
        let text = format_duration(StdDuration::from_millis(millis));
        check(&text, millis);
    }
    assert_eq!(format_duration(StdDuration::from_secs(90)), "1m30s");
}

fn check_range(text: &str, expected: &str) {
    #[derive(Debug, serde::Deserialize)]
    struct Settings {
        #[expect(dead_code, reason = "only whether it parses matters")]
        length: Duration<2_000, 10_000>,
    }
    let text = format!("length = {text}");
    let got = crate::from_toml::<Settings>(&text, "a.toml", &|_| None);
    assert_eq!(got.map_or_else(|e| e.to_string(), |_| "ok".to_owned()), expected);
}

#[test]
fn the_range_holds_on_both_sides() {
    check_range("'2s'", "ok");
    check_range("'10s'", "ok");
    check_range("'1999ms'", "a.toml:1: length: 1s999ms is out of range: 2s to 10s");
    check_range("'10s1ms'", "a.toml:1: length: 10s1ms is out of range: 2s to 10s");
    check_range(
        "6",
        "a.toml:1: length: invalid type: integer, expected a length of time in quotes, such as \"6s\"",
    );
}
