//! Any bytes of an encoder's connection, all the way to frames: told apart,
//! head or handshake read, body decoded, audio framed. No panic, and the same
//! frames and end for pieces of any size.
//!
//! The first byte of the input is the size of the pieces.

use icy::Kind;
use icy::chunked::Decoder;
use icy::head::{self, Parsed};
use icy::shoutcast::{Event, Handshake};
use icy::source::{Body, SourceRequest};
use media::{ChannelMode, Framer, synthetic};

/// Frames in one, and why it ended before its time.
type Outcome = (Vec<u8>, Option<String>);

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else { return };
    let whole = take(stream, stream.len().max(1));
    assert!(whole.0.len() <= stream.len());
    assert_eq!(take(stream, usize::from(size).max(1)), whole);
}

/// A source of each kind, with a few frames.
pub fn seeds() -> Vec<Vec<u8>> {
    let mp3 = synthetic::mp3_frame(32, 44_100, ChannelMode::Mono, 1).repeat(4);
    let aac = synthetic::adts_frame(44_100, 2, 24, 2).repeat(5);
    let chunk =
        [format!("{:x}\r\n", aac.len()).into_bytes(), aac.clone(), b"\r\n".to_vec()].concat();
    let streams: [(&[u8], &[u8]); 5] = [
        (b"SOURCE /live ICE/1.0\r\nContent-Type: audio/mpeg\r\n\r\n", &mp3),
        (b"PUT /live HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", &chunk),
        (b"PUT /live HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n", &mp3),
        (b"hackme\r\nicy-name:A\r\n\r\n", &aac),
        (b"SOURCE hackme /live\n\n", &mp3),
    ];
    streams.iter().map(|(head, body)| [&[9], *head, *body].concat()).collect()
}

fn take(stream: &[u8], size: usize) -> Outcome {
    match icy::classify(stream) {
        Kind::Source => http(stream, size),
        Kind::Shoutcast | Kind::Xaudiocast => shoutcast(stream, size),
        Kind::Pending | Kind::Http | Kind::Http2 | Kind::Tls | Kind::Junk => (Vec::new(), None),
    }
}

fn http(stream: &[u8], size: usize) -> Outcome {
    let (head, len) = match head::parse(stream) {
        Ok(Parsed::Complete { head, len }) => (head, len),
        Ok(Parsed::Partial) => return (Vec::new(), None),
        Err(error) => return (Vec::new(), Some(error.to_string())),
    };
    let request = match SourceRequest::from_head(&head) {
        Ok(request) => request,
        Err(error) => return (Vec::new(), Some(error.to_string())),
    };
    let body = &stream[len..];
    let body = match request.body {
        Body::UntilClose | Body::Chunked => body,
        Body::Length(most) => &body[..body.len().min(usize::try_from(most).unwrap_or(usize::MAX))],
    };
    let mut frames = Frames::default();
    let mut chunks = (request.body == Body::Chunked).then(Decoder::new);
    for piece in body.chunks(size) {
        let Some(decoder) = &mut chunks else {
            frames.push(piece);
            continue;
        };
        decoder.push(piece);
        loop {
            match decoder.next_data() {
                Ok(Some(data)) => frames.push(&data),
                Ok(None) => break,
                Err(error) => return frames.finish(Some(error.to_string())),
            }
        }
    }
    frames.finish(None)
}

fn shoutcast(stream: &[u8], size: usize) -> Outcome {
    let mut handshake = Handshake::new();
    let mut frames = Frames::default();
    for piece in stream.chunks(size) {
        handshake.push(piece);
        loop {
            match handshake.next_event() {
                Ok(Some(Event::Audio(audio))) => frames.push(&audio),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return frames.finish(Some(error.to_string())),
            }
        }
    }
    frames.finish(None)
}

/// What the framer gives.
#[derive(Default)]
struct Frames {
    framer: Framer,
    bytes: Vec<u8>,
    refusal: Option<String>,
}

impl Frames {
    fn push(&mut self, bytes: &[u8]) {
        self.framer.push(bytes);
        self.drain(Framer::next_frame);
    }

    fn finish(mut self, error: Option<String>) -> Outcome {
        self.drain(Framer::finish);
        (self.bytes, error.or(self.refusal))
    }

    fn drain(&mut self, next: fn(&mut Framer) -> Result<Option<media::Frame>, media::Refusal>) {
        loop {
            match next(&mut self.framer) {
                Ok(Some(frame)) => self.bytes.extend_from_slice(&frame.data),
                Ok(None) => return,
                Err(refusal) => {
                    self.refusal = Some(refusal.to_string());
                    return;
                }
            }
        }
    }
}
