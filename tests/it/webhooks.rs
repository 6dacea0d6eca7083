//! What happens is told to webhooks: signed, in order, and at nobody's cost.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use demo::{Encoding, fixtures};
use serde_json::Value;
use tests::encoder::Source;
use tests::{Program, Scratch, TestNode, http, metrics, tools, wait};
use tokio::net::TcpListener;
use tokio::process::Child;

/// Lines of skywave.toml: receivers on this machine, and sources that are gone
/// after three seconds.
const LINES: &str = "[webhooks]\nallow_private = true\n[limits]\nsource_timeout = \"3s\"";

/// Real time of a frame.
const FRAME: Duration = Duration::from_micros(26_122);

/// A receiver that is not ours: Python's HTTP server, and the page's own lines
/// about signatures. Writes `True False {...}` for each request: whether it is
/// signed, and whether it would be with one byte more.
struct Receiver {
    log: PathBuf,
    port: u16,
    _child: Child,
}

const SERVER: &str = r#"
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        header = self.headers["X-Skywave-Signature"]
        signed = [is_ours(b"a key", header, body + more) for more in (b"", b" ")]
        assert self.headers["Content-Type"] == "application/json"
        self.send_response(204)
        self.end_headers()
        print("event", *signed, body.decode(), flush=True)

    def log_message(self, *arguments):
        pass

server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
"#;

impl Receiver {
    /// On this port; 0 is any.
    async fn start(folder: &Path, port: u16) -> Self {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/webhooks.md"));
        let page = page.unwrap();
        let example = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
        assert_eq!(example.lines().count(), 5);
        let script = folder.join("receiver.py");
        std::fs::write(&script, format!("{example}{SERVER}")).unwrap();
        let mut command = tools::command("python3");
        command.arg(&script).arg(port.to_string());
        let log = folder.join("receiver.txt");
        let child = tools::start(command, &log);
        let mut receiver = Self { log, port, _child: child };
        receiver.port = wait::until("receiver", || async { receiver.said_port() }).await;
        receiver
    }

    fn said_port(&self) -> Option<u16> {
        let said = std::fs::read_to_string(&self.log).ok()?;
        said.lines().find_map(|line| line.strip_prefix("port ")?.parse().ok())
    }

    /// Waits for so many events; gives all that came.
    async fn events(&self, count: usize) -> Vec<Value> {
        wait::until("events", || async {
            let said = std::fs::read_to_string(&self.log).ok()?;
            let lines: Vec<_> = said.lines().filter(|line| !line.starts_with("port ")).collect();
            let event = |line: &&str| {
                let event = line.strip_prefix("event True False ");
                serde_json::from_str(event.unwrap_or_else(|| panic!("{said}"))).unwrap()
            };
            (lines.len() >= count).then(|| lines.iter().map(event).collect())
        })
        .await
    }
}

/// A station with one webhook for everything at each of these ports.
fn manifest(ports: &[u16]) -> String {
    let all = r#"["off_air", "on_air", "path_down", "silence", "mismatch"]"#;
    let hook = |port: &u16| {
        format!(r#"{{ url = "http://127.0.0.1:{port}/hook", on = {all}, secret = "a key" }}, "#)
    };
    let hooks: String = ports.iter().map(hook).collect();
    let egress = format!("[[egress]]\nwebhooks = [{hooks}]");
    tests::node::MP3.replace("[[egress]]", &egress)
}

/// Digital silence.
struct Silence;

impl demo::Source for Silence {
    fn sample_rate_hz(&self) -> u32 {
        44_100
    }

    fn channels(&self) -> u8 {
        2
    }

    fn fill(&mut self, out: &mut [i16]) {
        out.fill(0);
    }

    fn title_at(&self, _: u64) -> String {
        String::new()
    }
}

fn silence(seconds: u32) -> Vec<Bytes> {
    fixtures::frames(Encoding::Mp3 { kbps: 128 }, &mut Silence, seconds)
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

/// Goes on sending, in real time, until something has come.
async fn send_until<T>(source: &mut Source, frames: &[Bytes], come: impl Future<Output = T>) -> T {
    tokio::select! {
        come = come => come,
        () = source.send_paced(frames, FRAME) => panic!("sent to the end, and nothing came"),
    }
}

/// A station is on air until something has come.
async fn on_air_until<T>(public: SocketAddr, come: impl Future<Output = T>) -> T {
    let sound = fixtures::mp3(60, 128, 44_100, 2);
    let mut source = Source::connect(public, "audio/mpeg").await;
    send_until(&mut source, &sound, come).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_in_its_order_and_signed() {
    let scratch = Scratch::default();
    let receiver = Receiver::start(scratch.path(), 0).await;
    // Takes connections and says nothing: the other one must not notice.
    let hangs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ports = [hangs.local_addr().unwrap().port(), receiver.port];
    let node = TestNode::start_configured(&manifest(&ports), LINES).await;

    let (sound, silence) = (fixtures::mp3(1, 128, 44_100, 2), silence(76));
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&sound).await;
    source.send(&silence[..silence.len() / 4]).await;
    let events = send_until(&mut source, &silence, receiver.events(2)).await;
    assert_eq!(kinds(&events), ["on_air", "silence"]);
    assert_eq!(node.egress("radio").silent, Some(true));

    drop(source);
    let events = receiver.events(4).await;
    assert_eq!(kinds(&events), ["on_air", "silence", "path_down", "off_air"]);
    assert_eq!(node.egress("radio").silent, Some(false), "off air is no silence");

    let other = fixtures::mp3(60, 96, 44_100, 2);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    let events = send_until(&mut source, &other, receiver.events(6)).await;
    let mut told = kinds(&events[4..]);
    told.sort_unstable();
    assert_eq!(told, ["mismatch", "on_air"]);
    check_fields(&node, &events);
    check_api(&node, &events).await;
    node.stop().await;
}

fn check_fields(node: &TestNode, events: &[Value]) {
    let report = node.report();
    for event in events {
        let (egress, publisher) = (&event["egress"], &event["publisher"]);
        assert_eq!(
            (egress, publisher, &event["node"]),
            (&"radio".into(), &"acme".into(), &report.node.as_str().into())
        );
        assert!(event["at"].as_str().unwrap() > report.started.as_str(), "{event}");
        let is_of_ingest = ["path_down", "mismatch"].contains(&event["event"].as_str().unwrap());
        let ingest = if is_of_ingest { Value::from("in") } else { Value::Null };
        assert_eq!(event["ingest"], ingest, "{event}");
    }
    let mismatch = events.iter().find(|event| event["event"] == "mismatch").unwrap();
    assert_eq!(mismatch["detail"], "bitrate_kbps: wanted 128, got 96");
    let mut ids: Vec<_> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len());
}

/// The API has the same, the newest first.
async fn check_api(node: &TestNode, events: &[Value]) {
    let answer = http::get(&node.control_url("/api/v1/events")).await;
    let mut listed: Value = serde_json::from_slice(&answer.body).unwrap();
    let listed = listed["events"].as_array_mut().unwrap();
    listed.reverse();
    assert_eq!(listed[..events.len()], *events);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_away_gets_all_in_order_later() {
    let scratch = Scratch::default();
    let port = tools::free_port();
    let node = TestNode::start_configured(&manifest(&[port]), LINES).await;
    let told = wait::until("event", || async {
        let answer = http::get(&node.control_url("/api/v1/events")).await;
        answer.text().contains("on_air").then_some(())
    });
    on_air_until(node.public(), told).await;
    node.until("off air", |report| !report.egress("radio").unwrap().on_air).await;
    let receiver = Receiver::start(scratch.path(), port).await;
    let events = receiver.events(3).await;
    assert_eq!(kinds(&events), ["on_air", "path_down", "off_air"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_refused_and_the_log_says_so() {
    let scratch = Scratch::default();
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = receiver.local_addr().unwrap().port();
    let program = Program::serve(&manifest(&[port]), scratch.path()).await;
    let failed = "skywave_control_webhooks_failed_total{egress=\"radio\"}";
    on_air_until(program.public, metrics::until(program.control, failed, 1)).await;
    let log = scratch.path().join("log.txt");
    let line = wait::until("line of the log", || async {
        let log = std::fs::read_to_string(&log).unwrap();
        log.lines().find(|line| line.contains("event not told: given up")).map(str::to_owned)
    });
    let line = line.await;
    let why = format!("http://127.0.0.1:{port} may not be connected to: 127.0.0.1 is not public");
    assert!(line.contains(&why), "{line}");
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("event=OnAir egress=\"radio\""), "{log}");
    let nobody = tokio::time::timeout(Duration::ZERO, receiver.accept()).await;
    assert!(nobody.is_err(), "it was connected to");
    assert_eq!(program.terminate().await, 0);
}
