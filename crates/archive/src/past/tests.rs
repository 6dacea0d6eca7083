use std::time::Duration;

use catalogue::Rendition;

use super::*;
use crate::testing::{Bench, SEGMENT};

/// Numbers of the segments that are adopted.
async fn adopted(bench: &Bench, reach: Reach<'_>) -> (Past, Vec<u64>) {
    let past = Past::read(&bench.stores, "acme", reach).await.unwrap();
    let adopted = past.adopt("acme", &bench.rendition).unwrap();
    let numbers = adopted.segments.iter().map(|segment| segment.info().number.0).collect();
    (past, numbers)
}

#[tokio::test]
async fn every_segment_is_known_again_with_its_title() {
    let mut bench = Bench::new().await;
    bench.play(10).await;
    bench.title("A - B");
    bench.play(SEGMENT * 20).await;
    bench.pause(Duration::from_secs(30)).await;
    bench.play(SEGMENT * 5).await;
    let past = Past::read(&bench.stores, "acme", Reach::Whole).await.unwrap();
    let adopted = past.adopt("acme", &bench.rendition).unwrap();
    let infos: Vec<_> = adopted.segments.iter().map(|segment| segment.info().clone()).collect();
    let made: Vec<_> = bench.segments.iter().map(|segment| segment.info.clone()).collect();
    assert_eq!((infos, adopted.strays), (made, vec![]));
    let titles: Vec<_> = past.titles().into_iter().map(|title| title.title.stream_title).collect();
    assert!(past.is_whole && titles.first().is_some_and(|title| title == "A - B"), "{titles:?}");
}

#[tokio::test]
async fn what_lies_before_a_hole_is_known_too() {
    let mut bench = Bench::new().await;
    bench.play(SEGMENT * 10).await;
    bench.lose(4);
    let (_, numbers) = adopted(&bench, Reach::Whole).await;
    assert_eq!(numbers, [bench.numbers(0..4), bench.numbers(5..10)].concat());
}

#[tokio::test]
async fn the_recent_past_begins_with_the_stored_playlist() {
    let mut bench = Bench::new().await;
    bench.play(SEGMENT * 20).await;
    bench.list_from(8).await;
    let rendition = bench.rendition.clone();
    let (past, numbers) = adopted(&bench, Reach::Recent(&rendition.id)).await;
    assert!(!past.is_whole);
    assert_eq!(numbers, bench.numbers(8..bench.segments.len()));
    // What goes on does so where the whole past ends.
    let (whole, _) = adopted(&bench, Reach::Whole).await;
    let resume = |past: &Past| past.history.resume(&past.stored(), media::MediaSequence(1));
    assert_eq!(resume(&past), resume(&whole));
    assert_eq!(
        past.history.missing_end(&past.stored()),
        whole.history.missing_end(&whole.stored())
    );
}

#[tokio::test]
async fn without_a_playlist_to_begin_with_the_whole_past_is_read() {
    let mut bench = Bench::new().await;
    bench.play(SEGMENT * 10).await;
    let rendition = bench.rendition.clone();
    let (past, numbers) = adopted(&bench, Reach::Recent(&rendition.id)).await;
    assert!(past.is_whole);
    assert_eq!(numbers, bench.numbers(0..10));
}

#[tokio::test]
async fn numbers_that_do_not_sort_as_text_are_read_from_the_beginning() {
    let mut bench = Bench::from(95).await;
    bench.play(SEGMENT * 10).await;
    bench.list_from(3).await;
    let rendition = bench.rendition.clone();
    let (past, numbers) = adopted(&bench, Reach::Recent(&rendition.id)).await;
    assert!(past.is_whole);
    assert_eq!(numbers, (95..105).collect::<Vec<_>>());
}

#[tokio::test]
async fn another_renditions_numbers_count_where_they_are_the_last() {
    let mut bench = Bench::new().await;
    bench.play(SEGMENT * 10).await;
    bench.list_from(3).await;
    // The encoding was changed, to a name that sorts before.
    let other = Rendition { id: RenditionId::new("aac", 64), ..bench.rendition.clone() };
    let old = std::mem::replace(&mut bench.rendition, other);
    bench.pause(Duration::from_secs(30)).await;
    bench.play(SEGMENT * 10).await;
    let past = Past::read(&bench.stores, "acme", Reach::Recent(&old.id)).await.unwrap();
    assert!(past.is_whole);
    let resume = past.history.resume(&past.stored(), media::MediaSequence(1));
    assert_eq!(resume.next_number.0, bench.segments.last().unwrap().info.number.0 + 1);
}

#[tokio::test]
async fn one_rendition_is_listed_without_what_other_encodings_left() {
    let mut bench = Bench::new().await;
    bench.play(SEGMENT * 10).await;
    let folder = bench.file(0).parent().unwrap().with_file_name("mp3-64");
    std::fs::create_dir(&folder).unwrap();
    for nth in 0..10 {
        std::fs::copy(bench.file(nth), folder.join(bench.segments[nth].info.file_name())).unwrap();
    }
    let (whole, numbers) = adopted(&bench, Reach::Whole).await;
    let (past, same) = adopted(&bench, Reach::Rendition(&bench.rendition.id)).await;
    assert_eq!((whole.stored().len(), past.stored().len()), (20, 10));
    assert_eq!((numbers, same), (bench.numbers(0..10), bench.numbers(0..10)));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_tried_ever_later_and_every_ten_minutes_in_the_end() {
    let folder = keys::egress("acme").unwrap();
    let tries = std::cell::RefCell::new(Vec::new());
    let read = || async {
        tries.borrow_mut().push(tokio::time::Instant::now());
        let entries_max = ENTRIES_MAX;
        match tries.borrow().len() {
            20 => Ok("the past"),
            _ => Err(Error::TooMany { folder: folder.clone(), entries_max }),
        }
    };
    let clock = Steady::new(std::sync::Arc::new(runtime::clock::ManualClock::default()));
    assert_eq!(patiently("acme", &clock, read).await, "the past");
    let pauses: Vec<_> = tries.borrow().windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Each is shortened at random by up to a half, and timers are in milliseconds.
    let (mut longest, milli) = (PAUSE_MIN, Duration::from_millis(1));
    for pause in pauses {
        assert!(pause >= longest / 2 && pause <= longest + milli, "{pause:?} of {longest:?}");
        longest = (longest * 2).min(PAUSE_MAX);
    }
    assert_eq!(longest, PAUSE_MAX);
}
