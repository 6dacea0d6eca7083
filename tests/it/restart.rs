//! Restarts: killed, ended, or left off for hours, a programme goes on.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playlists::conformance;
use tests::clock::Turned;
use tests::encoder::Source;
use tests::hls::{self, Fetched};
use tests::{Program, Scratch, TestNode, frames, http, wait};

/// Real time of ten MP3 frames at ten times the speed.
const FRAME: Duration = Duration::from_micros(2_612);

async fn fetch(program: &Program) -> Fetched {
    hls::fetch(&program.url("/radio/mp3-128")).await
}

/// The names of the segments that lie in the bucket's folder.
fn stored(bucket: &Path) -> BTreeSet<String> {
    hls::stored(&bucket.join("public/radio/mp3-128"))
}

/// A process that is killed in mid-segment, and the one after it, to which the
/// encoder comes back with what follows a frame.
struct Killed {
    sent: Vec<Bytes>,
    before: Fetched,
    after: Fetched,
}

impl Killed {
    async fn comes_back(at: usize) -> Self {
        let scratch = Scratch::default();
        let sent = demo::fixtures::mp3(58, 128, 44_100, 2);
        let first = Program::serve(tests::node::MP3, scratch.path()).await;
        let mut source = Source::connect(first.public, "audio/mpeg").await;
        // Four whole segments and a part of the fifth.
        source.send(&sent[..1_100]).await;
        first.until_stored(4).await;
        let taken = |ingest: &serde_json::Value| ingest["frames_total"].as_u64() >= Some(1_099);
        first.until_ingest("all frames", taken).await;
        let before = fetch(&first).await;
        first.kill().await;
        assert_eq!(source.read_to_end().await, b"");

        let second = Program::serve(tests::node::MP3, scratch.path()).await;
        let resumed = fetch(&second).await;
        conformance::assert_follows(&before.text, &resumed.text);
        assert_eq!(resumed.bodies, before.bodies, "what is listed stays as it is");
        let mut source = Source::connect(second.public, "audio/mpeg").await;
        source.send(&sent[at..]).await;
        second.until_stored(8).await;
        let after = fetch(&second).await;
        conformance::assert_follows(&before.text, &after.text);
        conformance::assert_follows(&resumed.text, &after.text);
        assert_eq!(after.bodies[..before.bodies.len()], before.bodies);
        Self { sent, before, after }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_mid_segment_it_goes_on_with_it_when_the_encoder_repeats_itself() {
    let Killed { sent, after, .. } = Killed::comes_back(1_000).await;
    assert!(after.discontinuities().is_empty());
    assert_eq!(frames::position(&sent, &after.frames()), 0, "no frame lost, none repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_mid_segment_it_ends_that_when_frames_are_missing() {
    let Killed { sent, before, after } = Killed::comes_back(1_200).await;
    let listed = before.playlist().segments.last().unwrap().number;
    // What the process had of the segment under way is in it.
    assert_eq!(after.discontinuities(), [listed + 2]);
    let new = after.playlist().segments.into_iter().find(|one| one.number == listed + 2).unwrap();
    assert_eq!(new.discontinuity_sequence, 1);
    let frames = after.frames();
    // The last frame before the kill was not known to be whole: nothing followed it.
    assert!(frames[..1_099] == sent[..1_099]);
    let primer =
        frames.len() - 1_099 - frames.iter().rev().take_while(|frame| sent.contains(frame)).count();
    assert!(primer <= 1, "{primer}");
    assert_eq!(frames::position(&sent, &frames[1_099 + primer..]), 1_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_no_number_is_used_twice() {
    let scratch = Scratch::default();
    let sent = demo::fixtures::mp3(58, 128, 44_100, 2);
    let mut last: Option<String> = None;
    let (mut names, mut known) = (BTreeSet::new(), None);
    for round in 0..4 {
        let program = Program::serve(tests::node::MP3, scratch.path()).await;
        let source = Source::connect(program.public, "audio/mpeg").await;
        // At different places of a segment; the encoder is busy all the while.
        let sending = keep_sending(source, sent[round * 137..].to_vec());
        // Their numbers are seconds since 1970 and more.
        let before = known.unwrap_or(1);
        let listed = program.until_egress("three more segments", |egress| {
            egress["window_segments"].as_u64() >= Some(3)
                && egress["media_sequence"].as_u64() >= Some(before + 3)
        });
        known = listed.await["media_sequence"].as_u64();
        let text = fetch(&program).await.text;
        // Where the kill came between listing and storing there is a hole, and
        // the window begins anew behind it: nothing is left to be compared.
        let overlaps = |last: &&String| {
            let before = hls::listed(last);
            hls::listed(&text).iter().any(|name| before.contains(name))
        };
        if let Some(last) = last.as_ref().filter(overlaps) {
            conformance::assert_follows(last, &text);
        }
        names.extend(hls::listed(&text).into_iter().map(str::to_owned));
        program.kill().await;
        let _ = sending.await;
        last = Some(text);
    }
    let numbers: BTreeSet<_> = names.iter().map(|name| name.split('-').next().unwrap()).collect();
    assert_eq!(numbers.len(), names.len(), "{names:?}");
}

/// Sends until the connection breaks.
fn keep_sending(mut source: Source, frames: Vec<Bytes>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        let mut ticks = tokio::time::interval(FRAME);
        for frame in frames {
            ticks.tick().await;
            if source.stream.write_all(&frame).await.is_err() {
                return;
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_stores_what_is_closed_and_no_runt() {
    let scratch = Scratch::default();
    let sent = demo::fixtures::mp3(58, 128, 44_100, 2);
    let program = Program::serve(tests::node::MP3, scratch.path()).await;
    let source = Source::connect(program.public, "audio/mpeg").await;
    let sending = keep_sending(source, sent.clone());
    program.until_egress("listed", |egress| egress["window_segments"].as_u64() >= Some(4)).await;
    let text = http::get(&program.url("/radio/mp3-128/media.m3u8")).await.text();
    assert_eq!(program.terminate().await, 0);
    let _ = sending.await;

    let bucket = scratch.path().join("data/bucket");
    let names = stored(&bucket);
    for name in hls::listed(&text) {
        assert!(names.contains(name), "{name} was listed and is not stored: {names:?}");
    }
    let last = std::fs::read_to_string(bucket.join("public/radio/mp3-128/media.m3u8")).unwrap();
    conformance::assert_conforms(&last);
    conformance::assert_follows(&text, &last);
    assert_eq!(hls::listed(&last).len(), names.len(), "all that is stored is listed");
    let mut frames = Vec::new();
    for name in &names {
        let body = std::fs::read(bucket.join("public/radio/mp3-128").join(name)).unwrap();
        let in_segment = frames::of_segment(&body);
        assert!(matches!(in_segment.len(), 229 | 230), "{name}: {} frames", in_segment.len());
        frames.extend(in_segment);
    }
    assert_eq!(frames::position(&sent, &frames), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_listeners_and_closes_the_ports() {
    let scratch = Scratch::default();
    let program = Program::serve(tests::node::MP3, scratch.path()).await;
    let mut source = Source::connect(program.public, "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(20, 128, 44_100, 2)).await;
    program.until_stored(3).await;
    let address = program.public;
    let mut listener = tests::listener::Listener::connect(address, "/radio").await;
    let hearing = tokio::spawn(async move { listener.hear_until(|_| false).await });
    program.until_egress("listener", |egress| egress["icy_listeners"] == 1).await;
    assert_eq!(program.terminate().await, 0);
    let heard = hearing.await.unwrap();
    assert!(!frames::cut(&heard.audio).is_empty(), "whole frames to the end");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_later_the_old_window_is_over_and_the_numbers_go_on() {
    let scratch = Scratch::default();
    let sent = demo::fixtures::mp3(58, 128, 44_100, 2);
    let clock = Arc::new(Turned::default());
    let node = TestNode::start_at(tests::node::MP3, scratch.path(), clock.clone()).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&sent).await;
    node.until("stored", |report| {
        let egress = report.egress("radio").unwrap();
        egress.window_segments >= 9 && egress.bucket_lag_segments == 0
    })
    .await;
    let before = hls::fetch(&node.url("/radio/mp3-128")).await;
    node.stop().await;

    clock.advance(Duration::from_hours(3));
    let node = TestNode::start_at(tests::node::MP3, scratch.path(), clock).await;
    let answer = http::get(&node.url("/radio/playlist.m3u8")).await;
    assert_eq!(answer.status, 503, "nothing of three hours ago is listed");
    assert!(!answer.header("retry-after").is_empty());
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&sent[..1_600]).await;
    node.until_listed("radio", 6).await;
    let after = hls::fetch(&node.url("/radio/mp3-128")).await;
    conformance::assert_follows(&before.text, &after.text);
    let (old, new) = (before.playlist(), after.playlist());
    assert_eq!(new.media_sequence, Some(old.segments.last().unwrap().number + 1));
    assert_eq!(new.segments[0].discontinuity_sequence, 1);
    let later = new.segments[0].date_micros.unwrap() - old.segments[0].date_micros.unwrap();
    assert!(later >= 3 * 3_600 * 1_000_000 - 60_000_000, "{later} µs later");
    // What is too old to be had goes, without anyone's doing.
    let gone = old.segments[0].uri.clone();
    wait::until("the old ones' end", || async {
        (!stored(&scratch.path().join("bucket")).contains(&gone)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_starts_without_a_source_change_nothing() {
    let scratch = Scratch::default();
    let first = Program::serve(tests::node::MP3, scratch.path()).await;
    let mut source = Source::connect(first.public, "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(40, 128, 44_100, 2)).await;
    first.until_stored(6).await;
    let before = fetch(&first).await;
    assert_eq!(first.terminate().await, 0);
    for _ in 0..2 {
        let again = Program::serve(tests::node::MP3, scratch.path()).await;
        assert_eq!(fetch(&again).await, before);
        assert_eq!(again.terminate().await, 0);
    }
}
