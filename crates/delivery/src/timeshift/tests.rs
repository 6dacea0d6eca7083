use futures_util::FutureExt;
use media::Title;
use playlists::conformance::{assert_conforms, assert_follows};
use playlists::timeshift::Query;

use super::*;
use crate::hls;
use crate::testing::{Bench, DVR, TARGET_SECS, segment};

const MEDIA: &str = "/acme/mp3-128/media.m3u8";

/// A station whose clock is at the end of the last of so many segments.
async fn bench(segments: u64) -> Bench {
    let bench = Bench::new().await;
    let timeshift = bench.rendition.timeshift().unwrap();
    for number in 0..segments {
        timeshift.push(&segment(number), segment(number).wall_end());
    }
    timeshift.put_before(&[], Vec::new());
    let end = segment(segments - 1).wall_end();
    bench.clock.advance(end.since(bench.now()));
    bench
}

async fn text(bench: &Bench, query: &str) -> String {
    let answer = bench.get(&format!("{MEDIA}{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.text().to_owned()
}

#[tokio::test]
async fn seq_1_what_slides_with_time_is_followed_by_what_comes() {
    let bench = bench(100).await;
    let mut seen = Vec::new();
    for number in 100..130 {
        seen.push(text(&bench, "?from=-5m").await);
        bench.clock.advance(Duration::from_secs(TARGET_SECS));
        let timeshift = bench.rendition.timeshift().unwrap();
        timeshift.push_title(TitleRange {
            id: number.to_string(),
            start: segment(number).wall_start,
            title: Title::new(format!("A - {number}"), ""),
        });
        timeshift.push(&segment(number), bench.now());
    }
    for text in &seen {
        assert_conforms(text);
        assert_eq!(text.matches("#EXTINF").count(), 50);
    }
    for pair in seen.windows(2) {
        assert_follows(&pair[0], &pair[1]);
        assert_ne!(pair[0], pair[1]);
    }
}

#[tokio::test]
async fn before_the_past_is_known_there_is_no_playlist_of_it() {
    let bench = Bench::new().await;
    let timeshift = bench.rendition.timeshift().unwrap();
    for number in 50..60 {
        timeshift.push(&segment(number), segment(number).wall_end());
    }
    bench.clock.advance(segment(59).wall_end().since(bench.now()));
    let answer = bench.get(&format!("{MEDIA}?from=-10m")).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"));
    assert_eq!(answer.text(), "what is kept is not known yet\n");
    timeshift.put_before(&(0..50).map(segment).collect::<Vec<_>>(), Vec::new());
    assert!(text(&bench, "?from=-10m").await.contains("#EXT-X-MEDIA-SEQUENCE:0\n"));
}

#[tokio::test]
async fn dl_5_a_stale_playlist_is_not_sent_and_one_with_an_end_is() {
    let bench = bench(100).await;
    // Three targets, which are longer than the hold.
    bench.clock.advance(Duration::from_secs(3 * TARGET_SECS));
    text(&bench, "?from=-5m").await;
    bench.clock.advance(Duration::from_secs(1));
    let answer = bench.get(&format!("{MEDIA}?from=-5m")).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (503, "not on air\n"));
    assert!(text(&bench, "?from=-5m&to=-4m").await.ends_with("#EXT-X-ENDLIST\n"));
}

#[tokio::test]
async fn dl_1_and_dl_4_it_is_sent_as_any_playlist_is() {
    let bench = bench(100).await;
    let path = format!("{MEDIA}?from=-5m");
    let plain = bench.get(&path).await;
    assert_eq!(plain.header("content-type"), "application/vnd.apple.mpegurl");
    assert_eq!(plain.header("cache-control"), format!("public, max-age={}", TARGET_SECS / 2));
    let gzip = bench.ask("GET", &path, &[("accept-encoding", "gzip")]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    let known = [("if-none-match", plain.header("etag"))];
    assert_eq!(bench.ask("GET", &path, &known).await.status, 304);
}

#[tokio::test]
async fn a_text_is_rendered_once_for_all_who_ask_and_few_are_at_hand() {
    let bench = bench(200).await;
    let timeshift = bench.rendition.timeshift().unwrap();
    let kept = || timeshift.documents.lock().unwrap().len();
    for _ in 0..3 {
        text(&bench, "?from=-5m").await;
        // Another moment of the same segment.
        bench.clock.advance(Duration::from_millis(100));
    }
    assert_eq!(kept(), 1);
    for ago in 0..DOCUMENTS_MAX {
        text(&bench, &format!("?from=-20m&to=-{}", 100 + 6 * ago)).await;
    }
    assert_eq!(kept(), DOCUMENTS_MAX);
}

#[tokio::test]
async fn the_bytes_at_hand_are_limited() {
    let timeshift = Timeshift::new(TARGET_SECS, DVR);
    let span = Span { from: segment(0).wall_start, is_fixed: true, to: None };
    let ranges: Vec<Range> = (0..20)
        .map(|number| {
            timeshift.push(&segment(number), segment(number).wall_end());
            timeshift.read(|kept| kept.shelf.select(&span, segment(number).wall_end()))
        })
        .filter_map(Result::ok)
        .collect();
    let document = Arc::new(Document::new(" ".repeat(4 << 20), WallTime::default()));
    for range in &ranges {
        timeshift.keep(*range, &document);
    }
    // Four of four mebibytes each are too many with their gzip.
    assert_eq!(timeshift.documents.lock().unwrap().len(), 3);
    let large = Document::new(" ".repeat(DOCUMENTS_LEN_MAX + 1), WallTime::default());
    timeshift.keep(ranges[0], &Arc::new(large));
    assert_eq!(timeshift.documents.lock().unwrap().len(), 1, "the one just made");
}

#[tokio::test]
async fn renders_wait_for_their_turn() {
    let bench = bench(100).await;
    let (timeshift, renders) = (bench.rendition.timeshift().unwrap(), Renders::default());
    let span = Span { from: segment(0).wall_start, is_fixed: true, to: None };
    let range = timeshift.select(&span, bench.now()).unwrap().unwrap();
    let all = renders.turns.acquire_many(RENDERS_MAX.try_into().unwrap()).await.unwrap();
    let mut render = Box::pin(timeshift.document(range, &renders));
    assert!(futures_util::poll!(&mut render).is_pending());
    drop(all);
    assert!(!render.await.unwrap().text.is_empty());
}

#[tokio::test]
async fn so_many_wait_for_their_turn_and_one_more_is_told() {
    let bench = bench(100).await;
    let (timeshift, renders) = (bench.rendition.timeshift().unwrap(), Renders::default());
    let range = |ago: u64| {
        let span = Span { from: segment(99 - ago).wall_start, is_fixed: true, to: None };
        timeshift.select(&span, bench.now()).unwrap().unwrap()
    };
    assert!(timeshift.document(range(90), &renders).await.is_some());
    let turns = renders.turns.acquire_many(RENDERS_MAX.try_into().unwrap()).await.unwrap();
    let mut waiting = Vec::new();
    for _ in 0..RENDERS_MAX + WAITING_MAX {
        let mut render = Box::pin(timeshift.document(range(80), &renders));
        assert!(futures_util::poll!(&mut render).is_pending());
        waiting.push(render);
    }
    assert!(timeshift.document(range(80), &renders).await.is_none());
    assert!(timeshift.document(range(90), &renders).await.is_some(), "this one is at hand");
    // Who goes away makes room.
    waiting.pop();
    let mut render = Box::pin(timeshift.document(range(80), &renders));
    assert!(futures_util::poll!(&mut render).is_pending());
    waiting.push(render);
    drop(turns);
    for render in waiting {
        assert!(render.await.is_some());
    }
    assert!(timeshift.document(range(70), &renders).await.is_some());
}

#[tokio::test]
async fn who_comes_when_too_many_wait_is_told_to_come_again() {
    let bench = bench(100).await;
    let renders = Renders::default();
    let query = Query::read([("from", "-5m")]).unwrap().unwrap();
    let ask = || hls::past(&bench.rendition, &query, &renders, bench.now(), None);
    let all = u32::try_from(RENDERS_MAX + WAITING_MAX).unwrap();
    let places = renders.places.acquire_many(all).await.unwrap();
    let told = ask().await.unwrap_err().respond();
    assert_eq!(told.status(), 503);
    assert_eq!(told.headers()["retry-after"], "5");
    drop(places);
    assert!(ask().await.is_ok());
}

#[test]
fn at_the_end_of_the_process_nothing_is_rendered_and_nothing_panics() {
    let (timeshift, renders) = (Timeshift::new(TARGET_SECS, DVR), Renders::default());
    for number in 0..10 {
        timeshift.push(&segment(number), segment(number).wall_end());
    }
    timeshift.put_before(&[], Vec::new());
    let span = Span { from: segment(0).wall_start, is_fixed: true, to: None };
    let range = timeshift.select(&span, segment(9).wall_end()).unwrap().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let _entered = handle.enter();
    assert!(timeshift.document(range, &renders).now_or_never().unwrap().is_none());
}

#[tokio::test]
async fn a_segment_of_the_past_is_asked_of_the_bucket_whatever_its_number() {
    let bench = bench(100).await;
    let timeshift = bench.rendition.timeshift().unwrap();
    // Numbers have leapt to the time in seconds.
    let leapt = SegmentInfo { number: MediaSequence(1_700_000_600), ..segment(100) };
    timeshift.push(&leapt, leapt.wall_end());
    bench.rendition.set_hls(crate::HlsView { number: Some(leapt.number), ..Default::default() });
    let key = store::Key::new(format!("public/acme/mp3-128/{}", segment(3).file_name())).unwrap();
    let attributes = store::Attributes::record();
    let _ = bench.store.create(&key, "body".into(), &attributes).await.unwrap();
    let path = format!("/acme/mp3-128/{}", segment(3).file_name());
    assert_eq!(bench.get(&path).await.status, 200);
}
