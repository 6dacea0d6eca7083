//! What listeners ask, and how they are answered.

use tests::listener::Listener;
use tests::watch::Watch;
use tests::{TestNode, raw};

/// A request with a user agent and further lines.
fn request(version: &str, lines: &str) -> String {
    format!("GET /radio {version}\r\nHost: x\r\n{lines}\r\n")
}

/// Whether MP3 begins here, and goes on where its header says.
fn is_frame(audio: &[u8]) -> bool {
    let mut framer = media::Framer::default();
    framer.push(audio);
    let first = framer.next_frame().unwrap().unwrap();
    audio.starts_with(&first.data)
}

/// Asks, hears a little, and gives the head.
async fn check(node: &TestNode, request: &str) -> Listener {
    let mut listener = Listener::request(node.public(), request).await;
    let audio = listener.hear(20_000).await.audio;
    assert!(audio.len() >= 20_000 && is_frame(&audio), "{request}: {}", listener.head);
    listener
}

async fn on_air(manifest: &str) -> (TestNode, Watch) {
    let node = TestNode::start(manifest).await;
    let watch = Watch::start(node.public(), 1).await;
    (node, watch)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_of_http_is_answered_in_its_own() {
    let (node, watch) = on_air(tests::node::MP3).await;
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let listener = check(&node, &request(version, "")).await;
        assert!(listener.head.starts_with(&format!("{version} 200 OK\r\n")), "{}", listener.head);
        assert_eq!(listener.header("icy-metaint"), None, "nobody asked");
        assert_eq!(listener.header("content-length"), None);
        assert_eq!(listener.header("transfer-encoding"), None);
        for (name, value) in [
            ("content-type", "audio/mpeg"),
            ("icy-name", "Acme Radio"),
            ("icy-description", "The best"),
            ("icy-url", "https://acme.example"),
            ("icy-genre", "Rock"),
            ("icy-br", "128"),
            ("icy-pub", "0"),
            ("access-control-allow-origin", "*"),
            ("cache-control", "no-cache, no-store"),
            ("connection", "close"),
        ] {
            assert_eq!(listener.header(name), Some(value), "{name}");
        }
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_for_those_who_ask() {
    let (node, watch) = on_air(tests::node::MP3).await;
    for (line, metaint) in [
        ("Icy-MetaData: 1\r\n", Some("16000")),
        ("icy-metadata:1\r\n", Some("16000")),
        ("ICY-METADATA: 1\r\n", Some("16000")),
        ("Icy-MetaData: 0\r\n", None),
        ("Icy-MetaData: yes\r\n", None),
    ] {
        let listener = check(&node, &request("HTTP/1.1", line)).await;
        assert_eq!(listener.header("icy-metaint"), metaint, "{line}");
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_changes_nothing() {
    let (node, watch) = on_air(tests::node::MP3).await;
    for range in ["bytes=0-", "bytes=0-1", "bytes=100-", "bytes=-500", "seconds=1-", "x"] {
        let listener = check(&node, &request("HTTP/1.1", &format!("Range: {range}\r\n"))).await;
        assert!(listener.head.starts_with("HTTP/1.1 200 OK\r\n"), "{range}: {}", listener.head);
        assert_eq!(listener.header("content-range"), None);
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_players_get_what_they_need() {
    let (node, watch) = on_air(tests::node::MP3).await;
    let fake = Some("221183499");
    for (agent, start, length) in [
        ("foobar2000/1.x", "HTTP/1.1 200", None),
        ("ShoutcastSource/1.0", "ICY 200 OK", None),
        ("Windows-Media-Player/12.0", "ICY 200 OK", None),
        ("RealMedia Player", "ICY 200 OK", None),
        ("BlackBerry9700/5.0", "ICY 200 OK", None),
        ("Shoutcast Server", "HTTP/1.1 200", None),
        ("Mozilla/4.0 (compatible; MSIE 8.0)", "HTTP/1.1 200", fake),
        ("WinampMPEG/5.66", "HTTP/1.1 200", None),
        ("Dalvik/2.1 ExoPlayer", "HTTP/1.1 200", None),
        ("", "HTTP/1.1 200", None),
    ] {
        let listener =
            check(&node, &request("HTTP/1.1", &format!("User-Agent: {agent}\r\n"))).await;
        assert!(listener.head.starts_with(start), "{agent}: {}", listener.head);
        assert_eq!(listener.header("content-length"), length, "{agent}");
        let lower = listener.head.contains("\ncontent-type: ");
        assert_eq!(lower, agent == "Shoutcast Server", "{}", listener.head);
    }
    let listener = check(&node, &request("HTTP/1.1", "x-flash-version: 11\r\n")).await;
    assert_eq!(listener.header("content-length"), fake);
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_alias_is_the_same_mount_with_and_without_a_query() {
    let (node, watch) = on_air(tests::node::MP3).await;
    for path in ["/radio", "/radio.mp3", "/live/radio", "/radio?x=1&y", "/live%2Fradio", "/r%61dio"]
    {
        check(&node, &format!("GET {path} HTTP/1.0\r\n\r\n")).await;
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn head_gets_the_head_and_options_what_is_allowed() {
    let (node, watch) = on_air(tests::node::MP3).await;
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let ask = |method: &str| {
            format!(
                "{method} /radio {version}\r\nHost: x\r\nConnection: close\r\nOrigin: https://x\r\n\r\n"
            )
        };
        let said = raw::exchange(node.public(), ask("HEAD").as_bytes()).await;
        let text = said.text().to_lowercase().replace(": ", ":");
        assert_eq!((said.closed, said.status()), (true, 200), "{text}");
        assert!(text.contains("icy-name:acme radio\r\n"), "{text}");
        assert!(text.contains("content-type:audio/mpeg\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n"), "{text}");
        let said = raw::exchange(node.public(), ask("OPTIONS").as_bytes()).await;
        let text = said.text().to_lowercase();
        assert!(said.closed && matches!(said.status(), 200 | 204), "{text}");
        assert!(text.contains("access-control-allow-origin: *\r\n"), "{text}");
        assert!(text.contains("icy-metadata"), "{text}");
        assert!(text.ends_with("\r\n\r\n"), "{text}");
        let said = raw::exchange(node.public(), ask("DELETE").as_bytes()).await;
        assert_eq!((said.closed, said.status()), (true, 405), "{}", said.text());
    }
    assert_eq!(node.egress("radio").icy_listeners, 1, "none of them listens");
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_that_is_off_air_says_when_to_come_again() {
    let node = TestNode::start(tests::node::MP3).await;
    node.until("off air", |report| !report.egress("radio").unwrap().on_air).await;
    tests::wait::until("503", || async {
        let said = raw::exchange(node.public(), request("HTTP/1.1", "").as_bytes()).await;
        (said.status() == 503).then_some(())
    })
    .await;
    let close = "Connection: close\r\n";
    for (before, method) in [("", "GET"), ("", "HEAD"), (KEPT, "GET"), (KEPT, "HEAD")] {
        let ask = request("HTTP/1.1", close).replacen("GET", method, 1);
        let said = raw::exchange(node.public(), format!("{before}{ask}").as_bytes()).await;
        let text = said.text().to_lowercase();
        assert_eq!(said.statuses().last(), Some(&503), "{method} {before}: {text}");
        let last = text.rsplit("http/1.1 ").next().unwrap();
        assert!(last.contains("retry-after: "), "{text}");
        assert!(last.contains("access-control-allow-origin: *"), "{text}");
    }
}

/// A request before, after which the connection is kept.
const KEPT: &str = "GET /radio.pls HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_later_request_of_a_connection_gets_the_stream_too() {
    let (node, watch) = on_air(tests::node::MP3).await;
    let bytes = format!("{KEPT}{}", request("HTTP/1.1", ""));
    let mut listener = Listener::request(node.public(), &bytes).await;
    // The first answer's body, the second head, and audio in chunks.
    let heard = listener.hear(20_000).await.audio;
    let text = String::from_utf8_lossy(&heard);
    assert!(text.contains("HTTP/1.1 200 OK"), "{text}");
    assert!(text.to_lowercase().contains("icy-name: acme radio"));
    watch.finish().await;
}
