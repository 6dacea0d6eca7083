use super::*;
use crate::Ending;
use crate::testing::{Scratch, at, session};

const PATIENCE: Duration = Duration::from_secs(20);

fn open(scratch: &Scratch) -> (Ledger, Vec<Session>) {
    Ledger::open(&scratch.path().join("sessions"), at(23, 0, 0), Counter::default()).unwrap()
}

fn records(scratch: &Scratch) -> Vec<Session> {
    let folder = Folder::new(&scratch.path().join("sessions"));
    let mut sessions = Vec::new();
    for day in folder.days().unwrap() {
        folder.read(day, |session| sessions.push(session)).unwrap();
    }
    sessions
}

#[test]
fn a_session_is_written_under_the_day_of_its_end() {
    let scratch = Scratch::new();
    let (ledger, left) = open(&scratch);
    assert_eq!(left, []);
    let late = Session { ended: at(24, 0, 0), ..session(2) };
    ledger.record(&session(1));
    ledger.record(&late);
    ledger.flush(PATIENCE);
    let folder = scratch.path().join("sessions");
    let read = |day: &str| std::fs::read_to_string(folder.join(day)).unwrap();
    assert_eq!(read("2026-11-22.jsonl"), to_line(&session(1)).unwrap());
    assert_eq!(read("2026-11-23.jsonl"), to_line(&late).unwrap());
}

#[test]
fn a_session_that_is_told_twice_is_written_once_and_what_is_told_anew_again() {
    let scratch = Scratch::new();
    let (ledger, _) = open(&scratch);
    let longer = Session { bytes: 99_999_999, ..session(1) };
    for session in [&session(1), &session(1), &longer, &session(1)] {
        ledger.record(session);
    }
    ledger.flush(PATIENCE);
    assert_eq!(records(&scratch), [session(1), longer]);
}

#[test]
fn after_a_kill_each_session_is_open_or_recorded() {
    let scratch = Scratch::new();
    let (ledger, _) = open(&scratch);
    let open_one = |id| Session { ending: None, ..session(id) };
    ledger.checkpoint(vec![open_one(1), open_one(2), open_one(3)]);
    ledger.record(&session(2));
    ledger.flush(PATIENCE);
    drop(ledger);
    let (ledger, left) = open(&scratch);
    assert_eq!(left, [open_one(1), open_one(3)]);
    // The caller says what has become of them.
    ledger.record(&Session { ending: Some(Ending::Lost), ..session(1) });
    ledger.checkpoint(vec![open_one(3)]);
    ledger.flush(PATIENCE);
    drop(ledger);
    assert_eq!(open(&scratch).1, [open_one(3)]);
}

#[test]
fn addresses_are_shortened_where_none_may_be_whole() {
    let scratch = Scratch::new();
    let (ledger, _) = open(&scratch);
    let ledger = ledger.shortening_addresses();
    ledger.record(&session(1));
    ledger.checkpoint(vec![session(2)]);
    ledger.flush(PATIENCE);
    let short = "192.0.2.0".parse().unwrap();
    assert_eq!(records(&scratch), [Session { address: short, ..session(1) }]);
    assert_eq!(open(&scratch).1[0].address, short);
}

#[test]
fn who_tells_more_than_waits_is_not_kept_waiting() {
    let (entries, waiting) = sync_channel(RECORDS_WAITING_MAX);
    let lost = Counter::default();
    let is_checkpoint_waiting = Arc::new(AtomicBool::new(false));
    let ledger =
        Ledger { entries, lost: lost.clone(), is_checkpoint_waiting, is_shortening: false };
    for id in 0..RECORDS_WAITING_MAX - 1 {
        ledger.record(&Session { bytes: id as u64, ..session(1) });
    }
    ledger.checkpoint(vec![session(1)]);
    assert_eq!(lost.get(), 0);
    // A second checkpoint is passed over, it takes no place.
    ledger.checkpoint(vec![session(2)]);
    ledger.record(&session(1));
    assert_eq!(lost.get(), 1);
    assert_eq!(waiting.try_iter().count(), RECORDS_WAITING_MAX);
}

#[test]
fn a_line_that_is_too_long_is_lost_and_counted() {
    let scratch = Scratch::new();
    let (ledger, _) = open(&scratch);
    ledger.record(&Session { path: "x".repeat(20_000), ..session(1) });
    ledger.flush(PATIENCE);
    assert_eq!(ledger.lost.get(), 1);
    assert_eq!(records(&scratch), []);
}
