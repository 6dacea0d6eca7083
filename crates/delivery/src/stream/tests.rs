use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use icy::metaint;
use media::Title;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::*;
use crate::fanout::{Intro, TimedFrame};
use crate::testing::{Bench, FRAME, Peer, eventually, header};

/// Sends `request` on a connection of its own; gives the head, and the peer.
async fn ask(bench: &Bench, request: &str) -> (String, Peer) {
    // The port serves on for as long as the test runs.
    let mut peer = Peer::connect(bench.serve().0).await;
    let head = peer.ask(request).await;
    (head, peer)
}

/// The headers of a stream.
#[track_caller]
fn check_stream_head(head: &str, protocol: &str) {
    assert!(head.starts_with(&format!("{protocol} 200 OK\r\n")), "{head}");
    for (name, value) in [
        ("content-type", "audio/mpeg"),
        ("icy-name", "Acme Radio"),
        ("icy-br", "128"),
        ("x-station", "acme"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(header(head, name), Some(value), "{head}");
    }
    assert_eq!(header(head, "content-length"), None, "{head}");
}

#[tokio::test]
async fn a_player_of_either_version_hears_the_frames() {
    for version in ["1.0", "1.1"] {
        let bench = Bench::new().await;
        bench.push(5);
        let (head, mut peer) =
            ask(&bench, &format!("GET /acme HTTP/{version}\r\nHost: x\r\n\r\n")).await;
        check_stream_head(&head, &format!("HTTP/{version}"));
        assert_eq!(header(&head, "icy-metaint"), None);
        assert_eq!(header(&head, "transfer-encoding"), None, "old players know none");
        assert_eq!(peer.take(500).await, FRAME.repeat(5));
        bench.push(5);
        assert_eq!(peer.take(500).await, FRAME.repeat(5));
    }
}

#[tokio::test]
async fn titles_come_to_who_asks_for_them() {
    let bench = Bench::new().await;
    let block = metaint::block(&Title::new("A - B", ""));
    bench.writer.title(block.clone()).unwrap();
    bench.push(5);
    let request = "GET /acme.mp3 HTTP/1.0\r\nIcy-MetaData: 1\r\nRange: bytes=0-\r\n\r\n";
    let (head, mut peer) = ask(&bench, request).await;
    check_stream_head(&head, "HTTP/1.0");
    assert_eq!(header(&head, "icy-metaint"), Some("250"));
    let audio = FRAME.repeat(5);
    let expected = [&audio[..250], &block, &audio[250..]].concat();
    assert_eq!(peer.take(expected.len()).await, expected);
}

#[tokio::test]
async fn head_says_what_get_says_and_takes_no_seat() {
    let bench = Bench::with_listeners_max(1).await;
    bench.push(5);
    for version in ["1.0", "1.1"] {
        let request =
            |method: &str| format!("{method} /acme HTTP/{version}\r\nIcy-MetaData: 1\r\n\r\n");
        let (head, mut peer) = ask(&bench, &request("HEAD")).await;
        assert_eq!(peer.rest().await, b"");
        let (get, peer) = ask(&bench, &request("GET")).await;
        assert_eq!(head, get);
        drop(peer);
        bench.push(5);
        eventually(|| {
            bench.push(1);
            bench.rendition.mount().listeners() == 0
        })
        .await;
    }
}

#[tokio::test]
async fn options_is_answered_before_a_stream() {
    let bench = Bench::new().await;
    let request = "OPTIONS /acme HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n\r\n";
    let (head, _) = ask(&bench, request).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(header(&head, "access-control-allow-origin"), Some("*"));
    assert!(header(&head, "access-control-allow-headers").unwrap().contains("Icy-MetaData"));
    assert!(header(&head, "access-control-expose-headers").unwrap().contains("Icy-Name"));
    assert_eq!(header(&head, "content-length"), Some("0"));
}

#[tokio::test]
async fn a_full_mount_says_when_to_come_again() {
    let bench = Bench::with_listeners_max(1).await;
    bench.push(5);
    let (_, _listener) = ask(&bench, "GET /acme HTTP/1.1\r\nHost: x\r\n\r\n").await;
    for method in ["GET", "HEAD"] {
        let (head, mut peer) =
            ask(&bench, &format!("{method} /acme HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        assert_eq!(header(&head, "retry-after"), Some("5"));
        assert_eq!(header(&head, "access-control-allow-origin"), Some("*"));
        assert!(peer.rest().await.len() < 100, "one line");
    }
    let over_hyper = bench.get("/acme").await;
    assert_eq!(over_hyper.status, 503);
    assert_eq!(over_hyper.header("retry-after"), "5");
    let counted = "delivery_http_requests_total{kind=\"Stream\",status=\"503\"} 3";
    assert!(bench.metrics().contains(counted), "{}", bench.metrics());
}

#[tokio::test]
async fn a_mount_off_the_air_says_when_to_come_again() {
    let bench = Bench::new().await;
    bench.writer.off_air(Duration::ZERO).unwrap();
    eventually(|| bench.rendition.mount().seat().is_err()).await;
    let (head, _) = ask(&bench, "GET /acme HTTP/1.0\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.0 503 "), "{head}");
    assert_eq!(bench.ask("HEAD", "/acme", &[]).await.status, 503);
}

#[tokio::test]
async fn a_connection_used_before_hears_through_hyper() {
    let bench = Bench::new().await;
    bench.list(8);
    bench.push(5);
    let mut peer = Peer::connect(bench.serve().0).await;
    let first = peer.ask("GET /acme/playlist.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    peer.take(header(&first, "content-length").unwrap().parse().unwrap()).await;
    let head = peer.ask("HEAD /acme HTTP/1.1\r\nHost: x\r\n\r\n").await;
    check_stream_head(&head, "HTTP/1.1");
    let get = peer.ask("GET /acme HTTP/1.1\r\nHost: x\r\nIcy-MetaData: 1\r\n\r\n").await;
    check_stream_head(&get, "HTTP/1.1");
    assert_eq!(header(&get, "icy-metaint"), Some("250"));
    assert_eq!(header(&get, "transfer-encoding"), Some("chunked"));
    eventually(|| bench.rendition.mount().listeners() == 1).await;
    drop(peer);
    eventually(|| {
        bench.push(1);
        bench.rendition.mount().listeners() == 0
    })
    .await;
}

#[tokio::test]
async fn a_stream_goes_over_http_2() {
    let bench = Bench::new().await;
    bench.push(5);
    let socket = TcpStream::connect(bench.serve().0).await.unwrap();
    let (mut client, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let request = |method: &str| {
        let request = axum::http::Request::builder().method(method).uri("http://x/acme");
        request.body(Empty::<Bytes>::new()).unwrap()
    };
    let head = client.send_request(request("HEAD")).await.unwrap();
    assert_eq!(head.headers()["icy-name"], "Acme Radio");
    assert!(head.headers().get("content-length").is_none());
    let mut response = client.send_request(request("GET")).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "audio/mpeg");
    let mut heard = Vec::new();
    while heard.len() < 500 {
        let frame = response.frame().await.unwrap().unwrap();
        heard.extend_from_slice(frame.data_ref().unwrap());
    }
    assert_eq!(heard, FRAME.repeat(5));
}

#[tokio::test]
async fn a_new_listener_is_greeted_whatever_it_comes_over() {
    let bench = Bench::new().await;
    bench.push(500);
    let hello = [vec![0xBB; 100], vec![0xCC; 100]];
    // Longer than the burst.
    let duration = Duration::from_mins(1);
    let timed = |data: &Vec<u8>| TimedFrame { data: data.clone().into(), duration };
    bench.rendition.set_intro(Intro::new(&hello.each_ref().map(timed)));
    let block = metaint::block(&Title::new("A - B", ""));
    bench.writer.title(block.clone()).unwrap();
    let request = "GET /acme HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n";
    let (_, mut peer) = ask(&bench, request).await;
    assert_eq!(peer.take(200).await, hello.concat());
    bench.push(3);
    let audio = FRAME.repeat(3);
    let expected = [&audio[..50], &block, &audio[50..]].concat();
    assert_eq!(peer.take(expected.len()).await, expected);

    let mut over_hyper = Peer::connect(bench.serve().0).await;
    over_hyper.ask("HEAD /acme.pls HTTP/1.1\r\nHost: x\r\n\r\n").await;
    over_hyper.ask("GET /acme HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let chunk = [b"C8\r\n", hello.concat().as_slice(), b"\r\n"].concat();
    assert_eq!(over_hyper.take(chunk.len()).await, chunk);

    bench.rendition.set_intro(None);
    let (_, mut peer) = ask(&bench, "GET /acme HTTP/1.0\r\n\r\n").await;
    assert_eq!(peer.take(100).await, FRAME);
}

#[tokio::test]
async fn only_who_hears_something_is_in_the_roster() {
    let bench = Bench::with_listeners_max(1).await;
    bench.push(5);
    let roster = bench.delivery.roster();
    ask(&bench, "HEAD /acme HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(bench.ask("HEAD", "/acme", &[]).await.status, 200);
    assert_eq!(roster.count("acme"), 0);
    let (_, peer) = ask(&bench, "GET /acme HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(roster.count("acme"), 1);
    ask(&bench, "GET /acme HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(bench.get("/acme").await.status, 503);
    assert_eq!(roster.count("acme"), 1);
    drop(peer);
    eventually(|| {
        bench.push(1);
        roster.count("acme") == 0
    })
    .await;
}

#[tokio::test]
async fn what_a_listener_says_of_itself_is_kept_clean_and_short() {
    let bench = Bench::new().await;
    let hostile = "\u{202e}<script>\x1b[31m\"\u{85}\u{2028}'</script>%n";
    let shown = "<script>[31m\"'</script>%n";
    let long = "x".repeat(8_000);
    for (text, expected) in [(hostile, shown), (&long, &long[..256])] {
        // A query of any length is no part of the path.
        let request = format!(
            "GET /acme.mp3?{} HTTP/1.0\r\nUser-Agent: {text}\r\nReferer: {text}\r\n\r\n",
            "q".repeat(100)
        );
        let (head, peer) = ask(&bench, &request).await;
        assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
        let visitor = bench.delivery.roster().of("acme").remove(0);
        assert_eq!((visitor.user_agent.as_str(), visitor.referer.as_str()), (expected, expected));
        assert_eq!((visitor.mount.as_str(), visitor.path.as_str()), ("acme", "/acme.mp3"));
        drop(peer);
        eventually(|| {
            bench.push(1);
            bench.delivery.roster().count("acme") == 0
        })
        .await;
    }
}

/// A pipe into a peer that has room for `room` bytes.
struct Carried {
    pipe: mpsc::Sender<Bytes>,
    end: oneshot::Sender<Why>,
    peer: tokio::io::DuplexStream,
    task: tokio::task::JoinHandle<Option<Why>>,
}

fn carried(room: usize) -> Carried {
    let (mut stream, peer) = tokio::io::duplex(room);
    let (pipe, receiver) = mpsc::channel(4);
    let (end, over) = oneshot::channel();
    let task = tokio::spawn(async move { carry(&mut stream, receiver, over).await });
    Carried { pipe, end, peer, task }
}

#[tokio::test(start_paused = true)]
async fn a_pipe_is_carried_to_its_end() {
    let mut carried = carried(10);
    for _ in 0..4 {
        carried.pipe.try_send(Bytes::from_static(FRAME)).unwrap();
    }
    drop(carried.pipe);
    carried.end.send(Why::Ended).unwrap();
    let mut heard = Vec::new();
    carried.peer.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, FRAME.repeat(4));
    assert_eq!(carried.task.await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_let_go_when_the_engine_says_so() {
    for (why, grace) in
        [(Why::Slow, Duration::ZERO), (Why::Ended, END_GRACE), (Why::Killed, END_GRACE)]
    {
        let carried = carried(10);
        let began = tokio::time::Instant::now();
        carried.pipe.try_send(Bytes::from_static(FRAME)).unwrap();
        carried.end.send(why).unwrap();
        assert_eq!(carried.task.await.unwrap(), Some(why));
        assert_eq!(began.elapsed().as_secs(), grace.as_secs());
        drop(carried.peer);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_ends_the_pipe() {
    let carried = carried(10);
    drop(carried.peer);
    carried.pipe.try_send(Bytes::from_static(FRAME)).unwrap();
    assert_eq!(carried.task.await.unwrap(), None);
    assert!(carried.pipe.is_closed(), "the engine hears of it");
}

/// Lines of a log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_listener_leaves_one_line_with_bounded_and_clean_fields() {
    let bench = Bench::new().await;
    let clock = Steady::new(Arc::clone(&bench.clock) as _);
    let agent = format!("VLC\x1b[31m\r\n\"fake\" {}", "x".repeat(1000));
    let request = ListenerRequest::from_headers(icy::head::Version::Http10, |name| {
        (name == "user-agent").then_some(agent.as_bytes())
    });
    let peer = "192.0.2.7:5".parse().unwrap();
    let (metrics, roster) = (Metrics::default(), Roster::default());
    let (target, back_end) = ("/acme", None);
    let (clock, metrics, roster) = (&clock, &metrics, &roster);
    let (verdict, country, records) = (Ok(()), None, &Records::default());
    let caller =
        Caller { peer, target, country, verdict, back_end, clock, metrics, roster, records };
    let admitted = caller.admit(&bench.rendition, |_| None).await.unwrap_or_else(|_| panic!());
    let (newcomer, _, _) = caller.newcomer(&bench.rendition, admitted, &request, Bytes::new());
    bench.clock.advance(Duration::from_secs(61));
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        newcomer.observer.unwrap().ended(End {
            bytes_sent: 976_000,
            media: Duration::from_secs(61),
            why: Why::Left,
        });
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.starts_with(" INFO delivery::stream: listener gone mount=\"acme\" peer=192.0.2.7:5"),
        "{text}"
    );
    assert!(text.ends_with("secs=61 bytes=976000 reason=\"left\"\n"), "{text}");
    assert!(!text.trim_end().contains(char::is_control), "{text:?}");
    assert!(text.len() < 500, "{text}");
}
