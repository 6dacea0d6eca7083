//! A cache in front, as a CDN has it: what it keeps, and what it gives to whom.

use std::process::Command;

use reqwest::Client;
use tests::encoder::Source;
use tests::http::Answer;
use tests::{Scratch, TestNode, countries, hls, http, tools, wait};
use tokio::process::Child;

/// Where the listeners are whom the cache speaks for.
const GERMAN: &str = "198.51.100.7";
const AMERICAN: &str = "203.0.113.7";

/// nginx as a caching proxy, which goes by what the node says of caches, and says itself
/// in `X-Cache` whether it asked. Who the listener is it is told in `X-Client`.
const CONFIG: &str = r#"
daemon off;
master_process off;
pid DIR/nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    proxy_cache_path DIR/cache keys_zone=radio:1m;
    server {
        listen 127.0.0.1:PORT;
        location / {
            proxy_pass http://NODE;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $http_x_client;
            proxy_cache radio;
            add_header X-Cache $upstream_cache_status always;
        }
    }
}
"#;

/// A node on air behind nginx.
struct Edge {
    node: TestNode,
    port: u16,
    client: Client,
    _nginx: Child,
    _source: Source,
    _scratch: Scratch,
}

impl Edge {
    async fn start(egress: &str) -> Self {
        let scratch = Scratch::default();
        let networks = [("198.51.100.0/24", "DE"), ("203.0.113.0/24", "US")];
        let file = countries::database(&networks, countries::Layout::Nested, scratch.path());
        let mount = format!("{egress}\n[egress.mount]");
        let manifest = tests::node::MP3.replace("[egress.mount]", &mount)
            + "segment = \"2s\"\nwindow = \"18s\"\n";
        let lines = format!(
            "[geo]\ndatabase = \"{}\"\ntrusted_proxies = [\"127.0.0.0/8\"]\n",
            file.display()
        );
        let node = TestNode::start_configured(&manifest, &lines).await;
        let mut source = Source::connect(node.public(), "audio/mpeg").await;
        source.send(&demo::fixtures::mp3(20, 128, 44_100, 2)).await;
        node.until_listed("radio", 6).await;
        let (nginx, port) = nginx(&node, &scratch).await;
        let client = http::client();
        Self { node, port, client, _nginx: nginx, _source: source, _scratch: scratch }
    }

    /// What a listener at an address is answered, through the cache.
    async fn get(&self, path: &str, from: &str) -> Answer {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        http::get_by(&self.client, &url, &[("x-client", from), ("user-agent", "VLC/3.0")]).await
    }

    /// Where a listener's own media playlist is.
    async fn begin(&self, from: &str) -> String {
        let master = self.get("/radio/playlist.m3u8", from).await;
        assert_eq!((master.status, cached(&master)), (200, "MISS"));
        format!("/radio/{}", master.text().lines().last().unwrap())
    }

    fn sessions(&self) -> Option<u64> {
        self.node.egress("radio").hls_sessions
    }
}

/// Starts nginx before a node, on a port that was free a moment ago.
async fn nginx(node: &TestNode, scratch: &Scratch) -> (Child, u16) {
    let folder = scratch.path().join("nginx");
    std::fs::create_dir_all(&folder).unwrap();
    let port = tools::free_port();
    let config = CONFIG
        .replace("DIR", &folder.display().to_string())
        .replace("PORT", &port.to_string())
        .replace("NODE", &node.public().to_string());
    let file = folder.join("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(&folder).arg("-c").arg(&file);
    let child = tools::start(command, &folder.join("log"));
    let url = format!("http://127.0.0.1:{port}/nobody");
    wait::until("nginx answers", || async { http::try_get(&url).await.map(drop) }).await;
    (child, port)
}

/// Whether an answer came out of the cache.
fn cached(answer: &Answer) -> &str {
    answer.header("x-cache")
}

/// The URL of a listed segment, the nth from behind.
fn segment(media: &str, text: &str, nth: usize) -> String {
    let folder = media.rsplit_once("media.m3u8").unwrap().0;
    format!("{folder}{}", hls::listed(text).iter().rev().nth(nth).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_has_segments_for_all_and_a_session_for_nobody_else() {
    let edge = Edge::start("session_limit = \"1h\"").await;
    let (one, other) = (edge.begin(GERMAN).await, edge.begin(AMERICAN).await);
    assert_ne!(one, other, "each has a token of its own");
    let mut text = String::new();
    for (media, from) in [(&one, GERMAN), (&other, AMERICAN), (&one, GERMAN)] {
        let answer = edge.get(media, from).await;
        assert_eq!((answer.status, cached(&answer)), (200, "MISS"));
        text = answer.text();
    }
    // Nor has it the playlist of who comes without a token.
    let (bare, _) = one.split_once('?').unwrap();
    for _ in 0..2 {
        assert_eq!(cached(&edge.get(bare, GERMAN).await), "MISS");
    }
    assert_eq!(edge.sessions(), Some(3), "they are counted by what the proxy says of them");
    let newest = segment(&one, &text, 0);
    let asked = "skywave_delivery_http_requests_total{kind=\"Segment\",status=\"200\"}";
    for (nth, from) in [GERMAN, AMERICAN, GERMAN].into_iter().enumerate() {
        let answer = edge.get(&newest, from).await;
        assert_eq!((answer.status, cached(&answer)), (200, if nth == 0 { "MISS" } else { "HIT" }));
    }
    assert_eq!(tests::metrics::value(edge.node.addresses().control, asked).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_has_the_playlist_of_an_egress_that_anybody_may_hear() {
    let edge = Edge::start("").await;
    let media = "/radio/mp3-2s-128/media.m3u8";
    assert_eq!(cached(&edge.get(media, GERMAN).await), "MISS");
    assert_eq!(cached(&edge.get(media, AMERICAN).await), "HIT");
    // But the session's own is nobody else's.
    let own = edge.begin(GERMAN).await;
    for _ in 0..2 {
        assert_eq!(cached(&edge.get(&own, GERMAN).await), "MISS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_blocked_listener_is_told_is_told_to_no_other_nor_the_other_way_round() {
    let edge = Edge::start("geo = { allow_none_except = [\"DE\"] }").await;
    let media = edge.begin(GERMAN).await;
    let (bare, _) = media.split_once('?').unwrap();
    let forged = format!("{bare}?t=forged");
    for _ in 0..2 {
        for path in ["/radio/playlist.m3u8", bare, &media] {
            let blocked = edge.get(path, AMERICAN).await;
            assert_eq!((blocked.status, cached(&blocked)), (451, "MISS"), "{path}");
            assert_eq!(blocked.header("x-block-reason"), "geo");
            let admitted = edge.get(path, GERMAN).await;
            assert_eq!((admitted.status, cached(&admitted)), (200, "MISS"), "{path}");
        }
        let stream = edge.get("/radio", AMERICAN).await;
        assert_eq!((stream.status, cached(&stream)), (403, "MISS"));
        let refused = edge.get(&forged, GERMAN).await;
        assert_eq!((refused.status, cached(&refused)), (403, "MISS"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_for_the_blocked_is_heard_by_no_other() {
    let scratch = Scratch::default();
    let file = scratch.path().join("sorry.mp3");
    std::fs::write(&file, demo::fixtures::mp3(3, 128, 44_100, 2).concat()).unwrap();
    let geo = format!(
        "geo = {{ allow_none_except = [\"DE\"], announcement = \"file:{}\" }}",
        file.display()
    );
    let edge = Edge::start(&geo).await;
    for _ in 0..2 {
        let blocked = edge.get("/radio/playlist.m3u8", AMERICAN).await;
        assert_eq!((blocked.status, cached(&blocked)), (200, "MISS"));
        assert_eq!(blocked.header("x-block-reason"), "geo");
        assert!(blocked.text().contains("announcement.m3u8"), "{}", blocked.text());
        assert!(edge.begin(GERMAN).await.contains("media.m3u8?t="));
        let said = edge.get("/radio/mp3-2s-128/announcement.m3u8", AMERICAN).await;
        assert_eq!((said.status, cached(&said)), (200, "MISS"));
        let stream = edge.get("/radio", AMERICAN).await;
        assert_eq!((stream.status, cached(&stream)), (200, "MISS"));
        assert_eq!(stream.header("x-block-reason"), "geo");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_segment_is_in_the_cache_once_for_each_country() {
    let edge = Edge::start("protect_segments = true").await;
    let listed = async |from: &str| {
        let media = edge.begin(from).await;
        let text = edge.get(&media, from).await.text();
        segment(&media, &text, 1)
    };
    let (german, again, american) =
        (listed(GERMAN).await, listed("198.51.100.8").await, listed(AMERICAN).await);
    assert_eq!(german, again);
    assert_ne!(german, american);
    for (url, expected) in
        [(&german, "MISS"), (&again, "HIT"), (&american, "MISS"), (&american, "HIT")]
    {
        let answer = edge.get(url, GERMAN).await;
        assert_eq!((answer.status, cached(&answer)), (200, expected), "{url}");
    }
    let (bare, _) = german.split_once('?').unwrap();
    for _ in 0..2 {
        let refused = edge.get(bare, GERMAN).await;
        assert_eq!((refused.status, cached(&refused)), (403, "MISS"));
    }
}
