//! Many at once who want nothing but to be many.

use std::net::SocketAddr;
use std::time::Duration;

use tests::encoder::{AUTHORIZATION, Source};
use tests::program::Setup;
use tests::watch::Watch;
use tests::{Program, Scratch, TestNode, hls, http, memory, metrics, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::{source_head, stations};

/// Connections of one crowd: this process and the program may have 20,000
/// descriptors each.
const CROWD: usize = 9_500;

/// What one connection that says nothing may cost the program, with its task.
const COST_MAX: u64 = 16 << 10;

/// Readers of one segment who take a byte now and then.
const SLOW_READERS: usize = 1_000;

/// What one of them may cost: its task and the connection's buffers, no copy of
/// the segment.
const READER_COST_MAX: u64 = 48 << 10;

async fn crowd(address: SocketAddr, len: usize) -> Vec<TcpStream> {
    let mut crowd = Vec::with_capacity(len);
    while crowd.len() < len {
        let mut some = JoinSet::new();
        for _ in 0..500.min(len - crowd.len()) {
            some.spawn(TcpStream::connect(address));
        }
        crowd.extend(some.join_all().await.into_iter().map(Result::unwrap));
    }
    crowd
}

/// Reads until the other end closes.
async fn closed(mut stream: TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // A reset is a close too.
    let _ = stream.read_to_end(&mut said).await;
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_that_say_nothing_keep_nobody_out_and_are_closed() {
    let scratch = Scratch::default();
    let setup = Setup { lines: "[limits]\nheader_time = \"15s\"", ..Setup::default() };
    let program = Program::serve_as(tests::node::MP3, scratch.path(), setup).await;
    let mut watch = Watch::start(program.public, 2).await;
    let before = memory::resident(program.id());
    let silent = crowd(program.public, CROWD).await;
    watch.add_listener().await;
    assert_eq!(http::get(&program.url("/radio.pls")).await.status, 200);
    assert_eq!(http::get(&program.control_url("/readyz")).await.status, 200);
    let cost = memory::resident(program.id()).saturating_sub(before) / CROWD as u64;
    assert!(cost < COST_MAX, "{cost} bytes each");
    let mut closing: JoinSet<_> = silent.into_iter().map(closed).collect();
    let all = async { while closing.join_next().await.is_some() {} };
    tokio::time::timeout(wait::PATIENCE, all).await.expect("they are closed");
    watch.add_listener().await;
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_slow_heads_are_closed_in_their_time() {
    let node = TestNode::start_configured(tests::node::MP3, "[limits]\nheader_time = \"4s\"").await;
    let mut watch = Watch::start(node.public(), 1).await;
    let mut slow = JoinSet::new();
    for (nth, stream) in crowd(node.public(), 2_000).await.into_iter().enumerate() {
        slow.spawn(drip(
            stream,
            ["GET /radio HTTP/1.1\r\nX: ", "SOURCE /in HTTP/1.0\r\nX: ", ""][nth % 3],
        ));
    }
    watch.add_listener().await;
    let all = async {
        while let Some(done) = slow.join_next().await {
            done.unwrap();
        }
    };
    tokio::time::timeout(wait::PATIENCE, all).await.expect("they are closed");
    watch.finish().await;
}

/// A byte at a time, for as long as it is taken.
async fn drip(mut stream: TcpStream, start: &str) {
    let _ = stream.write_all(start.as_bytes()).await;
    let mut said = [0; 1024];
    loop {
        tokio::select! {
            read = stream.read(&mut said) => match read {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                if stream.write_all(b"a").await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_are_closed_in_their_time() {
    let node = TestNode::start_configured(tests::node::MP3, "[limits]\nheader_time = \"1s\"").await;
    let mut slow = JoinSet::new();
    for stream in crowd(node.public(), 100).await {
        slow.spawn(drip(
            stream,
            "POST /admin/metadata HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n",
        ));
    }
    let all = async { while slow.join_next().await.is_some() {} };
    tokio::time::timeout(wait::PATIENCE, all).await.expect("they are closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_of_sources_are_closed_in_their_time_and_leave_the_mount_free() {
    let node = TestNode::start(&stations()).await;
    let mut watch = Watch::start(node.public(), 1).await;
    let heads = ["Transfer-Encoding: chunked", "Content-Length: 1000000", "Expect: 100-continue"];
    let mut slow = JoinSet::new();
    for (nth, stream) in crowd(node.public(), 99).await.into_iter().enumerate() {
        let head = format!(
            "PUT /victim-in HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTHORIZATION}\r\n\
             Content-Type: audio/mpeg\r\n{}\r\n\r\n",
            heads[nth % heads.len()]
        );
        slow.spawn(async move { drip(stream, &head).await });
    }
    watch.add_listener().await;
    let all = async { while slow.join_next().await.is_some() {} };
    tokio::time::timeout(wait::PATIENCE, all).await.expect("they are closed");
    wait::until("the mount", || async {
        let (_, told) = Source::send_head(node.public(), &source_head("/victim-in")).await;
        told.starts_with("HTTP/1.0 200").then_some(())
    })
    .await;
    watch.finish().await;
}

/// Asks for something of some length and takes a byte of it now and then, with
/// as narrow a buffer as the kernel allows.
async fn sip(address: SocketAddr, path: String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    while stream.read_u8().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_slow_readers_of_segments_keep_nobody_waiting_and_cost_little() {
    let scratch = Scratch::default();
    let program = Program::serve(tests::node::MP3, scratch.path()).await;
    let mut watch = Watch::start(program.public, 1).await;
    program.until_egress("segments", |egress| egress["window_segments"].as_u64() >= Some(3)).await;
    let playlist = http::get(&program.url("/radio/mp3-128/media.m3u8")).await.text();
    let segment = format!("/radio/mp3-128/{}", hls::listed(&playlist)[0]);
    let whole = http::get(&program.url(&segment)).await.body;
    let before = memory::resident(program.id());
    let mut slow = JoinSet::new();
    for _ in 0..SLOW_READERS {
        slow.spawn(sip(program.public, segment.clone()));
    }
    let open = "skywave_listen_open_connections{port=\"public\"}";
    metrics::until(program.control, open, SLOW_READERS as u64).await;
    for _ in 0..20 {
        assert_eq!(http::get(&program.url(&segment)).await.body, whole);
    }
    watch.add_listener().await;
    let cost = memory::resident(program.id()).saturating_sub(before) / SLOW_READERS as u64;
    assert!(cost < READER_COST_MAX, "{cost} bytes each");
    assert!(slow.try_join_next().is_none(), "they take what they asked for, if slowly");
    slow.shutdown().await;
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_rest_between_requests_are_closed_in_their_time() {
    let node = TestNode::start_configured(tests::node::MP3, "[limits]\nheader_time = \"1s\"").await;
    let mut resting = JoinSet::new();
    for mut stream in crowd(node.public(), 100).await {
        resting.spawn(async move {
            stream.write_all(b"GET /radio.pls HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            String::from_utf8(closed(stream).await).unwrap()
        });
    }
    let all = tokio::time::timeout(wait::PATIENCE, resting.join_all()).await;
    for answer in all.expect("they are closed") {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}
