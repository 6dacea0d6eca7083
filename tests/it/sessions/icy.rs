//! The end of a session over ICY, and what those hear who are blocked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use runtime::clock::{Clock as _, SystemClock};
use tests::encoder::Source;
use tests::{Scratch, TestNode, countries, frames, http};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::player::{LIMIT_SECS, LIMITED, STEP_SECS};
use super::records;
use super::station::{Plan, Station, announcement, announcement_file};
use crate::tls;

/// The length of a frame of MP3 at 44.1 kHz.
const FRAME: Duration = Duration::from_micros(26_122);

/// What a listener gets of the past, at most, in seconds: `burst` and a segment.
const BURST_SECS: usize = 6;

/// A connection that reads all there is and knows how it ends.
struct Raw {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Raw {
    async fn ask(from: Ipv4Addr, address: SocketAddr, request: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((IpAddr::from(from), 0).into()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        Self { stream, heard: Vec::new() }
    }

    /// Reads until it has heard this frame just now, or the end; says whether that has
    /// come.
    async fn hear_until(&mut self, last: &[u8]) -> bool {
        loop {
            let lately = &self.heard[self.heard.len().saturating_sub(20 * last.len())..];
            if lately.windows(last.len()).any(|bytes| bytes == last) {
                return false;
            }
            // A reset is no clean end.
            if self.stream.read_buf(&mut self.heard).await.unwrap() == 0 {
                return true;
            }
        }
    }

    /// The whole answer, once the server has closed: the head and what is behind it.
    async fn whole(mut self) -> (String, Vec<u8>) {
        self.stream.read_to_end(&mut self.heard).await.unwrap();
        split(&self.heard)
    }
}

fn split(answer: &[u8]) -> (String, Vec<u8>) {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    (String::from_utf8(answer[..at].to_vec()).unwrap(), answer[at..].to_vec())
}

fn request(method: &str, version: &str) -> String {
    format!("{method} /radio {version}\r\nHost: x\r\n\r\n")
}

/// States that audio is whole frames of what was sent, `from` before its start to the
/// limit and no longer.
#[track_caller]
fn assert_whole(audio: &[u8], sent: &[Bytes], limit_secs: usize, late_secs: usize) {
    let heard = frames::cut(audio);
    assert_eq!(heard.concat(), audio, "it ends with a whole frame");
    frames::position(sent, &heard);
    // 128 kbit/s.
    let secs = audio.len() / 16_000;
    let longest = limit_secs + BURST_SECS + late_secs;
    assert!((limit_secs..=longest).contains(&secs), "{secs} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_limit_a_listener_is_let_go_behind_a_whole_frame() {
    let mut station = Station::start(Plan::of_egress(LIMITED)).await;
    let address = station.node.public();
    let mut listener = Raw::ask(Ipv4Addr::LOCALHOST, address, &request("GET", "HTTP/1.0")).await;
    station
        .node
        .until("a listener", |report| report.egress("radio").unwrap().icy_listeners == 1)
        .await;
    let began = station.now();
    // The last ones may be held back: the next ones say that they are whole.
    let heard = |station: &Station| station.sent()[station.sent().len() - 10].clone();
    assert!(!listener.hear_until(&heard(&station)).await);
    let mut steps = 0;
    loop {
        station.go_on(STEP_SECS).await;
        let is_over = listener.hear_until(&heard(&station)).await;
        let lasted = station.now().since(began).as_secs();
        if is_over {
            assert!(lasted >= LIMIT_SECS, "{lasted} s");
            break;
        }
        assert!(lasted <= LIMIT_SECS + STEP_SECS, "it listens for {lasted} s");
        steps += 1;
    }
    let (head, audio) = split(&listener.heard);
    assert!(head.starts_with("HTTP/1.0 200"), "{head}");
    // The station's seconds are longer than those of its sound: a test takes time too.
    let least = steps * usize::try_from(STEP_SECS).unwrap();
    assert_whole(&audio, station.sent(), least, usize::try_from(LIMIT_SECS).unwrap() - least);
    let [record] = &records::until(station.data(), 1).await[..] else { panic!() };
    assert_eq!((&*record.protocol, &*record.ending), ("icy", "limit"));
    assert!(record.length().as_secs().abs_diff(LIMIT_SECS) <= STEP_SECS, "{record:?}");
    assert_eq!(record.bytes, listener.heard.len() as u64);
    // A byte of 128 kbit/s lasts 62.5 µs.
    let length = Duration::from_nanos(audio.len() as u64 * 62_500);
    assert!(record.media.abs_diff(length) < Duration::from_millis(60), "{record:?} {length:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_limit_every_kind_of_connection_ends_as_a_stream_that_is_over() {
    let folder = Scratch::default();
    let certificate = tls::issue(folder.path());
    let path = |name| folder.path().join(name).display().to_string();
    let limited = Plan::of_egress("session_limit = \"3s\"").manifest();
    let node = TestNode::start_tls(&limited, &path("chain.pem"), &path("key.pem")).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    let sent = demo::fixtures::mp3(60, 128, 44_100, 2);
    source.send(&sent[..400]).await;
    node.until_listed("radio", 3).await;
    let rest = sent[400..].to_vec();
    let sending = tokio::spawn(async move { source.send_paced(&rest, FRAME).await });
    let secure = node.addresses().public_tls.unwrap();
    let of_tls = format!("https://localhost:{}", secure.port());
    let plain = format!("http://{}", node.public());
    let clients = [
        (http::client(), plain.clone()),
        (http::client(), plain),
        (tls::old_client(&certificate, secure), of_tls.clone()),
        (tls::client(&certificate, secure), of_tls),
    ];
    let listen = async |(nth, (client, base)): (usize, (reqwest::Client, String))| {
        if nth == 1 {
            // The connection is hyper's from here on.
            let first = client.get(format!("{base}/radio/playlist.m3u8")).send().await.unwrap();
            first.bytes().await.unwrap();
        }
        let began = SystemClock.monotonic();
        let answer = client.get(format!("{base}/radio")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        // One that breaks off is an error.
        let audio = answer.bytes().await.unwrap();
        let lasted = (SystemClock.monotonic() - began).as_secs();
        assert!((3..15).contains(&lasted), "{nth}: {lasted} s");
        assert_whole(&audio, &sent, 3, usize::try_from(lasted).unwrap() - 3);
    };
    let [a, b, c, d]: [_; 4] =
        clients.into_iter().enumerate().map(listen).collect::<Vec<_>>().try_into().ok().unwrap();
    tokio::join!(a, b, c, d);
    sending.abort();
}

const ABROAD: Ipv4Addr = Ipv4Addr::new(127, 0, 2, 1);

/// A station that is heard in Germany alone.
async fn german(more: &str) -> (Station, Scratch) {
    let scratch = Scratch::default();
    let networks = [("127.0.1.0/24", "DE"), ("127.0.2.0/24", "US")];
    let file = countries::database(&networks, countries::Layout::Nested, scratch.path());
    let egress = format!("geo = {{ allow_none_except = ['DE']{more} }}");
    let plan =
        Plan::of_egress(&egress).with(&format!("[geo]\ndatabase = \"{}\"\n", file.display()));
    (Station::start(plan).await, scratch)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_blocked_hears_the_announcement_and_nothing_else() {
    let said = announcement(1_600, 5);
    let folder = Scratch::default();
    let file = announcement_file(folder.path(), &said);
    let (station, _folder) = german(&format!(", announcement = \"{file}\"")).await;
    let address = station.node.public();
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        for method in ["GET", "HEAD"] {
            let wants = "Icy-MetaData: 1\r\n\r\n";
            let request = request(method, version).replacen("\r\n\r\n", &format!("\r\n{wants}"), 1);
            let (head, body) = Raw::ask(ABROAD, address, &request).await.whole().await;
            assert!(head.starts_with(&format!("{version} 200")), "{head}");
            let lower = head.to_lowercase();
            for line in ["\r\nx-block-reason: geo\r\n", "content-type: audio/mpeg\r\n", "no-store"]
            {
                assert!(lower.contains(line), "{line}: {head}");
            }
            assert!(!lower.contains("\r\nicy-metaint"), "{head}");
            let wanted = if method == "GET" { said.concat() } else { Vec::new() };
            assert!(body == wanted, "{method}: {} bytes", body.len());
        }
    }
    // Over a connection that has been used before.
    let client = http::client_at(ABROAD.into());
    http::get_by(&client, &station.hls(), &[]).await;
    let answer = http::get_by(&client, &station.node.url("/radio"), &[]).await;
    assert_eq!((answer.status, answer.header("x-block-reason")), (200, "geo"));
    assert!(answer.header("cache-control").contains("no-store"));
    assert!(answer.body == said.concat());
    assert_eq!(station.node.egress("radio").icy_listeners, 0, "nobody listens");
    assert_eq!(records::all(station.data()), [], "nobody has listened");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_blocked_gets_a_line_of_text_where_nothing_is_to_be_said() {
    let (station, _folder) = german("").await;
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        for method in ["GET", "HEAD"] {
            let asking = Raw::ask(ABROAD, station.node.public(), &request(method, version)).await;
            let (head, body) = asking.whole().await;
            assert!(head.starts_with(&format!("{version} 403")), "{head}");
            let lower = head.to_lowercase();
            for line in ["\r\nx-block-reason: geo\r\n", "content-type: text/plain", "no-store"] {
                assert!(lower.contains(line), "{line}: {head}");
            }
            if method == "GET" {
                let text = String::from_utf8(body).unwrap();
                assert!(text.trim_end().lines().count() == 1 && text.ends_with('\n'), "{text:?}");
            }
        }
    }
}
