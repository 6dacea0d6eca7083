//! What operators see and do: health, metrics, status, logs, wrong settings.

mod output;
mod renditions;
mod settings;

use std::collections::BTreeSet;
use std::sync::Arc;

use runtime::clock::SystemClock;
use serde_json::Value;
use tests::encoder::{Source, set_title};
use tests::listener::Listener;
use tests::{Scratch, TestNode, http, wait};

/// Every metric with its row in the reference.
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/metrics.md");

/// A station on air, with a title and a listener.
async fn on_air() -> (TestNode, Source, Listener) {
    let node = TestNode::start(tests::node::MP3).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(20, 128, 44_100, 2)).await;
    assert_eq!(set_title(node.public(), "Artist - Title").await, 200);
    source.send(&demo::fixtures::mp3(30, 128, 44_100, 2)).await;
    node.until_listed("radio", 7).await;
    let mut listener = Listener::connect(node.public(), "/radio").await;
    listener.hear(10_000).await;
    (node, source, listener)
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_in_a_word() {
    let node = TestNode::start(tests::node::MP3).await;
    for (path, word) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = http::get(&node.control_url(path)).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, word));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    // The public port tells strangers nothing of it.
    for path in ["/healthz", "/readyz", "/metrics", "/api/v1/status"] {
        assert_eq!(http::get(&node.url(path)).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_the_reference_is_scraped() {
    let (node, _source, _listener) = on_air().await;
    // Reasons appear when they have come up.
    Source::send_head(node.public(), "GET /radio HTTP/1.1\r\nno header\r\n\r\n").await;
    let mut scraped = scrape(&node).await;
    // What nobody asks for is not counted.
    let scratch = Scratch::default();
    let log = scratch.path().join("access.log");
    let lines = format!(
        "public_url = \"http://radio.example\"\n[log]\naccess = {:?}\n[yp]\ndirectories = [\"{NOWHERE}\"]\n",
        log.display().to_string()
    );
    let all = TestNode::start_turned(&asking(), &lines, Arc::new(SystemClock)).await;
    let (_, refused) = Source::send_head(
        all.public(),
        "PUT /in2 HTTP/1.1\r\nAuthorization: Basic c291cmNlOndyb25n\r\n\r\n",
    )
    .await;
    assert!(refused.starts_with("HTTP/1.0 503"), "{refused}");
    let mut source = Source::connect(all.public(), "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(5, 128, 44_100, 2)).await;
    all.until("it is on air", |report| report.egress("asking").unwrap().on_air).await;
    let listener = Listener::connect(all.public(), "/asking").await;
    assert!(listener.head.starts_with("HTTP/1.0 403"), "{}", listener.head);
    scraped.extend(scrape(&all).await);
    scraped.extend(scrape_linked().await);
    scraped.extend(scrape_blocked().await);
    // It takes half a minute of two encoders: `failover` has it.
    scraped.insert("skywave_packager_path_offset_seconds".to_owned());
    let reference = std::fs::read_to_string(REFERENCE).unwrap();
    let rows = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows: BTreeSet<&str> = rows.collect();
    assert!(rows.len() > 10, "{rows:?}");
    // A histogram's row names its family.
    let is_scraped =
        |row: &&str| scraped.contains(*row) || scraped.contains(&format!("{row}_bucket"));
    let missing: Vec<_> = rows.iter().filter(|row| !is_scraped(row)).collect();
    assert!(missing.is_empty(), "{missing:?} not in {scraped:?}");
}

/// What is counted of those who may not listen.
async fn scrape_blocked() -> BTreeSet<String> {
    let geo = "geo = { allow_none_except = [\"DE\"] }\n[egress.mount]";
    let node = TestNode::start(&tests::node::MP3.replace("[egress.mount]", geo)).await;
    assert_eq!(http::get(&node.url("/radio")).await.status, 403);
    scrape(&node).await
}

/// Where nobody listens (RFC 863's port is no service's any more).
const NOWHERE: &str = "http://127.0.0.1:9/";

/// A station that tells and asks whomever it can, and reaches none of them.
fn asking() -> String {
    format!(
        r#"{}public = true
[[ingest]]
name = "in2"
publisher = "acme"
encoding = {{ codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }}
push = {{ mount = "in2", stream_auth = "{NOWHERE}" }}
[[egress]]
name = "asking"
publisher = "acme"
ingests = ["in"]
auth = {{ listener_add = "{NOWHERE}" }}
webhooks = [{{ url = "{NOWHERE}", on = ["on_air"] }}]
"#,
        tests::node::MP3
    )
}

/// The names of all metrics that have a value.
async fn scrape(node: &TestNode) -> BTreeSet<String> {
    let answer = http::get(&node.control_url("/metrics")).await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "the exposition is whole");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.split(['{', ' ']).next()?.to_owned())).collect()
}

/// What two processes count of the link between them, which breaks.
async fn scrape_linked() -> BTreeSet<String> {
    let bucket = Scratch::default();
    let lines = |roles: &str| {
        let store = format!("file:{}", bucket.path().display());
        format!(
            "store = {store:?}\n[secrets]\ncluster = \"c\"\n[node]\nname = \"{roles}\"\n\
             roles = {:?}\n",
            roles.split('-').collect::<Vec<_>>()
        )
    };
    let ingest = TestNode::start_configured(tests::node::MP3, &lines("ingest")).await;
    let made = TestNode::start_configured(tests::node::MP3, &lines("packager-origin")).await;
    let has = async |name: &str| {
        wait::until(name, || async { scrape(&made).await.contains(name).then_some(()) }).await;
    };
    wait::until("a reader", || async {
        scrape(&ingest).await.contains("skywave_link_readers").then_some(())
    })
    .await;
    let mut scraped = scrape(&ingest).await;
    ingest.stop().await;
    has("skywave_link_broken_total").await;
    scraped.extend(scrape(&made).await);
    scraped
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_what_is_on_air() {
    let (node, _source, _listener) = on_air().await;
    node.until("the listener", |report| report.egress("radio").unwrap().icy_listeners == 1).await;
    let answer = http::get(&node.control_url("/api/v1/status")).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let status: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(status["ports"]["public"], node.public().port());
    let (ingest, egress) = (&status["ingests"][0], &status["egresses"][0]);
    assert_eq!(ingest["state"], "connected");
    assert_eq!(ingest["user_agent"], "test");
    assert_eq!(ingest["title"], "Artist - Title");
    assert_eq!(ingest["mismatch"], serde_json::json!([]));
    assert_eq!(egress["on_air"], true);
    assert_eq!(egress["now_playing"], "Artist - Title");
    assert_eq!(egress["rendition"], "mp3-128");
    assert_eq!(egress["source"], "in");
    assert_eq!(egress["paths"], serde_json::json!(["radio", "radio.mp3", "live/radio"]));
    assert!(!answer.text().contains("secret"), "no password");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_goes_is_told_too() {
    let (node, source, _listener) = on_air().await;
    drop(source);
    let report = node
        .until("the source's end", |report| report.ingest("in").unwrap().peer_address.is_none());
    let ingest = report.await.ingest("in").unwrap().clone();
    assert_eq!(ingest.state, catalogue::report::IngestState::Offline);
    assert_eq!(ingest.title, None);
    let metrics = http::get(&node.control_url("/metrics")).await.text();
    assert!(metrics.contains("skywave_ingest_connected{ingest=\"in\"} 0"));
    // Frames that have come stay counted.
    assert!(ingest.frames_total > 1_900);
}
