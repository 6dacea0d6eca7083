use media::{Codec, EpochId, MediaDuration, MediaSequence, MediaTime, Timescale};

use super::*;

fn segment(number: u64) -> Leaving {
    Leaving::Segment(SegmentRef::stored(SegmentInfo {
        number: MediaSequence(number),
        epoch: EpochId(1),
        discontinuity_sequence: 0,
        discontinuity: false,
        codec: Codec::Mp3,
        start: MediaTime::ZERO,
        duration: MediaDuration::from_ticks(1),
        timescale: Timescale::new(48_000).unwrap(),
        wall_start: WallTime::default(),
        bytes: 1,
    }))
}

fn at(secs: u64) -> WallTime {
    WallTime::from_nanos(secs * 1_000_000_000)
}

/// Numbers of what is due; 0 is a stray.
#[track_caller]
fn check(retention: &mut Retention, now: WallTime, expected: &[u64]) {
    let number = |leaving| match leaving {
        Leaving::Segment(segment) => segment.info().number.0,
        Leaving::Stray(_) => 0,
    };
    let popped: Vec<_> = std::iter::from_fn(|| retention.pop_due(now)).map(number).collect();
    assert_eq!(popped, expected);
}

#[test]
fn seq_12_nothing_goes_before_its_time() {
    let mut retention = Retention::default();
    retention.push(segment(1), at(10));
    retention.push(segment(2), at(16));
    check(&mut retention, at(9), &[]);
    check(&mut retention, at(10), &[1]);
    assert_eq!(retention.next_due(), Some(at(16)));
    check(&mut retention, at(100), &[2]);
}

#[test]
fn a_later_segment_waits_for_the_earlier() {
    let mut retention = Retention::default();
    retention.push(segment(1), at(20));
    retention.push(segment(2), at(10));
    check(&mut retention, at(19), &[]);
    check(&mut retention, at(20), &[1, 2]);
}

#[test]
fn the_oldest_segment_is_known_behind_what_nobody_lists() {
    let mut retention = Retention::default();
    assert_eq!(retention.oldest(), None);
    retention.push(Leaving::Stray(Key::new("public/acme/mp3-128/1-00000000.mp3").unwrap()), at(1));
    retention.push(segment(2), at(2));
    assert_eq!(retention.oldest().map(|info| info.number.0), Some(2));
    check(&mut retention, at(2), &[0, 2]);
}

#[test]
fn one_that_could_not_be_deleted_comes_again() {
    let mut retention = Retention::default();
    retention.push_back(segment(1), at(10), Duration::from_secs(5));
    check(&mut retention, at(14), &[]);
    check(&mut retention, at(15), &[1]);
}

#[test]
fn what_left_before_is_due_before() {
    let mut retention = Retention::default();
    retention.push(segment(5), at(30));
    let older = [(1, 10), (2, 20), (3, 40)];
    retention.put_before(older.map(|(number, due)| (segment(number), at(due))).into());
    assert_eq!(retention.oldest().map(|info| info.number.0), Some(1));
    check(&mut retention, at(10), &[1]);
    check(&mut retention, at(29), &[2]);
    check(&mut retention, at(30), &[3, 5]);
}

#[test]
fn one_that_was_stored_late_stays_for_its_time() {
    let mut retention = Retention::default();
    retention.push(segment(1), at(10));
    retention.push(segment(9), at(60));
    for (number, due) in [(5, 40), (6, 45), (7, 99)] {
        let Leaving::Segment(late) = segment(number) else { panic!("a segment") };
        retention.put_between(late, at(due));
    }
    check(&mut retention, at(39), &[1]);
    assert_eq!(retention.oldest().map(|info| info.number.0), Some(5));
    check(&mut retention, at(59), &[5, 6]);
    check(&mut retention, at(60), &[7, 9]);
    let Leaving::Segment(late) = segment(3) else { panic!("a segment") };
    retention.put_between(late, at(70));
    check(&mut retention, at(70), &[3]);
}

#[test]
fn what_is_held_stays() {
    let mut retention = Retention::default();
    for number in 1..5 {
        retention.push(segment(number), at(number));
    }
    retention.hold_from(MediaSequence(3));
    check(&mut retention, at(100), &[1, 2]);
    assert_eq!(retention.next_due(), None);
    retention.hold_from(MediaSequence(4));
    check(&mut retention, at(100), &[3]);
}
