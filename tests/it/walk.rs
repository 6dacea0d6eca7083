//! Frames out equal frames in: what an encoder sent is what listeners get.

use std::time::Duration;

use media::AacProfile;
use playlists::conformance;
use tests::encoder::{Source, set_title};
use tests::listener::Listener;
use tests::{TestNode, frames, http};

/// The segments that a media playlist lists, in order.
fn listed(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.starts_with('#')).collect()
}

/// Sends a minute of frames at once and compares what comes out of ICY and HLS.
async fn check(manifest: &str, content_type: &str, rendition: &str, sent: &[bytes::Bytes]) {
    let node = TestNode::start(manifest).await;
    let mut source = Source::connect(node.public(), content_type).await;
    let (first, rest) = sent.split_at(sent.len() / 10);
    source.send(first).await;
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    let mut listener = Listener::connect(node.public(), "/radio").await;
    assert_eq!(set_title(node.public(), "Artist - Title").await, 200);
    let hearing = {
        let last = sent.last().unwrap().clone();
        tokio::spawn(async move { listener.hear_until(|audio| audio.ends_with(&last)).await })
    };
    // Ten times real time.
    let frame = Duration::from_secs(58) / u32::try_from(sent.len()).unwrap() / 10;
    source.send_paced(rest, frame).await;
    node.until_listed("radio", 8).await;

    let playlist = http::get(&node.url(&format!("/radio/{rendition}/media.m3u8"))).await.text();
    conformance::assert_conforms(&playlist);
    let mut from_hls = Vec::new();
    for name in listed(&playlist) {
        let segment = http::get(&node.url(&format!("/radio/{rendition}/{name}"))).await;
        assert_eq!(segment.status, 200, "{name}");
        from_hls.extend(frames::of_segment(&segment.body));
    }
    assert_eq!(frames::position(sent, &from_hls), 0, "the first segment begins at the first frame");
    assert!(from_hls.len() > sent.len() * 3 / 4);

    drop(source);
    let heard = hearing.await.unwrap();
    let from_icy = frames::cut(&heard.audio);
    let start = frames::position(sent, &from_icy);
    assert_eq!(start + from_icy.len(), sent.len(), "to the last frame");
    assert!(heard.titles.iter().any(|(_, title)| title == "Artist - Title"), "{:?}", heard.titles);
}

#[tokio::test(flavor = "multi_thread")]
async fn mp3_comes_out_as_it_went_in() {
    let sent = demo::fixtures::mp3(58, 128, 44_100, 2);
    check(tests::node::MP3, "audio/mpeg", "mp3-128", &sent).await;
}

async fn check_aac(codec: &str, profile: AacProfile, kbps: u16, rate: u32) {
    let sent = demo::fixtures::aac(profile, 58, kbps, rate, 2);
    let manifest = tests::node::aac(codec, kbps.into(), rate);
    let rendition = format!("{}-{kbps}", codec.replace('_', "-"));
    check(&manifest, "audio/aac", &rendition, &sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aac_lc_comes_out_as_it_went_in() {
    check_aac("aac", AacProfile::Lc, 96, 48_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn he_aac_comes_out_as_it_went_in() {
    check_aac("he_aac", AacProfile::HeV1, 48, 44_100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn he_aac_v2_comes_out_as_it_went_in() {
    check_aac("he_aac_v2", AacProfile::HeV2, 32, 44_100).await;
}
