//! Encoders, byte by byte: for what real ones do not do on command.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http;

/// `source:secret`, as Basic credentials.
pub const AUTHORIZATION: &str = "Basic c291cmNlOnNlY3JldA==";

/// A source's connection.
#[derive(Debug)]
pub struct Source {
    /// The connection itself.
    pub stream: TcpStream,
}

impl Source {
    /// Connects to mount `in` with `SOURCE`, and reads the answer.
    ///
    /// # Panics
    ///
    /// It was refused.
    pub async fn connect(address: SocketAddr, content_type: &str) -> Self {
        let head = format!(
            "SOURCE /in HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\nContent-Type: \
             {content_type}\r\nUser-Agent: test\r\nice-name: Test\r\n\r\n"
        );
        let (source, answer) = Self::send_head(address, &head).await;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        source
    }

    /// Sends bytes and reads until an empty line, or the end.
    pub async fn send_head(address: SocketAddr, head: &str) -> (Self, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match stream.read(&mut byte).await {
                Ok(1) => answer.push(byte[0]),
                _ => break,
            }
        }
        (Self { stream }, String::from_utf8_lossy(&answer).into_owned())
    }

    /// Sends frames as fast as they are taken: at most a minute at a time is.
    ///
    /// # Panics
    ///
    /// The connection is closed.
    pub async fn send(&mut self, frames: &[Bytes]) {
        self.stream.write_all(&frames.concat()).await.unwrap();
    }

    /// Sends frames in real time, `frame` each.
    ///
    /// # Panics
    ///
    /// The connection is closed.
    pub async fn send_paced(&mut self, frames: &[Bytes], frame: Duration) {
        let mut ticks = tokio::time::interval(frame);
        for data in frames {
            ticks.tick().await;
            self.stream.write_all(data).await.unwrap();
        }
    }

    /// Reads until the server closes the connection.
    pub async fn read_to_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest).await;
        rest
    }
}

/// Sets the title of mount `in` as Icecast's encoders do; gives the status.
pub async fn set_title(address: SocketAddr, song: &str) -> u16 {
    let song: String = song.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let url = format!("http://{address}/admin/metadata?mode=updinfo&mount=/in&song={song}");
    http::request("GET", &url, &[("Authorization", AUTHORIZATION)]).await.status
}
