//! What an HLS player sees while the programme goes on, from its origin and
//! from the bucket alone.

use std::time::Duration;

use bytes::Bytes;
use playlists::conformance;
use tests::encoder::Source;
use tests::{TestNode, hls, http};

/// Segments of two seconds in the shortest window, so that it slides soon.
fn manifest() -> String {
    tests::node::MP3.to_owned() + "segment = \"2s\"\nwindow = \"18s\"\n"
}

/// A minute of frames, in tenths of a second of media.
fn pieces() -> Vec<Vec<Bytes>> {
    let frames = demo::fixtures::mp3(59, 128, 44_100, 2);
    frames.chunks(4).map(<[Bytes]>::to_vec).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn seq_2_every_playlist_follows_from_the_one_before() {
    let node = TestNode::start(&manifest()).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    let url = node.url("/radio/mp3-2s-128/media.m3u8");
    let mut last: Option<String> = None;
    let mut seen = 0;
    for piece in pieces() {
        source.send_paced(&piece, Duration::from_micros(2_600)).await;
        let answer = http::get(&url).await;
        if answer.status == 503 {
            assert!(last.is_none(), "gone again");
            continue;
        }
        let text = answer.text();
        if last.as_ref() == Some(&text) {
            continue;
        }
        conformance::assert_conforms(&text);
        if let Some(last) = &last {
            conformance::assert_follows(last, &text);
        }
        // SEQ-11: what is listed can be had at that moment.
        let newest = hls::listed(&text).pop().unwrap().to_owned();
        let segment = http::get(&node.url(&format!("/radio/mp3-2s-128/{newest}"))).await;
        assert_eq!(segment.status, 200, "{newest}");
        last = Some(text);
        seen += 1;
    }
    assert!(seen > 20, "{seen} playlists");
    assert!(hls::listed(&last.unwrap()).len() >= 9, "a whole window");
}

#[tokio::test(flavor = "multi_thread")]
async fn seq_12_a_segment_that_left_the_window_can_be_had_a_while() {
    let node = TestNode::start(&manifest()).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    let frames = demo::fixtures::mp3(59, 128, 44_100, 2);
    let (first, rest) = frames.split_at(frames.len() / 3);
    source.send(first).await;
    node.until_listed("radio", 6).await;
    let listed = http::get(&node.url("/radio/mp3-2s-128/media.m3u8")).await.text();
    let oldest = hls::listed(&listed).remove(0).to_owned();
    let before = http::get(&node.url(&format!("/radio/mp3-2s-128/{oldest}"))).await;
    source.send(rest).await;
    node.until("a window that slid", |report| {
        let number = report.egress("radio").unwrap().media_sequence;
        number > oldest.split('-').next().and_then(|n| n.parse::<u64>().ok()).map(|n| n + 20)
    })
    .await;
    let listed = http::get(&node.url("/radio/mp3-2s-128/media.m3u8")).await.text();
    assert!(!listed.contains(&oldest));
    let after = http::get(&node.url(&format!("/radio/mp3-2s-128/{oldest}"))).await;
    assert_eq!((after.status, after.body), (200, before.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn seq_3_every_path_of_a_station_gives_the_same() {
    let node = TestNode::start(&manifest()).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(20, 128, 44_100, 2)).await;
    node.until_listed("radio", 9).await;
    let fetch = async |path: &str| hls::sessionless(&http::get(&node.url(path)).await.text());
    let media = fetch("/radio/mp3-2s-128/media.m3u8").await;
    let multivariant = fetch("/radio/playlist.m3u8").await;
    for alias in ["radio.mp3", "live/radio"] {
        assert_eq!(fetch(&format!("/{alias}/mp3-2s-128/media.m3u8")).await, media, "{alias}");
        assert_eq!(fetch(&format!("/{alias}/playlist.m3u8")).await, multivariant, "{alias}");
    }
    // Beside the folder the URI begins with the folder.
    let beside = fetch("/live/radio.m3u8").await;
    assert!(beside.contains("\nradio/mp3-2s-128/media.m3u8"), "{beside}");
    assert!(conformance::check_multivariant(multivariant.as_bytes()).is_empty());
}
