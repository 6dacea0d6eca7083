use super::*;

/// Segments 1 to 100, of which those from 41 on came in such an order after the bucket
/// was back, one a second.
fn check(order: impl Iterator<Item = u64>, wanted: (Option<u64>, Option<u64>, usize)) {
    let began = Instant::now();
    let back = began + Duration::from_mins(10);
    let mut seen = Seen::default();
    seen.arrivals.extend((1..=40).map(|number| (number, began)));
    for (nth, number) in (1..).zip(order) {
        seen.arrivals.insert(number, back + Duration::from_secs(nth));
    }
    let Return { behind, window, whole, early } = seen.caught_up(back, 100, 30);
    assert_eq!(behind, 60);
    let secs = |time: Option<Duration>| time.map(|time| time.as_secs());
    assert_eq!((secs(window), secs(whole), early), wanted);
}

#[test]
fn the_live_window_first_is_as_it_should_be() {
    check((71..=100).chain(41..=70), (Some(30), Some(60), 0));
}

#[test]
fn older_ones_before_it_are_counted() {
    check([41].into_iter().chain(71..=100).chain(42..=70), (Some(31), Some(60), 1));
    check(41..=100, (Some(60), Some(60), 30));
}

#[test]
fn the_window_that_is_live_by_then_counts() {
    // Two segments more by then, so 71 and 72 are old and come last.
    check((73..=102).chain(41..=72), (Some(30), Some(62), 0));
    // They were live when the bucket was back, and went first.
    check((71..=102).chain(41..=70), (Some(30), Some(62), 0));
}

#[test]
fn what_is_missing_is_seen() {
    check((71..=100).chain(41..=69), (Some(30), None, 0));
    check((71..=99).chain(41..=70), (None, None, 30));
}
