use super::*;
use crate::testing::{Scratch, key};

const FOLDER: &str = "private/demo/log";

async fn open(store: &Store) -> (TimelineLog, Vec<Record>) {
    TimelineLog::open(store.clone(), key(FOLDER)).await.unwrap()
}

fn fact(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// Appends what is known to be unsaid.
async fn say(log: &mut TimelineLog, text: &str) -> u64 {
    match log.append(fact(text)).await.unwrap() {
        Append::Stored { n } => n,
        Append::Lost { newer } => panic!("{newer:?}"),
    }
}

fn shown(records: &[Record]) -> String {
    let shown = records.iter().map(|r| format!("{} {}", r.n, String::from_utf8_lossy(&r.bytes)));
    shown.collect::<Vec<_>>().join(", ")
}

/// What a newcomer reads.
async fn check(store: &Store, want: &str) {
    assert_eq!(shown(&open(store).await.1), want);
}

#[tokio::test]
async fn what_was_said_is_read_in_order() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut log, records) = open(&store).await;
    assert_eq!((log.next(), records), (0, vec![]));
    for n in 0..20 {
        assert_eq!(say(&mut log, &format!("fact {n}")).await, n);
    }
    let (newcomer, records) = open(&store).await;
    assert_eq!((newcomer.next(), records.len()), (20, 20));
    assert!(records.iter().enumerate().all(|(n, r)| r.bytes == fact(&format!("fact {n}"))));
}

#[tokio::test]
async fn who_loses_a_race_reads_what_the_others_said() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut one, _) = open(&store).await;
    let (mut two, _) = open(&store).await;
    say(&mut one, "a").await;
    say(&mut one, "b").await;
    let Append::Lost { newer } = two.append(fact("c")).await.unwrap() else { panic!() };
    assert_eq!(shown(&newer), "0 a, 1 b");
    assert_eq!(say(&mut two, "c").await, 2);
    assert_eq!(shown(&one.refresh().await.unwrap()), "2 c");
    assert_eq!(one.refresh().await.unwrap(), []);
    check(&store, "0 a, 1 b, 2 c").await;
}

#[tokio::test]
async fn one_fact_said_by_two_is_stored_once() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut one, _) = open(&store).await;
    let (mut two, _) = open(&store).await;
    assert_eq!(say(&mut one, "a").await, 0);
    assert_eq!(say(&mut two, "a").await, 0);
    assert_eq!(two.next(), 1);
    check(&store, "0 a").await;
}

#[tokio::test]
async fn a_fact_behind_others_facts_is_not_taken_for_said_alone() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut one, _) = open(&store).await;
    let (mut two, _) = open(&store).await;
    say(&mut one, "a").await;
    say(&mut one, "b").await;
    // It is there, but so is something that has to be applied.
    let Append::Lost { newer } = two.append(fact("b")).await.unwrap() else { panic!() };
    assert_eq!(shown(&newer), "0 a, 1 b");
}

#[tokio::test]
async fn what_is_superseded_is_removed_and_the_last_stays() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut log, _) = open(&store).await;
    for text in ["a", "b", "c", "d"] {
        say(&mut log, text).await;
    }
    assert_eq!(log.trim(3, &BTreeSet::from([1])).await.unwrap(), 2);
    check(&store, "1 b, 3 d").await;
    assert_eq!(log.trim(u64::MAX, &BTreeSet::new()).await.unwrap(), 1);
    check(&store, "3 d").await;
    assert_eq!(log.trim(u64::MAX, &BTreeSet::new()).await.unwrap(), 0);
    let (mut newcomer, _) = open(&store).await;
    assert_eq!(say(&mut newcomer, "e").await, 4);
}

#[tokio::test]
async fn a_writer_that_slept_does_not_fill_a_hole() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut sleeper, _) = open(&store).await;
    let (mut log, _) = open(&store).await;
    for text in ["a", "b", "c"] {
        say(&mut log, text).await;
    }
    log.trim(2, &BTreeSet::new()).await.unwrap();
    let Append::Lost { newer } = sleeper.append(fact("late")).await.unwrap() else { panic!() };
    assert_eq!(shown(&newer), "2 c");
    check(&store, "2 c").await;
}

#[tokio::test]
async fn a_record_has_a_bounded_size() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut log, _) = open(&store).await;
    let full = Bytes::from(vec![0; RECORD_BYTES_MAX]);
    assert_eq!(log.append(full.clone()).await.unwrap(), Append::Stored { n: 0 });
    let above = Bytes::from(vec![0; RECORD_BYTES_MAX + 1]);
    let error = log.append(above.clone()).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    assert_eq!(open(&store).await.1, [Record { n: 0, bytes: full }]);
    // One that somebody else wrote is refused as well.
    let record = keys::record(&key(FOLDER), 1).unwrap();
    store.create(&record, above, &Attributes::record()).await.unwrap();
    let error = TimelineLog::open(store.clone(), key(FOLDER)).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_record_is_passed_over() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut log, _) = open(&store).await;
    say(&mut log, "a").await;
    let readme = key(FOLDER).child("README").unwrap();
    store.create(&readme, Bytes::new(), &Attributes::record()).await.unwrap();
    check(&store, "0 a").await;
    assert_eq!(say(&mut log, "b").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_beside_a_writer_misses_nothing() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (mut reader, mut read) = open(&store).await;
    let (mut writer, _) = open(&store).await;
    let writing = tokio::spawn(async move {
        for n in 0..50 {
            say(&mut writer, &format!("fact {n}")).await;
        }
    });
    while read.len() < 50 {
        read.extend(reader.refresh().await.unwrap());
    }
    writing.await.unwrap();
    assert!(read.iter().map(|record| record.n).eq(0..50));
}
