use bytes::Bytes;
use media::{ChannelMode, Codec, FrameHeader, StreamInfo, Timescale};
use proptest::prelude::*;

use super::*;
use crate::path::PathUnit;
use crate::timeline::{Resume, Timeline};

const T0: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);
const FRAME: Duration = Duration::from_millis(24);
const TARGET_SECS: u32 = 2;

fn at(frame: u64) -> WallTime {
    T0.plus(FRAME * u32::try_from(frame).unwrap())
}

fn unit(number: u64) -> PathUnit {
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(48_000).unwrap(),
        channels: 2,
        samples_per_frame: 1152,
    };
    let mode = ChannelMode::JointStereo;
    let header = FrameHeader { stream, bitrate_bps: Some(128_000), channel_mode: mode };
    PathUnit { header, data: Bytes::from(number.to_string()), arrival: at(number) }
}

/// The records of a programme of so many frames that begins at a number, each with the
/// frame at whose time it is made. There is a title every 100 frames, and an epoch
/// ends before each frame in `ends`.
fn programme(frames: u64, first_number: u64, ends: &[u64]) -> Vec<(u64, Record)> {
    let resume = Resume {
        next_number: MediaSequence(first_number),
        next_discontinuity: 0,
        not_before: WallTime::default(),
        title: None,
    };
    let mut timeline = Timeline::new(TARGET_SECS, resume);
    timeline.handle_begin(None);
    let mut records = Vec::new();
    for frame in 0..frames {
        if ends.contains(&frame) {
            timeline.handle_begin(None);
        }
        if frame % 100 == 50 {
            timeline.handle_title(Arc::new(Title::new(frame.to_string(), "")));
        }
        timeline.handle_unit(&unit(frame));
        records.extend(std::iter::from_fn(|| timeline.next_record()).map(|one| (frame, one)));
    }
    records
}

fn taken(replicas: &mut Replicas) -> Vec<Record> {
    std::iter::from_fn(|| replicas.next_record()).collect()
}

fn records(programme: &[(u64, Record)]) -> Vec<Record> {
    programme.iter().map(|(_, record)| record.clone()).collect()
}

fn give(replicas: &mut Replicas, feed: usize, programme: &[(u64, Record)]) {
    for (frame, record) in programme {
        replicas.handle_record(feed, record.clone(), at(*frame));
    }
}

/// The frames on air, by the numbers that they bear.
fn frames(records: &[Record]) -> Vec<u64> {
    let units = records.iter().filter_map(|record| match record {
        Record::Unit(unit) => std::str::from_utf8(&unit.data).unwrap().parse().ok(),
        _ => None,
    });
    units.collect()
}

fn both() -> Replicas {
    let mut replicas = Replicas::new(2, TARGET_SECS);
    replicas.handle_there(0);
    replicas.handle_there(1);
    replicas
}

#[test]
fn one_feed_comes_out_as_it_is() {
    let all = programme(1_000, 7, &[400, 401]);
    let mut replicas = Replicas::new(1, TARGET_SECS);
    replicas.handle_there(0);
    give(&mut replicas, 0, &all);
    assert_eq!(taken(&mut replicas), records(&all));
    assert_eq!((replicas.missed(), replicas.poll_timeout()), (0, None));
}

#[test]
fn of_two_the_first_counts_and_nothing_comes_twice() {
    let all = programme(1_000, 7, &[400]);
    let mut replicas = both();
    for (frame, record) in &all {
        replicas.handle_record(0, record.clone(), at(*frame));
        replicas.handle_record(1, record.clone(), at(*frame));
    }
    assert_eq!(taken(&mut replicas), records(&all));
}

#[test]
fn one_that_dies_is_not_noticed() {
    let all = programme(1_000, 7, &[400]);
    let mut replicas = both();
    let (before, after) = all.split_at(500);
    give(&mut replicas, 0, before);
    // The other one is half a second behind.
    give(&mut replicas, 1, &before[..480]);
    replicas.handle_gone(0, at(500));
    give(&mut replicas, 1, &before[480..]);
    give(&mut replicas, 1, after);
    assert_eq!(taken(&mut replicas), records(&all));
}

#[test]
fn what_one_lacks_is_waited_for_until_the_other_brings_it() {
    let all = programme(300, 7, &[]);
    let mut replicas = both();
    give(&mut replicas, 0, &all[..100]);
    // A stretch of the first one is lost; it still knows where it is.
    give(&mut replicas, 0, &all[120..130]);
    assert_eq!(taken(&mut replicas), records(&all[..100]));
    give(&mut replicas, 1, &all[..300]);
    assert_same(&taken(&mut replicas), &records(&all[100..300]));
    assert_eq!(replicas.missed(), 0);
}

#[test]
fn what_nobody_brings_in_time_is_a_hole() {
    let all = programme(300, 7, &[]);
    let mut replicas = both();
    give(&mut replicas, 0, &all[..40]);
    give(&mut replicas, 0, &all[50..60]);
    taken(&mut replicas);
    let due = replicas.poll_timeout().unwrap();
    assert!(due > at(55) && due <= at(55).plus(PATIENCE), "{due:?}");
    replicas.handle_timeout(due);
    assert_eq!(frames(&taken(&mut replicas)), (49..58).collect::<Vec<_>>());
    assert_eq!(replicas.missed(), 10);
    // Nobody is there who could: then it is not waited for.
    replicas.handle_gone(1, at(60));
    give(&mut replicas, 0, &all[70..80]);
    assert_eq!(frames(&taken(&mut replicas)).len(), 10);
}

#[test]
fn an_epoch_goes_on_as_long_as_one_feed_has_it() {
    let (well, broken) = (programme(1_000, 7, &[]), programme(1_000, 7, &[300]));
    let mut replicas = both();
    for frame in 0..600 {
        for (feed, programme) in [(0, &broken), (1, &well)] {
            let now: Vec<_> = programme.iter().filter(|(at, _)| *at == frame).cloned().collect();
            give(&mut replicas, feed, &now);
        }
    }
    let before = taken(&mut replicas);
    assert_eq!(frames(&before), (0..600).collect::<Vec<_>>());
    assert!(!before.iter().any(|record| matches!(record, Record::Ended(_))));
    // Until that one dies: then the other's epoch is the next, from about there on.
    replicas.handle_gone(1, at(600));
    let rest: Vec<_> = broken.iter().filter(|(at, _)| *at >= 600).cloned().collect();
    give(&mut replicas, 0, &rest);
    let after = taken(&mut replicas);
    assert!(matches!(after[..2], [Record::Ended(_), Record::Epoch(_)]), "{:?}", &after[..2]);
    let frames = frames(&after);
    assert!(frames[0] <= 600 && frames[0] + 100 >= 600, "{}", frames[0]);
    assert_eq!(frames, (frames[0]..1_000).collect::<Vec<_>>());
}

#[test]
fn what_is_older_than_what_was_on_air_stays_away() {
    let all = programme(1_000, 7, &[500]);
    let mut replicas = both();
    give(&mut replicas, 0, &all[700..]);
    let first = frames(&taken(&mut replicas));
    // It begins where a segment's end tells the epoch.
    assert_eq!(first.last(), Some(&999));
    give(&mut replicas, 1, &all);
    assert_eq!(taken(&mut replicas), []);
    // Nor does a feed that begins with the past again bring anything.
    replicas.handle_gone(0, at(1_000));
    replicas.handle_missed(1);
    give(&mut replicas, 1, &all);
    assert_eq!(taken(&mut replicas), []);
}

#[test]
fn a_title_that_both_see_at_other_moments_is_one() {
    let all = programme(200, 7, &[]);
    let late = all.iter().cloned().map(|(frame, record)| match record {
        Record::Title(mut mark) => {
            mark.index += 3;
            (frame, Record::Title(mark))
        }
        record => (frame, record),
    });
    let mut late: Vec<_> = late.collect();
    late.sort_by_key(|(frame, record)| match record {
        Record::Title(mark) => (mark.index, 0),
        Record::Unit(unit) => (unit.index, 2),
        _ => (*frame, 1),
    });
    let mut replicas = both();
    for (one, other) in all.iter().zip(&late) {
        replicas.handle_record(0, one.1.clone(), at(one.0));
        replicas.handle_record(1, other.1.clone(), at(one.0));
    }
    let out = taken(&mut replicas);
    let titles = out.iter().filter(|record| matches!(record, Record::Title(_)));
    assert_eq!(titles.count(), 2);
    assert_eq!(frames(&out), (0..200).collect::<Vec<_>>());
}

#[test]
fn so_many_records_wait_and_then_the_oldest_go() {
    let all = programme(WAITING_MAX as u64 + 500, 7, &[]);
    let mut replicas = both();
    give(&mut replicas, 0, &all[..2]);
    // Time stands still: it is waited for the other one all the while.
    for (_, record) in &all[3..] {
        replicas.handle_record(0, record.clone(), at(0));
    }
    assert_eq!(replicas.sources[0].len(), WAITING_MAX);
    assert_eq!(replicas.sources[1].len(), 0);
}

/// What befalls a feed from one record on, for some.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The line is cut: what comes meanwhile comes then.
    Cut,
    /// Another process makes it, from now on: what was made meanwhile is lost.
    Join,
    /// Another process makes it again from so many records before.
    Resume(usize),
}

/// Turns of the two feeds: which, from how many records after the one before, for how
/// many, and what.
fn faults() -> impl Strategy<Value = Vec<(usize, usize, usize, Fault)>> {
    let resume = (0..300_usize).prop_map(Fault::Resume);
    let fault = prop_oneof![Just(Fault::Cut), Just(Fault::Join), resume];
    prop::collection::vec((0..2_usize, 1..200_usize, 1..150_usize, fault), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// As long as one of two feeds is well, all comes out as it is, once and in order.
    #[test]
    fn two_feeds_of_which_one_is_well_are_one(
        lags in prop::array::uniform2(0..60_u64),
        ends in prop::collection::vec(1..2_000_u64, 0..3),
        faults in faults(),
    ) {
        let all = programme(2_000, 7, &ends);
        // By feed: the stretches in which it is away.
        let mut away: [Vec<(usize, usize, Fault)>; 2] = Default::default();
        let mut from = 200;
        for (feed, after, len, fault) in faults {
            let begin = from + after;
            if begin + len < all.len() {
                away[feed].push((begin, begin + len, fault));
            }
            // A feed is whole again a segment after it has come back.
            from = begin + len + 200;
        }
        let mut calls: Vec<(u64, usize, Call)> = Vec::new();
        for feed in 0..2 {
            calls.extend(calls_of(&all, feed, lags[feed], &away[feed]));
        }
        // At one time either may be first, by the lot of their lags.
        calls.sort_by_key(|(time, _, _)| *time);
        let mut replicas = both();
        for (time, feed, call) in calls {
            match call {
                Call::Record(record) => replicas.handle_record(feed, record, at(time)),
                Call::Gone => replicas.handle_gone(feed, at(time)),
                Call::There(is_another) => {
                    replicas.handle_there(feed);
                    if is_another {
                        replicas.handle_missed(feed);
                    }
                }
            }
        }
        let out = taken(&mut replicas);
        prop_assert_eq!(frames(&out), (0..2_000).collect::<Vec<_>>());
        assert_same(&out, &records(&all));
        prop_assert_eq!(replicas.missed(), 0);
    }
}

#[derive(Debug)]
enum Call {
    Record(Record),
    Gone,
    There(bool),
}

/// What a feed brings, and when, in frames.
fn calls_of(
    all: &[(u64, Record)],
    feed: usize,
    lag: u64,
    away: &[(usize, usize, Fault)],
) -> Vec<(u64, usize, Call)> {
    let mut calls = Vec::new();
    let time = |nth: usize| all[nth].0 + lag;
    for (nth, (_, record)) in all.iter().enumerate() {
        if let Some((begin, end, fault)) = away.iter().find(|(b, e, _)| (*b..*e).contains(&nth)) {
            if nth == *begin {
                calls.push((time(nth), feed, Call::Gone));
            }
            if nth + 1 == *end {
                let is_another = !matches!(fault, Fault::Cut);
                calls.push((time(nth), feed, Call::There(is_another)));
                let again = match fault {
                    Fault::Cut => *begin..*end,
                    Fault::Join => *end..*end,
                    Fault::Resume(back) => begin.saturating_sub(*back)..*end,
                };
                let again = again.map(|nth| (time(*end), feed, Call::Record(all[nth].1.clone())));
                calls.extend(again);
            }
            continue;
        }
        calls.push((time(nth), feed, Call::Record(record.clone())));
    }
    calls
}

/// Says where two sequences part.
#[track_caller]
fn assert_same(out: &[Record], expected: &[Record]) {
    let parted = out.iter().zip(expected).position(|(one, other)| one != other);
    let at = parted.unwrap_or(out.len().min(expected.len()));
    let near =
        |records: &[Record]| records[at.saturating_sub(2)..(at + 3).min(records.len())].to_vec();
    assert!(out == expected, "at {at}: {:#?}, not {:#?}", near(out), near(expected));
}
