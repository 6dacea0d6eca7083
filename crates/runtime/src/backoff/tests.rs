use super::*;
use crate::clock::{Clock, ManualClock};

fn backoff() -> Backoff {
    Backoff::new(Duration::from_secs(1), Duration::from_secs(30))
}

/// The waits of tries that fail one after the other, in milliseconds.
fn check(backoff: &mut Backoff, random: u64, expected: &[u128]) {
    let now = ManualClock::default().monotonic();
    let waits = expected.iter().map(|_| (backoff.handle_failure(now, random) - now).as_millis());
    assert_eq!(waits.collect::<Vec<_>>(), expected);
}

#[test]
fn waits_double_up_to_the_longest() {
    check(&mut backoff(), 0, &[1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
}

#[test]
fn a_wait_is_shortened_by_a_half_at_most() {
    check(&mut backoff(), 500_000_000, &[500, 1_500, 3_500]);
    let now = ManualClock::default().monotonic();
    for random in [1, 7, u64::MAX / 3, u64::MAX] {
        let wait = backoff().handle_failure(now, random) - now;
        assert!(wait >= Duration::from_millis(500) && wait <= Duration::from_secs(1), "{wait:?}");
    }
}

#[test]
fn only_a_try_that_held_starts_over() {
    let (clock, mut backoff) = (ManualClock::default(), backoff());
    check(&mut backoff, 0, &[1_000, 2_000]);
    backoff.handle_success(clock.monotonic());
    clock.advance(Duration::from_secs(29));
    let now = clock.monotonic();
    assert_eq!(backoff.handle_failure(now, 0) - now, Duration::from_secs(4));
    backoff.handle_success(now);
    clock.advance(Duration::from_secs(30));
    let now = clock.monotonic();
    assert_eq!(backoff.handle_failure(now, 0) - now, Duration::from_secs(1));
}

#[test]
fn any_number_of_failures_is_survived() {
    let (now, mut backoff) = (ManualClock::default().monotonic(), backoff());
    for _ in 0..100 {
        backoff.handle_failure(now, 0);
    }
    assert_eq!(
        (backoff.handle_failure(now, 0) - now, backoff.failures()),
        (Duration::from_secs(30), 101)
    );
}

#[test]
fn no_wait_at_all_is_no_division_by_zero() {
    let now = ManualClock::default().monotonic();
    let mut backoff = Backoff::new(Duration::ZERO, Duration::ZERO);
    assert_eq!(backoff.handle_failure(now, 5), now);
}
