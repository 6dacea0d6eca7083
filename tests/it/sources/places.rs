//! Who has a mount: replaced, come back, stalled, changed.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use catalogue::Setting;
use tests::encoder::{Source, head};
use tests::{TestNode, frames};
use tokio::task::JoinHandle;

use super::{fetch, mp3};

/// Real time of an MP3 frame at 44.1 kHz.
const FRAME: Duration = Duration::from_nanos(26_122_449);

async fn until_frames(node: &TestNode, frames: usize) {
    node.until("frames", |report| report.ingest("in").unwrap().frames_total >= frames as u64).await;
}

/// Sends for as long as the test lasts, so that the place is not free.
fn keep_sending(mut source: Source, frames: Vec<Bytes>) -> JoinHandle<()> {
    tokio::spawn(async move { source.send_paced(&frames, FRAME).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_source_from_elsewhere_is_told_that_the_mount_is_in_use() {
    let node = TestNode::start(tests::node::MP3).await;
    let first = Source::connect(node.public(), "audio/mpeg").await;
    let sending = keep_sending(first, mp3(50));
    until_frames(&node, 20).await;
    let elsewhere = Ipv4Addr::new(127, 0, 0, 2).into();
    let head = head("audio/mpeg");
    let (mut second, answer) = Source::send_head_from(elsewhere, node.public(), &head).await;
    let body = String::from_utf8(second.read_to_end().await).unwrap();
    assert!(answer.starts_with("HTTP/1.0 403"), "{answer}");
    assert!((answer + &body).contains("Mountpoint in use"), "{body}");
    let ingest = node.ingest("in");
    assert!(ingest.peer_address.unwrap().starts_with("127.0.0.1:"));
    assert!(ingest.last_refusal.unwrap().contains("another source is on the mount"));
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_source_loses_its_place_to_one_from_elsewhere() {
    let node = TestNode::start(tests::node::MP3).await;
    let sent = mp3(50);
    let mut first = Source::connect(node.public(), "audio/mpeg").await;
    first.send(&sent[..400]).await;
    until_frames(&node, 399).await;
    let elsewhere = Ipv4Addr::new(127, 0, 0, 2).into();
    let taken = tests::wait::until("the place", || async {
        let head = head("audio/mpeg");
        let (second, answer) = Source::send_head_from(elsewhere, node.public(), &head).await;
        answer.starts_with("HTTP/1.0 200").then_some(second)
    });
    let mut second = taken.await;
    assert_eq!(first.read_to_end().await, b"", "the first is closed");
    second.send(&sent[300..]).await;
    node.until_listed("radio", 7).await;
    let listed = fetch(&node, "mp3-128").await;
    assert_eq!(frames::position(&sent, &listed.frames()), 0);
    assert!(listed.discontinuities().is_empty());
}

/// The encoder connects anew from where it is, and goes on at `again`.
async fn come_back(again: usize) -> (TestNode, Vec<Bytes>) {
    let node = TestNode::start(tests::node::MP3).await;
    let sent = mp3(58);
    let mut first = Source::connect(node.public(), "audio/mpeg").await;
    first.send(&sent[..1_000]).await;
    until_frames(&node, 999).await;
    let mut second = Source::connect(node.public(), "audio/mpeg").await;
    assert_eq!(first.read_to_end().await, b"", "the first is replaced");
    second.send(&sent[again..]).await;
    node.until_listed("radio", 9).await;
    (node, sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_repeats_what_it_sent_goes_on_without_a_seam() {
    let (node, sent) = come_back(900).await;
    let listed = fetch(&node, "mp3-128").await;
    assert!(listed.discontinuities().is_empty());
    assert_eq!(frames::position(&sent, &listed.frames()), 0, "no frame lost, none repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_lost_frames_begins_another_epoch() {
    let (node, sent) = come_back(1_100).await;
    let listed = fetch(&node, "mp3-128").await;
    let playlist = listed.playlist();
    let first = playlist.media_sequence.unwrap();
    // 26.1 s are four whole segments and a short one.
    assert_eq!(listed.discontinuities(), [first + 5]);
    assert_eq!(playlist.discontinuity_sequence, Some(0));
    assert_eq!(playlist.segments[5].discontinuity_sequence, 1);
    let frames = listed.frames();
    // The last frame before the loss was not known to be whole: nothing followed it.
    assert!(frames[..999] == sent[..999], "what came before is complete");
    // One frame of our own mutes what a decoder could not decode right.
    assert!(!sent.contains(&frames[999]));
    assert_eq!(frames::position(&sent, &frames[1_000..]), 1_100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_below_the_time_out_is_no_discontinuity() {
    let node = TestNode::start(tests::node::MP3).await;
    let sent = mp3(50);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&sent[..700]).await;
    until_frames(&node, 699).await;
    node.until_listed("radio", 2).await;
    let epoch = node.egress("radio").epoch;
    assert!(epoch.is_some());
    // The stall is what is tested: the time-out is 10 s.
    tokio::time::sleep(Duration::from_secs(9)).await;
    source.send(&sent[700..]).await;
    node.until_listed("radio", 7).await;
    let listed = fetch(&node, "mp3-128").await;
    assert!(listed.discontinuities().is_empty());
    assert_eq!(frames::position(&sent, &listed.frames()), 0);
    assert_eq!(node.egress("radio").epoch, epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_rate_ends_the_epoch_at_that_frame() {
    let node = TestNode::start(tests::node::MP3).await;
    let before = demo::fixtures::mp3(20, 128, 44_100, 2);
    let after = demo::fixtures::mp3(30, 128, 48_000, 2);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&before).await;
    source.send(&after).await;
    node.until_listed("radio", 8).await;
    let listed = fetch(&node, "mp3-128").await;
    assert_eq!(listed.discontinuities().len(), 1);
    let frames = listed.frames();
    assert_eq!(&frames[..before.len()], &before[..]);
    assert_eq!(frames::position(&after, &frames[before.len()..]), 0);
    let mismatch = node.ingest("in").mismatch;
    assert!(mismatch.iter().any(|one| one.setting == Setting::SampleRateHz), "{mismatch:?}");
}
