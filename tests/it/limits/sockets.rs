//! Limits of numbers and lengths.

use std::net::SocketAddr;

use tests::encoder::{AUTHORIZATION, Source};
use tests::listener::Listener;
use tests::watch::{Watch, tune_in};
use tests::{TestNode, http, metrics, raw, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A second ingest, for a second source.
const SECOND: &str = r#"
[[ingest]]
name = "second"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "second", user = "source", password = "secret" }
"#;

const ASK: &str = "GET /radio HTTP/1.1\r\nHost: x\r\n\r\n";

/// Fills the mount, and looks what one more gets.
async fn check_full(node: &TestNode, seats: usize) {
    let watch = Watch::start(node.public(), 1).await;
    let mut seated = Vec::new();
    for _ in 1..seats {
        seated.push(tune_in(node.public(), "/radio").await);
    }
    for before in ["", "GET /radio.pls HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let said = raw::exchange(
            node.public(),
            format!("{before}{}", ASK.replace("Host: x", "Host: x\r\nConnection: close"))
                .as_bytes(),
        )
        .await;
        assert!(said.closed);
        assert_eq!(said.statuses().last(), Some(&503), "{}", said.text());
        assert!(said.text().to_lowercase().contains("retry-after: "), "{}", said.text());
    }
    let full = "skywave_delivery_http_requests_total{kind=\"Stream\",status=\"503\"}";
    metrics::until(node.addresses().control, full, 2).await;
    assert_eq!(node.egress("radio").icy_listeners, seats as u64);
    drop(seated.pop());
    // Who leaves gives the seat back, once it is noticed.
    seated.push(tune_in(node.public(), "/radio").await);
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_has_so_many_listeners_and_no_more() {
    let lines = "[limits]\nlisteners_max = 3";
    check_full(&TestNode::start_configured(tests::node::MP3, lines).await, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_has_so_many_listeners_and_no_more() {
    let manifest = format!("{}max_listeners = 2\n", tests::node::MP3);
    check_full(&TestNode::start(&manifest).await, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_has_so_many_sources_and_no_more() {
    let manifest = tests::node::MP3.replace("[[egress]]", &format!("{SECOND}[[egress]]"));
    let node = TestNode::start_configured(&manifest, "[limits]\nsources_max = 1").await;
    let watch = Watch::start(node.public(), 1).await;
    let head = |path: &str| {
        format!(
            "SOURCE {path} HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\nContent-Type: \
             audio/mpeg\r\n\r\n"
        )
    };
    let said = raw::exchange(node.public(), head("/second").as_bytes()).await;
    assert_eq!((said.closed, said.status()), (true, 403), "{}", said.text());
    assert!(said.text().contains("too many sources"), "{}", said.text());
    let refused = "skywave_ingest_refused_total{ingest=\"second\"}";
    metrics::until(node.addresses().control, refused, 1).await;
    watch.finish().await;
    wait::until("room for another source", || async {
        let (source, answer) = Source::send_head(node.public(), &head("/second")).await;
        answer.starts_with("HTTP/1.0 200").then_some(source)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_has_so_many_connections_and_no_more() {
    let lines = "[limits]\nconnections_max = 4";
    let node = TestNode::start_configured(tests::node::MP3, lines).await;
    // Sources and listeners are not of their number.
    let watch = Watch::start(node.public(), 6).await;
    let open = "skywave_listen_open_connections{port=\"public\"}";
    let settled =
        || async { (metrics::value(node.addresses().control, open).await == 0).then_some(()) };
    wait::until("only those", settled).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpStream::connect(node.public()).await.unwrap());
    }
    let said = raw::exchange(node.public(), b"").await;
    assert_eq!((said.closed, said.status()), (true, 503), "{}", said.text());
    assert!(said.text().contains("Retry-After: "), "{}", said.text());
    let full = "skywave_listen_refused_total{port=\"public\",reason=\"Full\"}";
    metrics::until(node.addresses().control, full, 1).await;
    drop(silent);
    let served =
        || async { (http::try_get(&node.url("/radio.pls")).await?.status == 200).then_some(()) };
    wait::until("room", served).await;
    watch.finish().await;
}

/// A request of exactly so many bytes of head.
fn head_of(len: usize) -> String {
    let start = "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let mut head = start.to_owned();
    while head.len() + 1_000 < len {
        head.push_str("x: ");
        head.push_str(&"y".repeat(495));
        head.push_str("\r\n");
    }
    let rest = len - head.len() - "z: \r\n\r\n".len();
    head + "z: " + &"z".repeat(rest) + "\r\n\r\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_at_most_16_kib_the_first_and_the_later_ones() {
    let node = TestNode::start(tests::node::MP3).await;
    let limit = icy::head::HEAD_LEN_MAX;
    for before in ["", "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"] {
        for (len, status) in [(limit - 1, 404), (limit, 404), (limit + 1, 431), (4 * limit, 431)] {
            let head = head_of(len);
            assert_eq!(head.len(), len);
            let said = raw::exchange(node.public(), format!("{before}{head}").as_bytes()).await;
            assert!(said.closed);
            assert_eq!(said.statuses().last(), Some(&status), "{len}: {}", said.text());
        }
    }
    let refused = "skywave_listen_refused_total{port=\"public\",reason=\"Head\"}";
    metrics::until(node.addresses().control, refused, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_line_has_at_most_8_kib_the_first_and_the_later_ones() {
    let node = TestNode::start(tests::node::MP3).await;
    let limit = icy::head::LINE_LEN_MAX;
    for before in ["", "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"] {
        for (len, status) in [(limit, 404), (limit + 1, 431)] {
            let line = format!("x: {}", "y".repeat(len - 3));
            let bytes = format!(
                "{before}GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{line}\r\n\r\n"
            );
            let said = raw::exchange(node.public(), bytes.as_bytes()).await;
            assert_eq!(said.statuses().last(), Some(&status), "{len}: {}", said.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sources_mount_has_at_most_255_bytes() {
    let node = TestNode::start(tests::node::MP3).await;
    for (len, status) in [(255, 401), (256, 400)] {
        let head = format!(
            "SOURCE /{} HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\n\r\n",
            "a".repeat(len)
        );
        let said = raw::exchange(node.public(), head.as_bytes()).await;
        assert_eq!((said.closed, said.status()), (true, status), "{len}: {}", said.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_line_has_at_most_255_bytes() {
    let node = TestNode::start(tests::node::MP3).await;
    for (len, answer) in [(255, "invalid password"), (256, "")] {
        let line = format!("{}\r\n", "a".repeat(len));
        let said = raw::exchange(node.addresses().shoutcast, line.as_bytes()).await;
        assert!(said.closed);
        assert_eq!(said.text().trim(), answer, "{len}");
    }
    let stranger = "skywave_ingest_strangers_total";
    metrics::until(node.addresses().control, stranger, 1).await;
    let junk = "skywave_listen_refused_total{port=\"shoutcast\",reason=\"Protocol\"}";
    metrics::until(node.addresses().control, junk, 1).await;
}

/// POSTs a title as a form; gives the status.
async fn post(address: SocketAddr, form: &str) -> u16 {
    let request = format!(
        "POST /admin/metadata HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTHORIZATION}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    raw::exchange(address, request.as_bytes()).await.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_has_at_most_8_kib_and_a_title_4000_bytes() {
    let node = TestNode::start(tests::node::MP3).await;
    let mut watch = Watch::start(node.public(), 1).await;
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    let start = "mode=updinfo&mount=/in&song=";
    for (len, letter) in [(4_000, "a"), (4_001, "b")] {
        let form = format!("{start}{}", letter.repeat(len));
        assert_eq!(post(node.public(), &form).await, 200);
        let wanted = letter.repeat(4_000);
        node.until("the title", |report| {
            report.egress("radio").unwrap().now_playing.as_ref() == Some(&wanted)
        })
        .await;
    }
    let limit = icy::update::QUERY_LEN_MAX;
    for (len, status) in [(limit, 200), (limit + 1, 413)] {
        let form = format!("{start}{}", "c".repeat(len - start.len()));
        assert_eq!(post(node.public(), &form).await, status, "{len}");
    }
    watch.add_listener().await;
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_is_cut_to_the_longest_block_of_metadata() {
    let node = TestNode::start(tests::node::MP3).await;
    let watch = Watch::start(node.public(), 1).await;
    node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    let form = format!("mode=updinfo&mount=/in&song={}&url=http://x/", "t".repeat(4_000));
    assert_eq!(post(node.public(), &form).await, 200);
    node.until("the title", |report| report.egress("radio").unwrap().now_playing.is_some()).await;
    let mut listener = Listener::connect(node.public(), "/radio").await;
    // A block stands behind each 16,000 bytes.
    let heard = listener.hear(100_000).await;
    let longest = heard.titles.iter().map(|(_, title)| title.len()).max();
    assert_eq!(longest, Some(4_000));
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_has_64_streams_and_heads_of_16_kib() {
    let node = TestNode::start(tests::node::MP3).await;
    let mut stream = TcpStream::connect(node.public()).await.unwrap();
    // The preface and empty settings (RFC 9113 §3.4, §6.5).
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "SETTINGS");
    let mut settings = vec![0; usize::from(head[2])];
    stream.read_exact(&mut settings).await.unwrap();
    let value = |wanted: u8| {
        let found = settings.chunks(6).find(|setting| setting[1] == wanted).unwrap();
        u32::from_be_bytes(found[2..].try_into().unwrap())
    };
    // SETTINGS_MAX_CONCURRENT_STREAMS and SETTINGS_MAX_HEADER_LIST_SIZE.
    assert_eq!((value(3), value(6)), (64, 16 << 10));
    assert_eq!(http::get(&node.url("/radio.pls")).await.status, 200);
}

/// A manifest of so many ingests and egresses, each egress with one ingest.
fn stations(count: usize) -> String {
    let mut manifest = "[[publisher]]\nname = \"acme\"\n".to_owned();
    for nth in 0..count {
        manifest.push_str(&ingest(nth));
        manifest.push_str(&egress(&format!("e{nth}"), &format!("\"i{nth}\"")));
    }
    manifest
}

fn egress(name: &str, ingests: &str) -> String {
    format!("[[egress]]\nname = \"{name}\"\npublisher = \"acme\"\ningests = [{ingests}]\n")
}

fn ingest(nth: usize) -> String {
    format!(
        "[[ingest]]\nname = \"i{nth}\"\npublisher = \"acme\"\nencoding = {{ codec = \"mp3\", \
         bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"stereo\" }}\npush = {{ mount = \
         \"m{nth}\", user = \"source\", password = \"secret-{nth}\" }}\n"
    )
}

fn parse(manifest: &str) -> Result<catalogue::Catalogue, String> {
    let parsed = catalogue::manifest::parse(manifest, "stations.toml", &|_| None);
    parsed.map_err(|error| error.to_string())
}

#[test]
fn a_manifest_has_so_many_ingests_and_egresses_and_no_more() {
    let max = catalogue::limits::INGESTS_MAX;
    assert_eq!(max, catalogue::limits::EGRESSES_MAX);
    parse(&stations(max)).unwrap();
    let one_more = format!("{}{}", stations(max), ingest(max));
    assert!(parse(&one_more).unwrap_err().contains("one ingest too many"));
    let one_more = format!("{}{}", stations(max), egress("more", "\"i0\""));
    assert!(parse(&one_more).unwrap_err().contains("one egress too many"));
}

#[test]
fn an_egress_has_eight_ingests_and_no_more() {
    let max = catalogue::limits::EGRESS_INGESTS_MAX;
    let with = |count: usize| {
        let names: Vec<String> = (0..count).map(|nth| format!("\"i{nth}\"")).collect();
        format!("{}{}", stations(count), egress("all", &names.join(", ")))
    };
    parse(&with(max)).unwrap();
    assert!(parse(&with(max + 1)).is_err());
}
