//! Encoders, byte by byte: for what real ones do not do on command.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

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
        let (source, answer) = Self::send_head(address, &head(content_type)).await;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        source
    }

    /// Sends bytes and reads until an empty line, or the end.
    pub async fn send_head(address: SocketAddr, head: &str) -> (Self, String) {
        Self::say(TcpStream::connect(address).await.unwrap(), head).await
    }

    /// The same from an address of this machine that is not the usual one.
    pub async fn send_head_from(from: IpAddr, address: SocketAddr, head: &str) -> (Self, String) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        Self::say(socket.connect(address).await.unwrap(), head).await
    }

    /// Sends a line, as SHOUTcast 1 encoders do, and reads the answer's line.
    pub async fn log_in(address: SocketAddr, line: &str) -> (Self, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(line.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while let (false, Ok(byte)) = (answer.ends_with(b"\n"), stream.read_u8().await) {
            answer.push(byte);
        }
        (Self { stream }, String::from_utf8_lossy(&answer).into_owned())
    }

    async fn say(mut stream: TcpStream, head: &str) -> (Self, String) {
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

/// What [`Source::connect`] says.
pub fn head(content_type: &str) -> String {
    format!(
        "SOURCE /in HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\nContent-Type: \
         {content_type}\r\nUser-Agent: test\r\nice-name: Test\r\n\r\n"
    )
}

/// Sets the title of mount `in` as Icecast's encoders do; gives the status.
pub async fn set_title(address: SocketAddr, song: &str) -> u16 {
    let song = http::escaped(song.as_bytes());
    let url = format!("http://{address}/admin/metadata?mode=updinfo&mount=/in&song={song}");
    http::request("GET", &url, &[("Authorization", AUTHORIZATION)]).await.status
}
