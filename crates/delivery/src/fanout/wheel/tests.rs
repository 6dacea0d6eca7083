use runtime::clock::{Clock, SystemClock};

use super::*;

const STEP: Duration = Duration::from_millis(10);

fn wheel(slots: usize) -> (Wheel, Instant) {
    let now = SystemClock.monotonic();
    (Wheel::new(STEP * u32::try_from(slots).unwrap(), slots, now), now)
}

/// The slots that come due at `now`.
fn due(wheel: &mut Wheel, now: Instant) -> Vec<usize> {
    std::iter::from_fn(|| wheel.handle_timeout(now)).map(|due| due.slot).collect()
}

#[test]
fn every_slot_comes_once_a_turn_at_its_time() {
    let (mut wheel, start) = wheel(4);
    for round in 0..3_u32 {
        for slot in 0..4_u32 {
            let at = start + STEP * (round * 4 + slot);
            assert_eq!(wheel.poll_timeout(), at);
            assert_eq!(due(&mut wheel, at), [slot as usize]);
            let before_next = at + STEP.saturating_sub(Duration::from_nanos(1));
            assert_eq!(wheel.handle_timeout(before_next), None);
        }
        assert_eq!(wheel.turn(), round + 1);
    }
}

#[test]
fn late_slots_come_one_after_the_other() {
    let (mut wheel, start) = wheel(4);
    assert_eq!(due(&mut wheel, start + STEP * 3), [0, 1, 2, 3]);
    assert_eq!(wheel.poll_timeout(), start + STEP * 4);
}

#[test]
fn who_is_more_than_a_turn_late_does_not_catch_up_the_rest() {
    let (mut wheel, start) = wheel(4);
    let late = start + STEP * 1_000;
    let first = wheel.handle_timeout(late);
    assert_eq!(first, Some(Due { slot: 0, late: STEP * 1_000 }));
    assert_eq!(due(&mut wheel, late), Vec::<usize>::new());
    assert_eq!(wheel.poll_timeout(), late + STEP);
}

#[test]
fn newcomers_spread_over_the_slots() {
    let (mut wheel, _) = wheel(8);
    for _ in 0..80 {
        let slot = wheel.emptiest();
        wheel.enter(slot);
    }
    assert_eq!(wheel.load, [10; 8]);
    wheel.leave(5);
    assert_eq!(wheel.emptiest(), 5);
}

#[test]
fn soon_is_an_eighth_of_a_turn() {
    assert_eq!(wheel(80).0.soon_after(75), 5);
    assert_eq!(wheel(8).0.soon_after(0), 1);
    assert_eq!(wheel(7).0.soon_after(3), 3);
    assert_eq!(wheel(1).0.soon_after(0), 0);
}

#[test]
fn no_settings_make_a_wheel_that_never_rests() {
    let now = SystemClock.monotonic();
    let mut wheel = Wheel::new(Duration::ZERO, 0, now);
    assert_eq!(due(&mut wheel, now), [0]);
    assert!(wheel.poll_timeout() > now);
}
