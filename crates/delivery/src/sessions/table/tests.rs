use std::cell::Cell;
use std::net::Ipv4Addr;
use std::rc::Rc;

use ledger::Protocol;
use media::SessionId;

use super::*;

const START: WallTime = WallTime::from_nanos(1_764_000_000_000_000_000);

/// A segment's target duration: a session is alive for 20 s.
const TARGET_SECS: u64 = 6;

/// A house with so many places.
struct House {
    table: Table<Place>,
    places: Rc<Cell<usize>>,
    begun: usize,
}

/// Counted for as long as it lives.
#[derive(Debug)]
struct Place(Rc<Cell<usize>>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Refused {
    NoPlace,
    Table,
}

impl From<TableFull> for Refused {
    fn from(_: TableFull) -> Self {
        Self::Table
    }
}

fn at(secs: u64) -> WallTime {
    START.plus(Duration::from_secs(secs))
}

fn token(nth: u8) -> Identity {
    Identity::Token(SessionId::new([nth; 16]))
}

/// The player with this number, and its identity without a token.
fn player(nth: u8) -> (Fingerprint, Identity) {
    let fingerprint = Fingerprint::of_client("acme", Ipv4Addr::LOCALHOST.into(), &[nth]);
    (fingerprint, Identity::Player(fingerprint))
}

fn session(nth: usize, started: WallTime) -> Session {
    Session {
        id: SessionId::new([u8::try_from(nth).unwrap_or(0); 16]),
        egress: "acme".into(),
        protocol: Protocol::Hls,
        country: None,
        address: Ipv4Addr::LOCALHOST.into(),
        path: "/acme".into(),
        user_agent: String::new(),
        referer: String::new(),
        user: None,
        started,
        until: None,
        ended: started,
        media: Duration::ZERO,
        bytes: 0,
        ending: None,
    }
}

impl House {
    fn new(places: usize) -> Self {
        let places = Rc::new(Cell::new(places));
        Self { table: Table::new(TARGET_SECS), places, begun: 0 }
    }

    /// A reload at `secs`, when as much of the programme is listed, at 1,000 bytes a
    /// second.
    fn load(&mut self, identity: Identity, of: u8, secs: u64) -> Result<Seen, Refused> {
        self.load_until(identity, of, secs, None).map(|(seen, _)| seen)
    }

    fn load_until(
        &mut self,
        identity: Identity,
        of: u8,
        secs: u64,
        until: Option<u64>,
    ) -> Result<(Seen, Option<Session>), Refused> {
        self.load_of(identity, of, (secs, 0), until)
    }

    /// The same of a rendition. The second has half the bytes, and has been listed for
    /// ten hours longer.
    fn load_of(
        &mut self,
        identity: Identity,
        of: u8,
        (secs, rendition): (u64, usize),
        until: Option<u64>,
    ) -> Result<(Seen, Option<Session>), Refused> {
        let (fingerprint, _) = player(of);
        let listed = [(secs, secs * 1_000), (secs + 36_000, (secs + 36_000) * 500)];
        let listed = listed.map(|(secs, bytes)| Heard { media: Duration::from_secs(secs), bytes });
        let load = Load { identity, fingerprint, now: at(secs), rendition, listed: &listed };
        let begun = &mut self.begun;
        let begin = || {
            *begun += 1;
            Begun { session: session(*begun, at(secs)), until: until.map(at), held: None }
        };
        let places = &self.places;
        let admit = |_: &Session| {
            let left = places.get().checked_sub(1).ok_or(Refused::NoPlace)?;
            places.set(left);
            Ok(Place(Rc::clone(places)))
        };
        self.table.load(&load, begin, admit)
    }

    /// Places left.
    fn left(&self) -> usize {
        self.places.get()
    }

    /// Sweeps every second, as the process does.
    fn sweep(&mut self, secs: std::ops::RangeInclusive<u64>) -> Vec<(u64, Session)> {
        let mut ended = Vec::new();
        for now in secs {
            ended.extend(self.table.sweep(at(now)).into_iter().map(|one| (now, one)));
        }
        ended
    }
}

#[test]
fn a_session_has_heard_what_became_listed_between_its_reloads() {
    let mut house = House::new(9);
    for secs in [0, 6, 11, 30] {
        let seen = house.load(token(1), 1, secs).unwrap();
        assert_eq!(seen.is_new, secs == 0);
    }
    assert_eq!(house.left(), 8);
    let [(when, session)] = &house.sweep(31..=300)[..] else { panic!("one session") };
    assert_eq!((*when, session.ending), (30 + 180, Some(Ending::Idle)));
    assert_eq!((session.started, session.ended), (at(0), at(30)));
    assert_eq!((session.media, session.bytes), (Duration::from_secs(30), 30_000));
    assert_eq!((house.left(), house.table.sessions.len()), (9, 0));
}

#[test]
fn a_session_is_alive_for_twenty_seconds_or_three_targets_and_pauses_then() {
    let mut house = House::new(9);
    house.load(token(1), 1, 0).unwrap();
    house.sweep(1..=20);
    assert_eq!(house.left(), 8);
    house.sweep(21..=21);
    assert_eq!(house.left(), 9);
    house.table = Table::new(7);
    house.load(token(1), 1, 0).unwrap();
    house.sweep(1..=21);
    assert_eq!(house.left(), 8);
    house.sweep(22..=22);
    assert_eq!(house.left(), 9);
}

#[test]
fn who_returns_within_three_minutes_goes_on_and_has_not_heard_the_pause() {
    let mut house = House::new(9);
    for secs in [0, 6, 6 + 179, 6 + 185] {
        assert_eq!(house.load(token(1), 1, secs).unwrap().is_new, secs == 0);
        assert_eq!(house.left(), 8);
        assert!(house.sweep(secs..=secs + 179).is_empty());
        assert_eq!(house.left(), 9);
    }
    let [session] = &house.sweep(500..=900).into_iter().map(|(_, one)| one).collect::<Vec<_>>()[..]
    else {
        panic!("one session")
    };
    assert_eq!(session.media, Duration::from_secs(12));
    assert_eq!(session.length(), Duration::from_secs(6 + 185));
}

#[test]
fn who_returns_later_begins_anew() {
    let mut house = House::new(9);
    house.load(token(1), 1, 0).unwrap();
    // No sweep came in between.
    let (seen, ended) = house.load_until(token(1), 1, 180, None).unwrap();
    assert!(seen.is_new);
    assert_eq!(ended.unwrap().ending, Some(Ending::Idle));
    assert_eq!((house.left(), house.table.sessions.len()), (8, 1));
}

#[test]
fn a_player_that_opens_a_stream_twice_is_one_session() {
    for goes_on_with in [1, 2] {
        let mut house = House::new(9);
        house.load(token(1), 7, 0).unwrap();
        house.load(token(2), 7, 1).unwrap();
        assert_eq!(house.left(), 8, "one of them counts at once");
        for secs in [6, 12, 18] {
            house.load(token(goes_on_with), 7, secs).unwrap();
            assert_eq!(house.left(), 8);
        }
        assert_eq!(house.table.open().count(), 1);
        assert_eq!(house.table.take_begun(), 1);
        let ended = house.sweep(19..=300);
        assert_eq!(house.table.take_begun(), 0);
        assert_eq!(ended.len(), 1, "{ended:?}");
        assert_eq!(house.left(), 9);
    }
}

#[test]
fn a_player_that_opens_a_stream_twice_needs_one_place() {
    let mut house = House::new(1);
    house.load(token(1), 7, 0).unwrap();
    let is_here = |house: &House, nth, secs| house.table.is_here(player(nth).0, at(secs));
    assert!(is_here(&house, 7, 10) && !is_here(&house, 7, 11) && !is_here(&house, 8, 1));
    house.load(token(2), 7, 1).unwrap();
    assert_eq!(house.load(token(3), 8, 2), Err(Refused::NoPlace));
    house.load(token(2), 7, 6).unwrap();
    assert!(!is_here(&house, 7, 6), "it has gone on");
}

#[test]
fn a_session_that_changes_between_renditions_is_one_and_has_heard_no_more() {
    let mut house = House::new(9);
    let loads = [(0, 0), (6, 0), (8, 1), (14, 1), (15, 0), (16, 1), (20, 1), (30, 0)];
    for load in loads {
        house.load_of(token(1), 7, load, None).unwrap();
        assert_eq!(house.left(), 8);
    }
    assert_eq!(house.table.take_begun(), 1);
    let [(_, session)] = &house.sweep(31..=300)[..] else { panic!("one session") };
    assert_eq!((session.started, session.ended), (at(0), at(30)));
    assert_eq!(session.media, Duration::from_secs(30));
    // Of the first 8 s and one, and half of the others'.
    assert_eq!(session.bytes, 9_000 + 21 * 500);
    assert_eq!(house.table.take_begun(), 0);
}

#[test]
fn a_player_that_tries_the_renditions_and_opens_the_stream_again_is_one_session() {
    let mut house = House::new(1);
    house.load_of(token(1), 7, (0, 0), None).unwrap();
    house.load_of(token(1), 7, (1, 1), None).unwrap();
    assert!(house.table.is_here(player(7).0, at(2)));
    house.load_of(token(2), 7, (2, 0), None).unwrap();
    for secs in [3, 9, 15] {
        house.load_of(token(2), 7, (secs, 1), None).unwrap();
    }
    assert_eq!(house.table.open().count(), 1);
    assert_eq!((house.left(), house.table.take_begun()), (0, 1));
    assert_eq!(house.sweep(16..=300).len(), 1);
    assert_eq!(house.table.take_begun(), 0);
}

#[test]
fn two_players_alike_are_two_sessions_as_soon_as_both_go_on() {
    let mut house = House::new(9);
    for (nth, secs) in [(1, 0), (2, 3), (1, 6), (2, 9), (1, 12), (2, 15)] {
        house.load(token(nth), 7, secs).unwrap();
    }
    assert_eq!((house.left(), house.table.take_begun()), (7, 2));
    assert_eq!(house.sweep(16..=300).len(), 2);
    // So are those who come one behind the other, further apart.
    house.load(token(1), 7, 400).unwrap();
    house.load(token(2), 7, 411).unwrap();
    assert_eq!(house.left(), 7);
}

#[test]
fn a_twin_is_one_of_the_first_ten_seconds() {
    for (secs, places) in [(10, 8), (11, 7)] {
        let mut house = House::new(9);
        house.load(token(1), 7, 0).unwrap();
        house.load(token(2), 7, secs).unwrap();
        assert_eq!(house.left(), places, "{secs}");
    }
}

#[test]
fn no_more_are_alive_than_there_are_places_and_a_pause_gives_one_back() {
    let mut house = House::new(1);
    house.load(token(1), 1, 0).unwrap();
    assert_eq!(house.load(token(2), 2, 1), Err(Refused::NoPlace));
    assert_eq!(house.table.sessions.len(), 1, "who is refused is not known");
    house.sweep(1..=21);
    house.load(token(2), 2, 22).unwrap();
    // The first one comes back, and there is no place.
    assert_eq!(house.load(token(1), 1, 23), Err(Refused::NoPlace));
}

#[test]
fn a_session_that_is_over_is_told_once_and_its_identity_can_begin_another() {
    let mut house = House::new(9);
    let (_, identity) = player(1);
    let (seen, _) = house.load_until(identity, 1, 0, Some(20)).unwrap();
    assert_eq!(seen.until, Some(at(20)));
    assert_eq!(house.load(identity, 1, 6).unwrap().until, Some(at(20)), "fixed when it began");
    let ended = house.table.end(identity, at(24), Ending::Limit).unwrap();
    assert_eq!((ended.ending, ended.ended), (Some(Ending::Limit), at(24)));
    assert_eq!(house.left(), 9);
    assert_eq!(house.table.end(identity, at(25), Ending::Limit), None);
    let seen = house.load(identity, 1, 26).unwrap();
    assert_eq!(seen, Seen { until: Some(at(20)), started: at(0), country: None, is_new: false });
    assert_eq!(house.left(), 9, "it listens no more");
    house.table.forget(identity);
    assert!(house.load(identity, 1, 80).unwrap().is_new);
    assert_eq!(house.sweep(81..=400).len(), 1);
}

#[test]
fn one_that_is_over_and_not_asked_for_any_more_is_not_told_again() {
    let mut house = House::new(9);
    house.load(token(1), 1, 0).unwrap();
    house.table.end(token(1), at(5), Ending::Limit).unwrap();
    assert!(house.sweep(6..=300).is_empty());
    assert_eq!(house.table.sessions.len(), 0);
    assert_eq!(house.table.take_begun(), 1, "it was one, however short");
}

#[test]
fn someone_ends_a_session_by_its_presence() {
    let mut house = House::new(9);
    house.load(token(1), 1, 0).unwrap();
    assert!(house.table.limit(at(3), |_| true));
    assert_eq!(house.load(token(1), 1, 6).unwrap().until, Some(at(3)));
    assert!(!house.table.limit(at(3), |_| false));
}

#[test]
fn sessions_go_on_behind_a_restart() {
    let before = || {
        let mut before = session(1, at(0));
        (before.ended, before.media, before.bytes) = (at(60), Duration::from_mins(1), 60_000);
        Begun { session: before, until: Some(at(500)), held: None }
    };
    let (fingerprint, by_player) = player(1);
    for identity in [token(1), by_player] {
        let mut house = House::new(9);
        house.table.restore(token(1), before(), fingerprint);
        assert_eq!(house.left(), 9, "it has not come back yet");
        assert_eq!(house.table.open().count(), 1, "the next checkpoint has it");
        for secs in [70, 76] {
            let seen = house.load(identity, 1, secs).unwrap();
            let until = (identity == by_player).then(|| at(500));
            assert_eq!(
                seen,
                Seen { until, started: at(0), country: None, is_new: false },
                "a token says it itself"
            );
        }
        assert_eq!(house.left(), 8);
        let [session] =
            &house.sweep(500..=900).into_iter().map(|(_, one)| one).collect::<Vec<_>>()[..]
        else {
            panic!("one session")
        };
        assert_eq!((session.started, session.ended), (at(0), at(76)));
        assert_eq!(session.media, Duration::from_secs(66), "{identity:?}");
    }
    let mut house = House::new(9);
    house.table.restore(token(1), before(), fingerprint);
    let [(when, session)] = &house.sweep(100..=300)[..] else { panic!("one session") };
    assert_eq!((*when, session.ended), (60 + 180, at(60)));
}

#[test]
fn there_are_no_more_sessions_than_a_table_has() {
    let mut house = House::new(usize::MAX);
    let fingerprint = player(1).0;
    for nth in 0..SESSIONS_MAX {
        let id = SessionId::new((nth as u128).to_be_bytes());
        let begun = Begun { session: session(1, at(0)), until: None, held: None };
        house.table.restore(Identity::Token(id), begun, fingerprint);
        if nth + 2 == SESSIONS_MAX {
            house.load(Identity::Token(SessionId::new([9; 16])), 1, 0).unwrap();
            break;
        }
    }
    assert_eq!(house.table.sessions.len(), SESSIONS_MAX);
    assert_eq!(house.load(token(1), 1, 0), Err(Refused::Table));
}
