use std::net::{IpAddr, Ipv4Addr};

use super::*;

fn visitor(mount: &str, host: u8, since_secs: u64) -> Visitor {
    Visitor {
        id: ListenerId::fresh(),
        session: SessionId::new([host; 16]),
        mount: mount.to_owned(),
        rendition: Some(RenditionId::new("mp3", 128)),
        path: format!("/{mount}"),
        peer: (Ipv4Addr::new(192, 0, 2, host), 1_000).into(),
        country: None,
        user_agent: "VLC/3.0".to_owned(),
        referer: String::new(),
        user: None,
        since: WallTime::from_nanos(since_secs * 1_000_000_000),
        over: Over::Icy,
    }
}

fn enter(roster: &Roster, visitor: Visitor) -> Entry {
    let household = roster.reserve(visitor.peer.ip()).unwrap();
    roster.enter(visitor, household)
}

fn ids(roster: &Roster, mount: &str) -> Vec<ListenerId> {
    roster.of(mount).iter().map(|visitor| visitor.id).collect()
}

#[test]
fn who_is_entered_is_there_until_the_entry_is_dropped() {
    let roster = Roster::default();
    let entries: Vec<_> = (0..3).map(|host| enter(&roster, visitor("a", host, 0))).collect();
    let other = enter(&roster, visitor("b", 9, 0));
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
    let mut entry = enter(&roster, visitor("a", 1, 5));
    let before = roster.of("a").remove(0);
    entry.move_to("b", Some(&RenditionId::new("mp3", 64)));
    assert_eq!(roster.count("a"), 0);
    let rendition = Some(RenditionId::new("mp3", 64));
    let expected = Visitor { mount: "b".to_owned(), rendition, ..Visitor::clone(&before) };
    assert_eq!(*roster.of("b").remove(0), expected);
    assert_eq!(entry.visitor(), &expected);
    entry.move_to("b", Some(&RenditionId::new("mp3", 64)));
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
    let _entries: Vec<_> = listeners.into_iter().map(|one| enter(&roster, one)).collect();
    let _elsewhere = enter(&roster, visitor("b", 9, 0));
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

#[test]
fn an_address_has_so_many_listeners_and_no_more() {
    let roster = Roster::with_household_max(Some(2));
    let network = |host: u16| IpAddr::from([0x2001, 0xDB8, 0, 1, 0, 0, 0, host]);
    let places: Vec<_> = (1..3).map(|host| roster.reserve(network(host)).unwrap()).collect();
    assert_eq!(roster.household(network(9)), Room { taken: 2, max: Some(2) });
    assert_eq!(roster.reserve(network(9)).unwrap_err(), Block::Address);
    let other = IpAddr::from([0x2001, 0xDB8, 0, 2, 0, 0, 0, 1]);
    assert!(roster.reserve(other).is_ok());
    drop(places);
    assert_eq!(roster.household(network(9)).taken, 0);
    assert!(roster.households.lock().is_empty(), "an address without listeners takes no room");
}
