use feed::merge::Counts;

use super::*;

fn path(ingest: &str, state: PathState) -> (String, PathStatus) {
    let status = PathStatus { state, is_silent: false, lag_nanos: None, counts: Counts::default() };
    (ingest.to_owned(), status)
}

/// Three encoders, the first of which is on air.
fn three() -> [(String, PathStatus); 3] {
    [path("a", PathState::Locked), path("b", PathState::Seeking), path("c", PathState::Other)]
}

/// They are known: 800 ms later and 300 ms earlier.
fn known() -> Offsets {
    let mut offsets = Offsets::default();
    offsets.handle_paths(Some("a"), &three());
    assert!(offsets.handle_measured("b", Some(800)));
    assert!(offsets.handle_measured("c", Some(-300)));
    offsets
}

#[test]
fn what_is_measured_is_known_until_it_is_measured_again() {
    let mut offsets = known();
    assert_eq!((offsets.of("a"), offsets.of("b"), offsets.of("c")), (None, Some(800), Some(-300)));
    assert!(!offsets.handle_measured("b", Some(790)));
    offsets.handle_paths(Some("a"), &three());
    assert_eq!(offsets.of("b"), Some(790));
}

#[test]
fn one_that_is_not_found_twice_is_another_programme() {
    let mut offsets = known();
    offsets.handle_measured("b", None);
    assert_eq!(offsets.of("b"), Some(800));
    offsets.handle_measured("b", Some(801));
    offsets.handle_measured("b", None);
    assert_eq!(offsets.of("b"), Some(801));
    offsets.handle_measured("b", None);
    assert_eq!((offsets.of("b"), offsets.of("c")), (None, Some(-300)));
    assert!(!offsets.handle_measured("b", None));
}

#[test]
fn a_path_that_is_merged_or_gone_has_none() {
    for state in [PathState::Away, PathState::Locked, PathState::Unprotected, PathState::Stalled] {
        let mut offsets = known();
        let paths = [path("a", PathState::Locked), path("b", state), path("c", PathState::Other)];
        offsets.handle_paths(Some("a"), &paths);
        assert_eq!((offsets.of("b"), offsets.of("c")), (None, Some(-300)), "{state:?}");
    }
}

#[test]
fn they_are_counted_from_what_is_on_air() {
    let mut offsets = known();
    let paths =
        [path("a", PathState::Other), path("b", PathState::Locked), path("c", PathState::Other)];
    offsets.handle_paths(Some("b"), &paths);
    assert_eq!(
        (offsets.of("a"), offsets.of("b"), offsets.of("c")),
        (Some(-800), None, Some(-1_100))
    );
    // And back.
    offsets.handle_paths(Some("a"), &three());
    assert_eq!((offsets.of("b"), offsets.of("c")), (Some(800), Some(-300)));
}

#[test]
fn while_nothing_is_on_air_they_hold_and_where_nobody_knows_the_new_one_they_do_not() {
    let mut offsets = known();
    let gone = [path("a", PathState::Away), three()[1].clone(), three()[2].clone()];
    offsets.handle_paths(None, &gone);
    assert_eq!(offsets.of("b"), Some(800));
    offsets.handle_paths(Some("d"), &gone);
    assert_eq!((offsets.of("b"), offsets.of("c")), (None, None));
}
