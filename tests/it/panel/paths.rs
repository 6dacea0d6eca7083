//! Streams at SHOUTcast's paths, which have a number and no name.

use std::time::Duration;

use tests::listener::Listener;
use tests::{http, tools};

use super::Studio;

/// What a player hears of at a path.
async fn name_at(studio: &Studio, request: &str) -> Option<String> {
    let listener = Listener::request(studio.node.public(), request).await;
    let is_stream = listener.head.contains(" 200 ") && listener.header("icy-metaint").is_some();
    is_stream.then(|| listener.header("icy-name").unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn players_hear_a_stream_at_its_number() {
    let studio = Studio::open().await;
    for (path, name) in [
        ("/", Some("Acme Radio")),
        ("/;", Some("Acme Radio")),
        ("/;stream.mp3", Some("Acme Radio")),
        ("/stream", Some("Acme Radio")),
        ("/stream/1/", Some("Acme Radio")),
        ("/stream/2", Some("Other Radio")),
        ("/stream/2/;stream.nsv", Some("Other Radio")),
        ("/stream/3", None),
    ] {
        for version in ["1.0", "1.1"] {
            let request = format!(
                "GET {path} HTTP/{version}\r\nHost: x\r\nIcy-MetaData: 1\r\nConnection: close\r\n\r\n"
            );
            assert_eq!(name_at(&studio, &request).await.as_deref(), name, "{path} {version}");
        }
    }
}

/// Or else a browser, and a balancer that looks whether the server lives, would
/// hear a stream without an end.
#[tokio::test(flavor = "multi_thread")]
async fn at_the_root_who_wants_no_titles_finds_nothing() {
    let studio = Studio::open().await;
    assert_eq!(http::get(&studio.node.url("/")).await.status, 404);
    assert_eq!(http::request("HEAD", &studio.node.url("/"), &[]).await.status, 404);
    let without = http::request("GET", &studio.node.url("/"), &[("Icy-MetaData", "0")]).await;
    assert_eq!(without.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_plays_the_paths_of_shoutcast() {
    let studio = Studio::open().await;
    for (path, name) in [
        ("/", "Acme Radio"),
        ("/;", "Acme Radio"),
        ("/;stream.mp3", "Acme Radio"),
        ("/stream/2/", "Other Radio"),
    ] {
        let url = studio.node.url(path);
        let arguments = [
            "-v",
            "error",
            "-show_entries",
            "format=format_name:format_tags=icy-name",
            "-of",
            "csv=p=0",
            &url,
        ];
        let output = tools::run("ffprobe", &arguments, Duration::from_secs(30)).await;
        let said = tools::said(&output);
        assert_eq!(said.trim(), format!("mp3,{name}"), "{path}");
    }
}
