//! Two processes that make one programme into one bucket.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tests::encoder::{Source, head};
use tests::program::Setup;
use tests::{Program, Scratch, frames, hls, wait};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// The station, with short segments that are kept.
fn station() -> String {
    tests::node::MP3.replace("[egress.mount]", "dvr = \"10m\"\n[egress.mount]\nsegment = \"2s\"")
}

/// A bucket that two processes share, each with a folder of its own, and an encoder
/// that sends to both.
struct Pair {
    bucket: Scratch,
    folders: [Scratch; 2],
    sent: Arc<Vec<Bytes>>,
    began: Instant,
}

impl Pair {
    fn new(seconds: u32) -> Self {
        let sent = Arc::new(demo::fixtures::mp3(seconds, 128, 44_100, 2));
        let folders = [Scratch::default(), Scratch::default()];
        Self { bucket: Scratch::default(), folders, sent, began: Instant::now() }
    }

    /// Starts one of them, and the encoder's connection to it.
    async fn start(&self, nth: usize) -> (Program, JoinHandle<()>) {
        let lines = format!("store = \"file:{}\"", self.bucket.path().display());
        let setup = Setup { lines: &lines, ..Setup::default() };
        let program = Program::serve_as(&station(), self.folders[nth].path(), setup).await;
        let sending = tokio::spawn(send(program.public, Arc::clone(&self.sent), self.began));
        (program, sending)
    }

    fn folder(&self) -> PathBuf {
        self.bucket.path().join("public/radio/mp3-2s-128")
    }

    /// Waits until a moment of the encoder's time.
    async fn until(&self, secs: u64) {
        tokio::time::sleep_until(self.began + Duration::from_secs(secs)).await;
    }

    /// The frames of all stored segments, in the order of their numbers.
    fn frames(&self) -> Vec<Bytes> {
        let folder = self.folder();
        let body = |name: &String| std::fs::read(folder.join(name)).unwrap();
        hls::stored(&folder).iter().flat_map(|name| frames::of_segment(&body(name))).collect()
    }
}

/// Sends what is due in real time, as long as the other side takes it.
async fn send(to: SocketAddr, sent: Arc<Vec<Bytes>>, began: Instant) {
    let (mut source, _) = Source::send_head(to, &head("audio/mpeg")).await;
    let due = |number: usize| began + FRAME * u32::try_from(number).unwrap();
    let now = Instant::now();
    let live = (0..sent.len()).find(|number| due(*number) >= now).unwrap_or(sent.len());
    for (number, frame) in sent.iter().enumerate().skip(live) {
        tokio::time::sleep_until(due(number)).await;
        if source.stream.write_all(frame).await.is_err() {
            return;
        }
    }
}

fn signal(program: &Program, signal: &str) {
    let id = program.id().to_string();
    assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
}

fn records(bucket: &Path, kind: &str) -> usize {
    let log = std::fs::read_dir(bucket.join("private/radio/log")).unwrap();
    let text = log.map(|record| std::fs::read_to_string(record.unwrap().path()).unwrap());
    text.filter(|text| text.contains(kind)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn either_of_two_processes_may_be_killed_or_frozen() {
    let pair = Pair::new(45);
    let (one, to_one) = pair.start(0).await;
    let watching = tokio::spawn(hls::follow(pair.folder().join("media.m3u8")));
    pair.until(3).await;
    let (two, to_two) = pair.start(1).await;
    pair.until(11).await;
    one.kill().await;
    let (one, again) = pair.start(0).await;
    pair.until(23).await;
    signal(&two, "-STOP");
    pair.until(27).await;
    signal(&two, "-CONT");
    pair.until(30).await;
    two.kill().await;
    let whole = 33_000_000_000 / FRAME.as_nanos();
    wait::until("33 seconds in the bucket", || async {
        (pair.frames().len() as u128 >= whole).then_some(())
    })
    .await;
    one.kill().await;
    for sending in [to_one, again, to_two] {
        sending.abort();
    }
    watching.abort();
    assert!(watching.await.unwrap_err().is_cancelled(), "the playlist went on");
    let stored = pair.frames();
    // The encoder is on its way when the first process begins.
    let first = frames::position(&pair.sent, &stored);
    assert!(first < 200, "all frames from {first} on, once");
    assert_eq!(records(pair.bucket.path(), "epoch_began"), 1);
    assert!(records(pair.bucket.path(), "packager_joined") >= 1);
}
