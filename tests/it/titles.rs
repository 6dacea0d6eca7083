//! Titles: at the right byte of ICY, in the right tag, at the exact moment in
//! the playlist; and nothing but titles, whatever they hold.

mod hostile;
mod places;

use std::net::SocketAddr;

use bytes::Bytes;
use tests::encoder::{AUTHORIZATION, Source};
use tests::{TestNode, http};

pub(crate) use hostile::TITLES as HOSTILE;

/// Frames of MP3 at 44.1 kHz that last longer than the least distance of titles.
const SPACING_FRAMES: usize = 40;

/// A source that sends a piece at a time, and knows when it was taken.
struct Pieces {
    source: Source,
    frames: Vec<Bytes>,
    sent: usize,
}

impl Pieces {
    async fn connect(node: &TestNode, frames: Vec<Bytes>) -> Self {
        let source = Source::connect(node.public(), "audio/mpeg").await;
        Self { source, frames, sent: 0 }
    }

    /// Sends so many frames and waits until all that can be told are taken:
    /// the last one is known by the next.
    async fn send(&mut self, node: &TestNode, frames: usize) {
        let until = (self.sent + frames).min(self.frames.len());
        self.source.send(&self.frames[self.sent..until]).await;
        self.sent = until;
        let taken = until as u64 - 1;
        node.until("frames", |report| report.ingest("in").unwrap().frames_total >= taken).await;
    }

    /// The frame from which a title holds that is sent now.
    fn index(&self) -> usize {
        self.sent - 1
    }
}

/// Asks as an encoder does, with the song's bytes encoded; gives the status.
async fn set_bytes(address: SocketAddr, song: &[u8], more: &str) -> u16 {
    let song = http::escaped(song);
    let url = format!("http://{address}/admin/metadata?mode=updinfo&mount=/in{more}&song={song}");
    http::request("GET", &url, &[("Authorization", AUTHORIZATION)]).await.status
}
