use super::*;
use crate::testing::{connected, gone, positions, unit};

const SECS: fn(u64) -> Duration = Duration::from_secs;

/// What counts of these, behind which nothing more comes for now.
fn check(mut held: Held, entries: Vec<PathEntry>, expected: &[u64]) {
    let mut out = Vec::new();
    for entry in entries {
        held.push(entry, &mut out);
    }
    held.release(&mut out);
    assert_eq!(positions(&out), expected);
}

#[test]
fn of_a_feed_that_is_read_on_all_counts() {
    check(Held::nothing(), vec![connected(1), unit(2), gone(3)], &[1, 2, 3]);
}

#[test]
fn of_another_nodes_feed_only_the_time_counts_in_which_none_was_read() {
    // There is a frame a second.
    let entries = || (2..20).map(unit).collect::<Vec<_>>();
    let with_source = || [vec![connected(1)], entries()].concat();
    check(Held::before(20, SECS(3)), with_source(), &[1, 16, 17, 18, 19]);
    check(
        Held::before(20, SECS(100)),
        entries(),
        &entries().iter().map(|one| one.position).collect::<Vec<_>>(),
    );
    // What comes from now on counts anyway.
    check(Held::before(18, SECS(1)), with_source(), &[1, 16, 17, 18, 19]);
}

#[test]
fn the_sources_that_were_there_before_do_not_count() {
    let entries = vec![connected(1), unit(2), gone(3), connected(4), unit(5), unit(6)];
    check(Held::before(7, SECS(100)), entries, &[4, 5, 6]);
    check(Held::before(7, SECS(100)), vec![connected(1), unit(2), gone(3)], &[3]);
}
