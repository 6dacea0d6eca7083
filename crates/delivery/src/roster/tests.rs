use std::net::{IpAddr, Ipv4Addr};

use super::*;

fn visitor(mount: &str, host: u8, since_secs: u64) -> Visitor {
    Visitor {
        id: ListenerId::fresh(),
        mount: mount.to_owned(),
        path: format!("/{mount}"),
        peer: (Ipv4Addr::new(192, 0, 2, host), 1_000).into(),
        user_agent: "VLC/3.0".to_owned(),
        referer: String::new(),
        user: None,
        since: WallTime::from_nanos(since_secs * 1_000_000_000),
        over: Over::Icy,
    }
}

fn ids(roster: &Roster, mount: &str) -> Vec<ListenerId> {
    roster.of(mount).iter().map(|visitor| visitor.id).collect()
}

#[test]
fn who_is_entered_is_there_until_the_entry_is_dropped() {
    let roster = Roster::default();
    let entries: Vec<_> = (0..3).map(|host| roster.enter(visitor("a", host, 0))).collect();
    let other = roster.enter(visitor("b", 9, 0));
    let expected: Vec<_> = entries.iter().map(|entry| entry.visitor().id).collect();
    assert_eq!(ids(&roster, "a"), expected, "in the order in which they came");
    assert_eq!((roster.count("a"), roster.count("b"), roster.count("c")), (3, 1, 0));
    assert_eq!(roster.get("a", expected[1]).unwrap().id, expected[1]);
    assert_eq!(roster.get("b", expected[1]), None);
    assert_eq!(roster.get("c", expected[1]), None);
    drop(entries);
    assert_eq!((roster.of("a"), roster.count("b")), (Vec::new(), 1));
    drop(other);
    assert!(roster.lock().is_empty(), "a mount without listeners takes no room");
}

#[test]
fn who_moves_is_the_same_one_elsewhere() {
    let roster = Roster::default();
    let mut entry = roster.enter(visitor("a", 1, 5));
    let before = roster.of("a").remove(0);
    entry.move_to("b");
    assert_eq!(roster.count("a"), 0);
    let expected = Visitor { mount: "b".to_owned(), ..Visitor::clone(&before) };
    assert_eq!(*roster.of("b").remove(0), expected);
    assert_eq!(entry.visitor(), &expected);
    entry.move_to("b");
    assert_eq!(roster.count("b"), 1);
    drop(entry);
    assert!(roster.lock().is_empty());
}

#[test]
fn an_audience_is_who_listens_now_and_what_was_counted() {
    let roster = Roster::default();
    let now = WallTime::from_nanos(100_000_000_000);
    let snapshot = Snapshot {
        listeners: 4,
        listeners_peak: 7,
        joins_total: 20,
        bytes_sent_total: 1_000,
        dropped_slow_total: 2,
        ..Snapshot::default()
    };
    let nobody = roster.audience("a", &snapshot, now);
    assert_eq!((nobody.listened_mean, nobody.addresses), (Duration::ZERO, 0));
    let mut listeners = vec![visitor("a", 1, 90), visitor("a", 1, 80), visitor("a", 2, 100)];
    // The same host, as a socket of IPv6 has it.
    let mapped = IpAddr::from(Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped());
    listeners.push(Visitor { peer: (mapped, 5).into(), ..visitor("a", 0, 70) });
    let _entries: Vec<_> = listeners.into_iter().map(|one| roster.enter(one)).collect();
    let _elsewhere = roster.enter(visitor("b", 9, 0));
    let expected = Audience {
        listeners: 4,
        listeners_peak: 7,
        connections_total: 20,
        bytes_sent_total: 1_000,
        slow_listeners_total: 2,
        listened_mean: Duration::from_secs(15),
        addresses: 2,
    };
    assert_eq!(roster.audience("a", &snapshot, now), expected);
}
