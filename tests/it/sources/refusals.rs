//! Encoders that send what they should not: warned of, or turned away by name.

use bytes::Bytes;
use tests::encoder::{AUTHORIZATION, Source};
use tests::{TestNode, http};

use super::mp3;

/// The value of a metric with these labels; `None` where it is not shown.
async fn metric(node: &TestNode, name_and_labels: &str) -> Option<String> {
    let text = http::get(&node.control_url("/metrics")).await.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels));
    line.map(|value| value.trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_bit_rate_is_a_warning_a_state_and_a_metric() {
    let node = TestNode::start(tests::node::MP3).await;
    let label = "skywave_ingest_mismatch{ingest=\"in\"}";
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(30, 64, 44_100, 2)).await;
    let report = node.until("mismatch", |report| !report.ingest("in").unwrap().mismatch.is_empty());
    let mismatch = report.await.ingest("in").unwrap().mismatch.clone();
    assert_eq!(mismatch[0].wanted, "128");
    assert_eq!(mismatch[0].got, "64");
    assert_eq!(metric(&node, label).await.as_deref(), Some("1"));
    node.until_listed("radio", 3).await;
    drop(source);
    node.until("its end", |report| report.ingest("in").unwrap().peer_address.is_none()).await;
    assert_eq!(metric(&node, label).await.as_deref(), Some("0"));
}

/// Sends bytes after the head; gives what the encoder was told, and the reason
/// that the operator sees.
async fn refused(manifest: &str, head: &str, bytes: &[u8]) -> (String, String) {
    let node = TestNode::start(manifest).await;
    let (mut source, mut told) = Source::send_head(node.public(), head).await;
    if told.contains(" 200 ") || told.contains(" 100 ") {
        source.send(&[Bytes::copy_from_slice(bytes)]).await;
    }
    told += &String::from_utf8_lossy(&source.read_to_end().await);
    let report =
        node.until("refusal", |report| report.ingest("in").unwrap().last_refusal.is_some());
    let reason = report.await.ingest("in").unwrap().last_refusal.clone().unwrap();
    assert_eq!(
        metric(&node, "skywave_ingest_refused_total{ingest=\"in\"}").await.as_deref(),
        Some("1")
    );
    assert!(!node.egress("radio").on_air);
    (told, reason)
}

fn put(content_type: &str) -> String {
    format!(
        "PUT /in HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTHORIZATION}\r\n\
         Content-Type: {content_type}\r\nExpect: 100-continue\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_type_of_another_codec_is_refused_before_a_byte_is_read() {
    for content_type in ["audio/aac", "application/ogg", "text/html"] {
        let (told, reason) = refused(tests::node::MP3, &put(content_type), b"").await;
        assert!(told.starts_with("HTTP/1.0 403"), "{told}");
        assert!(reason.contains(content_type), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_another_codec_are_refused_whatever_their_name() {
    let aac = demo::fixtures::aac(media::AacProfile::Lc, 5, 128, 44_100, 2).concat();
    let (told, reason) = refused(tests::node::MP3, &put("audio/mpeg"), &aac).await;
    assert!(told.contains("HTTP/1.0 403"), "{told}");
    assert!(reason.contains("wanted mp3, got aac"), "{reason}");
    let aac_station = tests::node::aac("aac", 128, 44_100);
    let (_, reason) = refused(&aac_station, &put("audio/aac"), &mp3(5).concat()).await;
    assert!(reason.contains("wanted aac, got mp3"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_must_be_kept_are() {
    let strict = tests::node::MP3.replace("push = {", "on_mismatch = \"refuse\"\npush = {");
    let other = demo::fixtures::mp3(5, 64, 44_100, 2).concat();
    let (_, reason) = refused(&strict, &put("audio/mpeg"), &other).await;
    assert!(reason.contains("wanted 128, got 64"), "{reason}");
}

async fn check_named(bytes: &[u8], name: &str) {
    let (told, reason) = refused(tests::node::MP3, &put("audio/mpeg"), bytes).await;
    assert!(told.contains("HTTP/1.0 403"), "{told}");
    assert!(reason.contains(name), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ogg_is_refused_by_its_name() {
    let mut page =
        b"OggS\x00\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead".to_vec();
    page.extend([1, 2, 0x38, 1, 0x80, 0xBB, 0, 0, 0, 0, 0]);
    check_named(&page, "Ogg with Opus").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_is_refused_by_its_name() {
    check_named(b"<!DOCTYPE html><html><body>hello</body></html>", "web page").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_is_refused_when_no_frame_has_come() {
    let noise: Vec<u8> =
        (0..50_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    let (_, reason) = refused(tests::node::MP3, &put("audio/mpeg"), &noise).await;
    assert!(!reason.is_empty(), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_401_and_counted() {
    let node = TestNode::start(tests::node::MP3).await;
    let head = put("audio/mpeg").replace(AUTHORIZATION, "Basic c291cmNlOndyb25n");
    let (_, answer) = Source::send_head(node.public(), &head).await;
    assert!(answer.starts_with("HTTP/1.0 401"), "{answer}");
    assert!(answer.contains("WWW-Authenticate: Basic"), "{answer}");
    assert_eq!(metric(&node, "skywave_ingest_strangers_total").await.as_deref(), Some("1"));
}
