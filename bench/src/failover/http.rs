//! One request, as a script makes it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body of what is at a path; nothing where that is not to be had.
pub(super) async fn get(server: SocketAddr, path: &str) -> Option<Vec<u8>> {
    timeout(PATIENCE, answer(server, path)).await.ok()?
}

async fn answer(server: SocketAddr, path: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {server}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let head_len = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let is_there = answer.get(9..12) == Some(b"200");
    is_there.then(|| answer.split_off(head_len))
}
