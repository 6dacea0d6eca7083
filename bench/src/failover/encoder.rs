//! A path: one source's connections, in real time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::failover::plan::{Begins, Ends, Link, Path};
use crate::failover::track::Track;

/// `source:secret`, as Basic credentials.
const AUTHORIZATION: &str = "Basic c291cmNlOnNlY3JldA==";

/// Before another attempt to connect.
const AGAIN: Duration = Duration::from_millis(100);

/// A source: where it sends, what, and since when.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where the server is now.
    pub server: watch::Receiver<SocketAddr>,
    /// Its mount.
    pub mount: String,
    /// What it sends.
    pub track: Arc<Track>,
    /// How long the encoder is away at the track's seam.
    pub away: Duration,
    /// When the encoder began.
    pub began: Instant,
}

/// What a source has to tell.
#[derive(Debug, Default, Clone)]
pub struct Sent {
    /// The number of the frame after the last one that was written.
    pub end: usize,
    /// Connections that were made.
    pub connections: usize,
    /// Why connections ended that should not have.
    pub faults: Vec<String>,
}

impl Source {
    /// Sends as the path's plan says, to its end.
    pub async fn send(&self, path: &Path) -> Sent {
        let mut sent = Sent::default();
        for link in &path.links {
            sleep_until(self.began + link.from).await;
            while Instant::now() < self.began + link.to {
                match self.connection(path, link, &mut sent).await {
                    Ok(()) => break,
                    Err(fault) => sent.faults.push(fault.to_string()),
                }
                sleep(AGAIN).await;
            }
        }
        sent
    }

    /// One connection, to the link's end.
    async fn connection(&self, path: &Path, link: &Link, sent: &mut Sent) -> io::Result<()> {
        let end = self.began + link.to;
        let connecting = timeout_at(end, self.connect());
        let mut stream = connecting.await.map_err(|_| io::Error::other("no answer"))??;
        sent.connections += 1;
        let now = Instant::now().saturating_duration_since(self.began);
        let live = self.first_due(path, now);
        let first = match link.begins {
            Begins::Live => live,
            Begins::Burst(len) => self.burst(live, len),
        };
        if first < live {
            // A relay's buffer begins anywhere.
            stream.write_all(&self.half(first.saturating_sub(1), Half::Second)).await?;
        }
        for (number, frame) in self.track.frames.iter().enumerate().skip(first) {
            let due = self.began + self.due(path, number);
            if due >= end {
                break;
            }
            sleep_until(due).await;
            stream.write_all(frame).await?;
            sent.end = sent.end.max(number + 1);
        }
        sleep_until(end).await;
        let next = self.first_due(path, link.to);
        stream.write_all(&self.half(next, Half::First)).await?;
        if link.ends == Ends::Reset {
            stream.set_zero_linger()?;
        }
        Ok(())
    }

    /// When a frame is whole at the other end of the path, since the encoder began.
    fn due(&self, path: &Path, number: usize) -> Duration {
        let away = match self.track.seam {
            Some(seam) if number >= seam => self.away,
            _ => Duration::ZERO,
        };
        let due = self.track.coding.time(number + 1) + away + path.late;
        let stall = path.stalls.iter().find(|(from, to)| (*from..*to).contains(&due));
        stall.map_or(due, |(_, to)| *to)
    }

    /// The first frame that is not due before a moment.
    fn first_due(&self, path: &Path, at: Duration) -> usize {
        let count = self.track.frames.len();
        (0..count).find(|number| self.due(path, *number) >= at).unwrap_or(count)
    }

    /// The first frame of a burst that ends before `live`.
    fn burst(&self, live: usize, len: usize) -> usize {
        let mut left = len;
        let mut first = live.min(self.track.frames.len());
        while let Some(before) = first.checked_sub(1)
            && let Some(frame) = self.track.frames.get(before)
            && frame.len() <= left
        {
            left -= frame.len();
            first = before;
        }
        first
    }

    fn half(&self, number: usize, half: Half) -> Vec<u8> {
        let frame = self.track.frames.get(number).map_or(&[][..], |frame| frame);
        let (first, second) = frame.split_at(frame.len() / 2);
        match half {
            Half::First => first.to_vec(),
            Half::Second => second.to_vec(),
        }
    }

    /// Connects as libshout does.
    async fn connect(&self) -> io::Result<TcpStream> {
        let address = *self.server.borrow();
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "PUT /{} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {AUTHORIZATION}\r\n\
             User-Agent: libshout/2.4.6\r\nContent-Type: {}\r\nice-public: 0\r\nice-name: Lab\r\n\
             Expect: 100-continue\r\n\r\n",
            self.mount,
            self.track.coding.codec().media_type(),
        );
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await?);
        }
        let answer = String::from_utf8_lossy(&answer);
        let is_taken = ["HTTP/1.1 100", "HTTP/1.1 200", "HTTP/1.0 200"];
        if is_taken.iter().any(|start| answer.starts_with(start)) {
            Ok(stream)
        } else {
            let line = answer.lines().next().unwrap_or_default();
            Err(io::Error::other(format!("the source was refused: {line}")))
        }
    }
}

/// Of a frame.
#[derive(Debug, Clone, Copy)]
enum Half {
    First,
    Second,
}
