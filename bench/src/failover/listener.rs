//! An ICY listener as `curl` is one: no metadata, and it comes back when it is
//! thrown out.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

/// Before another attempt to connect.
const AGAIN: Duration = Duration::from_millis(100);

/// What came over one connection.
#[derive(Debug, Default, Clone)]
pub struct Heard {
    /// The audio.
    pub audio: Vec<u8>,
    /// When some of it came.
    pub times: Vec<Instant>,
}

impl Heard {
    /// The longest time between two arrivals.
    pub fn longest_gap(&self) -> Duration {
        let gaps = self.times.windows(2).map(|pair| match pair {
            [one, next] => next.duration_since(*one),
            _ => Duration::ZERO,
        });
        gaps.max().unwrap_or_default()
    }
}

/// Listens to a mount until a moment; gives what came over each connection.
pub async fn listen(
    mut server: watch::Receiver<SocketAddr>,
    mount: String,
    until: Instant,
) -> Vec<Heard> {
    let mut connections = Vec::new();
    while Instant::now() < until {
        let address = *server.borrow_and_update();
        let mut heard = Heard::default();
        // What it was that ended it does not matter: what came is judged.
        let _ = timeout_at(until, hear(address, &mount, &mut heard)).await;
        if !heard.audio.is_empty() {
            connections.push(heard);
        }
        sleep(AGAIN).await;
    }
    connections
}

async fn hear(address: SocketAddr, mount: &str, heard: &mut Heard) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET /{mount} HTTP/1.0\r\nHost: {address}\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if head.get(9..12) != Some(b"200") {
        return Ok(());
    }
    let mut buffer = vec![0; 64 << 10];
    loop {
        let len = stream.read(&mut buffer).await?;
        let Some(some @ [_, ..]) = buffer.get(..len) else { return Ok(()) };
        heard.times.push(Instant::now());
        heard.audio.extend_from_slice(some);
    }
}
