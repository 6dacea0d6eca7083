//! The bucket alone carries the stream: as objects of a store, and as files.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runtime::clock::ManualClock;
use tests::encoder::Source;
use tests::hls;
use tests::moto::Moto;
use tests::program::Setup;
use tests::tones::{assert_in_order, seconds_at};
use tests::{Program, Scratch, TestNode, frames, http, wait};

/// Credentials as the SDKs' variables; moto takes any.
const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")];

/// MP3 of 128 kbit/s: the time code.
fn mp3(seconds: u32) -> Vec<Bytes> {
    demo::fixtures::mp3(seconds, 128, 44_100, 2)
}

async fn serve_on_s3(moto: &Moto, folder: &Path) -> Program {
    let lines = format!("store = \"s3://skywave/x\"\ns3_endpoint = \"{}\"", moto.endpoint);
    let setup = Setup { lines: &lines, environment: &CREDENTIALS };
    Program::serve_as(tests::node::MP3, folder, setup).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_s3_bucket_has_what_http_has_and_plays_alone() {
    let (moto, scratch) = (Moto::start().await, Scratch::default());
    moto.publish("x/public").await;
    let program = serve_on_s3(&moto, scratch.path()).await;
    let sent = mp3(58);
    let mut source = Source::connect(program.public, "audio/mpeg").await;
    source.send(&sent).await;
    program.until_stored(9).await;

    let bucket = format!("{}/skywave/x/public/radio", moto.endpoint);
    let stored = hls::fetch(&format!("{bucket}/mp3-128")).await;
    let served = hls::fetch(&program.url("/radio/mp3-128")).await;
    assert_eq!(stored, served, "playlist and segments");
    assert_eq!(frames::position(&sent, &stored.frames()), 0);
    let variants = http::get(&format!("{bucket}/playlist.m3u8")).await.text();
    let served = http::get(&program.url("/radio/playlist.m3u8")).await.text();
    assert_eq!(variants, hls::sessionless(&served));

    // The rest is not for strangers.
    let log = format!("{}/skywave/x/private/radio/log/{:020}", moto.endpoint, 0);
    assert_eq!(http::get(&log).await.status, 403);

    // A player that knows nothing but the bucket.
    let options = ["-live_start_index", "0", "-t", "40"];
    let url = format!("{bucket}/playlist.m3u8");
    let seconds = seconds_at(scratch.path(), &url, &options).await;
    assert_eq!(seconds.first(), Some(&0));
    assert_in_order(&seconds, 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_bear_what_a_cdn_needs() {
    let (moto, scratch) = (Moto::start().await, Scratch::default());
    moto.publish("x/public").await;
    let program = serve_on_s3(&moto, scratch.path()).await;
    let mut source = Source::connect(program.public, "audio/mpeg").await;
    source.send(&mp3(30)).await;
    program.until_stored(4).await;
    let bucket = format!("{}/skywave/x/public/radio", moto.endpoint);
    let listed = hls::fetch(&format!("{bucket}/mp3-128")).await.text;
    let segment = format!("mp3-128/{}", hls::listed(&listed)[0]);
    for path in ["playlist.m3u8", "mp3-128/media.m3u8", &segment] {
        let stored = http::get(&format!("{bucket}/{path}")).await;
        let served = http::get(&program.url(&format!("/radio/{path}"))).await;
        assert_eq!(stored.header("content-type"), served.header("content-type"), "{path}");
        assert!(stored.header("cache-control").contains("max-age="), "{path}: {stored:?}");
    }
    let cached = http::get(&format!("{bucket}/{segment}")).await;
    assert!(cached.header("cache-control").contains("immutable"), "{cached:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_goes_on_from_an_s3_bucket_after_a_kill() {
    let (moto, scratch) = (Moto::start().await, Scratch::default());
    let first = serve_on_s3(&moto, scratch.path()).await;
    let sent = mp3(58);
    let mut source = Source::connect(first.public, "audio/mpeg").await;
    source.send(&sent[..1_100]).await;
    first.until_stored(4).await;
    let before = hls::fetch(&first.url("/radio/mp3-128")).await;
    first.kill().await;
    // Another machine: a folder of its own, the same bucket.
    let elsewhere = Scratch::default();
    let second = serve_on_s3(&moto, elsewhere.path()).await;
    assert_eq!(hls::fetch(&second.url("/radio/mp3-128")).await, before);
    let mut source = Source::connect(second.public, "audio/mpeg").await;
    source.send(&sent[1_100..]).await;
    second.until_stored(7).await;
    let after = hls::fetch(&second.url("/radio/mp3-128")).await;
    playlists::conformance::assert_follows(&before.text, &after.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_goes_away_stops_no_listener() {
    let (moto, scratch) = (Moto::start().await, Scratch::default());
    let program = serve_on_s3(&moto, scratch.path()).await;
    let sent = mp3(58);
    let mut source = Source::connect(program.public, "audio/mpeg").await;
    source.send(&sent[..1_000]).await;
    program.until_stored(4).await;
    drop(moto);
    source.send(&sent[1_000..]).await;
    program
        .until_egress("more segments", |egress| {
            egress["window_segments"].as_u64() >= Some(9)
                && egress["bucket_lag_segments"].as_u64() >= Some(1)
        })
        .await;
    let served = hls::fetch(&program.url("/radio/mp3-128")).await;
    assert_eq!(frames::position(&sent, &served.frames()), 0);
    let metrics = http::get(&program.control_url("/metrics")).await.text();
    let behind = "skywave_packager_store_behind_segments{egress=\"radio\"}";
    let behind = metrics.lines().find_map(|line| line.strip_prefix(behind)).unwrap();
    assert_ne!(behind.trim(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_what_http_has() {
    let scratch = Scratch::default();
    let node = TestNode::start_in(tests::node::MP3, scratch.path()).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&mp3(58)).await;
    until_stored(&node, 9).await;
    let folder = scratch.path().join("bucket/public/radio");
    let served = hls::fetch(&node.url("/radio/mp3-128")).await;
    let read = |name: &str| std::fs::read(folder.join("mp3-128").join(name)).unwrap();
    assert_eq!(read("media.m3u8"), served.text.as_bytes());
    for (name, body) in hls::listed(&served.text).into_iter().zip(&served.bodies) {
        assert_eq!(read(name), body.as_ref(), "{name}");
    }
    let file = folder.join("playlist.m3u8");
    let options = ["-live_start_index", "0", "-t", "40"];
    let seconds = seconds_at(scratch.path(), file.to_str().unwrap(), &options).await;
    assert_in_order(&seconds, 39);
}

/// Waits until so many segments are listed and none is under way to the bucket.
async fn until_stored(node: &TestNode, segments: u32) {
    node.until("stored segments", |report| {
        let egress = report.egress("radio").unwrap();
        egress.window_segments >= segments && egress.bucket_lag_segments == 0
    })
    .await;
}

/// Segments of 2 s in a window of 18 s, behind which `dvr` is kept.
fn short(dvr: &str) -> String {
    let manifest = tests::node::MP3.replace("aliases", &format!("dvr = \"{dvr}\"\naliases"));
    format!("{manifest}segment = \"2s\"\nwindow = \"18s\"\n")
}

/// A station whose clock the test turns.
struct Turned {
    clock: Arc<ManualClock>,
    node: TestNode,
    source: Source,
    rest: Vec<Bytes>,
    scratch: Scratch,
}

impl Turned {
    async fn start(dvr: &str) -> Self {
        let (scratch, clock) = (Scratch::default(), Arc::new(ManualClock::default()));
        let node = TestNode::start_at(&short(dvr), scratch.path(), clock.clone()).await;
        let source = Source::connect(node.public(), "audio/mpeg").await;
        let mut turned = Self { clock, node, source, rest: mp3(70), scratch };
        // One by one, so that each is listed until eight came behind it.
        for nth in 0..26 {
            let frames = if nth == 0 { 80 } else { 77 };
            let some = turned.rest.drain(..frames).collect::<Vec<_>>();
            turned.source.send(&some).await;
            turned.until_number(nth).await;
        }
        turned
    }

    /// Another length of segments is another rendition.
    fn rendition(&self) -> String {
        self.node.egress("radio").rendition
    }

    fn stored(&self) -> BTreeSet<String> {
        hls::stored(&self.scratch.path().join("bucket/public/radio").join(self.rendition()))
    }

    /// Waits until this many segments came after the first, and all are stored.
    async fn until_number(&self, nth: u64) {
        let first = 1_700_000_000;
        self.node
            .until("segments", |report| {
                let egress = report.egress("radio").unwrap();
                egress.media_sequence >= Some(first + nth) && egress.bucket_lag_segments == 0
            })
            .await;
    }

    /// Time passes, and one more segment comes: then everything due is done.
    async fn pass(&mut self, time: Duration) {
        let before = self.node.egress("radio").media_sequence;
        self.clock.advance(time);
        let some = self.rest.drain(..80).collect::<Vec<_>>();
        self.source.send(&some).await;
        self.node
            .until("another segment", |report| {
                let egress = report.egress("radio").unwrap();
                egress.media_sequence > before && egress.bucket_lag_segments == 0
            })
            .await;
    }

    async fn status_of(&self, name: &str) -> u16 {
        let path = format!("/radio/{}/{name}", self.rendition());
        http::get(&self.node.url(&path)).await.status
    }

    async fn until_gone(&self, name: &str) {
        wait::until("the segment's end", || async {
            (!self.stored().contains(name)).then_some(())
        })
        .await;
    }

    /// All that is listed can be had.
    async fn check_listed(&self) {
        let listed = hls::fetch(&self.node.url(&format!("/radio/{}", self.rendition()))).await;
        let stored = self.stored();
        for name in hls::listed(&listed.text) {
            assert!(stored.contains(name), "{name} is listed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_the_window_is_deleted_when_its_availability_is_over() {
    let mut turned = Turned::start("0s").await;
    let all = turned.stored();
    let first = all.first().unwrap().clone();
    assert!(all.len() >= 26, "{all:?}");
    // A segment of 2 s that was listed in 18 s of others: for 20 s (RFC 8216 §6.2.2).
    turned.pass(Duration::from_secs(19)).await;
    assert!(turned.stored().is_superset(&all), "none before its time");
    assert_eq!(turned.status_of(&first).await, 200);
    turned.pass(Duration::from_mins(1)).await;
    turned.until_gone(&first).await;
    assert_eq!(turned.status_of(&first).await, 404);
    turned.check_listed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dvr_keeps_segments_for_its_time() {
    let mut turned = Turned::start("1h").await;
    let all = turned.stored();
    let first = all.first().unwrap().clone();
    turned.pass(Duration::from_secs(3_500)).await;
    assert!(turned.stored().is_superset(&all), "none before its time");
    assert_eq!(turned.status_of(&first).await, 200, "out of memory, but in the bucket");
    turned.pass(Duration::from_hours(1)).await;
    turned.until_gone(&first).await;
    assert_eq!(turned.status_of(&first).await, 404);
    turned.check_listed().await;
}
