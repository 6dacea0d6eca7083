use media::MediaSequence;

use super::*;
use crate::HlsView;
use crate::testing::{Bench, SEGMENT_MAX_AGE, TARGET_SECS};

const NEWEST: u64 = 1_000_000;

/// Whether a number is asked of the bucket when [`NEWEST`] is the newest.
async fn check(number: u64, asked: bool) {
    let bench = Bench::new().await;
    bench.rendition.set_hls(HlsView { number: Some(MediaSequence(NEWEST)), ..HlsView::default() });
    assert_eq!(may_be(&bench.rendition, &format!("{number}-0a1b2c3d.mp3")), asked, "{number}");
}

#[tokio::test]
async fn a_number_that_cannot_be_is_not_asked_for() {
    let oldest = NEWEST - 4 - 2 * (SEGMENT_MAX_AGE + TARGET_SECS).div_ceil(TARGET_SECS);
    check(NEWEST, true).await;
    check(NEWEST + 1, false).await;
    check(oldest, true).await;
    check(oldest - 1, false).await;
    check(0, false).await;
}

#[tokio::test]
async fn before_anything_is_listed_every_name_is_asked_for() {
    let bench = Bench::new().await;
    bench.rendition.set_hls(HlsView::default());
    assert!(may_be(&bench.rendition, "5-0a1b2c3d.mp3"));
    assert!(!may_be(&bench.rendition, "../5-0a1b2c3d.mp3"));
}

#[tokio::test]
async fn fetches_wait_for_their_turn() {
    let bench = Bench::new().await;
    bench.rendition.set_hls(HlsView::default());
    let bucket = Bucket::new(bench.store.clone());
    let all = bucket.turns.acquire_many(FETCHES_MAX.try_into().unwrap()).await.unwrap();
    let mut fetch = Box::pin(bucket.fetch(&bench.rendition, "5-0a1b2c3d.mp3"));
    assert!(futures_util::poll!(&mut fetch).is_pending());
    drop(all);
    assert_eq!(fetch.await.unwrap(), None);
}
