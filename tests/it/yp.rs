//! YP directories: a strict one, written in another language, that lists what is
//! on air and nothing else.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalogue::report::Report;
use serde_json::Value;
use tests::clock::Turned;
use tests::encoder::{Source, set_title};
use tests::listener::Listener;
use tests::{Scratch, TestNode, http, metrics, tools, wait};
use tokio::process::Child;
use tokio::task::JoinHandle;

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// Frames that a source sends at once.
const AT_ONCE: usize = 400;

/// A directory at a port of its own.
struct Directory {
    port: u16,
    scratch: Scratch,
    child: Child,
}

impl Directory {
    async fn start(port: u16) -> Self {
        let scratch = Scratch::default();
        let mut command = Command::new("python3");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/directory.py");
        command.arg(PathBuf::from(script)).arg(port.to_string());
        let child = tools::start(command, &scratch.path().join("log.txt"));
        let directory = Self { port, scratch, child };
        let url = directory.url("/");
        wait::until("the directory", || http::try_get(&url)).await;
        directory
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn told(&self) -> Value {
        serde_json::from_slice(&http::get(&self.url("/")).await.body).unwrap()
    }

    /// Waits until it has been asked so many times; gives the only entry, if any.
    async fn asked(&self, actions: &[&str]) -> Option<Value> {
        wait::until("requests", || async {
            let told = self.told().await;
            let asked = told["asked"].as_array().unwrap();
            (asked.len() >= actions.len()).then_some(())
        })
        .await;
        let told = self.told().await;
        assert_eq!(told["asked"], serde_json::json!(actions));
        assert!(told["entries"].as_array().unwrap().len() <= 1, "{told}");
        told["entries"].get(0).cloned()
    }

    /// Ends it, with all that it knows.
    async fn forget(mut self) -> u16 {
        self.child.kill().await.unwrap();
        assert!(self.scratch.path().exists());
        self.port
    }
}

/// A node on air in real time, whose clock is turned on in leaps.
struct OnAir {
    node: TestNode,
    clock: Arc<Turned>,
    sending: JoinHandle<()>,
}

impl OnAir {
    async fn start(directory: &Directory) -> Self {
        let manifest = tests::node::MP3.to_owned() + "public = true\n";
        let lines = format!(
            "public_url = \"https://radio.example/\"\n[limits]\nsource_timeout = \"12s\"\n\
             [yp]\ndirectories = [{:?}]\n",
            directory.url("/cgi-bin/yp-cgi"),
        );
        let clock = Arc::new(Turned::default());
        let node = TestNode::start_turned(&manifest, &lines, clock.clone()).await;
        let sent: Vec<Bytes> = demo::fixtures::mp3(200, 128, 44_100, 2);
        let mut source = Source::connect(node.public(), "audio/mpeg").await;
        source.send(&sent[..AT_ONCE]).await;
        node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
        let sending = tokio::spawn(async move { source.send_paced(&sent[AT_ONCE..], FRAME).await });
        Self { node, clock, sending }
    }

    /// Turns the clock on once the source has been heard since the last time: a leap
    /// is silence.
    async fn turn(&self, secs: u64) {
        let before = self.node.ingest("in").frames_total;
        let heard = |report: &Report| report.ingest("in").unwrap().frames_total > before;
        self.node.until("a frame", heard).await;
        self.clock.advance(Duration::from_secs(secs));
    }

    /// Turns it on by leaps of ten seconds until so many directories list the mount.
    async fn turn_until_listed(&self, directories: u64) {
        let turned = async || {
            self.turn(10).await;
            (self.listed().await == directories).then_some(())
        };
        wait::until("a listing", turned).await;
    }

    /// Turns it on by leaps of three seconds until the directory has been asked so.
    async fn turn_until(&self, directory: &Directory, actions: &[&str]) -> Option<Value> {
        let turned = async || {
            self.turn(3).await;
            let asked = directory.told().await["asked"].as_array().unwrap().len();
            (asked >= actions.len()).then_some(())
        };
        wait::until("requests", turned).await;
        directory.asked(actions).await
    }

    /// Directories that list the mount.
    async fn listed(&self) -> u64 {
        let series = "skywave_control_yp_listed{egress=\"radio\"}";
        metrics::value(self.node.addresses().control, series).await
    }
}

/// A station that is listed, with its title.
async fn listed() -> (Directory, OnAir) {
    let directory = Directory::start(tools::free_port()).await;
    let station = OnAir::start(&directory).await;
    assert_eq!(set_title(station.node.public(), "Ann – Önly & more").await, 200);
    let titled = |report: &Report| report.egress("radio").unwrap().now_playing.is_some();
    station.node.until("title", titled).await;
    station.turn_until(&directory, &["add"]).await;
    station.turn_until(&directory, &["add", "touch"]).await;
    (directory, station)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_mount_is_listed_while_it_is_on_air() {
    let (directory, station) = listed().await;
    let listener = Listener::connect(station.node.public(), "/radio").await;
    assert_eq!(listener.header("icy-pub"), Some("1"));
    let entry = directory.asked(&["add", "touch"]).await.unwrap();
    for (field, expected) in [
        ("sn", "Acme Radio"),
        ("genre", "Rock"),
        ("desc", "The best"),
        ("url", "https://acme.example"),
        ("listenurl", "https://radio.example/radio"),
        ("type", "audio/mpeg"),
        ("b", "128"),
        ("samplerate", "44100"),
        ("channels", "2"),
        ("st", "Ann – Önly & more"),
        ("listeners", "0"),
    ] {
        assert_eq!(entry[field], expected, "{field}");
    }
    assert_eq!(station.listed().await, 1);
    station.sending.abort();
    assert_eq!(directory.asked(&["add", "touch", "remove"]).await, None);
    wait::until("its end", || async { (station.listed().await == 0).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_ends_takes_its_entry_with_it() {
    let (directory, station) = listed().await;
    let OnAir { node, sending, .. } = station;
    node.stop().await;
    assert_eq!(directory.asked(&["add", "touch", "remove"]).await, None);
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_has_lost_all_gets_the_entry_again() {
    let (directory, station) = listed().await;
    let directory = Directory::start(directory.forget().await).await;
    station.turn_until_listed(0).await;
    let told = directory.told().await;
    assert!(
        told["asked"][0].as_str().unwrap().starts_with("refused: SID does not exist"),
        "{told}"
    );
    station.turn_until_listed(1).await;
    assert_eq!(directory.told().await["entries"][0]["sn"], "Acme Radio");
}
