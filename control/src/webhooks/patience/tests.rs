use runtime::clock::{Clock as _, ManualClock};

use super::*;

/// Without jitter.
const LATE: u64 = 0;

/// Fails again and again as soon as it is due: the waits between the tries.
fn waits(clock: &ManualClock, waited_before: Duration) -> Vec<Duration> {
    let mut patience = Patience::new(clock.monotonic());
    clock.advance(waited_before);
    let mut waits = Vec::new();
    while let Some(due) = patience.handle_failure(clock.monotonic(), LATE) {
        let wait = due - clock.monotonic();
        waits.push(wait);
        clock.advance(wait);
    }
    waits
}

#[test]
fn waits_grow_from_a_second_to_five_minutes() {
    let waits = waits(&ManualClock::default(), Duration::ZERO);
    let secs: Vec<_> = waits.iter().map(Duration::as_secs).collect();
    assert_eq!(secs[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    assert!(secs.iter().sum::<u64>() <= AGE_MAX.as_secs(), "{secs:?}");
    assert!(secs.iter().sum::<u64>() > AGE_MAX.as_secs() - 300, "{secs:?}");
}

#[test]
fn an_event_has_twenty_tries() {
    let clock = ManualClock::default();
    let mut patience = Patience::new(clock.monotonic());
    for tries in 1..TRIES_MAX {
        assert!(patience.handle_failure(clock.monotonic(), LATE).is_some());
        assert_eq!(patience.tries(), tries);
    }
    assert_eq!(patience.handle_failure(clock.monotonic(), LATE), None);
}

#[test]
fn an_event_of_an_hour_is_not_tried_again() {
    let second = Duration::from_secs(1);
    let in_time = AGE_MAX.saturating_sub(second);
    assert_eq!(waits(&ManualClock::default(), in_time), [second]);
    let late = in_time + Duration::from_nanos(1);
    assert!(waits(&ManualClock::default(), late).is_empty());
}

fn check(status: u16, expected: fn(String) -> Verdict) {
    let why = format!("it answers with status {status}");
    assert_eq!(Verdict::of_status(status), expected(why), "{status}");
}

#[test]
fn what_is_refused_is_not_tried_again() {
    for status in [200, 202, 204, 299] {
        check(status, |_| Verdict::Taken);
    }
    for status in [408, 429, 500, 502, 503, 504, 599] {
        check(status, Verdict::Later);
    }
    for status in [101, 199, 300, 301, 308, 400, 401, 404, 410, 413, 499] {
        check(status, Verdict::Never);
    }
}
