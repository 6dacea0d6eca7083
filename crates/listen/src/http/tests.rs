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
    ask_http2_with(served, uris, &[]).await
}

async fn ask_http2_with(
    served: &Served,
    uris: &[&str],
    headers: &[(&str, &str)],
) -> Vec<(u16, String)> {
    use http_body_util::{BodyExt, Empty};
    let stream = hyper_util::rt::TokioIo::new(served.connect().await);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut answers = Vec::new();
    for uri in uris {
        let request = axum::http::Request::get(*uri);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
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

/// Who asks, by the body of the answer.
async fn peer(served: &Served, headers: &str) -> String {
    let request = format!("GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
    let answer = served.ask(request.as_bytes()).await;
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_trusted_proxy_says_in_headers_whom_it_speaks_for() {
    let served = Wanted::trusting().serve();
    assert_eq!(
        peer(&served, "X-Forwarded-For: 8.8.8.8, 192.0.2.1, 10.0.0.9\r\n").await,
        "192.0.2.1:0"
    );
    let lines = "X-Forwarded-For: 192.0.2.1\r\nx-forwarded-for: 10.0.0.9\r\n";
    assert_eq!(peer(&served, lines).await, "192.0.2.1:0");
    let standard = "Forwarded: for=8.8.8.8, for=\"[2001:db8::1]:80\";proto=https\r\n";
    assert_eq!(peer(&served, standard).await, "[2001:db8::1]:80");
    assert!(peer(&served, "").await.starts_with("127.0.0.1:"));
    let headers = [("x-forwarded-for", "192.0.2.1")];
    let answers = ask_http2_with(&served, &["http://a/peer"], &headers).await;
    assert_eq!(answers, [(200, "192.0.2.1:0".to_owned())]);
}

#[tokio::test]
async fn each_request_of_a_connection_is_for_whom_its_own_headers_say() {
    let served = Wanted::trusting().serve();
    let mut stream = served.connect().await;
    for client in ["192.0.2.1:0", "192.0.2.2:0", "127.0.0.1"] {
        let address = client.trim_end_matches(":0");
        let request =
            format!("GET /peer HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.contains(&format!("\r\n\r\n{client}")), "{answer}");
    }
}

#[tokio::test]
async fn headers_of_anyone_else_say_nothing() {
    let served = Wanted::default().serve();
    for header in ["X-Forwarded-For: 192.0.2.1\r\n", "Forwarded: for=192.0.2.1\r\n"] {
        assert!(peer(&served, header).await.starts_with("127.0.0.1:"), "{header}");
    }
    let answers =
        ask_http2_with(&served, &["http://a/peer"], &[("x-forwarded-for", "192.0.2.1")]).await;
    assert!(answers[0].1.starts_with("127.0.0.1:"), "{answers:?}");
}

#[tokio::test]
async fn listeners_and_sources_are_those_whom_a_trusted_proxy_names() {
    for (wanted, client) in [(Wanted::trusting(), "192.0.2.1:0"), (Wanted::default(), "127.0.0.1:")]
    {
        let served = wanted.serve();
        for method in ["GET /icy/peer", "SOURCE /peer", "PUT /peer"] {
            let request = format!("{method} HTTP/1.0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
            let mut stream = served.connect().await;
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let answer = read_all(&mut stream).await;
            assert!(answer.contains(&format!("\nfrom {client}")), "{answer}");
        }
    }
}
