//! What listeners hear.

use std::time::Duration;

use bytes::Bytes;
use tests::encoder::{Source, set_title};
use tests::listener::Listener;
use tests::watch::{Watch, tune_in};
use tests::{TestNode, frames};

/// The length of a frame of MP3 at 44.1 kHz.
const FRAME: Duration = Duration::from_nanos(1_152 * 1_000_000_000 / 44_100);

/// A station with further lines for its mount, and its egress.
fn manifest(egress: &str, mount: &str) -> String {
    let manifest =
        tests::node::MP3.replace("ingests = [\"in\"]\n", &format!("ingests = [\"in\"]\n{egress}"));
    format!("{manifest}{mount}")
}

async fn check_burst(burst: &str, wanted: Duration) {
    let node = TestNode::start(&manifest("", &format!("burst = \"{burst}\"\n"))).await;
    let sent = demo::fixtures::mp3(20, 128, 44_100, 2);
    let (first, last) = sent.split_at(sent.len() - 4);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(first).await;
    node.until("all of it", |report| {
        report.ingest("in").unwrap().frames_total + 1 == first.len() as u64
    })
    .await;
    let one = first[first.len() - 2].clone();
    // What one listener hears to its end is there for the next.
    let mut before = tune_in(node.public(), "/radio").await;
    before.hear_until(|audio| audio.ends_with(&one)).await;
    let mut listener = tune_in(node.public(), "/radio").await;
    let mut heard = listener.hear_until(|audio| audio.ends_with(&one)).await.audio;
    source.send(last).await;
    drop(source);
    let end = sent.last().unwrap().clone();
    heard.extend(listener.hear_until(|audio| audio.ends_with(&end)).await.audio);
    let heard = frames::cut(&heard);
    let start = frames::position(&sent, &heard);
    assert_eq!(start + heard.len(), sent.len(), "to the last frame");
    let got = FRAME * u32::try_from(first.len() - 1 - start).unwrap();
    assert!(got >= wanted.saturating_sub(2 * FRAME) && got <= wanted + 2 * FRAME, "{got:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_as_long_as_the_mount_says_and_begins_with_a_frame() {
    check_burst("4s", Duration::from_secs(4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_may_be_long() {
    check_burst("15s", Duration::from_secs(15)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_burst_a_listener_begins_with_what_comes_next() {
    let node = TestNode::start(&manifest("", "burst = \"0s\"\n")).await;
    let mut watch = Watch::start(node.public(), 3).await;
    watch.add_listener().await;
    watch.finish().await;
}

async fn check_metaint(metaint: usize) {
    let node = TestNode::start(&manifest("", &format!("metaint = {metaint}\n"))).await;
    let watch = Watch::start(node.public(), 3).await;
    let mut titles = tune_in(node.public(), "/radio").await;
    assert_eq!(titles.header("icy-metaint"), Some(metaint.to_string().as_str()));
    for nth in 0..3 {
        let title = format!("Number {nth}");
        assert_eq!(set_title(node.public(), &title).await, 200);
        node.until("the title", |report| {
            report.egress("radio").unwrap().now_playing.as_ref() == Some(&title)
        })
        .await;
    }
    let heard = titles.hear(140_000).await;
    let seen: Vec<&str> = heard.titles.iter().map(|(_, title)| title.as_str()).collect();
    assert!(seen.ends_with(&["Number 2"]), "{seen:?}");
    assert!(heard.titles.iter().all(|(at, _)| at % metaint == 0));
    // The watch has all bytes between the blocks.
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_between_blocks_are_untouched_however_close_these_are() {
    check_metaint(100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_between_blocks_are_untouched_at_an_interval_of_no_frame() {
    check_metaint(8_191).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn off_air_listeners_are_held_and_then_ended() {
    let node = TestNode::start(&manifest("hold = \"1s\"\n", "")).await;
    let sent = demo::fixtures::mp3(8, 128, 44_100, 2);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&sent).await;
    let mut listener = tune_in(node.public(), "/radio").await;
    drop(source);
    // To the end of the connection.
    let heard: Vec<Bytes> = frames::cut(&listener.hear_until(|_| false).await.audio);
    let start = frames::position(&sent, &heard);
    assert_eq!(start + heard.len(), sent.len(), "what was sent came first");
    node.until("nobody", |report| report.egress("radio").unwrap().icy_listeners == 0).await;
    let late = Listener::connect(node.public(), "/radio").await;
    assert!(late.head.starts_with("HTTP/1.0 503"), "{}", late.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_comes_back_in_time_keeps_its_listeners() {
    let node = TestNode::start(tests::node::MP3).await;
    let sent = demo::fixtures::mp3(12, 128, 44_100, 2);
    let (first, second) = sent.split_at(sent.len() / 2);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(first).await;
    let mut listener = tune_in(node.public(), "/radio").await;
    drop(source);
    node.until("no source", |report| report.ingest("in").unwrap().peer_address.is_none()).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(second).await;
    drop(source);
    let last = sent.last().unwrap().clone();
    let heard = frames::cut(&listener.hear_until(|audio| audio.ends_with(&last)).await.audio);
    // Nobody knows that nothing is missing: a frame between the two mutes what the
    // decoder may not be able to.
    let (own, between): (Vec<_>, Vec<_>) =
        heard.into_iter().partition(|frame| sent.contains(frame));
    assert_eq!(between.len(), 1);
    let start = frames::position(&sent, &own);
    assert_eq!(start + own.len(), sent.len(), "and nothing is lost between");
}
