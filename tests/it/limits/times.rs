//! Limits of time.

use std::time::Duration;

use catalogue::report::IngestState;
use tests::encoder::Source;
use tests::watch::Watch;
use tests::{TestNode, metrics, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Heads that end too early.
const HALVES: [&str; 4] = ["G", "GET /radio.pls HTTP/1.1\r\nHo", "SOURCE /in HTTP/1.0\r\n", ""];

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_the_header_time_in_all() {
    let lines = "[limits]\nheader_time = \"600ms\"";
    let node = TestNode::start_configured(tests::node::MP3, lines).await;
    let watch = Watch::start(node.public(), 1).await;
    for half in HALVES {
        let said = raw::exchange(node.public(), half.as_bytes()).await;
        assert_eq!((said.closed, said.status()), (true, 0), "{half:?}: {}", said.text());
    }
    let late = "skywave_listen_refused_total{port=\"public\",reason=\"Late\"}";
    metrics::until(node.addresses().control, late, HALVES.len() as u64).await;
    // In its time it may come in parts.
    let mut stream = TcpStream::connect(node.public()).await.unwrap();
    stream.write_all(b"GET /radio.pls HTTP/1.1\r\nHo").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let said = raw::exchange_on(stream, b"st: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(said.statuses(), [200]);
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shoutcast_source_has_the_header_time_for_its_headers() {
    let lines = "[limits]\nheader_time = \"600ms\"";
    let node = TestNode::start_configured(tests::node::MP3, lines).await;
    let mut stream = TcpStream::connect(node.addresses().shoutcast).await.unwrap();
    stream.write_all(b"secret\r\nicy-name: half").await.unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    assert!(said.starts_with(b"OK2"));
    node.until("the mount free", |report| {
        report.ingest("in").unwrap().state == IngestState::Offline
    })
    .await;
    Watch::start(node.public(), 1).await.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_may_be_silent_for_the_source_timeout_and_no_longer() {
    let lines = "[limits]\nsource_timeout = \"2s\"";
    let node = TestNode::start_configured(tests::node::MP3, lines).await;
    let frames = demo::fixtures::mp3(4, 128, 44_100, 2);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    // Pauses of a quarter of it: sent for twice the time in all.
    for some in frames.chunks(20) {
        source.send(some).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(node.ingest("in").state, IngestState::Connected);
    assert_eq!(source.read_to_end().await, b"");
    node.until("the mount free", |report| {
        report.ingest("in").unwrap().state == IngestState::Offline
    })
    .await;
    assert_eq!(node.ingest("in").frames_total, frames.len() as u64, "the last one too");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_audio_is_silence() {
    let lines = "[limits]\nsource_timeout = \"1s\"";
    let node = TestNode::start_configured(tests::node::MP3, lines).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(1, 128, 44_100, 2)).await;
    // Tags for as long as they are taken.
    let mut tag = b"ID3\x04\0\0\0\0\0\x76".to_vec();
    tag.resize(128, b' ');
    while source.stream.write_all(&tag).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    node.until("the mount free", |report| {
        report.ingest("in").unwrap().state == IngestState::Offline
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_has_two_seconds_for_its_first_frame() {
    let node = TestNode::start(tests::node::MP3).await;
    let frames = demo::fixtures::mp3(2, 128, 44_100, 2);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.stream.write_all(&frames[0][..100]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    source.stream.write_all(&[&frames[0][100..], &frames[1..].concat()].concat()).await.unwrap();
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    drop(source);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.stream.write_all(b"neither").await.unwrap();
    assert_eq!(source.read_to_end().await, b"");
    let report = node.ingest("in");
    assert_eq!(report.state, IngestState::Offline);
    assert!(report.last_refusal.is_some(), "{report:?}");
}
