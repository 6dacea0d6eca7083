use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use catalogue::report::EgressReport;
use outbound::{Policy, Settings};
use prometheus_client::encoding::text::encode;
use runtime::clock::ManualClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

const ADDED: &str = "YPResponse: 1\r\nYPMessage: Added\r\nSID: 7e0c\r\nTouchFreq: 200\r\n";

const DONE: &str = "YPResponse: 1\r\nYPMessage: OK\r\n";

/// Stations of which two say that they are public, one of them behind a password.
const MANIFEST: &str = r#"
[[publisher]]
name = "acme"
[[ingest]]
name = "in"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "in", password = "secret" }
[[egress]]
name = "radio"
publisher = "acme"
ingests = ["in"]
mount = { icy_name = "Acme & Co", genre = "Rock", public = true }
[[egress]]
name = "quiet"
publisher = "acme"
ingests = ["in"]
[[egress]]
name = "locked"
publisher = "acme"
ingests = ["in"]
auth = { listener_add = "http://127.0.0.1/auth" }
mount = { public = true }
"#;

/// A directory that gives the answers of a test, one after the other; the last holds.
struct Directory {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Directory {
    async fn open(answers: &[&str]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<_> = answers.iter().rev().map(ToString::to_string).collect();
        let answers = Arc::new(Mutex::new(answers));
        let mut tasks = JoinSet::new();
        let (kept, given) = (Arc::clone(&asked), Arc::clone(&answers));
        tasks.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !is_whole(&request) {
                    stream.read_buf(&mut request).await.unwrap();
                }
                kept.lock().unwrap().push(String::from_utf8(request).unwrap());
                let headers = {
                    let mut given = given.lock().unwrap();
                    if given.len() > 1 { given.pop().unwrap() } else { given[0].clone() }
                };
                let answer = match headers.as_str() {
                    "silence" => {
                        stream.read_u8().await.unwrap_err();
                        continue;
                    }
                    "page" => "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n".to_owned(),
                    headers => format!("HTTP/1.1 200 OK\r\n{headers}\r\n"),
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { address, asked, answers, _tasks: tasks }
    }

    fn bodies(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|one| one.split_once("\r\n\r\n").unwrap().1.to_owned()).collect()
    }

    fn actions(&self) -> Vec<String> {
        let action = |body: &String| body.split(['=', '&']).nth(1).unwrap().to_owned();
        self.bodies().iter().map(action).collect()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

/// A node on air, with a clock turned by hand.
struct Node {
    clock: Arc<ManualClock>,
    report: Arc<Mutex<EgressReport>>,
    looks: Arc<AtomicU64>,
    shutdown: Shutdown,
    registry: Registry,
    tasks: JoinSet<()>,
}

fn catalogue() -> Arc<Catalogue> {
    let catalogue = catalogue::manifest::parse(MANIFEST, "test.toml", &|_| None);
    Arc::new(catalogue.unwrap_or_else(|error| panic!("{error}")))
}

impl Node {
    fn start(directories: &[&Directory]) -> Self {
        let radio = EgressReport {
            name: "radio".to_owned(),
            on_air: true,
            now_playing: Some("A - B".to_owned()),
            icy_listeners: 3,
            ..EgressReport::default()
        };
        let (report, clock) = (Arc::new(Mutex::new(radio)), Arc::new(ManualClock::default()));
        let looks = Arc::new(AtomicU64::default());
        let (state, count) = (Arc::clone(&report), Arc::clone(&looks));
        let (shutdown, mut registry) = (Shutdown::default(), Registry::default());
        let policy = Policy { allow_private: true };
        let parts = Parts {
            catalogue: catalogue(),
            report: Arc::new(move || {
                count.fetch_add(1, Ordering::SeqCst);
                let radio = state.lock().unwrap().clone();
                let others = ["quiet", "locked"]
                    .map(|name| EgressReport { name: name.to_owned(), ..radio.clone() });
                Report {
                    node: "test".to_owned(),
                    started: String::new(),
                    ingests: Vec::new(),
                    egresses: [[radio].as_slice(), &others].concat(),
                    geo: None,
                }
            }),
            client: Client::new(Settings { policy, ..Settings::default() }),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            shutdown: shutdown.clone(),
            public_url: "https://radio.example".to_owned(),
            listeners_max: 500,
        };
        let urls = directories.iter().map(|one| format!("http://{}/yp", one.address));
        let mut tasks = JoinSet::new();
        start(&urls.collect::<Vec<_>>(), &parts, &mut registry, &mut tasks);
        Self { clock, report, looks, shutdown, registry, tasks }
    }

    fn turn(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    fn set(&self, change: impl FnOnce(&mut EgressReport)) {
        change(&mut self.report.lock().unwrap());
    }

    /// Waits until the directory has been asked so, without the time going on.
    async fn until(&self, directory: &Directory, actions: &[&str]) {
        let waiting = async {
            while directory.actions() != actions {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("{:?}", directory.actions()));
    }

    /// Waits until the directory has been asked so and its last answer was taken:
    /// what was asked is timed from then.
    async fn answered(&self, directory: &Directory, actions: &[&str]) {
        self.until(directory, actions).await;
        let waiting = async {
            while self.metric("control_yp_requests_total") < actions.len() as u64 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    }

    /// Waits until what is so now has been seen: by the look before the last.
    async fn looked(&self) {
        let before = self.looks.load(Ordering::SeqCst);
        let waiting = async {
            while self.looks.load(Ordering::SeqCst) < before + 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    }

    fn metric(&self, name: &str) -> u64 {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        let name = format!("{name}{{egress=\"radio\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |it| it.parse().unwrap())
    }

    async fn end(mut self) -> Duration {
        let started = tokio::time::Instant::now();
        self.shutdown.trigger();
        let ending = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, ending).await.unwrap();
        started.elapsed()
    }
}

/// A node that is listed, and touched once.
async fn listed(answers: &[&str]) -> (Directory, Node) {
    let directory = Directory::open(&[[ADDED, DONE].as_slice(), answers].concat()).await;
    let node = Node::start(&[&directory]);
    node.looked().await;
    node.turn(60);
    node.answered(&directory, &["add"]).await;
    node.turn(5);
    node.answered(&directory, &["add", "touch"]).await;
    (directory, node)
}

#[tokio::test]
async fn a_mount_is_added_after_a_minute_on_air_touched_and_removed() {
    let (directory, node) = listed(&[DONE]).await;
    let bodies = directory.bodies();
    assert_eq!(
        bodies[0],
        "action=add&sn=Acme%20%26%20Co&genre=Rock&cpswd=&desc=&url=&\
         listenurl=https%3a%2f%2fradio%2eexample%2fradio&type=audio%2fmpeg&stype=&b=128&\
         samplerate=44100&channels=2"
    );
    let expected = "action=touch&sid=7e0c&st=A%20%2d%20B&listeners=3&max_listeners=500&stype=";
    assert_eq!(bodies[1], expected);
    assert_eq!(node.metric("control_yp_listed"), 1);
    node.set(|radio| radio.on_air = false);
    node.answered(&directory, &["add", "touch", "remove"]).await;
    assert_eq!(directory.bodies()[2], "action=remove&sid=7e0c");
    assert_eq!(node.metric("control_yp_listed"), 0);
    node.end().await;
    assert_eq!(directory.actions().len(), 3, "there is nothing more to remove");
}

#[tokio::test]
async fn a_mount_that_is_off_air_is_not_listed() {
    let directory = Directory::open(&[ADDED]).await;
    let node = Node::start(&[&directory]);
    node.set(|radio| radio.on_air = false);
    node.looked().await;
    node.turn(600);
    node.looked().await;
    node.end().await;
    assert_eq!(directory.actions(), [""; 0]);
}

#[tokio::test]
async fn a_directory_says_how_often_it_is_touched() {
    let (directory, node) = listed(&[DONE]).await;
    node.looked().await;
    node.turn(199);
    node.looked().await;
    assert_eq!(directory.actions(), ["add", "touch"]);
    node.turn(1);
    node.until(&directory, &["add", "touch", "touch"]).await;
}

#[tokio::test]
async fn a_new_title_is_told_a_minute_after_the_last_touch() {
    let (directory, node) = listed(&[DONE]).await;
    node.set(|radio| radio.now_playing = Some("C".to_owned()));
    node.looked().await;
    node.turn(59);
    node.looked().await;
    assert_eq!(directory.actions(), ["add", "touch"]);
    node.turn(1);
    node.until(&directory, &["add", "touch", "touch"]).await;
    assert!(directory.bodies()[2].contains("&st=C&"), "{}", directory.bodies()[2]);
}

#[tokio::test]
async fn a_directory_that_has_forgotten_is_added_to_again() {
    let forgotten = "YPResponse: 0\r\nYPMessage: SID does not exist.\r\n";
    let (directory, node) = listed(&[forgotten, ADDED, DONE]).await;
    node.looked().await;
    node.turn(200);
    node.answered(&directory, &["add", "touch", "touch"]).await;
    assert_eq!(node.metric("control_yp_listed"), 0);
    assert_eq!(node.metric("control_yp_failures_total"), 1);
    node.turn(1_199);
    node.looked().await;
    assert_eq!(directory.actions(), ["add", "touch", "touch"]);
    node.turn(1);
    node.answered(&directory, &["add", "touch", "touch", "add"]).await;
    assert_eq!(node.metric("control_yp_listed"), 1);
}

#[tokio::test]
async fn the_shutdown_removes_the_entry() {
    let (directory, node) = listed(&[DONE]).await;
    node.end().await;
    assert_eq!(directory.actions(), ["add", "touch", "remove"]);
}

#[tokio::test]
async fn the_shutdown_waits_for_a_silent_directory_for_a_limited_time() {
    let (directory, node) = listed(&["silence"]).await;
    let took = node.end().await;
    assert!(took < 2 * ANSWER_TIME + Duration::from_secs(1), "{took:?}");
    assert_eq!(directory.actions(), ["add", "touch", "remove"]);
}

#[tokio::test]
async fn each_directory_has_an_entry_of_its_own_and_waits_for_no_other() {
    let (one, other) = (Directory::open(&["silence"]).await, Directory::open(&[ADDED]).await);
    let node = Node::start(&[&one, &other]);
    node.looked().await;
    node.turn(60);
    node.answered(&other, &["add"]).await;
    node.until(&one, &["add"]).await;
    assert!(other.bodies().iter().chain(&one.bodies()).all(|body| body.contains("Acme")));
    node.turn(5);
    node.until(&other, &["add", "touch"]).await;
}

#[tokio::test]
async fn what_is_no_directory_counts_as_silence() {
    let directory = Directory::open(&["page"]).await;
    let node = Node::start(&[&directory]);
    node.looked().await;
    node.turn(60);
    node.answered(&directory, &["add"]).await;
    assert_eq!(node.metric("control_yp_failures_total"), 1);
    assert_eq!(node.metric("control_yp_listed"), 0);
    assert_eq!(directory.answers.lock().unwrap().len(), 1);
    node.turn(1_200);
    node.until(&directory, &["add", "add"]).await;
}

#[tokio::test]
async fn without_a_directory_or_a_public_mount_there_is_no_task() {
    assert!(Node::start(&[]).tasks.is_empty());
}

#[test]
fn a_mount_behind_a_password_is_not_listed() {
    let catalogue = catalogue();
    let listed = catalogue.egresses().filter(|egress| egress.is_listed());
    assert_eq!(listed.map(|egress| egress.name.as_str()).collect::<Vec<_>>(), ["radio"]);
}
