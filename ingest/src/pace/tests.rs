use super::*;

fn at(millis: u64) -> WallTime {
    WallTime::from_nanos(millis * 1_000_000)
}

/// Sends units of 24 ms every `period_ms` for an hour of media; gives the
/// longest wait.
fn longest_wait(period_ms: u64) -> Duration {
    let mut pace = Pace::default();
    let units = 3_600_000 / 24;
    let waits = (0..units).map(|unit| pace.push(Duration::from_millis(24), at(unit * period_ms)));
    waits.max().unwrap()
}

#[test]
fn real_time_never_waits() {
    assert_eq!(longest_wait(24), Duration::ZERO);
}

#[test]
fn a_burst_up_to_the_limit_never_waits_and_one_above_does() {
    let mut pace = Pace::default();
    assert_eq!(pace.push(BURST_MAX, at(0)), Duration::ZERO);
    assert_eq!(pace.push(Duration::from_millis(1), at(0)), Duration::from_millis(1));
}

#[test]
fn a_source_that_is_always_faster_waits_in_the_end() {
    assert!(longest_wait(12) > Duration::ZERO);
}

#[test]
fn a_long_pause_saves_nothing_up() {
    let mut pace = Pace::default();
    pace.push(Duration::ZERO, at(0));
    assert_eq!(pace.push(BURST_MAX * 2, at(3_600_000)), BURST_MAX);
}
