use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Instant, SystemTime};

use runtime::clock::SystemClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

/// Follows tokio's paused time, so that a minute passes in no time.
#[derive(Debug)]
struct VirtualClock;

impl Clock for VirtualClock {
    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

/// Silence whose title changes every five seconds.
#[derive(Debug)]
struct Silence;

impl Source for Silence {
    fn sample_rate_hz(&self) -> u32 {
        44_100
    }

    fn channels(&self) -> u8 {
        1
    }

    fn fill(&mut self, out: &mut [i16]) {
        out.fill(0);
    }

    fn title_at(&self, sample: u64) -> String {
        format!("Nobody - {}", sample / (5 * 44_100))
    }
}

/// Hands the other end of each connection to the test.
struct Pipe {
    ends: mpsc::UnboundedSender<DuplexStream>,
    refuse_first: AtomicU32,
}

impl Connect for Pipe {
    type Stream = DuplexStream;

    async fn connect(&self, address: &str) -> io::Result<DuplexStream> {
        assert_eq!(address, "station:8000");
        let left = self.refuse_first.load(Ordering::Relaxed);
        if left > 0 {
            self.refuse_first.store(left - 1, Ordering::Relaxed);
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.ends.send(theirs).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(ours)
    }
}

/// The station's side: connections as they come, and the time since the start.
struct Station {
    connections: mpsc::UnboundedReceiver<DuplexStream>,
    start: tokio::time::Instant,
}

const HEAD_START: Duration = Duration::from_secs(2);
const MP3: Encoding = Encoding::Mp3 { kbps: 64 };

fn target(address: &str) -> Target {
    Target {
        address: address.into(),
        mount: "demo".into(),
        user: "source".into(),
        password: "hackme".into(),
        name: "Demo".into(),
        description: "A demo".into(),
        genre: "Ambient".into(),
        url: "https://station.example/".into(),
    }
}

/// Starts an encoder that never stops by itself.
fn station(refuse_first: u32) -> Station {
    let (ends, connections) = mpsc::unbounded_channel();
    let pipe = Pipe { ends, refuse_first: AtomicU32::new(refuse_first) };
    let settings = Settings { encoding: MP3, head_start: HEAD_START };
    let (source, clock) = (Box::new(Silence), Arc::new(VirtualClock));
    tokio::spawn(run_over(
        pipe,
        target("station:8000"),
        settings,
        source,
        clock,
        std::future::pending(),
    ));
    Station { connections, start: tokio::time::Instant::now() }
}

impl Station {
    /// Takes the next connection and reads the head of its request.
    async fn accept(&mut self) -> (DuplexStream, String) {
        let mut stream = self.connections.recv().await.unwrap();
        let head = read_head(&mut stream).await;
        (stream, head)
    }

    /// Takes a source's connection and lets it begin.
    async fn accept_source(&mut self) -> DuplexStream {
        let (mut stream, head) = self.accept().await;
        assert!(head.starts_with("PUT /demo HTTP/1.1\r\n"), "{head}");
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        stream
    }

    /// Takes a title's connection, answers it, and gives the title.
    async fn accept_title(&mut self, answer: &[u8]) -> String {
        let (mut stream, head) = self.accept().await;
        stream.write_all(answer).await.unwrap();
        let (path, _) = head.split_once(" HTTP/1.1\r\n").unwrap();
        assert!(head.contains("\r\nAuthorization: Basic c291cmNlOmhhY2ttZQ==\r\n"));
        let expected = "GET /admin/metadata?mode=updinfo&mount=%2Fdemo&charset=UTF-8&song=";
        path.strip_prefix(expected).unwrap().to_owned()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Reads what comes within a time, and counts the whole frames in it.
async fn frames_within(stream: &mut DuplexStream, time: Duration) -> usize {
    let mut bytes = Vec::new();
    let end = tokio::time::Instant::now() + time;
    while let Ok(read) = tokio::time::timeout_at(end, stream.read_buf(&mut bytes)).await {
        assert_ne!(read.unwrap(), 0, "the connection is open");
    }
    let (mut rest, mut count) = (bytes.as_slice(), 0);
    while !rest.is_empty() {
        let header = media::mp3::Header::parse(rest).expect("a frame begins");
        rest = &rest[header.frame_len().unwrap()..];
        count += 1;
    }
    count
}

/// Frames of 1,152 samples that begin in so many seconds, the first included.
fn frames_in(seconds: usize) -> usize {
    seconds * 44_100 / 1_152 + 1
}

#[tokio::test(start_paused = true)]
async fn frames_come_in_real_time_after_the_head_start() {
    let mut station = station(0);
    let mut stream = station.accept_source().await;
    let at_once = frames_within(&mut stream, Duration::from_millis(5)).await;
    assert_eq!(at_once, frames_in(2));
    let in_a_minute = frames_within(&mut stream, Duration::from_mins(1)).await;
    assert_eq!(at_once + in_a_minute, frames_in(62));
}

#[tokio::test(start_paused = true)]
async fn titles_go_out_with_their_frames() {
    let mut station = station(0);
    let mut stream = station.accept_source().await;
    tokio::spawn(async move { frames_within(&mut stream, Duration::from_mins(1)).await });
    for (number, at_secs) in [(0, 0.0), (1, 3.0), (2, 8.0), (3, 13.0)] {
        assert_eq!(station.accept_title(OK).await, format!("Nobody%20-%20{number}"));
        let late = station.elapsed().as_secs_f64() - at_secs;
        assert!((0.0..0.03).contains(&late), "title {number} is {late} s late");
    }
}

#[tokio::test(start_paused = true)]
async fn a_title_that_is_not_taken_is_sent_again() {
    let mut station = station(0);
    let _stream = station.accept_source().await;
    let not_found = b"HTTP/1.1 404 Not Found\r\n\r\n";
    assert_eq!(station.accept_title(not_found).await, "Nobody%20-%200");
    assert_eq!(station.accept_title(OK).await, "Nobody%20-%200");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_say_continue_is_sent_to_all_the_same() {
    let mut station = station(0);
    let (mut stream, _) = station.accept().await;
    assert_eq!(frames_within(&mut stream, Duration::from_millis(1_990)).await, 0);
    assert_eq!(frames_within(&mut stream, Duration::from_millis(15)).await, frames_in(2));
}

#[tokio::test(start_paused = true)]
async fn an_early_200_lets_it_begin_too() {
    let mut station = station(0);
    let (mut stream, _) = station.accept().await;
    stream.write_all(OK).await.unwrap();
    assert_eq!(frames_within(&mut stream, Duration::from_millis(5)).await, frames_in(2));
}

#[tokio::test(start_paused = true)]
async fn it_connects_again_with_longer_and_longer_pauses() {
    let mut station = station(7);
    let _stream = station.accept_source().await;
    // 0.25 + 0.5 + 1 + 2 + 4 + 8 + 8 seconds of pauses.
    let elapsed = station.elapsed().as_secs_f64();
    assert!((23.75..23.8).contains(&elapsed), "{elapsed} s");
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_it_tries_again() {
    let mut station = station(0);
    for _ in 0..3 {
        let (mut stream, _) = station.accept().await;
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\n\r\n").await.unwrap();
    }
    let mut stream = station.accept_source().await;
    assert_eq!(frames_within(&mut stream, Duration::from_millis(5)).await, frames_in(2));
}

#[tokio::test(start_paused = true)]
async fn when_the_server_ends_the_stream_it_goes_on_in_another() {
    let mut station = station(0);
    let mut stream = station.accept_source().await;
    frames_within(&mut stream, Duration::from_secs(4)).await;
    station.accept_title(OK).await;
    station.accept_title(OK).await;
    drop(stream);
    let closed = tokio::time::Instant::now();
    let mut stream = station.accept_source().await;
    assert!(closed.elapsed() < Duration::from_millis(300), "the pause is the first one");
    assert_eq!(frames_within(&mut stream, Duration::from_millis(5)).await, frames_in(2));
    // Six seconds had been sent, two more are ahead.
    assert_eq!(station.accept_title(OK).await, "Nobody%20-%201");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_nothing_is_given_up() {
    let mut station = station(0);
    let _stuck = station.accept_source().await;
    station.accept_title(OK).await;
    let mut next = loop {
        let (stream, head) = station.accept().await;
        if head.starts_with("PUT") {
            break stream;
        }
    };
    next.write_all(OK).await.unwrap();
    assert!(frames_within(&mut next, Duration::from_millis(5)).await >= frames_in(2) - 1);
}

#[tokio::test]
async fn over_tcp_a_server_gets_the_request_and_the_frames() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let settings = Settings { encoding: MP3, head_start: HEAD_START };
    let (stop_tx, stop_rx) = tokio::sync::oneshot::channel::<()>();
    let stop = async move { drop(stop_rx.await) };
    let clock = Arc::new(SystemClock);
    let client = tokio::spawn(run(target(&address), settings, Box::new(Silence), clock, stop));

    let (mut stream, _) = listener.accept().await.unwrap();
    let head = read_head(&mut stream).await;
    let expected = wire::source_request(&target(&address), &settings, 44_100, 1);
    assert_eq!(head, expected);
    stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
    let mut bytes = vec![0; 12_000];
    stream.read_exact(&mut bytes).await.unwrap();
    assert!(media::mp3::Header::parse(&bytes).is_some());
    let (mut title, _) = listener.accept().await.unwrap();
    assert!(read_head(&mut title).await.starts_with("GET /admin/metadata?mode=updinfo&"));

    stop_tx.send(()).unwrap();
    client.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_cannot_be_encoded_ends_it() {
    let encoding = Encoding::Mp3 { kbps: 129 };
    let settings = Settings { encoding, head_start: HEAD_START };
    let (source, clock) = (Box::new(Silence), Arc::new(SystemClock));
    let stop = std::future::pending();
    let result = run(target("127.0.0.1:1"), settings, source, clock, stop).await;
    assert!(matches!(result, Err(Error::Codec(_))));
}
