//! The roles in processes of their own: ingest in one, packager and origin in another,
//! origin alone in a third, with a bucket and the network between them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use tests::encoder::Source;
use tests::hls::{self, Fetched};
use tests::listener::Listener;
use tests::program::Setup;
use tests::proxy::Proxy;
use tests::{Program, Scratch, frames, http, wait};

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// Segments of two seconds, and listeners that are not served from the past.
fn station() -> String {
    let mount = "[egress.mount]\nsegment = \"2s\"\nwindow = \"60s\"\nburst = \"0s\"";
    tests::node::MP3.replace("[egress.mount]", mount)
}

/// Two processes, each with a folder of its own, and their bucket.
struct Cluster {
    scratch: Scratch,
}

impl Cluster {
    fn new() -> Self {
        let scratch = Scratch::default();
        for name in ["in", "out", "out-2", "origin"] {
            std::fs::create_dir(scratch.path().join(name)).unwrap();
        }
        Self { scratch }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// A process with these roles, and more lines of its `[node]`.
    async fn start(&self, name: &str, roles: &str, node: &str) -> Program {
        let lines = format!(
            "store = \"file:../bucket\"\n[secrets]\ncluster = \"c1uster\"\n\
             [node]\nname = \"{name}\"\nroles = [{roles}]\n{node}\n"
        );
        let setup = Setup { lines: &lines, ..Setup::default() };
        Program::serve_as(&station(), &self.folder(name), setup).await
    }

    async fn start_ingest(&self) -> Program {
        self.start("in", "\"ingest\", \"control\"", "").await
    }

    async fn start_packager(&self) -> Program {
        self.start("out", "\"packager\", \"origin\", \"control\"", "").await
    }

    /// Where a process's node port is.
    fn node_port(&self, name: &str) -> SocketAddr {
        let log = std::fs::read_to_string(self.folder(name).join("log.txt")).unwrap();
        let (_, rest) = log.split_once("serving other nodes node=").unwrap();
        rest.split_whitespace().next().unwrap().parse().unwrap()
    }
}

async fn fetch(program: &Program) -> Fetched {
    let egress = program.until_egress("a rendition", |_| true).await;
    let rendition = egress["rendition"].as_str().unwrap();
    hls::fetch(&program.url(&format!("/radio/{rendition}"))).await
}

/// States that all is listed from the first frame on, without a break; says how much.
async fn assert_listed(program: &Program, sent: &[Bytes]) -> usize {
    let listed = fetch(program).await;
    assert!(listed.discontinuities().is_empty());
    assert_eq!(frames::position(sent, &listed.frames()), 0);
    listed.frames().len()
}

/// Waits until the packager has its path.
async fn until_connected(packager: &Program) {
    until_counted(packager, "skywave_link_connected{feed=\"paths/in\"} 1").await;
}

/// Waits for a line among the metrics.
async fn until_counted(program: &Program, line: &str) {
    let url = program.control_url("/metrics");
    wait::until(line, || async {
        let text = http::try_get(&url).await?.text();
        text.lines().any(|one| one == line).then_some(())
    })
    .await;
}

/// Sends frames, each at its moment, until all are sent or the connection breaks.
async fn send_paced(source: &mut Source, frames: &[Bytes], frame: Duration) {
    use tokio::io::AsyncWriteExt as _;
    let mut ticks = tokio::time::interval(frame);
    for frame in frames {
        ticks.tick().await;
        if source.stream.write_all(frame).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_takes_another_one_serves() {
    let cluster = Cluster::new();
    let ingest = cluster.start_ingest().await;
    let packager = cluster.start_packager().await;
    until_connected(&packager).await;
    let sent = demo::fixtures::mp3(30, 128, 44_100, 2);
    let mut source = Source::connect(ingest.public, "audio/mpeg").await;
    source.send(&sent[..400]).await;
    packager.until_egress("audio", |egress| egress["on_air"] == true).await;
    let mut listener = Listener::connect(packager.public, "/radio").await;
    source.send(&sent[400..]).await;
    packager.until_stored(14).await;
    assert_listed(&packager, &sent).await;
    let heard = listener.hear(200_000).await;
    frames::position(&sent, &frames::whole(&heard.audio));
    // Each tells what it knows.
    let of = async |program: &Program| -> serde_json::Value {
        let answer = http::get(&program.control_url("/api/v1/status")).await;
        serde_json::from_slice(&answer.body).unwrap()
    };
    let (taking, making) = (of(&ingest).await, of(&packager).await);
    assert_eq!(taking["ingests"][0]["state"], "connected");
    assert_eq!(taking["egresses"].as_array().unwrap().len(), 0);
    assert_eq!(making["ingests"].as_array().unwrap().len(), 0);
    assert_eq!(making["egresses"][0]["ingests"][0]["state"], "locked");
    assert_eq!(ingest.terminate().await, 0);
    assert_eq!(packager.terminate().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packager_that_is_killed_costs_no_frame() {
    let cluster = Cluster::new();
    let ingest = cluster.start_ingest().await;
    let packager = cluster.start_packager().await;
    until_connected(&packager).await;
    let sent = demo::fixtures::mp3(30, 128, 44_100, 2);
    let mut source = Source::connect(ingest.public, "audio/mpeg").await;
    source.send(&sent[..500]).await;
    packager.until_stored(6).await;
    packager.kill().await;
    source.send(&sent[500..700]).await;
    let packager = cluster.start_packager().await;
    until_connected(&packager).await;
    source.send(&sent[700..]).await;
    packager.until_stored(14).await;
    let listed = assert_listed(&packager, &sent).await;
    assert!(listed > 1_000, "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_that_is_killed_costs_no_frame_that_its_encoder_repeats() {
    let cluster = Cluster::new();
    let ingest = cluster.start_ingest().await;
    let packager = cluster.start_packager().await;
    until_connected(&packager).await;
    let sent = demo::fixtures::mp3(30, 128, 44_100, 2);
    let mut source = Source::connect(ingest.public, "audio/mpeg").await;
    source.send(&sent[..500]).await;
    packager.until_stored(6).await;
    ingest.kill().await;
    // It comes back at another port, and is found there.
    let ingest = cluster.start_ingest().await;
    let mut source = Source::connect(ingest.public, "audio/mpeg").await;
    source.send(&sent[400..]).await;
    packager.until_stored(14).await;
    let listed = assert_listed(&packager, &sent).await;
    assert!(listed > 1_000, "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_is_heard_from_a_node_that_was_reached_after_a_younger_one() {
    let cluster = Cluster::new();
    std::fs::create_dir(cluster.folder("in-2")).unwrap();
    let proxy = Proxy::start().await;
    let address = format!("address = \"{}\"", proxy.address);
    let ingest = cluster.start("in", "\"ingest\", \"control\"", &address).await;
    // Positions begin with the second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let _younger = cluster.start("in-2", "\"ingest\", \"control\"", "").await;
    let packager = cluster.start_packager().await;
    until_connected(&packager).await;
    proxy.lead_to(cluster.node_port("in"));
    let sent = demo::fixtures::mp3(30, 128, 44_100, 2);
    let mut source = Source::connect(ingest.public, "audio/mpeg").await;
    let sending = tokio::spawn(async move {
        send_paced(&mut source, &sent, FRAME).await;
        source
    });
    packager.until_egress("audio", |egress| egress["on_air"] == true).await;
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_cut_for_five_seconds_costs_no_frame() {
    let cluster = Cluster::new();
    let proxy = Proxy::start().await;
    let address = format!("address = \"{}\"", proxy.address);
    let ingest = cluster.start("in", "\"ingest\", \"control\"", &address).await;
    proxy.lead_to(cluster.node_port("in"));
    let packager = cluster.start_packager().await;
    until_connected(&packager).await;
    let sent = demo::fixtures::mp3(16, 128, 44_100, 2);
    let mut source = Source::connect(ingest.public, "audio/mpeg").await;
    let all = sent.clone();
    let sending = tokio::spawn(async move {
        send_paced(&mut source, &all, FRAME).await;
        source
    });
    packager.until_egress("audio", |egress| egress["on_air"] == true).await;
    let mut listener = Listener::connect(packager.public, "/radio").await;
    let wanted = sent[200..].concat().len();
    let hearing = tokio::spawn(async move { listener.hear(wanted).await });
    packager.until_egress("a segment", |egress| egress["window_segments"] == 1).await;
    proxy.cut();
    tokio::time::sleep(Duration::from_secs(5)).await;
    proxy.mend();
    let _source = sending.await.unwrap();
    let heard = frames::whole(&hearing.await.unwrap().audio);
    frames::position(&sent, &heard);
    assert_listed(&packager, &sent).await;
    let egress = packager.until_egress("counts", |_| true).await;
    assert_eq!((&egress["breaks_total"], &egress["frames_lost_total"]), (&0.into(), &0.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_packagers_either_may_be_killed_and_nobody_hears_it() {
    let cluster = Cluster::new();
    let packager = "\"packager\", \"origin\", \"control\"";
    let ingest = cluster.start_ingest().await;
    let first = cluster.start_packager().await;
    until_connected(&first).await;
    let sent = demo::fixtures::mp3(32, 128, 44_100, 2);
    let mut source = Source::connect(ingest.public, "audio/mpeg").await;
    let all = sent.clone();
    // At twice the speed.
    let sending = tokio::spawn(async move {
        send_paced(&mut source, &all, FRAME / 2).await;
        source
    });
    // The second one comes when there is something that it can join.
    first.until_stored(2).await;
    let second = cluster.start("out-2", packager, "").await;
    let origin = cluster.start("origin", "\"origin\", \"control\"", "").await;
    until_counted(&origin, "skywave_link_connected{feed=\"programmes/radio/mp3-2s-128\"} 2").await;
    origin.until_egress("audio", |egress| egress["on_air"] == true).await;
    let mut listener = Listener::connect(origin.public, "/radio").await;
    let heard_len = sent[600..].concat().len();
    let hearing = tokio::spawn(async move { listener.hear(heard_len).await });
    let listed = |more: u64| {
        move |egress: &serde_json::Value| egress["window_segments"].as_u64() >= Some(more)
    };
    second.until_egress("segments", listed(3)).await;
    first.kill().await;
    origin.until_egress("more segments", listed(7)).await;
    let first = cluster.start_packager().await;
    until_counted(&origin, "skywave_link_connected{feed=\"programmes/radio/mp3-2s-128\"} 2").await;
    // It is worth something once it has made two more segments.
    let number = |egress: &serde_json::Value| egress["media_sequence"].as_u64();
    let begun = first.until_egress("a number", |egress| number(egress).is_some()).await;
    first.until_egress("more", |egress| number(egress) >= number(&begun).map(|one| one + 2)).await;
    second.kill().await;
    let _source = sending.await.unwrap();
    let heard = frames::whole(&hearing.await.unwrap().audio);
    frames::position(&sent, &heard);
    origin.until_egress("the last", listed(14)).await;
    let listed = fetch(&origin).await;
    assert!(listed.discontinuities().is_empty());
    frames::position(&sent, &listed.frames());
}
