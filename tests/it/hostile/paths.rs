//! Paths that lead elsewhere, and texts that mean something to somebody.

use std::net::SocketAddr;

use tests::encoder::{AUTHORIZATION, Source, set_title};
use tests::listener::Listener;
use tests::watch::Watch;
use tests::{Scratch, TestNode, http, raw};

use super::source_head;

/// What lies in files that nobody may read.
const CANARY: &str = "canary-5f1d";

/// Ways to write a dot, and a slash.
const DOTS: [&str; 8] = [".", "%2e", "%2E", "%252e", "%25252e", "%c0%ae", "%e0%80%ae", "%uff0e"];
const SLASHES: [&str; 9] = ["/", "\\", "%2f", "%5c", "%252f", "%c0%af", "%c1%9c", "%00/", "/;/"];

/// Where a path may begin.
const STARTS: [&str; 5] = ["/", "/radio/", "/radio/mp3-128/", "//", "/assets/"];

/// Files that are there, seen from the folders below the data.
const FILES: [&str; 3] = ["canary.txt", "skywave.toml", "etc/passwd"];

/// Traversal in every spelling.
fn paths() -> Vec<String> {
    let mut paths: Vec<String> = [
        "/.",
        "/..",
        "/...",
        "/../",
        "/./canary.txt",
        "/radio/..",
        "/radio/../radio/..%00",
        "/%00",
        "/radio%00",
        "/radio%00.mp3",
        "/radio%0d%0aX: y",
        "/radio/%2e%2e%2fcanary.txt",
        "/radio/mp3-128/1-00000000.mp3/../../canary.txt",
        "/file:///etc/passwd",
        "/C:\\canary.txt",
        "/~root/.ssh",
        "/.git/config",
        "/radio/mp3-128/media.m3u8%00.mp3",
        "/private/radio/log/0",
        "/data/canary.txt",
        "/bucket/canary.txt",
        "/canary.txt",
        "/\u{FF0E}\u{FF0E}/canary.txt",
    ]
    .map(str::to_owned)
    .to_vec();
    for start in STARTS {
        for dot in DOTS {
            for slash in SLASHES {
                for file in FILES {
                    let up = format!("{dot}{dot}{slash}");
                    paths.push(format!("{start}{}{file}", up.repeat(6)));
                }
            }
        }
    }
    paths
}

/// A node with a canary in every folder that it has.
async fn node(scratch: &Scratch) -> TestNode {
    let node = TestNode::start_in(tests::node::MP3, scratch.path()).await;
    for folder in [".", "bucket", "bucket/public", "bucket/private"] {
        let folder = scratch.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("canary.txt"), CANARY).unwrap();
    }
    node
}

fn check(path: &str, said: &raw::Said) {
    let (status, text) = (said.status(), said.text());
    assert!(said.closed, "{path}: not closed");
    assert!((400..500).contains(&status), "{path}: {text}");
    for secret in [CANARY, "root:", "secret", "panicked"] {
        assert!(!text.contains(secret), "{path}: {text}");
    }
    let (head, _) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    assert!(!head.contains("X: y"), "{path}: {text}");
}

/// Asks for all paths, a connection each.
async fn ask(address: SocketAddr, before: &str) {
    for path in paths() {
        let request =
            format!("{before}GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let mut said = raw::exchange(address, request.as_bytes()).await;
        if !before.is_empty() {
            // The answer to the request before.
            let second = said.text().rfind("HTTP/1.1 ").unwrap();
            said.bytes.drain(..second);
        }
        check(&path, &said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_catalogue() {
    let scratch = Scratch::default();
    let node = node(&scratch).await;
    ask(node.public(), "").await;
    ask(node.addresses().control, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_of_a_later_request_does_either() {
    let scratch = Scratch::default();
    let node = node(&scratch).await;
    ask(node.public(), "GET /radio.pls HTTP/1.1\r\nHost: x\r\n\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mount_of_a_source_leads_to_a_file() {
    let scratch = Scratch::default();
    let node = node(&scratch).await;
    let files = || walk(scratch.path());
    let before = files();
    for path in paths() {
        for head in [source_head(&path), source_head(&path).replace("SOURCE", "PUT")] {
            let said = raw::exchange(node.public(), head.as_bytes()).await;
            check(&path, &said);
        }
        let title = format!(
            "GET /admin/metadata?mode=updinfo&mount={path}&song=x HTTP/1.0\r\nAuthorization: \
             {AUTHORIZATION}\r\n\r\n"
        );
        check(&path, &raw::exchange(node.public(), title.as_bytes()).await);
        let login = format!("{path}:secret\r\n");
        let said = raw::exchange(node.addresses().shoutcast, login.as_bytes()).await;
        assert!(!said.text().contains("OK"), "{path}: {}", said.text());
    }
    assert_eq!(files(), before);
}

/// Every file of a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Texts that mean something to a printf, a logger, a page, a header, a playlist.
const TEXTS: [&str; 9] = [
    "%s%s%s%n%x%p %1$n",
    "{} {0} {:?} ${jndi:ldap://x/y}",
    "<script>alert(1)</script> & \"quotes\" 'single'",
    "#EXTINF:6,\u{2028}#EXT-X-ENDLIST",
    "StreamTitle='a';StreamUrl='b';",
    "../../../etc/passwd",
    "$(reboot) `reboot` ;reboot |reboot",
    "' OR 1=1 --",
    "\u{1F4FB} \u{65E5}\u{672C}",
];

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_data_wherever_they_come_out() {
    let node = TestNode::start(tests::node::MP3).await;
    let mut watch = Watch::start(node.public(), 1).await;
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    for text in TEXTS {
        assert_eq!(set_title(node.public(), text).await, 200, "{text}");
        node.until("the title", |report| {
            report.egress("radio").unwrap().now_playing.as_deref() == Some(cleaned(text).as_str())
        })
        .await;
        let request =
            format!("GET /radio HTTP/1.0\r\nUser-Agent: {text}\r\nReferer: {text}\r\n\r\n");
        let listener = Listener::request(node.public(), &request).await;
        assert!(listener.head.starts_with("HTTP/1.0 200"), "{}", listener.head);
        let refused = format!("GET /{text} HTTP/1.0\r\nHost: {text}\r\n\r\n").replace(' ', "+");
        let refused = refused.replacen("GET+", "GET ", 1).replacen("+HTTP", " HTTP", 1);
        let said = raw::exchange(node.public(), refused.as_bytes()).await;
        assert!(!said.text().contains(text), "{}", said.text());
    }
    watch.add_listener().await;
    let status = http::get(&node.control_url("/api/v1/status")).await;
    assert_eq!(status.status, 200);
    watch.finish().await;
}

/// What separates lines is no part of a title.
fn cleaned(text: &str) -> String {
    text.replace('\u{2028}', "")
}

#[tokio::test(flavor = "multi_thread")]
async fn control_characters_are_cut_out_of_titles_and_harm_nobody() {
    let node = TestNode::start(tests::node::MP3).await;
    let watch = Watch::start(node.public(), 1).await;
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    assert_eq!(set_title(node.public(), "one\r\ntwo\0three\u{202E}four").await, 200);
    let clean = |report: &catalogue::report::Report| {
        let title = report.egress("radio").unwrap().now_playing.clone().unwrap_or_default();
        title.starts_with("one") && title.ends_with("four") && !title.chars().any(char::is_control)
    };
    node.until("the clean title", clean).await;
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_says_of_itself_is_shown_clean() {
    let node = TestNode::start(tests::node::MP3).await;
    let head = source_head("/in").replace(
        "\r\n\r\n",
        "\r\nUser-Agent: <b>%s\x1b[31m\u{202E}</b>\r\nice-name: %n\"><script>\r\n\r\n",
    );
    let (_source, answer) = Source::send_head(node.public(), &head).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    let agent = node.ingest("in").user_agent.unwrap();
    assert!(!agent.chars().any(|c| c.is_control() || c == '\u{202E}'), "{agent:?}");
}
