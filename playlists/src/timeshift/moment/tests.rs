use super::*;

/// 2026-11-22T10:00:00Z.
const TEN: WallTime = WallTime::from_nanos(1_795_341_600_000_000_000);

fn check(text: &str, moment: Moment) {
    assert_eq!(Moment::parse(text), Ok(moment), "{text}");
}

fn secs(secs: u64) -> Moment {
    Moment::Ago(Duration::from_secs(secs))
}

#[test]
fn a_length_counts_back_from_now() {
    check("-2h", secs(7_200));
    check("-30m", secs(1_800));
    check("-90s", secs(90));
    check("-7200", secs(7_200));
    check("-1h30m", secs(5_400));
    check("-0", secs(0));
    check("-250ms", Moment::Ago(Duration::from_millis(250)));
}

#[test]
fn a_time_is_that_of_rfc_3339() {
    for text in [
        "2026-11-22T10:00:00Z",
        "2026-11-22t10:00:00z",
        "2026-11-22T10:00:00.000000Z",
        "2026-11-22T12:00:00+02:00",
        "2026-11-22T12:00:00 02:00",
        "2026-11-22T05:30:00-04:30",
    ] {
        check(text, Moment::At(TEN));
    }
}

#[test]
fn nothing_else_is_a_moment() {
    for text in [
        "",
        "-",
        "--2h",
        "2h",
        "+2h",
        "-2",
        "-h",
        "-1h1h",
        "-2x",
        "-999999999999999999999",
        "-36501d",
        "now",
        "2026-11-22",
        "2026-11-22T10:00:00",
        "20261122T100000Z",
        "2026-11-22T10:00:00[Europe/Berlin]",
        "2026-13-22T10:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "2026-11-22T10:00:00Z\n",
        "-2h&x",
    ] {
        // A number without a unit is one of seconds.
        let moment = Moment::parse(text);
        assert!(moment == Err(QueryError::Malformed) || text == "-2", "{text}: {moment:?}");
    }
}

#[test]
fn a_moment_has_at_most_64_bytes() {
    let longest = format!("-{}1", "0".repeat(MOMENT_LEN_MAX - 2));
    check(&longest, secs(1));
    assert_eq!(Moment::parse(&format!("{longest}0")), Err(QueryError::Malformed));
}

fn read(parameters: &[(&str, &str)]) -> Result<Option<Query>, QueryError> {
    Query::read(parameters.iter().copied())
}

#[test]
fn a_query_needs_from_and_has_each_once() {
    assert_eq!(read(&[("x", "y"), ("from_", "-1h")]), Ok(None));
    let query = read(&[("x", "y"), ("to", "-1h"), ("from", "-2h")]).unwrap().unwrap();
    assert_eq!((query.from, query.to), (secs(7_200), Some(secs(3_600))));
    assert_eq!(read(&[("to", "-1h")]), Err(QueryError::Incomplete));
    assert_eq!(read(&[("from", "-1h"), ("from", "-1h")]), Err(QueryError::Incomplete));
    assert_eq!(read(&[("from", "-1h"), ("to", "soon")]), Err(QueryError::Malformed));
}

#[test]
fn a_query_is_written_as_it_was_read() {
    let check = |from: &str, to: Option<&str>, text: &str| {
        let mut parameters = vec![("from", from)];
        parameters.extend(to.map(|to| ("to", to)));
        let query = read(&parameters).unwrap().unwrap();
        assert_eq!(query.to_string(), text);
    };
    check("-2h", None, "from=-2h");
    check("-2h", Some("-1h"), "from=-2h&to=-1h");
    check("2026-11-22T12:00:00 02:00", None, "from=2026-11-22T12:00:00%2B02:00");
}

#[test]
fn a_span_lies_in_the_past_and_goes_forward() {
    let span = |from: &str, to: Option<&str>| {
        let mut parameters = vec![("from", from)];
        parameters.extend(to.map(|to| ("to", to)));
        read(&parameters).unwrap().unwrap().span(TEN)
    };
    let hour = Duration::from_hours(1);
    let ago = Span { from: TEN.minus(hour), is_fixed: false, to: None };
    assert_eq!(span("-1h", None), Ok(ago));
    let fixed = Span { from: TEN, is_fixed: true, to: Some(TEN.plus(hour)) };
    assert_eq!(span("2026-11-22T10:00:00Z", Some("2026-11-22T11:00:00Z")), Ok(fixed));
    assert_eq!(span("2026-11-22T10:00:00.000001Z", None), Err(QueryError::Future));
    assert_eq!(span("-1h", Some("-2h")), Err(QueryError::Backwards));
    assert_eq!(span("-1h", Some("-1h")), Err(QueryError::Backwards));
}
