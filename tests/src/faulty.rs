//! A way to an HTTP server on which requests fail, take long, or are never answered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What becomes of requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Of a hundred requests so many are answered with 503 and do not get there.
    pub errors: u64,
    /// So many get there and are never answered.
    pub holes: u64,
    /// How long each takes beside.
    pub delay: Duration,
    /// Whether all are answered with 503.
    pub is_down: bool,
}

/// Forwards requests, one a connection.
#[derive(Debug)]
pub struct Faulty {
    /// `http://127.0.0.1:…`
    pub endpoint: String,
    faults: Arc<Mutex<Faults>>,
    _accepting: JoinSet<()>,
}

impl Faulty {
    /// Stands before `target`, `http://127.0.0.1:…`; what happens follows from `seed`.
    pub async fn start(target: &str, seed: u64) -> Self {
        let target: SocketAddr = target.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let faults = Arc::new(Mutex::new(Faults::default()));
        let now = Arc::clone(&faults);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let (mut random, mut under_way) = (seed, JoinSet::new());
            while let Ok((stream, _)) = listener.accept().await {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let faults = *now.lock().unwrap();
                under_way.spawn(forward(stream, target, faults, (random >> 33) % 100));
            }
        });
        Self { endpoint, faults, _accepting: accepting }
    }

    /// From now on requests fare so.
    pub fn set(&self, faults: Faults) {
        *self.faults.lock().unwrap() = faults;
    }
}

/// Forwards one request, and its answer unless `lot` is against that.
async fn forward(mut stream: TcpStream, target: SocketAddr, faults: Faults, lot: u64) {
    let Some(request) = request(&mut stream).await else { return };
    tokio::time::sleep(faults.delay).await;
    if faults.is_down || lot < faults.errors {
        let answer = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    if server.write_all(&request).await.is_err() {
        return;
    }
    let mut answer = Vec::new();
    if server.read_to_end(&mut answer).await.is_err() {
        return;
    }
    if lot < faults.errors + faults.holes {
        // It has been done, and whoever asked will not know.
        return std::future::pending().await;
    }
    let _ = stream.write_all(&answer).await;
}

/// A whole request, told to be the connection's last.
async fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let head_len = loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        if let Some(at) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&request[..head_len]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let body_len = length.map_or(0, |length| length.trim().parse().unwrap_or(0));
    while request.len() < head_len + body_len {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    let line_len = request.windows(2).position(|two| two == b"\r\n")? + 2;
    request.splice(line_len..line_len, *b"Connection: close\r\n");
    Some(request)
}
