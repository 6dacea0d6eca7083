//! What strangers and encoders say of themselves, in every document: each is
//! read by readers that are not ours, and nothing in it is added.

use std::time::Duration;

use serde_json::Value;
use tests::encoder::{AUTHORIZATION, Source};
use tests::listener::Listener;
use tests::{Scratch, TestNode, http, tools, wait};

use super::{AT_ONCE, CONFIG, admin};
use crate::titles::HOSTILE;

/// More of them, for markup and for each format.
const MARKUP: [&str; 8] = [
    "\"><svg onload=top.taken=1>",
    "</title></body></HTML><script>top.taken=1</script>",
    "<img src=/stolen onerror=top.taken=1>",
    "]]></title><source mount=\"/evil\"/><!--",
    "\"},{\"title\":\"evil\"}],\"x\":[{\"y\":\"",
    "1,1,1,1,1,1,evil</body>",
    "&xxe; &#x3c;script&#x3e; <!ENTITY x SYSTEM \"file:///etc/passwd\">",
    "-",
];

/// Frames that are sent for each title: more than the least distance of two.
const FRAMES: usize = 60;

/// XML that is read as such, and with it the file's name.
const XML: [(&str, &str); 8] = [
    ("stats", "/admin/stats"),
    ("listmounts", "/admin/listmounts"),
    ("listclients", "/admin/listclients?mount=/radio"),
    ("moveclients", "/admin/moveclients?mount=/radio"),
    ("summary", "/stats?sid=1"),
    ("statistics", "/statistics"),
    ("history", "/played?sid=1&type=xml"),
    ("pages", "/admin.cgi?sid=1&mode=viewxml"),
];

const JSON: [(&str, &str); 5] = [
    ("status", "/status-json.xsl"),
    ("summary", "/stats?sid=1&json=1"),
    ("statistics", "/statistics?json=1"),
    ("history", "/played?sid=1&type=json"),
    ("pages", "/admin.cgi?sid=1&mode=viewjson"),
];

/// Where a title stands, by the name of its document.
const PLACES: [(&str, &str); 8] = [
    ("stats.xml", "/icestats/source/title"),
    ("summary.xml", "/SHOUTCASTSERVER/SONGTITLE"),
    ("statistics.xml", "/SHOUTCASTSERVER/STREAMSTATS/STREAM/SONGTITLE"),
    ("pages.xml", "/SHOUTCASTSERVER/SONGTITLE"),
    ("status.json", "/icestats/source/title"),
    ("summary.json", "/songtitle"),
    ("statistics.json", "/streams/*/songtitle"),
    ("pages.json", "/songtitle"),
];

/// A station with a hostile name, and a source that says hostile things.
struct Stage {
    node: TestNode,
    source: Source,
    frames: Vec<bytes::Bytes>,
    sent: usize,
}

impl Stage {
    async fn set() -> Self {
        let name = format!("icy_name = '''{}'''", MARKUP[1]);
        let manifest = tests::node::MP3.replace("icy_name = \"Acme Radio\"", &name);
        let node = TestNode::start_configured(&manifest, CONFIG).await;
        let head = format!(
            "SOURCE /in HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\nContent-Type: audio/mpeg\r\n\
             User-Agent: {}\r\nice-name: {}\r\nice-genre: {}\r\n\r\n",
            MARKUP[3], MARKUP[0], MARKUP[4]
        );
        let (source, answer) = Source::send_head(node.public(), &head).await;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        let frames = demo::fixtures::mp3(60, 128, 44_100, 2);
        let mut stage = Self { node, source, frames, sent: 0 };
        stage.send(AT_ONCE).await;
        stage.node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
        stage
    }

    async fn send(&mut self, frames: usize) {
        let until = self.sent + frames;
        self.source.send(&self.frames[self.sent..until]).await;
        self.sent = until;
    }

    /// Sets a title and waits until it is on air; gives it as it is then.
    async fn title(&mut self, song: &str) -> String {
        let before = self.node.egress("radio").now_playing;
        let path = format!(
            "/admin/metadata?mode=updinfo&mount=/in&song={}",
            http::escaped(song.as_bytes())
        );
        assert_eq!(admin(&self.node, &path).await.status, 200, "{song:?}");
        self.send(FRAMES).await;
        let report = self.node.until(song, |report| {
            let playing = &report.egress("radio").unwrap().now_playing;
            playing.is_some() && *playing != before
        });
        let title = report.await.egress("radio").unwrap().now_playing.clone().unwrap();
        // What strangers are told may be of a moment ago.
        let current = self.node.url("/currentsong?sid=1");
        let is_told = || async { (http::get(&current).await.text() == title).then_some(()) };
        wait::until("the title is told", is_told).await;
        title
    }

    /// Every document, as Python reads it.
    async fn documents(&self) -> Value {
        let scratch = Scratch::default();
        for (ending, documents) in [("xml", &XML[..]), ("json", &JSON[..])] {
            for (name, path) in documents {
                let answer = admin(&self.node, path).await;
                assert_eq!(answer.status, 200, "{path}");
                let file = scratch.path().join(format!("{name}.{ending}"));
                std::fs::write(file, &answer.body).unwrap();
            }
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/it/panel/documents.py");
        let arguments = [script, scratch.path().to_str().unwrap()];
        let output = tools::run("python3", &arguments, Duration::from_secs(20)).await;
        assert!(output.status.success(), "{}", tools::said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Listeners that say hostile things of themselves.
async fn crowd(stage: &Stage) -> Vec<Listener> {
    let is_header = |text: &&&str| !text.chars().any(char::is_control);
    let mut crowd = Vec::new();
    for text in HOSTILE.iter().chain(&MARKUP).filter(is_header) {
        let request = format!(
            "GET /radio HTTP/1.0\r\nHost: x\r\nUser-Agent: {text}\r\nReferer: {text}\r\n\r\n"
        );
        crowd.push(Listener::request(stage.node.public(), &request).await);
    }
    let count = crowd.len() as u64;
    stage
        .node
        .until("the crowd", |report| report.egress("radio").unwrap().icy_listeners == count)
        .await;
    crowd
}

/// The structure of a document; of one that has the titles, each path once.
fn structure(document: &Value, has_history: bool) -> Vec<&str> {
    let paths = document["structure"].as_array().unwrap();
    let mut paths: Vec<_> = paths.iter().map(|path| path.as_str().unwrap()).collect();
    if has_history {
        paths.sort_unstable();
        paths.dedup();
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_said_every_document_is_read_and_nothing_is_added() {
    let mut stage = Stage::set().await;
    let crowd = crowd(&stage).await;
    stage.title("Ann - One").await;
    let plain = stage.documents().await;
    for song in HOSTILE.iter().chain(&MARKUP) {
        let title = stage.title(song).await;
        let documents = stage.documents().await;
        for (name, document) in documents.as_object().unwrap() {
            let has_history = name.starts_with("history") || name.starts_with("pages");
            assert_eq!(
                structure(document, has_history),
                structure(&plain[name], has_history),
                "{name} with {song:?}"
            );
        }
        for (name, place) in PLACES {
            assert_eq!(documents[name]["values"][place], title.as_str(), "{name}");
        }
        assert_lines(&stage.node, &title).await;
    }
    drop(crowd);
}

/// The documents of a line, and the one that is a list of seven.
async fn assert_lines(node: &TestNode, title: &str) {
    let get = async |path: &str| http::get(&node.url(path)).await.text();
    let current = get("/currentsong?sid=1").await;
    assert_eq!(current, title, "it has no character that ends a line");
    assert_eq!(current.lines().count(), 1);
    let seven = get("/7.html?sid=1").await;
    let (_, values) = seven.split_once("<body>").unwrap();
    let values = values.strip_suffix("</body></html>").unwrap();
    assert!(!values.contains('<'), "{values}");
    let values: Vec<_> = values.splitn(7, ',').collect();
    assert!(values[..6].iter().all(|value| value.parse::<u64>().is_ok()), "{values:?}");
    assert_eq!(admin(node, "/admin/streamlist.txt").await.text(), "/radio\r\n");
    let pls = get("/listen.pls?sid=1").await;
    assert_eq!(pls.lines().count(), 6, "{pls}");
}

/// What a browser makes of a page.
async fn look(node: &TestNode, path: &str) -> Value {
    let url = node.url(path);
    let arguments = [url.as_str(), "--seconds", "0", "--global", "taken"];
    let output = tools::run("page.mjs", &arguments, Duration::from_secs(90)).await;
    assert!(output.status.success(), "{}", tools::said(&output));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    for nothing in ["errors", "csp", "missing"] {
        assert_eq!(seen[nothing], Value::Array(vec![]), "{path}: {seen}");
    }
    assert_eq!(seen["global"], Value::Null, "{path}: a script ran");
    let requests = seen["requests"].as_array().unwrap();
    let others = requests.iter().filter(|request| {
        let asked = request["url"].as_str().unwrap();
        asked != url && !asked.ends_with("/favicon.ico")
    });
    assert_eq!(others.count(), 0, "{path}: {seen}");
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_browser_whatever_is_said_is_text() {
    let mut stage = Stage::set().await;
    for song in MARKUP {
        let title = stage.title(song).await;
        if song.contains("on") || song.contains("script") {
            let seen = look(&stage.node, "/7.html").await;
            assert!(seen["text"].as_str().unwrap().contains(&title), "{title}: {seen}");
        }
    }
    let history = wait::until("the last title in the history", || async {
        let page = http::get(&stage.node.url("/played")).await.text();
        page.contains("<td>-</td>").then_some(page)
    });
    assert_eq!(history.await.matches("<tr>").count(), 1 + MARKUP.len());
    let seen = look(&stage.node, "/played").await;
    let text = seen["text"].as_str().unwrap();
    for song in MARKUP {
        assert!(text.contains(song), "{song}: {text}");
    }
}
