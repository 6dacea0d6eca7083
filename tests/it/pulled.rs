//! Sources that the node connects to: an Icecast, another node, and itself.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use tests::encoder::{Source, set_title};
use tests::listener::Listener;
use tests::program::Setup;
use tests::{Program, Scratch, TestNode, frames, http, metrics, tools, wait};
use tokio::process::Child;
use tokio::task::JoinHandle;

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// Frames that a source sends at once: more than a burst.
const AT_ONCE: usize = 400;

/// Bytes that are heard: three seconds, less than a burst.
const HEARD_LEN: usize = 50_000;

/// Frames of these that are no burst's.
const LIVE_FRAMES: usize = 80;

/// What a node needs for a stream of this machine.
const ALLOWED: &str = "[pull]\nallow_private = true\n";

/// `admin:x`, as Basic credentials.
const ICECAST_ADMIN: &str = "Basic YWRtaW46eA==";

fn mp3(seconds: u32) -> Vec<Bytes> {
    demo::fixtures::mp3(seconds, 128, 44_100, 2)
}

/// The usual station, whose ingest `in` is pulled.
fn pulling(url: &str) -> String {
    let pull = format!("pull = {{ url = \"{url}\" }}");
    let lines = tests::node::MP3.lines();
    let lines = lines.map(|line| if line.starts_with("push") { &pull } else { line });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// The usual station with a second, pulled ingest, `far`.
fn with_far(url: &str, ingests: &str) -> String {
    let far = format!(
        "[[ingest]]\nname = \"far\"\npublisher = \"acme\"\nencoding = {{ codec = \"mp3\", \
         bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"joint_stereo\" }}\n\
         pull = {{ url = \"{url}\" }}\n[[egress]]"
    );
    tests::node::MP3.replace("[[egress]]", &far).replace("[\"in\"]", ingests)
}

/// A node on air in real time.
struct OnAir {
    node: TestNode,
    sent: Vec<Bytes>,
    sending: JoinHandle<()>,
}

impl OnAir {
    async fn start() -> Self {
        Self::of(TestNode::start(tests::node::MP3).await).await
    }

    async fn of(node: TestNode) -> Self {
        let (sent, sending) = send(&node).await;
        Self { node, sent, sending }
    }
}

impl Drop for OnAir {
    fn drop(&mut self) {
        self.sending.abort();
    }
}

/// Sends to mount `in` in real time.
async fn send(node: &TestNode) -> (Vec<Bytes>, JoinHandle<()>) {
    let sent = mp3(100);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&sent[..AT_ONCE]).await;
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    let rest = sent[AT_ONCE..].to_vec();
    (sent, tokio::spawn(async move { source.send_paced(&rest, FRAME).await }))
}

/// States that listeners hear what was sent, and a title.
async fn assert_heard(node: &TestNode, sent: &[Bytes], title: &str) {
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    let is = |now: &Option<String>| now.as_deref() == Some(title);
    node.until("title", |report| is(&report.egress("radio").unwrap().now_playing)).await;
    let mut listener = Listener::connect(node.public(), "/radio").await;
    let heard = listener.hear(2 * HEARD_LEN).await;
    let passed_on = frames::whole(&heard.audio);
    // Behind the burst, in which there may be a break.
    frames::position(sent, &passed_on[passed_on.len() - LIVE_FRAMES..]);
    assert!(heard.titles.iter().any(|(_, heard)| heard == title), "{:?}", heard.titles);
    assert_eq!(node.ingest("in").mismatch, []);
}

/// Debian's Icecast with ffmpeg as its source.
struct Icecast {
    port: u16,
    server: Child,
    source: Child,
}

impl Icecast {
    /// Starts both, ffmpeg with a file of frames, which it sends as they are.
    async fn start(folder: &Path, port: u16, file: &str) -> Self {
        let config = format!(
            "<icecast><limits><sources>2</sources></limits>\
             <authentication><source-password>x</source-password>\
             <admin-user>admin</admin-user><admin-password>x</admin-password></authentication>\
             <hostname>localhost</hostname><listen-socket><port>{port}</port>\
             <bind-address>127.0.0.1</bind-address></listen-socket>\
             <paths><logdir>{folder}</logdir><webroot>/usr/share/icecast2/web</webroot>\
             <adminroot>/usr/share/icecast2/admin</adminroot></paths>\
             <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog></logging>\
             </icecast>",
            folder = folder.display(),
        );
        std::fs::write(folder.join("icecast.xml"), config).unwrap();
        let mut command = tools::unprivileged("icecast2", folder);
        command.args(["-c", "icecast.xml"]).current_dir(folder);
        let server = tools::start(command, &folder.join("log.txt"));
        let status = format!("http://127.0.0.1:{port}/status-json.xsl");
        wait::until("Icecast", || http::try_get(&status)).await;
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-re", "-i", file, "-c", "copy", "-write_xing", "0"]);
        command.args(["-id3v2_version", "0", "-f", "mp3", "-content_type", "audio/mpeg"]);
        command.arg(format!("icecast://source:x@127.0.0.1:{port}/live")).current_dir(folder);
        let source = tools::start(command, &folder.join("source.txt"));
        wait::until("the source", || async {
            http::try_get(&status).await.filter(|status| status.text().contains("/live"))
        })
        .await;
        Self { port, server, source }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/live", self.port)
    }

    async fn set_title(&self, title: &str) {
        let song = http::escaped(title.as_bytes());
        let path = format!("/admin/metadata?mode=updinfo&mount=/live&charset=UTF-8&song={song}");
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let answer = http::request("GET", &url, &[("Authorization", ICECAST_ADMIN)]).await;
        assert_eq!(answer.status, 200);
    }

    async fn kill(mut self) {
        self.server.kill().await.unwrap();
        let _ = self.source.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_icecast_is_pulled_and_comes_back_when_it_was_killed() {
    let folder = Scratch::default();
    let (sent, port) = (mp3(100), tools::free_port());
    std::fs::write(folder.path().join("one.mp3"), sent[..2_000].concat()).unwrap();
    std::fs::write(folder.path().join("other.mp3"), sent[2_000..].concat()).unwrap();
    let icecast = Icecast::start(folder.path(), port, "one.mp3").await;
    let node = TestNode::start_configured(&pulling(&icecast.url()), ALLOWED).await;
    node.until("frames", |report| report.ingest("in").unwrap().frames_total > 0).await;
    icecast.set_title("Ann - Önly").await;
    assert_heard(&node, &sent, "Ann - Önly").await;
    let ingest = node.ingest("in");
    assert_eq!(ingest.pulled_from, Some(icecast.url()));
    assert!(ingest.user_agent.unwrap().starts_with("Icecast 2.4"));
    icecast.kill().await;
    let ingest = || node.ingest("in");
    wait::until("its end", || async { ingest().peer_address.is_none().then_some(()) }).await;
    let control = node.addresses().control;
    metrics::until(control, "skywave_ingest_pull_failures_total{ingest=\"in\"}", 1).await;
    let icecast = Icecast::start(folder.path(), port, "other.mp3").await;
    wait::until("it again", || async { (ingest().connects_total >= 2).then_some(()) }).await;
    icecast.set_title("Again").await;
    assert_heard(&node, &sent[2_000..], "Again").await;
    let epochs = metrics::value(control, "skywave_packager_epochs_total{egress=\"radio\"}").await;
    assert_eq!(epochs, 2, "one break, one epoch more");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_node_is_pulled_by_its_mount_and_by_its_tune_in_file() {
    let far = OnAir::start().await;
    assert_eq!(set_title(far.node.public(), "Ann - One").await, 200);
    for path in ["/radio", "/radio.pls", "/live/radio.m3u"] {
        let node = TestNode::start_configured(&pulling(&far.node.url(path)), ALLOWED).await;
        assert_heard(&node, &far.sent, "Ann - One").await;
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_behind_tls_is_pulled_if_its_certificate_is_trusted() {
    let folder = Scratch::default();
    let pem = crate::tls::issue(folder.path());
    let path = |name| folder.path().join(name).display().to_string();
    let (chain, key) = (path("chain.pem"), path("key.pem"));
    let far = OnAir::of(TestNode::start_tls(tests::node::MP3, &chain, &key).await).await;
    let port = far.node.addresses().public_tls.unwrap().port();
    let manifest = pulling(&format!("https://localhost:{port}/radio"));
    std::fs::write(folder.path().join("authority.pem"), pem).unwrap();
    let authority = path("authority.pem");
    let environment = [("SSL_CERT_FILE", authority.as_str())];
    let setup = Setup { lines: ALLOWED, environment: &environment };
    let program = Program::serve_as(&manifest, folder.path(), setup).await;
    program.until_egress("audio", |egress| egress["on_air"] == true).await;
    let mut listener = Listener::connect(program.public, "/radio").await;
    let heard = listener.hear(HEARD_LEN).await;
    frames::position(&far.sent, &frames::whole(&heard.audio));
    assert_eq!(program.terminate().await, 0);
    // Nobody has vouched for it here.
    let node = TestNode::start_configured(&manifest, ALLOWED).await;
    let report = node.until("refusal", |report| report.ingests[0].last_refusal.is_some()).await;
    let refusal = report.ingests[0].last_refusal.clone().unwrap();
    assert!(refusal.starts_with(&format!("no TLS with https://localhost:{port}")), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_this_machine_is_not_pulled_from() {
    let far = OnAir::start().await;
    let node = TestNode::start(&pulling(&far.node.url("/radio"))).await;
    let report = node.until("refusal", |report| report.ingests[0].last_refusal.is_some()).await;
    let refusal = report.ingests[0].last_refusal.clone().unwrap();
    assert!(refusal.contains("127.0.0.1 is not public: loopback"), "{refusal}");
    assert_eq!(report.ingests[0].connects_total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_takes_over_when_the_pulled_stream_dies() {
    let far = OnAir::start().await;
    let manifest = with_far(&far.node.url("/radio"), "[\"far\", \"in\"]");
    let node = TestNode::start_configured(&manifest, ALLOWED).await;
    let source = |name: &'static str| {
        let is = move |now: &Option<String>| now.as_deref() == Some(name);
        move |report: &catalogue::report::Report| is(&report.egress("radio").unwrap().source)
    };
    node.until("the pulled one", source("far")).await;
    let (_, sending) = send(&node).await;
    assert_eq!(node.egress("radio").source.as_deref(), Some("far"), "the first is preferred");
    drop(far);
    node.until("the pushed one", source("in")).await;
    assert!(node.egress("radio").on_air);
    let mut listener = Listener::connect(node.public(), "/radio").await;
    assert!(listener.hear(HEARD_LEN).await.audio.len() >= HEARD_LEN);
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_is_never_its_own_source() {
    // The node's port has to be known before it starts.
    let port = tools::free_port();
    let folder = Scratch::default();
    let manifest = with_far(&format!("http://127.0.0.1:{port}/radio"), "[\"in\", \"far\"]");
    let public = format!("127.0.0.1:{port}");
    let environment = [("SKYWAVE_LISTEN__PUBLIC", public.as_str())];
    let setup = Setup { lines: ALLOWED, environment: &environment };
    let program = Program::serve_as(&manifest, folder.path(), setup).await;
    let far = || async {
        let status = http::get(&program.control_url("/api/v1/status")).await.text();
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let ingests = status["ingests"].as_array().unwrap().clone();
        ingests.into_iter().find(|ingest| ingest["name"] == "far").unwrap()
    };
    let refused = |with: &'static str| async move {
        wait::until(with, || async {
            let refusal = far().await["last_refusal"].as_str()?.to_owned();
            refusal.contains(with).then_some(())
        })
        .await;
    };
    refused("answers with status").await;
    let mut source = Source::connect(program.public, "audio/mpeg").await;
    let sent = mp3(50);
    source.send(&sent[..AT_ONCE]).await;
    program.until_egress("audio", |egress| egress["on_air"] == true).await;
    let rest = sent[AT_ONCE..].to_vec();
    let sending = tokio::spawn(async move { source.send_paced(&rest, FRAME).await });
    refused("cannot be its own source").await;
    sending.abort();
    program.until_egress("silence", |egress| egress["on_air"] == false).await;
    assert_eq!(far().await["connects_total"], 0);
    assert_eq!(program.terminate().await, 0);
}
