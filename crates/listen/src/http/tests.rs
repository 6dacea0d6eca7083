use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::testing::{AMPLE, BIG_LEN, Served, Wanted, read_all, read_answer, soon};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let served = Wanted::default().serve();
    let mut stream = served.connect().await;
    for _ in 0..3 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.ends_with("HTTP/1.1 secure=false\n"), "{answer}");
    }
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_their_order() {
    let served = Wanted::default().serve();
    let requests = format!("{GET}{}{GET}", GET.replace("/ ", "/none ")) + "junk\r\n\r\n";
    let answers = served.ask(requests.as_bytes()).await;
    let statuses: Vec<_> = answers.lines().filter(|line| line.starts_with("HTTP/1.1 ")).collect();
    let expected = [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 secure=false",
        "HTTP/1.1 404 Not Found",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 secure=false",
        "HTTP/1.1 400 Bad Request",
    ];
    assert_eq!(statuses, expected);
}

#[tokio::test]
async fn a_body_ends_the_connection_so_that_nothing_hides_behind_it() {
    let served = Wanted::default().serve();
    for framing in
        ["Content-Length: 3\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]
    {
        let request = format!("POST /body HTTP/1.1\r\nHost: a\r\n{framing}{GET}");
        let answer = served.ask(request.as_bytes()).await;
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        assert!(answer.ends_with("3 bytes\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_not_waited_for() {
    let served = Wanted { header_time: Duration::from_secs(1), ..Wanted::default() }.serve();
    let answer = served.ask(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_header_time() {
    let served = Wanted { header_time: Duration::from_secs(1), ..Wanted::default() }.serve();
    let mut stream = served.connect().await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    read_answer(&mut stream).await;
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(read_all(&mut stream).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_answer_is_dropped() {
    let served = Wanted::default().serve();
    let mut stream = served.connect().await;
    stream.write_all(GET.replace("/ ", "/big ").as_bytes()).await.unwrap();
    // The paused clock goes on when nobody has anything to do.
    tokio::time::sleep(crate::guard::STALLED_AFTER * 2).await;
    let mut taken = Vec::new();
    let _ = stream.read_to_end(&mut taken).await;
    assert!(taken.len() < BIG_LEN, "{}", taken.len());
}

/// Asks over a connection of HTTP/2.
async fn ask_http2(served: &Served, uris: &[&str]) -> Vec<(u16, String)> {
    use http_body_util::{BodyExt, Empty};
    let stream = hyper_util::rt::TokioIo::new(served.connect().await);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut answers = Vec::new();
    for uri in uris {
        let request = axum::http::Request::get(*uri).body(Empty::<bytes::Bytes>::new()).unwrap();
        let answer = soon(sender.send_request(request)).await.unwrap();
        let status = answer.status().as_u16();
        let body = soon(answer.into_body().collect()).await.unwrap().to_bytes();
        answers.push((status, String::from_utf8(body.to_vec()).unwrap()));
    }
    drop(sender);
    soon(connection).await.unwrap().unwrap();
    answers
}

#[tokio::test]
async fn http_2_is_served_without_tls_too() {
    let served = Wanted::default().serve();
    let answers = ask_http2(&served, &["http://a/", "http://a/none", "http://a/"]).await;
    let hello = (200, "HTTP/2.0 secure=false\n".to_owned());
    assert_eq!(answers, [hello.clone(), (404, String::new()), hello]);
}

#[tokio::test]
async fn the_stand_in_for_a_refused_head_is_nobodys_to_send() {
    let served = Wanted::default().serve();
    let answer = served.ask(b"A-HEAD-THAT-IS-REFUSED /200/hello HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer, "");
    let mut stream = served.connect().await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    read_answer(&mut stream).await;
    stream.write_all(b"A-HEAD-THAT-IS-REFUSED /200/hello HTTP/1.0\r\n\r\n").await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn at_the_shutdown_requests_under_way_end_and_idle_connections_close_at_once() {
    let served = Wanted { header_time: AMPLE, ..Wanted::default() }.serve();
    let (mut silent, mut idle, mut busy) =
        (served.connect().await, served.connect().await, served.connect().await);
    idle.write_all(GET.as_bytes()).await.unwrap();
    read_answer(&mut idle).await;
    busy.write_all(GET.replace("/ ", "/slow ").as_bytes()).await.unwrap();
    soon(served.begun.acquire()).await.unwrap().forget();
    served.shutdown.trigger();
    assert_eq!(read_all(&mut silent).await, "");
    assert_eq!(read_all(&mut idle).await, "");
    served.slow.add_permits(1);
    let answer = read_all(&mut busy).await;
    assert!(answer.ends_with("slow\n"), "{answer}");
    soon(served.serving).await.unwrap();
}
