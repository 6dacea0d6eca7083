use super::*;

const SECOND: u64 = 1_000_000_000;

#[track_caller]
fn check(nanos: u64, rfc: &str, http: &str) {
    let time = WallTime::from_nanos(nanos);
    assert_eq!((rfc3339(time).as_str(), http_date(time).as_str()), (rfc, http));
}

#[test]
fn the_first_moment_is_written() {
    check(0, "1970-01-01T00:00:00.000000Z", "Thu, 01 Jan 1970 00:00:00 GMT");
}

#[test]
fn a_leap_day_is_written() {
    let last_second = 951_868_799 * SECOND;
    check(last_second, "2000-02-29T23:59:59.000000Z", "Tue, 29 Feb 2000 23:59:59 GMT");
}

#[test]
fn a_century_without_a_leap_day_is_written() {
    let second_of_march = 4_107_542_400 * SECOND;
    check(second_of_march, "2100-03-01T00:00:00.000000Z", "Mon, 01 Mar 2100 00:00:00 GMT");
}

#[test]
fn a_fraction_is_cut_to_six_decimals_and_never_rounded_up() {
    let nanos = 1_795_358_854 * SECOND + 999_999_999;
    check(nanos, "2026-11-22T14:47:34.999999Z", "Sun, 22 Nov 2026 14:47:34 GMT");
}

#[test]
fn the_last_moment_has_a_year_of_four_digits() {
    check(u64::MAX, "2554-07-21T23:34:33.709551Z", "Sun, 21 Jul 2554 23:34:33 GMT");
}
