//! Audio that is none.

use bytes::Bytes;
use catalogue::report::IngestState;
use tests::TestNode;
use tests::encoder::Source;
use tests::watch::{Watch, tune_in};
use tests::{memory, raw, wait};
use tokio::io::AsyncWriteExt;

use super::{source_head, stations};

/// An hour of 128 kbit/s.
const HOUR_LEN: usize = 57_600_000;

/// What buffers, queues and allocators may take for one bad source.
const GROWTH_MAX: u64 = 48 << 20;

async fn victim(node: &TestNode) -> Source {
    let (source, answer) = Source::send_head(node.public(), &source_head("/victim-in")).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    source
}

/// Noise, the same every time (xorshift).
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut noise = Vec::with_capacity(len + 8);
    while noise.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    noise.truncate(len);
    noise
}

/// Sends a block again and again, as long as it is taken; gives how many bytes
/// were.
async fn pour(source: &mut Source, block: &[u8], len: usize) -> usize {
    let mut poured = 0;
    while poured < len && source.stream.write_all(block).await.is_ok() {
        poured += block.len();
    }
    poured
}

pub(super) async fn until_gone(node: &TestNode) -> catalogue::report::IngestReport {
    let report = node.until("the end of the source", |report| {
        report.ingest("victim-in").unwrap().state == IngestState::Offline
    });
    report.await.ingest("victim-in").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_garbage_behind_good_audio_is_counted_and_heard_by_nobody() {
    let lines = "[limits]\nsource_timeout = \"10m\"";
    let node = TestNode::start_configured(&stations(), lines).await;
    let watch = Watch::start(node.public(), 2).await;
    let good = demo::fixtures::mp3(2, 128, 44_100, 2);
    let mut source = victim(&node).await;
    source.send(&good).await;
    let mut listener = tune_in(node.public(), "/victim").await;
    let hearing = tokio::spawn(async move { listener.hear_until(|_| false).await });
    let block = noise(1 << 20);
    let before = memory::resident(std::process::id());
    let poured = pour(&mut source, &block, HOUR_LEN).await;
    drop(source);
    let grown = memory::resident(std::process::id()).saturating_sub(before);
    assert!(grown < GROWTH_MAX, "{grown} bytes more");
    // The last good frame goes with the junk behind it, which proves it no more.
    let report = until_gone(&node).await;
    assert_eq!(report.frames_total, good.len() as u64 - 1);
    let last = good.last().unwrap().len();
    assert_eq!(report.junk_bytes_total, (poured + last) as u64);
    watch.finish().await;
    node.stop().await;
    let heard = tests::frames::cut(&hearing.await.unwrap().audio);
    tests::frames::position(&good[..good.len() - 1], &heard);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_alone_is_refused_and_named() {
    let node = TestNode::start(&stations()).await;
    let watch = Watch::start(node.public(), 1).await;
    for garbage in [noise(256 << 10), b"<!DOCTYPE html><html>".repeat(20_000), vec![0; 256 << 10]] {
        let mut source = victim(&node).await;
        pour(&mut source, &garbage, garbage.len()).await;
        source.read_to_end().await;
        let report = until_gone(&node).await;
        assert_eq!(report.frames_total, 0);
        assert!(report.last_refusal.is_some_and(|why| !why.is_empty()));
        assert!(!node.egress("victim").on_air);
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_frame_and_silence_end_the_source_and_cost_the_half_alone() {
    let lines = "[limits]\nsource_timeout = \"1s\"";
    let node = TestNode::start_configured(&stations(), lines).await;
    let watch = Watch::start(node.public(), 1).await;
    let good = demo::fixtures::mp3(1, 128, 44_100, 2);
    let mut source = victim(&node).await;
    source.send(&good).await;
    source.stream.write_all(&good[5][..good[5].len() / 2]).await.unwrap();
    assert_eq!(source.read_to_end().await, b"");
    let report = until_gone(&node).await;
    let whole = good.len() as u64;
    assert!((whole - 1..=whole).contains(&report.frames_total), "{report:?}");
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_declares_256_mib_allocates_nothing_and_hides_no_audio() {
    let node = TestNode::start(&stations()).await;
    let watch = Watch::start(node.public(), 1).await;
    let good = demo::fixtures::mp3(4, 128, 44_100, 2);
    let mut source = victim(&node).await;
    let before = memory::resident(std::process::id());
    // ID3v2.4, no flags, 2^28 - 1 bytes in syncsafe digits.
    source.stream.write_all(b"ID3\x04\0\0\x7F\x7F\x7F\x7F").await.unwrap();
    source.send(&good).await;
    node.until("audio behind the tag", |report| report.egress("victim").unwrap().on_air).await;
    let grown = memory::resident(std::process::id()).saturating_sub(before);
    assert!(grown < GROWTH_MAX, "{grown} bytes more");
    drop(source);
    let report = until_gone(&node).await;
    assert_eq!(report.frames_total, good.len() as u64);
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_without_end_are_no_audio_and_end_the_source() {
    let lines = "[limits]\nsource_timeout = \"1s\"";
    let node = TestNode::start_configured(&stations(), lines).await;
    let mut source = victim(&node).await;
    // Tags of a mebibyte, one behind the other.
    let mut tag = b"ID3\x04\0\0\0\x40\0\0".to_vec();
    tag.resize(10 + (1 << 20), 0);
    let before = memory::resident(std::process::id());
    pour(&mut source, &tag, 1 << 30).await;
    let grown = memory::resident(std::process::id()).saturating_sub(before);
    assert!(grown < GROWTH_MAX, "{grown} bytes more");
    assert_eq!(until_gone(&node).await.frames_total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_lie_end_the_source() {
    let node = TestNode::start(&stations()).await;
    let watch = Watch::start(node.public(), 1).await;
    let good = demo::fixtures::mp3(1, 128, 44_100, 2).concat();
    for chunk in ["FFFFFFFFFFFFFFFFF\r\n", "-1\r\n", "0x10\r\n", "zz\r\n", "5\r\nabcdefgh\r\n"] {
        let head = source_head("/victim-in")
            .replace("SOURCE", "PUT")
            .replace("HTTP/1.0\r\n", "HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n");
        let first = format!("{head}{:X}\r\n", good.len()).into_bytes();
        let bytes = [&first, &good[..], b"\r\n", chunk.as_bytes()].concat();
        let said = raw::exchange(node.public(), &bytes).await;
        assert!(said.closed, "{chunk:?}: {}", said.text());
        until_gone(&node).await;
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_of_metadata_that_are_none_end_the_source_and_are_no_title() {
    let node = TestNode::start(&stations()).await;
    let good: Bytes = demo::fixtures::mp3(3, 128, 44_100, 2).concat().into();
    let head = source_head("/victim-in").replace("\r\n\r\n", "\r\nicy-metaint: 16000\r\n\r\n");
    let (mut source, answer) = Source::send_head(node.public(), &head).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    let lying =
        [&good[..16_000], b"\x02%s%n\xFF\xFB\0 no title at all, is it not?", &good[16_000..]];
    let _ = source.stream.write_all(&lying.concat()).await;
    source.read_to_end().await;
    let refused = wait::until("the reason", || async { node.ingest("victim-in").last_refusal });
    assert!(!refused.await.contains("%n"), "what it sent is not told");
    assert_eq!(node.egress("victim").now_playing, None);
}
