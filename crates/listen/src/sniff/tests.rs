use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::testing::{Served, Wanted, read_all, read_answer, soon, until};

/// Sends `bytes` in pieces, ends the sending half, and compares the answer.
async fn check(served: &Served, bytes: &[u8], piece: usize, expected: &str) {
    let mut stream = served.connect().await;
    for part in bytes.chunks(piece) {
        stream.write_all(part).await.unwrap();
        tokio::task::yield_now().await;
    }
    stream.shutdown().await.unwrap();
    let answer = read_all(&mut stream).await;
    assert_eq!(answer, expected, "{:?} by {piece}", String::from_utf8_lossy(bytes));
}

#[tokio::test]
async fn each_protocol_gets_to_its_door_with_all_that_was_sent() {
    let served = Wanted::default().serve();
    for (bytes, expected) in [
        (&b"SOURCE /live HTTP/1.0\r\n\r\n\xff\x7faudio"[..0], ""),
        (b"SOURCE /live HTTP/1.0\r\nA: b\r\n\r\naudio", "source SOURCE /live\naudio"),
        (b"SOURCE /live ICE/1.0\n\naudio", "source SOURCE /live\naudio"),
        (b"PUT /live HTTP/1.1\r\nHost: a\r\n\r\naudio", "source PUT /live\naudio"),
        (
            b"PUT /live HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
            "source PUT /live\nabc",
        ),
        (
            b"PUT /live HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "source PUT /live\n3\r\nabc\r\n",
        ),
        (b"s3cret\r\nicy-name:x\r\n\r\n", "shoutcast\ns3cret\r\nicy-name:x\r\n\r\n"),
        (b"s3cret\n", "shoutcast\ns3cret\n"),
        (b"/live:s3cret\r\r\n", "shoutcast\n/live:s3cret\r\r\n"),
        (b"SOURCE s3cret /live\n\n", "shoutcast\nSOURCE s3cret /live\n\n"),
        (b"GET /icy HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\nmore", "listener /icy\nmore"),
    ] {
        for piece in [1, 7, 1460] {
            check(&served, bytes, piece, expected).await;
        }
    }
}

#[tokio::test]
async fn the_rest_is_served_by_hyper() {
    let served = Wanted::default().serve();
    let get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for text in [get, &get.replace("1.1", "1.0")] {
        let answer = served.ask(text.as_bytes()).await;
        assert!(answer.contains(" 200 OK\r\n") && answer.contains("secure=false"), "{answer}");
    }
    for request in ["OPTIONS * HTTP/1.1", "GET /admin/!POKE HTTP/1.1", "STATS / HTTP/1.0"] {
        let answer = served.ask(format!("{request}\r\nConnection: close\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.") && answer.contains(" 40"), "{request}: {answer}");
    }
}

#[tokio::test]
async fn what_no_door_takes_is_closed_without_a_word() {
    let served = Wanted::default().serve();
    let junk: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n",
        b"\0\0\0\x0c",
        b"two words\n",
        b"GET /\n",
    ];
    for bytes in junk {
        assert_eq!(served.ask(bytes).await, "", "{bytes:?}");
    }
    assert_eq!(served.refused("Protocol"), 5);
}

#[tokio::test]
async fn a_port_without_encoders_takes_none() {
    let served = Wanted { takes_sources: false, ..Wanted::default() }.serve();
    assert_eq!(served.ask(b"s3cret\r\n").await, "");
    assert_eq!(served.ask(b"SOURCE s3cret /live\n").await, "");
    assert_eq!(served.refused("Protocol"), 2);
    let answer = served.ask(b"PUT /live HTTP/1.1\r\nContent-Length: 1\r\n\r\na").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    // The audio behind it is no second request.
    let answer = served.ask(b"SOURCE /live HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer.matches("HTTP/1").count(), 1, "{answer}");
}

#[tokio::test]
async fn a_peer_that_says_nothing_or_half_a_head_is_closed_after_the_header_time() {
    let served = Wanted { header_time: Duration::from_millis(100), ..Wanted::default() }.serve();
    for bytes in [&b""[..], b"GET / HTTP/1.1\r\nHost: a\r\n", b"PRI * HT", b"passwo", b"\x16\x03"] {
        assert_eq!(served.ask(bytes).await, "", "{bytes:?}");
    }
    assert_eq!(served.refused("Late"), 5);
}

#[tokio::test]
async fn the_header_time_is_for_the_whole_head_however_it_trickles() {
    let served = Wanted { header_time: Duration::from_millis(100), ..Wanted::default() }.serve();
    let (mut reader, mut writer) = served.connect().await.into_split();
    let trickle = tokio::spawn(async move {
        let bytes = b"GET / HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'a'));
        for byte in bytes {
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert_eq!(read_all(&mut reader).await, "");
    drop(reader);
    soon(trickle).await.unwrap();
    assert_eq!(served.refused("Late"), 1);
}

#[tokio::test]
async fn a_peer_that_leaves_before_it_speaks_is_not_refused() {
    let served = Wanted::default().serve();
    drop(served.connect().await);
    let open = "listen_open_connections{port=\"public\"}";
    until(|| served.metric("listen_connections_total{port=\"public\"}") == Some(1)).await;
    until(|| served.metric(open) == Some(0)).await;
    for reason in ["Late", "Protocol", "Head"] {
        assert_eq!(served.refused(reason), 0);
    }
}

/// Heads on both sides of every limit, and those that can be read in two ways.
fn heads() -> Vec<(String, u16)> {
    let get = |headers: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    let post = |headers: &str| format!("POST /body HTTP/1.1\r\nHost: a\r\n{headers}\r\nabc");
    let target = |len: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(len));
    let line = |len: usize| get(&format!("X: {}\r\n", "a".repeat(len - 3)));
    // Two headers, so that no line is too long.
    let head = |len: usize| {
        let rest = len - get("").len() - "X: \r\nY: \r\n".len();
        let (one, other) = ("a".repeat(rest / 2), "a".repeat(rest - rest / 2));
        get(&format!("X: {one}\r\nY: {other}\r\n"))
    };
    let short_of_line = icy::head::LINE_LEN_MAX - "GET / HTTP/1.1".len();
    vec![
        (target(short_of_line), 404),
        (target(short_of_line + 1), 414),
        (line(icy::head::LINE_LEN_MAX), 200),
        (line(icy::head::LINE_LEN_MAX + 1), 431),
        (head(icy::head::HEAD_LEN_MAX), 200),
        (head(icy::head::HEAD_LEN_MAX + 1), 431),
        (get(&"X: a\r\n".repeat(icy::head::HEADERS_MAX - 1)), 200),
        (get(&"X: a\r\n".repeat(icy::head::HEADERS_MAX)), 431),
        (post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400),
        (post("Content-Length: 3\r\nContent-Length: 3\r\n"), 400),
        (post("Content-Length: 3\r\nContent-Length: 4\r\n"), 400),
        (post("Content-Length: 3, 3\r\n"), 400),
        (post("Content-Length: +3\r\n"), 400),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400),
        (post("Transfer-Encoding: xchunked\r\n"), 501),
        (post("Transfer-Encoding : chunked\r\n"), 400),
        (post("X: a\n"), 400),
        (get("X: a\rb\r\n"), 400),
        (get("X: a\0b\r\n"), 400),
        (get(" folded\r\n"), 400),
        (get("Host: b\r\n"), 400),
        ("GET / HTTP/2.0\r\n\r\n".to_owned(), 505),
        ("GET /a b HTTP/1.1\r\n\r\n".to_owned(), 400),
    ]
}

#[track_caller]
fn check_status(answer: &str, status: u16, head: &str) {
    let head: String = head.chars().take(100).collect();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head:?}: {answer}");
    let is_last = answer.to_ascii_lowercase().contains("connection: close");
    assert_eq!(is_last, !is_served(status), "{head:?}: {answer}");
}

fn is_served(status: u16) -> bool {
    matches!(status, 200 | 404)
}

/// The answer, and all that follows it where it is to be the last.
async fn answer_to(stream: &mut TcpStream, status: u16) -> String {
    if is_served(status) { read_answer(stream).await } else { read_all(stream).await }
}

#[tokio::test]
async fn a_first_head_past_a_limit_or_ambiguous_is_answered_and_closed() {
    let served = Wanted::default().serve();
    let heads = heads();
    for (head, status) in &heads {
        let mut stream = served.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        check_status(&answer_to(&mut stream, *status).await, *status, head);
    }
    let refused = heads.iter().filter(|(_, status)| !is_served(*status)).count();
    assert_eq!(served.refused("Head"), refused as u64);
}

#[tokio::test]
async fn so_is_a_second_head_of_a_connection() {
    let served = Wanted::default().serve();
    for (head, status) in heads() {
        let mut stream = served.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        check_status(&read_answer(&mut stream).await, 200, "the first");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: smuggled\r\n\r\n").await.unwrap();
        let answer = answer_to(&mut stream, status).await;
        check_status(&answer, status, &head);
        assert!(is_served(status) || answer.matches("HTTP/1.").count() == 1, "{answer}");
    }
}
