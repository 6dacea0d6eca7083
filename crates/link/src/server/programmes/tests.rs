use bytes::Bytes;
use feed::wire::Decoder;
use feed::{Record, Unit};

use super::*;

fn unit(index: u64) -> Record {
    Record::Unit(Unit { index, data: Bytes::from_static(b"frame") })
}

/// What a reader is told that has all up to `after`, of records from a place on.
#[track_caller]
fn check(after: Option<u64>, first: u64, count: u64, expected: &str) {
    let mut script = ProgrammeScript { floor: 1_000, after, next: 1_000, out: Vec::new() };
    script.tell((0..count).map(unit).collect(), first);
    script.beat();
    let mut decoder = Decoder::<Record>::new();
    decoder.push(&script.take());
    let messages = std::iter::from_fn(|| decoder.next_message().unwrap());
    let word = |message| match message {
        Message::Item { position, .. } => position.to_string(),
        Message::Missed { up_to } => format!("M{up_to}"),
        Message::Heartbeat { end } => format!("H{end}"),
    };
    assert_eq!(messages.map(word).collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn records_have_the_positions_of_their_process() {
    check(None, 0, 3, "1000 1001 1002 H1003");
    check(Some(1_000), 0, 3, "1001 1002 H1003");
    check(Some(1_002), 0, 3, "H1000");
}

#[test]
fn a_reader_of_another_process_or_a_slow_one_is_told_that_it_missed_some() {
    check(Some(7), 0, 2, "M1000 1000 1001 H1002");
    check(Some(1_002), 9, 2, "M1009 1009 1010 H1011");
    check(Some(1_008), 9, 2, "1009 1010 H1011");
}

#[test]
fn positions_rise_from_process_to_process() {
    let early = Programmes::new(WallTime::from_nanos(1_700_000_000_000_000_000));
    let later = Programmes::new(WallTime::from_nanos(1_700_000_001_000_000_000));
    assert!(later.floor - early.floor == POSITION_STEP);
    assert!(later.floor < feed::NUMBER_MAX);
}
