//! Sources: what encoders send, and what becomes of those that misbehave.

mod clients;
mod dialects;
mod encoders;
mod places;
mod refusals;
mod relay;

use bytes::Bytes;
use tests::hls::Fetched;
use tests::{TestNode, hls};

/// MP3 of 128 kbit/s: the time code.
fn mp3(seconds: u32) -> Vec<Bytes> {
    demo::fixtures::mp3(seconds, 128, 44_100, 2)
}

/// What HLS has of `radio`.
async fn fetch(node: &TestNode, rendition: &str) -> Fetched {
    hls::fetch(&node.url(&format!("/radio/{rendition}"))).await
}
