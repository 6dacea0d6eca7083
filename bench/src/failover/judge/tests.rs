use super::*;

/// A hundred frames, none like another.
fn sent() -> Vec<Id> {
    (1_000..1_100).collect()
}

fn check(owed: &[Id], came: &[Id], (lost, repeated, foreign): (usize, usize, usize)) -> Alignment {
    let alignment = align(owed, came);
    assert_eq!(
        (alignment.lost.len(), alignment.repeated, alignment.foreign),
        (lost, repeated, foreign)
    );
    assert_eq!(alignment.places.len(), came.len());
    alignment
}

#[test]
fn what_came_as_it_was_sent_has_no_fault() {
    let alignment = check(&sent(), &sent(), (0, 0, 0));
    assert_eq!(alignment.first, Some(0));
}

#[test]
fn a_listener_who_joins_late_has_lost_nothing() {
    assert_eq!(check(&sent(), &sent()[37..], (0, 0, 0)).first, Some(37));
}

#[test]
fn segments_without_their_first_frame_have_lost_it() {
    let alignment = align_from(&sent(), &sent()[1..], 0);
    assert_eq!(alignment.lost, [0]);
}

#[test]
fn lost_frames_are_seen() {
    let came = [&sent()[..40], &sent()[43..]].concat();
    assert_eq!(check(&sent(), &came, (3, 0, 0)).lost, [40, 41, 42]);
}

#[test]
fn the_last_frames_are_owed_too() {
    check(&sent(), &sent()[..98], (2, 0, 0));
    assert!(align(&sent(), &sent()[..98]).to_its_end().lost.is_empty());
}

#[test]
fn repeated_frames_are_seen() {
    let came = [&sent()[..40], &sent()[35..]].concat();
    check(&sent(), &came, (0, 5, 0));
    // The last one again.
    check(&sent(), &[&sent()[..], &sent()[99..]].concat(), (0, 1, 0));
}

#[test]
fn a_frame_that_nobody_sent_is_seen() {
    let came = [&sent()[..40], &[7], &sent()[40..]].concat();
    check(&sent(), &came, (0, 0, 1));
    // In the place of another.
    let came = [&sent()[..40], &[7], &sent()[41..]].concat();
    check(&sent(), &came, (1, 0, 1));
}

#[test]
fn frames_out_of_their_order_are_lost_and_repeated() {
    let mut came = sent();
    came.swap(40, 41);
    check(&sent(), &came, (2, 2, 0));
}

#[test]
fn of_silence_the_frames_are_counted() {
    let mut owed = sent();
    owed[30..60].fill(5);
    let came = |silent: usize| [&owed[..30], &vec![5; silent], &owed[60..]].concat();
    check(&owed, &came(30), (0, 0, 0));
    check(&owed, &came(28), (2, 0, 0));
    check(&owed, &came(33), (0, 3, 0));
}

#[test]
fn a_jingle_that_is_repeated_is_no_fault_and_one_that_is_left_out_is() {
    let jingle: Vec<Id> = (0..20).collect();
    let owed = [&sent()[..30], &jingle, &sent()[30..60], &jingle, &sent()[60..]].concat();
    check(&owed, &owed, (0, 0, 0));
    let came = [&sent()[..30], &jingle, &sent()[30..]].concat();
    check(&owed, &came, (20, 0, 0));
    let came = [&owed[..], &owed[..20]].concat();
    check(&owed, &came, (0, 20, 0));
}

#[test]
fn where_nothing_came_everything_is_lost() {
    assert_eq!(check(&sent(), &[], (100, 0, 0)).first, None);
    check(&sent(), &[1, 2, 3], (100, 0, 3));
}
