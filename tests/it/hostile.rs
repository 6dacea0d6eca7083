//! Hostile input, end to end: it is refused, and nobody else notices.

mod corpus;
mod crowds;
mod paths;
mod pieces;
mod requests;
mod streams;

use tests::encoder::AUTHORIZATION;

/// A second station beside [`tests::node::MP3`]: what is done to it must not
/// be heard on the first.
const VICTIM: &str = r#"
[[ingest]]
name = "victim-in"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "victim-in", user = "source", password = "secret" }
[[egress]]
name = "victim"
publisher = "acme"
ingests = ["victim-in"]
"#;

/// Both stations.
fn stations() -> String {
    format!("{}{VICTIM}", tests::node::MP3)
}

/// The head of a source for a mount, as its path is written.
fn source_head(path: &str) -> String {
    format!(
        "SOURCE {path} HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\n\
         Content-Type: audio/mpeg\r\n\r\n"
    )
}
