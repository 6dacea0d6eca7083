use super::*;

fn at(millis: u64) -> WallTime {
    WallTime::from_nanos(millis * 1_000_000)
}

#[test]
fn the_first_to_speak_stays_on_air() {
    let mut selector = Selector::default();
    assert_eq!(selector.handle_unit(Rank(1), at(0)), Choice::Switched);
    assert_eq!(selector.handle_unit(Rank(0), at(10)), Choice::Spare);
    assert_eq!(selector.handle_unit(Rank(1), at(20)), Choice::OnAir);
}

#[test]
fn a_stall_of_two_seconds_hands_over() {
    let mut selector = Selector::default();
    selector.handle_unit(Rank(0), at(0));
    assert_eq!(selector.handle_unit(Rank(1), at(1_999)), Choice::Spare);
    assert_eq!(selector.handle_unit(Rank(1), at(2_000)), Choice::Switched);
    assert_eq!(selector.on_air(), Some(Rank(1)));
}

#[test]
fn one_that_is_gone_hands_over_at_once() {
    let mut selector = Selector::default();
    selector.handle_unit(Rank(0), at(0));
    selector.handle_gone(Rank(1));
    assert!(selector.is_on_air(Rank(0)));
    selector.handle_gone(Rank(0));
    assert_eq!(selector.handle_unit(Rank(1), at(1)), Choice::Switched);
}

#[test]
fn alone_an_ingest_may_stall_as_long_as_its_source_lives() {
    let mut selector = Selector::default();
    selector.handle_unit(Rank(0), at(0));
    assert_eq!(selector.handle_unit(Rank(0), at(9_000)), Choice::OnAir);
}
