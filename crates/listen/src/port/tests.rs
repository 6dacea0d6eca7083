use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::testing::{Wanted, read_all, read_answer, soon, until};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OPEN: &str = "listen_open_connections{port=\"public\"}";

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_names_it() {
    let served = Wanted::default().serve();
    let settings = PortSettings {
        name: "second",
        header_time: Duration::from_secs(1),
        connections_max: 1,
        unsent_max: None,
        tls: None,
        trusted_proxies: Networks::default(),
    };
    let error = Port::open(served.address, settings).unwrap_err();
    let expected = format!("cannot listen on {}: ", served.address);
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(!error.is_transient() && error.blame() == Blame::Us);
}

#[tokio::test]
async fn connections_up_to_the_limit_are_served_and_one_more_is_told() {
    let served = Wanted { connections_max: 2, ..Wanted::default() }.serve();
    let (mut one, mut two) = (served.connect().await, served.connect().await);
    for stream in [&mut one, &mut two] {
        stream.write_all(GET).await.unwrap();
        assert!(read_answer(stream).await.starts_with("HTTP/1.1 200 "));
    }
    let answer = served.ask(GET).await;
    assert!(
        answer.starts_with("HTTP/1.0 503 ") && answer.contains("Retry-After: 5\r\n"),
        "{answer}"
    );
    assert_eq!(served.refused("Full"), 1);
    // Those who are there notice nothing.
    one.write_all(GET).await.unwrap();
    assert!(read_answer(&mut one).await.starts_with("HTTP/1.1 200 "));
    drop(two);
    until(|| served.metric(OPEN) == Some(1)).await;
    let mut three = served.connect().await;
    three.write_all(GET).await.unwrap();
    assert!(read_answer(&mut three).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_connection_that_a_door_has_taken_for_good_is_not_counted() {
    let served = Wanted { connections_max: 1, ..Wanted::default() }.serve();
    let mut taken = Vec::new();
    for request in [&b"SOURCE /live HTTP/1.0\r\n\r\n"[..], b"GET /icy HTTP/1.0\r\n\r\n", b"pass\n"]
    {
        let mut stream = served.connect().await;
        stream.write_all(request).await.unwrap();
        let mut first = [0; 6];
        soon(stream.read_exact(&mut first)).await.unwrap();
        taken.push(stream);
    }
    let mut stream = served.connect().await;
    stream.write_all(GET).await.unwrap();
    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_thousand_that_say_nothing_keep_nobody_from_being_served() {
    let served = Wanted { connections_max: 1_001, ..Wanted::default() }.serve();
    let mut idle = Vec::new();
    for _ in 0..1_000 {
        idle.push(served.connect().await);
    }
    until(|| served.metric(OPEN) == Some(1_000)).await;
    let mut stream = served.connect().await;
    for _ in 0..100 {
        stream.write_all(GET).await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 "));
    }
    served.shutdown.trigger();
    for mut stream in idle {
        assert_eq!(read_all(&mut stream).await, "");
    }
    soon(served.serving).await.unwrap();
}

#[tokio::test]
async fn after_the_shutdown_nobody_is_accepted() {
    let served = Wanted::default().serve();
    served.shutdown.trigger();
    soon(served.serving).await.unwrap();
    TcpStream::connect(served.address).await.unwrap_err();
}

#[tokio::test]
async fn what_is_sent_last_reaches_a_peer_that_is_still_sending() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, address) = listener.accept().await.unwrap();
    peer.write_all(&vec![b'a'; 100_000]).await.unwrap();
    let connection = Connection::new(Transport::Plain(stream), address);
    let closing = tokio::spawn(connection.close_with(b"no\n"));
    let mut answer = String::new();
    soon(peer.read_to_string(&mut answer)).await.unwrap();
    assert_eq!(answer, "no\n");
    drop(peer);
    soon(closing).await.unwrap();
}
