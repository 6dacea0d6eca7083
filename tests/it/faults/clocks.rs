//! Wall clocks that are set while a station is on air: nobody hears of it, and
//! nothing that is counted in time is cheated.

use std::time::Duration;

use playlists::conformance;
use playlists::conformance::MediaPlaylist;
use tests::encoder::{self, Source};
use tests::faketime::Faked;
use tests::hls::{self, Fetched};
use tests::watch::Watch;
use tests::{Scratch, http, raw, wait};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{RENDITION, short};

const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 24 * HOUR_SECS;

/// What a date in a playlist may be beside the time that follows from the one
/// before it.
const DATE_STEP_MAX: Duration = Duration::from_millis(50);

async fn served(faked: &Faked) -> Fetched {
    hls::fetch(&faked.program.url(&format!("/radio/{RENDITION}"))).await
}

/// Segments after this one.
async fn until_after(faked: &Faked, number: u64, segments: u64) {
    let program = &faked.program;
    let newest = |playlist: &str| conformance::read(playlist.as_bytes()).0.segments;
    wait::until("more segments", || async {
        let url = program.url(&format!("/radio/{RENDITION}/media.m3u8"));
        let text = http::try_get(&url).await?.text();
        newest(&text).last().filter(|last| last.number >= number + segments).map(drop)
    })
    .await;
}

fn newest(fetched: &Fetched) -> u64 {
    fetched.playlist().segments.last().unwrap().number
}

/// Each segment's date is where the one before it ends.
fn check_dates(playlist: &MediaPlaylist) {
    for pair in playlist.segments.windows(2) {
        let due = pair[0].date_micros.unwrap() + i64::try_from(pair[0].micros).unwrap();
        let step = Duration::from_micros(pair[1].date_micros.unwrap().abs_diff(due));
        assert!(step <= DATE_STEP_MAX, "{step:?} before {}", pair[1].number);
    }
}

/// Turns the clock of a station on air.
async fn check_step(off: &str, secs: i64) {
    let scratch = Scratch::default();
    let faked = Faked::serve(&short(), scratch.path(), "+0").await;
    let public = faked.program.public;
    let mut watch = Watch::start(public, 2).await;
    faked.program.until_stored(3).await;
    let before = served(&faked).await;
    let mut half = TcpStream::connect(public).await.unwrap();
    half.write_all(b"GET /radio.pls HTTP/1.1\r\nHo").await.unwrap();

    faked.turn(off);
    // It is said in the log.
    let wrong = encoder::head("audio/mpeg").replace(encoder::AUTHORIZATION, "Basic eDp5");
    let (_, told) = Source::send_head(public, &wrong).await;
    assert!(told.starts_with("HTTP/1.0 401"), "{told}");
    wait::until("the new time", || async { faked.logs_at(secs).then_some(()) }).await;
    // Who began before has his time, and no more of it.
    let rest = b"st: x\r\nConnection: close\r\n\r\n";
    assert_eq!(raw::exchange_on(half, rest).await.statuses(), [200]);
    let silent = tokio::spawn(raw::exchange(public, b"GET /radio.pls HTTP/1.1\r\nHo"));
    watch.add_listener().await;
    until_after(&faked, newest(&before), 4).await;

    let after = served(&faked).await;
    conformance::assert_follows(&before.text, &after.text);
    assert!(after.discontinuities().is_empty(), "{}", after.text);
    check_dates(&after.playlist());
    let silent = silent.await.unwrap();
    assert_eq!((silent.closed, silent.status()), (true, 0));
    watch.finish().await;
    check_stored(&faked, &before).await;
    assert_eq!(faked.program.terminate().await, 0);
}

/// The bucket's playlist goes on too, and nothing was deleted before its time.
async fn check_stored(faked: &Faked, before: &Fetched) {
    faked.program.until_egress("stored", |egress| egress["bucket_lag_segments"] == 0).await;
    for name in hls::listed(&before.text) {
        let segment = http::get(&faked.program.url(&format!("/radio/{RENDITION}/{name}"))).await;
        assert_eq!(segment.status, 200, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_forward_is_not_heard() {
    check_step("+1h", HOUR_SECS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_back_is_not_heard() {
    check_step("-1h", -HOUR_SECS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_days_forward_are_not_heard() {
    check_step("+100d", 100 * DAY_SECS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_days_back_are_not_heard() {
    check_step("-100d", -100 * DAY_SECS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_fast_is_not_heard() {
    check_step("+0 x1.0005", 0).await;
}

/// Ends a station whose clock is off, and begins it again at another time.
async fn restart(first: &str, second: &str) -> (Fetched, Fetched) {
    let scratch = Scratch::default();
    let sent = demo::fixtures::mp3(40, 128, 44_100, 2);
    let faked = Faked::serve(&short(), scratch.path(), first).await;
    let mut source = Source::connect(faked.program.public, "audio/mpeg").await;
    source.send(&sent[..800]).await;
    faked.program.until_stored(9).await;
    let before = served(&faked).await;
    assert_eq!(faked.program.terminate().await, 0);

    let faked = Faked::serve(&short(), scratch.path(), second).await;
    let mut source = Source::connect(faked.program.public, "audio/mpeg").await;
    source.send(&sent[800..]).await;
    until_after(&faked, newest(&before), 6).await;
    faked.program.until_egress("stored", |egress| egress["bucket_lag_segments"] == 0).await;
    let after = served(&faked).await;
    conformance::assert_follows(&before.text, &after.text);
    assert_eq!(faked.program.terminate().await, 0);
    (before, after)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_a_clock_a_hundred_days_behind_goes_on_with_the_numbers() {
    let (before, after) = restart("+0", "-100d").await;
    // What there was of the segment under way is in one of its own.
    assert_eq!(after.discontinuities(), [newest(&before) + 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_a_clock_set_right_again_goes_on_with_the_numbers() {
    let (before, after) = restart("-100d", "+0").await;
    assert_eq!(after.playlist().media_sequence, Some(newest(&before) + 1));
}
