//! What the status says of an egress's renditions.

use catalogue::report::{RenditionProgress, RenditionReport};
use serde_json::{Value, json};
use tests::encoder::Source;
use tests::{Scratch, TestNode, http, wait};

/// An MP3 programme, which gets AAC beside its own bytes.
fn station() -> String {
    tests::node::MP3.replace("auto_aac = false", "auto_aac = true")
}

/// Whether enough of it is listed, and nothing waits to be encoded.
fn is_done(rendition: &Value) -> bool {
    let waits = rendition["behind_ms"].as_u64().unwrap_or(0) > 0;
    !waits && rendition["window_segments"].as_u64() >= Some(5)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_told_with_how_it_keeps_up() {
    let node = TestNode::start(&station()).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(40, 128, 44_100, 2)).await;
    let url = node.control_url("/api/v1/status");
    let mut egress = wait::until("both renditions", || async {
        let status: Value = serde_json::from_slice(&http::get(&url).await.body).unwrap();
        let egress = status["egresses"][0].clone();
        egress["renditions"].as_array().unwrap().iter().all(is_done).then_some(egress)
    })
    .await;
    assert_eq!(egress["rendition"], "mp3-128", "the default one");
    let mut renditions = egress["renditions"].take();
    renditions.as_array_mut().unwrap().iter_mut().for_each(|one| {
        // How many there are by now is chance.
        one["window_segments"].take();
    });
    assert_eq!(
        renditions,
        json!([
            {
                "id": "aac-128",
                "codec": "aac",
                "bitrate_kbps": 128,
                "sample_rate_hz": 44_100,
                "own_bytes": false,
                "progress": "on_time",
                "behind_ms": 0,
                "window_segments": null,
            },
            {
                "id": "mp3-128",
                "codec": "mp3",
                "bitrate_kbps": 128,
                "sample_rate_hz": 44_100,
                "own_bytes": true,
                "progress": null,
                "behind_ms": null,
                "window_segments": null,
            },
        ])
    );
}

/// What a process with these roles, which works with others, says before anything comes.
async fn of_roles(roles: &str, bucket: &Scratch) -> Vec<RenditionReport> {
    let store = format!("file:{}", bucket.path().display());
    let lines =
        format!("store = {store:?}\n[secrets]\ncluster = \"c1uster\"\n[node]\nroles = [{roles}]\n");
    let node = TestNode::start_configured(&station(), &lines).await;
    node.egress("radio").renditions
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_only_serves_knows_nothing_of_their_progress() {
    let bucket = Scratch::default();
    let serving = of_roles("\"origin\", \"control\"", &bucket).await;
    let names: Vec<_> = serving.iter().map(|one| (one.id.as_str(), one.own_bytes)).collect();
    assert_eq!(names, [("aac-128", false), ("mp3-128", true)]);
    assert!(serving.iter().all(|one| (one.progress, one.behind_ms) == (None, None)));
    let making = of_roles("\"packager\", \"origin\"", &bucket).await;
    let progress: Vec<_> = making.iter().map(|one| one.progress).collect();
    assert_eq!(progress, [Some(RenditionProgress::OnTime), None]);
}
