//! Titles that want to be something else.

use std::time::Duration;

use playlists::conformance;
use tests::encoder::{AUTHORIZATION, Source};
use tests::listener::Listener;
use tests::program::Setup;
use tests::{Program, Scratch, TestNode, hls, http, wait};

use super::{Pieces, SPACING_FRAMES, set_bytes};

/// Each is a whole `song`.
pub(crate) const TITLES: [&str; 12] = [
    "../../../etc/passwd",
    "one\r\nicy-metaint:1\r\n\r\ntwo",
    "#EXT-X-ENDLIST",
    "x\n#EXT-X-ENDLIST\nevil.mp3",
    "\"quoted\",ID=\"other\" 'and' \\back\\",
    "nul\0nul",
    "\u{1}\u{7}\u{1b}[31mred\u{7f}\u{85}",
    "bidi \u{202e}gnp.exe\u{2066}\u{200f}",
    "';StreamUrl='http://evil.example/';StreamTitle='other",
    "<script>alert(1)</script>&amp;",
    "line\u{2028}separators\u{2029}\u{feff}",
    "%s%n${HOME}{{7*7}}",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_title_is_data_in_playlists_and_metadata() {
    let node = TestNode::start(tests::node::MP3).await;
    let mut pieces = Pieces::connect(&node, demo::fixtures::mp3(58, 128, 44_100, 2)).await;
    pieces.send(&node, SPACING_FRAMES).await;
    let mut listener = Listener::connect(node.public(), "/radio").await;
    for title in TITLES {
        assert_eq!(set_bytes(node.public(), title.as_bytes(), "").await, 200, "{title:?}");
        pieces.send(&node, SPACING_FRAMES).await;
    }
    pieces.send(&node, 1_500).await;
    node.until_listed("radio", 8).await;
    // The check finds a line or a tag that does not belong there.
    let listed = hls::fetch(&node.url("/radio/mp3-128")).await;
    let playlist = listed.playlist();
    assert_eq!(playlist.date_ranges.len(), TITLES.len());
    assert!(!playlist.ended);
    assert!(listed.text.chars().all(|c| c == '\n' || !c.is_control()), "{}", listed.text);
    let heard = listener.hear(700_000).await;
    for (_, title) in &heard.titles {
        assert!(title.chars().all(|c| !c.is_control()), "{title:?}");
        assert!(!title.contains("';"), "{title:?}");
    }
    for path in ["/radio.pls", "/radio.m3u", "/radio.xspf", "/radio/playlist.m3u8"] {
        assert_eq!(http::get(&node.url(path)).await.status, 200, "{path}");
    }
    let status = http::get(&node.control_url("/api/v1/status")).await.body;
    assert!(serde_json::from_slice::<serde_json::Value>(&status).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_of_64_kib_is_refused_and_nobody_notices() {
    let node = TestNode::start(tests::node::MP3).await;
    let mut pieces = Pieces::connect(&node, demo::fixtures::mp3(30, 128, 44_100, 2)).await;
    assert_eq!(set_bytes(node.public(), b"before", "").await, 200);
    pieces.send(&node, SPACING_FRAMES).await;
    let long = "x".repeat(64 << 10);
    let line = format!("GET /admin/metadata?mode=updinfo&mount=/in&song={long} HTTP/1.1\r\n");
    let head = format!("{line}Host: x\r\nAuthorization: {AUTHORIZATION}\r\n\r\n");
    let (_, answer) = Source::send_head(node.public(), &head).await;
    assert!(answer.starts_with("HTTP/1.1 414"), "{answer}");
    // In a form, where a line's length is no limit.
    let posted = http::client()
        .post(node.url("/admin/metadata"))
        .header("Authorization", AUTHORIZATION)
        .body(format!("mode=updinfo&mount=/in&song={long}"))
        .send();
    assert!(matches!(posted.await.map(|answer| answer.status().as_u16()), Ok(400 | 413)));
    // The longest that fits in a line is cut to what a title may have.
    assert_eq!(set_bytes(node.public(), "y".repeat(2_500).as_bytes(), "").await, 200);
    pieces.send(&node, 900).await;
    node.until_listed("radio", 3).await;
    let text = http::get(&node.url("/radio/mp3-128/media.m3u8")).await.text();
    conformance::assert_conforms(&text);
    assert!(text.contains("yyyy") && !text.contains("xxxx"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_stays_one_object_a_line() {
    let scratch = Scratch::default();
    let setup = Setup {
        lines: "[log]\nformat = \"json\"",
        environment: &[("SKYWAVE_LOG", "debug,hyper=info,h2=info")],
    };
    let program = Program::serve_as(tests::node::MP3, scratch.path(), setup).await;
    let mut source = Source::connect(program.public, "audio/mpeg").await;
    let frames = demo::fixtures::mp3(20, 128, 44_100, 2);
    for (title, frames) in TITLES.iter().zip(frames.chunks(SPACING_FRAMES)) {
        assert_eq!(set_bytes(program.public, title.as_bytes(), "").await, 200);
        source.send(frames).await;
    }
    let heads = [
        "SOURCE /\"}\u{1b}[31m HTTP/1.0\r\nUser-Agent: \"}\t{\r\n\r\n",
        "SOURCE /%0a%22%7d HTTP/1.0\r\nAuthorization: Basic eDp5\r\n\r\n",
        "GET /../../%0d%0a HTTP/1.1\r\nHost: x\r\nUser-Agent: \"\\\r\nConnection: close\r\n\r\n",
    ];
    for head in heads {
        Source::send_head(program.public, head).await;
    }
    wait::until("a listed title", || async {
        let status = http::try_get(&program.control_url("/api/v1/status")).await?;
        String::from_utf8_lossy(&status.body).contains("frames_total").then_some(())
    })
    .await;
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), program.terminate()).await, Ok(0));
    let log = std::fs::read(scratch.path().join("log.txt")).unwrap();
    let log = String::from_utf8(log).unwrap();
    assert!(log.lines().count() > 10, "{log}");
    for line in log.lines() {
        let parsed = serde_json::from_str::<serde_json::Value>(line);
        assert!(parsed.is_ok_and(|value| value.is_object()), "{line}");
    }
}
