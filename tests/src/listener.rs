//! ICY listeners, byte by byte.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use icy::charset::Charset;
use icy::metaint::{Demuxer, Item, parse_block};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A listener's connection, its head read.
#[derive(Debug)]
pub struct Listener {
    stream: TcpStream,
    /// The head of the answer, with its empty line.
    pub head: String,
}

/// What a listener heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// The audio, metadata taken out.
    pub audio: Vec<u8>,
    /// Titles, and the audio bytes that came before each.
    pub titles: Vec<(usize, String)>,
}

impl Listener {
    /// Asks for a mount, with titles.
    pub async fn connect(address: SocketAddr, path: &str) -> Self {
        let request = format!("GET {path} HTTP/1.0\r\nHost: x\r\nIcy-MetaData: 1\r\n\r\n");
        Self::request(address, &request).await
    }

    /// Sends a request as it is and reads the head of the answer.
    pub async fn request(address: SocketAddr, request: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        Self { stream, head: String::from_utf8(head).unwrap() }
    }

    /// A header of the answer, by lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Hears until so many audio bytes have come, or the end.
    pub async fn hear(&mut self, audio_len: usize) -> Heard {
        self.hear_until(|audio| audio.len() >= audio_len).await
    }

    /// Hears until the audio is as wanted, or the end.
    pub async fn hear_until(&mut self, is: impl Fn(&[u8]) -> bool) -> Heard {
        let metaint = self.header("icy-metaint").and_then(|value| value.parse().ok());
        let mut demuxer = metaint.and_then(NonZeroU32::new).map(Demuxer::new);
        let (mut heard, mut buffer) = (Heard::default(), vec![0; 16 << 10]);
        while !is(&heard.audio) {
            let Ok(len @ 1..) = self.stream.read(&mut buffer).await else { break };
            let Some(demuxer) = &mut demuxer else {
                heard.audio.extend_from_slice(&buffer[..len]);
                continue;
            };
            demuxer.push(&buffer[..len]);
            while let Some(item) = demuxer.next_item() {
                heard.take(item);
            }
        }
        heard
    }
}

impl Heard {
    fn take(&mut self, item: Item) {
        match item {
            Item::Audio(bytes) => self.audio.extend_from_slice(&bytes),
            Item::Metadata(block) => {
                let title = parse_block(&block, Charset::Auto).unwrap();
                self.titles.extend(title.map(|title| (self.audio.len(), title.stream_title)));
            }
        }
    }
}
