//! However the bytes are cut on their way, the result is the same.

use bytes::Bytes;
use tests::encoder::AUTHORIZATION;
use tests::listener::Listener;
use tests::watch::tune_in;
use tests::{TestNode, frames, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::source_head;

/// The sizes of pieces, up to more than any buffer here.
const PIECES: [usize; 4] = [1, 7, 1_460, 65_536];

/// A source's way of saying the same: what comes before the audio, what it waits
/// for then, and the audio as it is sent.
struct Wire {
    head: Vec<u8>,
    answer: &'static [u8],
    /// Sent when the answer has come.
    rest: Vec<u8>,
}

fn icecast(audio: &[u8]) -> Wire {
    Wire { head: source_head("/in").into(), answer: b"HTTP/1.0 200", rest: audio.to_vec() }
}

fn put(audio: &[u8]) -> Wire {
    let head = format!(
        "PUT /in HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTHORIZATION}\r\nContent-Type: \
         audio/mpeg\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunks = audio.chunks(1_000).flat_map(|chunk| {
        [format!("{:x};x=y\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()
    });
    let rest = chunks.chain(*b"0\r\n\r\n").collect();
    Wire { head: head.into(), answer: b"HTTP/1.1 100", rest }
}

fn shoutcast(audio: &[u8]) -> Wire {
    let headers = b"icy-name:Radio\r\nicy-br:128\r\ncontent-type:audio/mpeg\r\n\r\n";
    Wire { head: b"secret\r\n".to_vec(), answer: b"OK2", rest: [&headers[..], audio].concat() }
}

fn titled(audio: &[u8]) -> Wire {
    let head = source_head("/in").replace("\r\n\r\n", "\r\nicy-metaint: 5000\r\n\r\n");
    let mut rest = Vec::new();
    for (nth, part) in audio.chunks(5_000).enumerate() {
        rest.extend_from_slice(part);
        if part.len() == 5_000 {
            let mut block = format!("StreamTitle='Piece {nth}';").into_bytes();
            block.resize(block.len().next_multiple_of(16), 0);
            rest.push(u8::try_from(block.len() / 16).unwrap());
            rest.extend_from_slice(&block);
        }
    }
    Wire { head: head.into(), answer: b"HTTP/1.0 200", rest }
}

/// What comes out, from the listener's first frame to the last.
async fn check(wire: fn(&[u8]) -> Wire) {
    let sent = demo::fixtures::mp3(6, 128, 44_100, 2);
    let audio = sent.concat();
    for piece in PIECES {
        let node = TestNode::start(tests::node::MP3).await;
        let wire = wire(&audio);
        let mut source = TcpStream::connect(node.public()).await.unwrap();
        raw::write_in_pieces(&mut source, &wire.head, piece).await;
        let mut answer = vec![0; wire.answer.len()];
        source.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, wire.answer, "{piece}");
        let (first, rest) = wire.rest.split_at(wire.rest.len() / 2);
        raw::write_in_pieces(&mut source, first, piece).await;
        let mut listener = tune_in(node.public(), "/radio").await;
        raw::write_in_pieces(&mut source, rest, piece).await;
        source.shutdown().await.unwrap();
        let last = sent.last().unwrap().clone();
        let heard = listener.hear_until(|heard| heard.ends_with(&last)).await;
        let heard: Vec<Bytes> = frames::cut(&heard.audio);
        let start = frames::position(&sent, &heard);
        assert_eq!(start + heard.len(), sent.len(), "{piece}");
        let report = node.ingest("in");
        assert_eq!(report.frames_total, sent.len() as u64, "{piece}");
        assert_eq!(report.junk_bytes_total, 0, "{piece}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_icecast_source_may_be_cut_anywhere() {
    check(icecast).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_in_chunks_may_be_cut_anywhere() {
    check(put).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shoutcast_source_may_be_cut_anywhere() {
    check(shoutcast).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_titles_between_may_be_cut_anywhere() {
    check(titled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_may_be_cut_anywhere() {
    let node = TestNode::start(tests::node::MP3).await;
    tests::wait::until("off air", || async {
        let listener = Listener::connect(node.public(), "/radio").await;
        listener.head.starts_with("HTTP/1.0 503").then_some(())
    })
    .await;
    let requests = [
        ("GET /radio.pls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", vec![200]),
        ("GET /no HTTP/1.1\r\nHost: x\r\n\r\nGET /radio.m3u HTTP/1.0\r\n\r\n", vec![404, 200]),
        ("GET /radio HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n", vec![503]),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", vec![200]),
        ("wrong\r\n", vec![]),
        ("SOURCE wrong /in\n", vec![]),
        ("GET  /radio HTTP/1.0\r\n\r\n", vec![400]),
    ];
    for (request, statuses) in requests {
        let mut answers = Vec::new();
        for piece in PIECES {
            let mut stream = TcpStream::connect(node.public()).await.unwrap();
            raw::write_in_pieces(&mut stream, request.as_bytes(), piece).await;
            let said = raw::exchange_on(stream, b"").await;
            assert_eq!(
                (said.closed, said.statuses()),
                (true, statuses.clone()),
                "{request} {piece}"
            );
            answers.push(
                said.text().lines().filter(|line| !line.starts_with("date:")).collect::<String>(),
            );
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{request}: {answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listeners_request_may_be_cut_anywhere() {
    let node = TestNode::start(tests::node::MP3).await;
    let watch = tests::watch::Watch::start(node.public(), 1).await;
    for piece in PIECES {
        let mut stream = TcpStream::connect(node.public()).await.unwrap();
        let request = b"GET /radio HTTP/1.1\r\nHost: x\r\nIcy-MetaData: 1\r\n\r\n";
        raw::write_in_pieces(&mut stream, request, piece).await;
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200", "{piece}");
    }
    let listener = Listener::connect(node.public(), "/radio").await;
    assert_eq!(listener.header("icy-metaint"), Some("16000"));
    watch.finish().await;
}
