//! Servers that do what a test says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Answers each connection as its script says, once a request has come.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    tasks: JoinSet<()>,
}

/// What was asked.
pub(super) struct Request {
    pub(super) path: String,
    /// The value of `Host`.
    pub(super) host: String,
    /// Requests before this one.
    pub(super) number: usize,
}

/// What is said, and what is done then.
#[derive(Clone)]
pub(super) struct Answer {
    bytes: Vec<u8>,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Close,
    Stay,
    CloseAfter(Duration),
}

impl Answer {
    /// Nothing is there.
    pub(super) const NONE: Self = Self { bytes: Vec::new(), then: Then::Close };

    pub(super) fn new(head: &str, body: &[u8]) -> Self {
        Self { bytes: [head.as_bytes(), body].concat(), then: Then::Close }
    }

    /// The connection stays open, and nothing more comes.
    pub(super) fn then_stay(self) -> Self {
        Self { then: Then::Stay, ..self }
    }

    pub(super) fn then_close_after(self, time: Duration) -> Self {
        Self { then: Then::CloseAfter(time), ..self }
    }
}

impl Server {
    /// Listens on a free port of 127.0.0.1.
    pub(super) async fn start(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, script) = (Arc::clone(&requests), Arc::new(script));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut served = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, script) = (Arc::clone(&kept), Arc::clone(&script));
                served.spawn(async move { serve(stream, &kept, &*script).await });
            }
        });
        Self { address, requests, tasks }
    }

    /// Lets it run to the test's end.
    pub(super) fn keep(mut self) -> Self {
        self.tasks.detach_all();
        self
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What has been asked, in order.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    requests: &Mutex<Vec<String>>,
    script: &(dyn Fn(&Request) -> Answer + Sync),
) {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let asked = String::from_utf8(asked).unwrap();
    let number = {
        let mut requests = requests.lock().unwrap();
        requests.push(asked.clone());
        requests.len() - 1
    };
    let path = asked.split(' ').nth(1).unwrap().to_owned();
    let host = asked.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap().to_owned();
    let answer = script(&Request { path, host, number });
    let bytes =
        if answer.bytes.is_empty() { b"HTTP/1.0 404 Not Found\r\n\r\n" } else { &answer.bytes[..] };
    // The other end may have had enough.
    let _ = stream.write_all(bytes).await;
    match answer.then {
        Then::Close => {}
        Then::Stay => while stream.read(&mut [0; 64]).await.is_ok_and(|len| len > 0) {},
        Then::CloseAfter(time) => tokio::time::sleep(time).await,
    }
    let _ = stream.shutdown().await;
}
