//! Those who listen over ICY.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::super::records::Record;
use super::plan::TICK_SECS;
use super::{LATE, Moment, Site};

/// What is sent of the past at once, and a segment, in seconds.
const BURST_SECS: u64 = 6;

/// Bytes of a second of sound.
const SECOND_LEN: u64 = 16_000;

/// One of them.
#[derive(Debug)]
pub(super) struct Streamed {
    name: String,
    joins: u32,
    leaves: u32,
    joined: Option<Moment>,
    left: Option<Moment>,
    /// Bytes of the head, and of the sound that came.
    head_len: u64,
    heard: u64,
    listening: Option<(oneshot::Sender<()>, JoinHandle<u64>)>,
}

impl Streamed {
    pub(super) fn new(name: String, joins: u32, leaves: u32) -> Self {
        let (joined, left, listening) = (None, None, None);
        Self { name, joins, leaves, joined, left, head_len: 0, heard: 0, listening }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it listens when a tick is over.
    pub(super) fn is_there(&self, tick: u32) -> bool {
        (self.joins..self.leaves).contains(&tick)
    }

    pub(super) async fn act(&mut self, site: &Site, tick: u32) {
        let after = site.now();
        if tick == self.joins {
            let mut stream = TcpStream::connect(site.address).await.unwrap();
            let asked = format!("GET /radio HTTP/1.0\r\nUser-Agent: {}\r\n\r\n", self.name);
            stream.write_all(asked.as_bytes()).await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            assert!(head.starts_with(b"HTTP/1.0 200"), "{}", String::from_utf8_lossy(&head));
            self.head_len = head.len() as u64;
            let (stop, stopped) = oneshot::channel();
            self.listening = Some((stop, tokio::spawn(listen(stream, stopped))));
            self.joined = Some(Moment { after, before: site.now() });
        } else if tick == self.leaves {
            let (stop, listening) = self.listening.take().unwrap();
            stop.send(()).unwrap();
            self.heard = listening.await.unwrap();
            self.left = Some(Moment { after, before: site.now() });
        }
    }

    /// States that its record is what it did.
    pub(super) fn assert_recorded(&self, record: &Record) {
        let told = format!("{self:?}\n{record:?}");
        assert_eq!((&*record.protocol, &*record.ending), ("icy", "left"), "{told}");
        assert!(self.joined.unwrap().has(record.started, Duration::ZERO), "{told}");
        assert!(self.left.unwrap().has(record.ended, LATE), "{told}");
        // What is on its way when somebody leaves is sent and not heard.
        let secs = u64::from(self.leaves - self.joins) * TICK_SECS;
        let sent = record.bytes - self.head_len;
        assert!(sent >= self.heard, "{told}");
        assert!(self.heard >= (secs - TICK_SECS) * SECOND_LEN, "{told}");
        assert!(sent <= (secs + BURST_SECS) * SECOND_LEN, "{told}");
        // A byte of 128 kbit/s lasts 62.5 µs; the last frame may not be whole.
        let length = Duration::from_nanos(sent * 62_500);
        assert!(record.media.abs_diff(length) < Duration::from_millis(60), "{told}");
    }
}

/// Reads until it is stopped; gives how much there was.
async fn listen(mut stream: TcpStream, mut stopped: oneshot::Receiver<()>) -> u64 {
    let (mut heard, mut buffer) = (0, vec![0; 16 << 10]);
    loop {
        tokio::select! {
            _ = &mut stopped => return heard,
            read = stream.read(&mut buffer) => {
                let len = read.unwrap();
                assert!(len > 0, "nobody ends a stream but its listener");
                heard += len as u64;
            }
        }
    }
}
