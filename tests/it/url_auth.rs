//! URL authentication: an operator's back end goes on deciding who may listen
//! and who may send.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tests::back_end::BackEnd;
use tests::encoder::Source;
use tests::listener::Listener;
use tests::raw::exchange;
use tests::watch::{Watch, tune_in};
use tests::{Scratch, TestNode, frames, hls, http, metrics, node, wait};
use tokio::task::JoinSet;

/// `fred:s3cret`, whom the back end knows.
const FRED: &str = "Authorization: Basic ZnJlZDpzM2NyZXQ=\r\n";

const LISTENERS: &[&str] = &["listener_add", "listener_remove"];

/// MP3 of 128 kbit/s: the time code.
fn mp3(seconds: u32) -> Vec<Bytes> {
    demo::fixtures::mp3(seconds, 128, 44_100, 2)
}

fn manifest(table: &str) -> String {
    format!("{}{table}", node::MP3)
}

/// A station on air with ten seconds of audio.
async fn on_air(manifest: &str, lines: &str) -> (TestNode, Source, Vec<Bytes>) {
    let node = TestNode::start_configured(manifest, lines).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    let sent = mp3(30);
    source.send(&sent[..400]).await;
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    (node, source, sent)
}

fn request(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.0\r\n{headers}\r\n")
}

async fn status(address: SocketAddr, target: &str) -> u16 {
    let listener = Listener::request(address, &request(target, "")).await;
    listener.head.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_back_end_lets_a_listener_in_and_is_told_when_it_has_gone() {
    let back_end = BackEnd::start();
    let table = back_end.table(LISTENERS) + "headers = [\"X-Pass\"]\nheader_prefix = \"client-\"\n";
    let lines = "[geo]\ntrusted_proxies = [\"127.0.0.0/8\"]";
    let (node, mut source, sent) = on_air(&manifest(&table), lines).await;
    let headers =
        format!("{FRED}User-Agent: VLC/3\r\nX-Forwarded-For: 203.0.113.9\r\nx-pass: a&b\r\n");
    let target = "/radio.mp3?from=app&x=%20";
    let mut listener = Listener::request(node.public(), &request(target, &headers)).await;
    assert!(listener.head.starts_with("HTTP/1.0 200 OK\r\n"), "{}", listener.head);
    let heard = listener.hear(60_000).await.audio;
    frames::position(&sent, &frames::cut(&heard));
    let asked = back_end.until("listener_add", 1).await.remove(0);
    assert_eq!(asked.path(), "/auth.php?key=1");
    assert_eq!(asked.authorization(), Some("Basic ZnJlZDpzM2NyZXQ="));
    for (name, value) in [
        ("mount", target),
        ("user", "fred"),
        ("pass", "s3cret"),
        ("ip", "203.0.113.9"),
        ("agent", "VLC/3"),
        ("client-X-Pass", "a&b"),
        ("port", &node.public().port().to_string()),
    ] {
        assert_eq!(asked.field(name), value, "{name}");
    }
    drop(listener);
    source.send(&sent[400..]).await;
    let told = back_end.until("listener_remove", 1).await.remove(0);
    for name in ["client", "mount", "user", "pass", "ip", "agent", "server", "port"] {
        assert_eq!(told.field(name), asked.field(name), "{name}");
    }
    assert!(told.field("duration").parse::<u64>().unwrap() < 60);
    node.stop().await;
    assert_eq!(back_end.requests("listener_add").len(), 1);
    assert_eq!(back_end.requests("listener_remove").len(), 1, "exactly once");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_at_the_end_of_the_process_has_gone_then() {
    let back_end = BackEnd::start();
    let (node, source, _) = on_air(&manifest(&back_end.table(LISTENERS)), "").await;
    let mut listeners = Vec::new();
    for _ in 0..20 {
        let listener = Listener::request(node.public(), &request("/radio", FRED)).await;
        assert!(listener.head.starts_with("HTTP/1.0 200"), "{}", listener.head);
        listeners.push(listener);
    }
    node.stop().await;
    assert_eq!(back_end.requests("listener_remove").len(), 20);
    drop((listeners, source));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_back_ends_count_by_their_headers_alone() {
    let back_end = BackEnd::start();
    let (node, _source, _) = on_air(&manifest(&back_end.table(LISTENERS)), "").await;
    for (token, expected) in [
        ("ok", 200),
        ("shouting", 200),
        ("forbidden-but-yes", 200),
        ("nobody-knows-it", 401),
        ("ten", 401),
        ("zero", 401),
        ("other", 401),
        ("redirect", 401),
        ("message", 401),
        ("error", 403),
    ] {
        let target = format!("/radio?token={token}");
        assert_eq!(status(node.public(), &target).await, expected, "{token}");
        // The second request of a connection goes another way.
        let first = "GET /radio.pls HTTP/1.1\r\nHost: x\r\n\r\n";
        let second = format!("HEAD {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let both = exchange(node.public(), format!("{first}{second}").as_bytes()).await;
        assert_eq!(both.statuses(), [200, expected], "{token}");
    }
    assert!(back_end.all().iter().all(|request| request.path() != "/yes"), "not followed");
    let denied = exchange(node.public(), request("/radio?token=message", "").as_bytes()).await;
    assert!(denied.text().contains("\r\nWWW-Authenticate: Basic realm="), "{}", denied.text());
    assert!(denied.text().ends_with("\r\n\r\nPay first\r\n"), "{}", denied.text());
    let control = node.addresses().control;
    let asked = "skywave_delivery_auth_asked_total{mount=\"radio\",outcome=";
    for (outcome, count) in [("Allowed", 6), ("Denied", 13), ("Failed", 2)] {
        let series = format!("{asked}\"{outcome}\"}}");
        assert_eq!(metrics::value(control, &series).await, count, "{outcome}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_end_that_is_away_or_hangs_lets_nobody_in() {
    let away = BackEnd::start();
    let (node, _source, _) = on_air(&manifest(&away.table(LISTENERS)), "").await;
    assert_eq!(status(node.public(), "/radio?token=ok").await, 200);
    assert_eq!(status(node.public(), "/radio?token=slow").await, 403, "after 5 s");
    drop(away);
    assert_eq!(status(node.public(), "/radio?token=ok").await, 403);
    let failed = "skywave_delivery_auth_asked_total{mount=\"radio\",outcome=\"Failed\"}";
    assert_eq!(metrics::value(node.addresses().control, failed).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_ends_a_listener_behind_a_whole_frame() {
    let back_end = BackEnd::start();
    let (node, mut source, sent) = on_air(&manifest(&back_end.table(LISTENERS)), "").await;
    let request = request("/radio?token=limit", "");
    let mut listener = Listener::request(node.public(), &request).await;
    let sending = tokio::spawn({
        let sent = sent.clone();
        async move { source.send_paced(&sent[400..], Duration::from_millis(26)).await }
    });
    let heard = listener.hear(usize::MAX).await.audio;
    sending.abort();
    let cut = frames::cut(&heard);
    assert_eq!(cut.iter().map(Bytes::len).sum::<usize>(), heard.len(), "whole frames");
    frames::position(&sent, &cut);
    let told = back_end.until("listener_remove", 1).await.remove(0);
    assert!(told.field("duration").parse::<u64>().unwrap() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_listener_says_of_itself_adds_nothing_to_the_question() {
    let back_end = BackEnd::start();
    let table = back_end.table(LISTENERS) + "headers = [\"Cookie\", \"Referer\"]\n";
    let (node, _source, _) = on_air(&manifest(&table), "").await;
    let evil = "x&user=fred&pass=s3cret&token=ok;%0d%0aicecast-auth-user:1%00&client=1";
    let latin1: &[u8] = b"\xff\xfe";
    for (name, value) in [
        ("User-Agent", evil.as_bytes()),
        ("Cookie", evil.as_bytes()),
        ("Referer", latin1),
        ("User-Agent", "&".repeat(1_000).as_bytes()),
        ("Authorization", b"Basic JiY9OnBhc3MmdXNlcj1mcmVk"),
        ("Authorization", b"Basic !"),
        ("Authorization", b"Bearer x"),
    ] {
        let before = back_end.requests("listener_add").len();
        let head = format!("GET /radio?{evil} HTTP/1.0\r\n{name}: ");
        let head = [head.as_bytes(), value, b"\r\n\r\n"].concat();
        assert_eq!(exchange(node.public(), &head).await.status(), 401, "{name}");
        let asked = back_end.until("listener_add", before + 1).await.pop().unwrap();
        let own = ["action", "agent", "client", "ip", "mount", "pass", "port", "server", "user"];
        let others = |known: &&str| !own.contains(known);
        let added: Vec<_> = asked.names().into_iter().filter(others).collect();
        assert!(added.is_empty() || added == [name], "{added:?}");
        assert_eq!(asked.field("mount"), format!("/radio?{evil}"));
    }
    // What is longer than a back end can be told of is no listener.
    let long = request("/radio?token=ok", &format!("User-Agent: {}\r\n", "x".repeat(8_000)));
    let asked = back_end.all().len();
    assert_eq!(exchange(node.public(), long.as_bytes()).await.status(), 403);
    // Nor is one whose header ends where it should not.
    for bad in ["User-Agent: a\rb\r\n", "User-Agent: a\r\n b\r\n", "User-Agent: a\0b\r\n"] {
        let said = exchange(node.public(), request("/radio?token=ok", bad).as_bytes()).await;
        assert_eq!(said.status(), 400, "{bad:?}");
    }
    assert_eq!(back_end.all().len(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_that_wait_for_a_back_end_hinder_no_other_mount() {
    let back_end = BackEnd::start();
    let asked = "[[egress]]\nname = \"asked\"\npublisher = \"acme\"\ningests = [\"in\"]\n";
    let node = TestNode::start(&manifest(&format!("{asked}{}", back_end.table(LISTENERS)))).await;
    let watch = Watch::start(node.public(), 20).await;
    let address = node.public();
    let mut waiting = JoinSet::new();
    for _ in 0..2_000 {
        waiting.spawn(async move { status(address, "/asked?token=slow").await });
    }
    back_end.until("listener_add", 100).await;
    let mut beside = tune_in(node.public(), "/radio").await;
    assert!(beside.hear(1_000).await.audio.len() >= 1_000);
    assert_eq!(back_end.requests("listener_add").len(), 100, "at a time");
    let statuses = waiting.join_all().await;
    assert!(statuses.iter().all(|status| matches!(status, 403 | 503)), "nobody is let in");
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert!(refused >= 1_000, "{refused} had to come again");
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_that_asks_has_no_playlist_in_the_bucket_and_no_hls_without_a_yes() {
    let (back_end, scratch) = (BackEnd::start(), Scratch::default());
    let public = scratch.path().join("bucket/public/radio");
    let fill = async |manifest: &str| {
        let node = TestNode::start_in(manifest, scratch.path()).await;
        let mut source = Source::connect(node.public(), "audio/mpeg").await;
        source.send(&mp3(30)).await;
        node.until_listed("radio", 4).await;
        (node, source)
    };
    let (open, source) = fill(node::MP3).await;
    wait::until("a playlist", || async { public.join("playlist.m3u8").exists().then_some(()) })
        .await;
    drop(source);
    open.stop().await;

    let (asks, _source) = fill(&manifest(&back_end.table(LISTENERS))).await;
    let (master, media) = (asks.url("/radio/playlist.m3u8"), asks.url("/radio/mp3-128/media.m3u8"));
    assert_eq!(http::get(&master).await.status, 401);
    assert_eq!(http::get(&media).await.status, 403);
    let stored = || async { (files(&public).len() > 4).then_some(()) };
    wait::until("segments in the bucket", stored).await;
    let playlists = files(&public).into_iter().filter(|name| name.contains(".m3u8"));
    assert_eq!(playlists.collect::<Vec<_>>(), [""; 0]);
    let fred = [("authorization", "Basic ZnJlZDpzM2NyZXQ=")];
    let listened = http::request("GET", &master, &fred).await.text();
    let variant = listened.lines().last().unwrap();
    let media = asks.url(&format!("/radio/{variant}"));
    let listed = http::get(&media).await.text();
    let newest = hls::listed(&listed).last().unwrap().to_string();
    let (name, _) = newest.split_once("?p=").unwrap();
    let segment = async |name: &str| http::get(&asks.url(&format!("/radio/mp3-128/{name}"))).await;
    assert_eq!((segment(&newest).await.status, segment(name).await.status), (200, 403));
    assert_eq!(back_end.requests("listener_add").len(), 2, "one without a password before");
    asks.stop().await;
    back_end.until("listener_remove", 1).await;
}

/// The names of all files beneath a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            names.extend(files(&entry.path()));
        } else {
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn the_back_end_is_told_when_a_mount_goes_on_and_off_the_air() {
    let back_end = BackEnd::start();
    let table = back_end.table(&["mount_add", "mount_remove"]);
    let manifest = manifest(&table).replace("aliases", "hold = \"0s\"\naliases");
    let (node, source, _) = on_air(&manifest, "").await;
    let mounts = |action| {
        let requests = back_end.requests(action);
        requests.iter().map(|one| one.field("mount").to_owned()).collect::<Vec<_>>()
    };
    back_end.until("mount_add", 3).await;
    assert_eq!(mounts("mount_add"), ["/radio", "/radio.mp3", "/live/radio"]);
    assert!(mounts("mount_remove").is_empty());
    drop(source);
    back_end.until("mount_remove", 3).await;
    assert_eq!(mounts("mount_remove"), mounts("mount_add"));
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&mp3(10)).await;
    back_end.until("mount_add", 6).await;
    node.stop().await;
    assert_eq!(mounts("mount_remove").len(), 6, "and at the end of the process");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_a_password_of_the_back_end_sends_and_sets_titles() {
    let back_end = BackEnd::start();
    let auth = format!("stream_auth = \"{}\", shoutcast = true", back_end.url("/auth.php"));
    let node = TestNode::start(&node::MP3.replace("shoutcast = true", &auth)).await;
    let head = |basic: &str| {
        format!(
            "SOURCE /in HTTP/1.0\r\nAuthorization: Basic {basic}\r\nContent-Type: audio/mpeg\r\n\r\n"
        )
    };
    // dj:mic, dj:wrong, and the ingest's own, about which nobody is asked.
    let (mut source, answer) = Source::send_head(node.public(), &head("ZGo6bWlj")).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    source.send(&mp3(2)).await;
    let asked = back_end.until("stream_auth", 1).await.remove(0);
    for (name, value) in
        [("mount", "/in"), ("user", "dj"), ("pass", "mic"), ("ip", "127.0.0.1"), ("admin", "")]
    {
        assert_eq!(asked.field(name), value, "{name}");
    }
    let url = node.url("/admin/metadata?mode=updinfo&mount=/in&song=A+-+B");
    let title = http::request("GET", &url, &[("Authorization", "Basic ZGo6bWlj")]).await;
    assert!(title.text().contains("Metadata update successful"), "{}", title.text());
    assert_eq!(back_end.until("stream_auth", 2).await[1].field("admin"), "1");
    let shoutcast = node.url("/admin.cgi?mode=updinfo&song=C+-+D&pass=dj:mic");
    assert_eq!(http::get(&shoutcast).await.status, 200);
    assert_eq!(back_end.until("stream_auth", 3).await[2].field("admin"), "1");
    drop(source);

    let (_, answer) = Source::send_head(node.public(), &head("ZGo6d3Jvbmc=")).await;
    assert!(answer.starts_with("HTTP/1.0 401"), "{answer}");
    let denied = "skywave_ingest_auth_asked_total{ingest=\"in\",outcome=\"Denied\"}";
    assert_eq!(metrics::value(node.addresses().control, denied).await, 1);
    let (_, answer) = Source::log_in(node.public(), "dj:mic\r\n").await;
    assert_eq!(answer, "OK2\r\n");
    let (_, answer) = Source::log_in(node.public(), "dj:wrong\r\n").await;
    assert!(!answer.starts_with("OK"), "{answer}");
    let asked = back_end.requests("stream_auth").len();
    let (_, answer) = Source::send_head(node.public(), &head("c291cmNlOnNlY3JldA==")).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    assert_eq!(back_end.requests("stream_auth").len(), asked);
}
