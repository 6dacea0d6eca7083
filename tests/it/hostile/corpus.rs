//! Broken streams over a real connection: what the judge of `crates/corpus` sees
//! in memory is what a node takes from the wire.

use corpus::base::{self, Base};
use corpus::file::{Expected, File};
use corpus::judge::{self, Pace};
use corpus::{mutation, strangers};
use media::Codec;
use tests::TestNode;
use tests::encoder::Source;
use tests::watch::Watch;
use tokio::io::AsyncWriteExt;

use super::{source_head, stations};

/// Bytes of a write. Prime, so that frames and writes never fall together.
const WRITE_LEN: usize = 1_461;

/// Sends a file and closes, waits until the source is gone; the frames that came.
async fn send(node: &TestNode, file: &File) -> u64 {
    let before = node.ingest("victim-in").frames_total;
    let (mut source, answer) = Source::send_head(node.public(), &source_head("/victim-in")).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    for write in file.wire.chunks(WRITE_LEN) {
        // One that is refused is closed before its end.
        if source.stream.write_all(write).await.is_err() {
            break;
        }
    }
    let _ = source.stream.shutdown().await;
    source.read_to_end().await;
    super::streams::until_gone(node).await.frames_total - before
}

#[track_caller]
fn check(file: &File, came: u64, refusal: Option<&str>) {
    let outcome = judge::run(file, WRITE_LEN, Pace::AtOnce);
    assert_eq!(came, outcome.found.all() as u64, "{}", file.name());
    if let Expected::Refused(reason) = file.expected {
        assert!(refusal.is_some_and(|why| why.contains(reason)), "{}: {refusal:?}", file.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_takes_the_frames_of_broken_streams_that_the_judge_takes() {
    let node = TestNode::start(&stations()).await;
    let watch = Watch::start(node.public(), 1).await;
    let base: Base = base::lame(2, 128, 44_100, 2);
    for file in mutation::all(&base) {
        let came = send(&node, &file).await;
        check(&file, came, node.ingest("victim-in").last_refusal.as_deref());
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_refuses_what_is_no_audio_by_the_name_that_the_judge_gives_it() {
    let node = TestNode::start(&stations()).await;
    let watch = Watch::start(node.public(), 1).await;
    for file in strangers::all().iter().filter(|file| file.codec == Codec::Mp3) {
        let came = send(&node, file).await;
        check(file, came, node.ingest("victim-in").last_refusal.as_deref());
        assert!(!node.egress("victim").on_air, "{}", file.name());
    }
    watch.finish().await;
}
