use feed::{OwnFrom, PathEntry, PathItem, SourceInfo};

use super::Gate;
use crate::testing::header;

fn gone(position: u64) -> PathEntry {
    PathEntry { position, item: PathItem::Gone }
}

fn connected(position: u64) -> PathEntry {
    PathEntry { position, item: PathItem::Connected(source()) }
}

fn source() -> SourceInfo {
    SourceInfo { header: header(), profile: None }
}

#[test]
fn a_programme_that_begins_anew_begins_with_its_own_time() {
    let own_from = OwnFrom::default();
    let mut gate = Gate::new(own_from.clone());
    own_from.tell_end(10);
    own_from.tell_end(3);
    assert!(!gate.lets_in(&gone(9)));
    assert!(gate.lets_in(&gone(10)));
    assert!(gate.lets_in(&gone(1)), "another node's positions are no matter");
}

#[test]
fn one_that_goes_on_does_so_where_it_was() {
    let mut gate = Gate::new(OwnFrom::known(10));
    gate.go_on_from(Some(4));
    assert!(!gate.lets_in(&gone(3)));
    assert!(gate.lets_in(&gone(4)));
}

#[test]
fn a_place_that_the_feed_has_not_come_to_is_another_feeds() {
    let own_from = OwnFrom::default();
    own_from.tell_end(10);
    let mut gate = Gate::new(own_from);
    gate.go_on_from(Some(400));
    assert!(!gate.lets_in(&gone(9)));
    assert!(gate.lets_in(&gone(10)));
    // Within a process it is known whose it is.
    let mut gate = Gate::new(OwnFrom::known(10));
    gate.go_on_from(Some(400));
    assert!(!gate.lets_in(&gone(399)));
    assert!(gate.lets_in(&gone(400)));
}

#[test]
fn the_source_that_is_there_is_known_though_its_beginning_does_not_count() {
    let mut gate = Gate::new(OwnFrom::known(10));
    assert!(!gate.lets_in(&connected(1)));
    assert!(gate.lets_in(&gone(10)));
    assert_eq!(gate.take_source(), Some(source()));
    assert_eq!(gate.take_source(), None);

    let mut gate = Gate::new(OwnFrom::known(10));
    assert!(!gate.lets_in(&connected(1)));
    assert!(!gate.lets_in(&gone(2)));
    assert_eq!(gate.take_source(), None);
}
