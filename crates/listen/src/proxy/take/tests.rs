use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::testing::{Served, Wanted, read_all, read_answer, until};

const V1: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 8000\r\n";
const V2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x01\xc0\0\x02\x02\x12\x67\x1f\x40\x04\0\0";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
const GET: &[u8] = b"GET /peer HTTP/1.0\r\n\r\n";

/// Who asks, where this comes before the request.
async fn peer(served: &Served, header: &[u8]) -> String {
    let answer = served.ask(&[header, GET].concat()).await;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or(answer)
}

#[tokio::test]
async fn a_trusted_proxy_says_before_the_first_byte_whom_it_speaks_for() {
    let served = Wanted::trusting().serve();
    assert_eq!(peer(&served, V1).await, "192.0.2.1:4711");
    assert_eq!(peer(&served, V2).await, "192.0.2.1:4711");
    for header in [LOCAL, b"PROXY UNKNOWN\r\n", b""] {
        assert!(peer(&served, header).await.starts_with("127.0.0.1:"), "{header:?}");
    }
}

#[tokio::test]
async fn a_header_may_come_in_pieces() {
    let served = Wanted::trusting().serve();
    for header in [V1, V2] {
        let mut stream = served.connect().await;
        for byte in header {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream.write_all(GET).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.ends_with("192.0.2.1:4711"), "{answer}");
    }
}

#[tokio::test]
async fn what_begins_like_a_header_and_is_none_is_read_as_it_is() {
    let served = Wanted::trusting().serve();
    let mut stream = served.connect().await;
    for piece in ["P", "RO", "PFIND /peer HTTP/1.0\r\n", "\r\n"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.0 405 "), "{answer}");
}

#[tokio::test]
async fn a_header_longer_than_a_look_is_taken_whole() {
    let served = Wanted::trusting().serve();
    let mut header = V2.to_vec();
    header[14..16].copy_from_slice(&2000_u16.to_be_bytes());
    header.resize(16 + 2000, 0);
    assert_eq!(peer(&served, &header).await, "192.0.2.1:4711");
}

#[tokio::test]
async fn a_shoutcast_source_may_come_by_a_proxy() {
    let served = Wanted::trusting().serve();
    let mut stream = served.connect().await;
    stream.write_all(&[V1, b"password\r\n"].concat()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(read_all(&mut stream).await, "shoutcast\npassword\r\n");
}

#[tokio::test]
async fn headers_of_http_are_judged_by_whom_the_proxy_names() {
    let served = Wanted::trusting().serve();
    let get = |header: &str| {
        [header.as_bytes(), b"GET /peer HTTP/1.0\r\nX-Forwarded-For: 8.8.8.8\r\n\r\n"].concat()
    };
    let answer = served.ask(&get("PROXY TCP4 192.0.2.1 192.0.2.2 4711 8000\r\n")).await;
    assert!(answer.ends_with("192.0.2.1:4711"), "a stranger: {answer}");
    let answer = served.ask(&get("PROXY TCP4 10.0.0.1 192.0.2.2 4711 8000\r\n")).await;
    assert!(answer.ends_with("8.8.8.8:0"), "a proxy behind a proxy: {answer}");
}

#[tokio::test]
async fn a_header_of_anyone_else_is_junk() {
    for trusted in [None, Some("192.0.2.0/24")] {
        let trusted_proxies = trusted.map(|text| text.parse().unwrap()).into_iter().collect();
        let served = Wanted { trusted_proxies, takes_sources: false, ..Wanted::default() }.serve();
        assert_eq!(served.ask(&[V2, GET].concat()).await, "");
        assert_eq!(served.ask(&[V1, GET].concat()).await, "");
        assert_eq!(served.refused("Protocol"), 2);
    }
}

#[tokio::test]
async fn a_header_that_is_none_ends_the_connection() {
    let served = Wanted::trusting().serve();
    assert_eq!(served.ask(b"PROXY TCP4 me you 1 2\r\nGET / HTTP/1.0\r\n\r\n").await, "");
    assert_eq!(served.refused("Protocol"), 1);
}

#[tokio::test]
async fn a_header_has_the_header_time() {
    let served = Wanted { header_time: Duration::from_millis(200), ..Wanted::trusting() }.serve();
    let mut stream = served.connect().await;
    stream.write_all(&V2[..20]).await.unwrap();
    assert_eq!(read_all(&mut stream).await, "");
    until(|| served.refused("Late") == 1).await;
}

#[tokio::test]
async fn a_header_that_is_cut_off_is_no_request() {
    let served = Wanted::trusting().serve();
    let mut stream = served.connect().await;
    stream.write_all(&V1[..20]).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(read_all(&mut stream).await, "");
}
