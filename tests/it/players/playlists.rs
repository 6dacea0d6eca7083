//! A strict parser's view of the playlists.

use std::time::Duration;

use bytes::Bytes;
use catalogue::report::{IngestState, Report};
use media::AacProfile;
use serde_json::Value;
use tests::encoder::Source;
use tests::{TestNode, http, tools};

use super::station::Sound;

/// A minute's worth of frames, in two connections with some of it lost between.
async fn node_with_a_loss(sound: Sound, sent: &[Bytes]) -> TestNode {
    let node = TestNode::start(&sound.manifest()).await;
    let second = sent.len() / 58;
    let (before, after) = (&sent[..25 * second], &sent[30 * second..]);
    let mut source = Source::connect(node.public(), sound.media_type()).await;
    source.send(before).await;
    node.until_listed("radio", 4).await;
    drop(source);
    let lost = |report: &Report| report.ingest("in").unwrap().state == IngestState::Offline;
    node.until("the end of the source", lost).await;
    let mut source = Source::connect(node.public(), sound.media_type()).await;
    source.send(after).await;
    node.until_listed("radio", 8).await;
    node
}

async fn check(sound: Sound, sent: &[Bytes]) {
    let node = node_with_a_loss(sound, sent).await;
    let multivariant = node.url("/radio/playlist.m3u8");
    let media = node.url(&format!("/radio/{}/media.m3u8", sound.rendition()));
    let text = http::get(&media).await.text();
    assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "{text}");

    let output = tools::run("lint.mjs", &[&multivariant], Duration::from_secs(30)).await;
    let said = tools::said(&output);
    assert!(output.status.success(), "lint.mjs: {said}: `cargo xtask test` installs its needs");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["faults"], Value::Array(vec![]), "{report:#}\n{text}");
    let [first, second] = report["playlists"].as_array().unwrap().as_slice() else {
        panic!("{report:#}");
    };
    assert_eq!((&first["kind"], &first["place"]), (&"multivariant".into(), &multivariant.into()));
    assert_eq!(second["kind"], "media");
    // With the token of a session of its own.
    let place = second["place"].as_str().unwrap();
    assert!(place.strip_prefix(&media).is_some_and(|query| query.starts_with("?t=")), "{place}");
    assert!(second["segments"].as_u64().unwrap() >= 8, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_parser_finds_no_fault_in_mp3_playlists() {
    check(Sound::Mp3, &demo::fixtures::mp3(58, 128, 44_100, 2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_parser_finds_no_fault_in_aac_playlists() {
    check(Sound::Aac, &demo::fixtures::aac(AacProfile::Lc, 58, 128, 44_100, 2)).await;
}
