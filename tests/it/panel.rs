//! Icecast's and SHOUTcast's endpoints on a node at work: what panels, monitors
//! and relays read there, and what an administrator does with them.

mod commands;
mod consumers;
mod documents;
mod paths;

use bytes::Bytes;
use tests::encoder::Source;
use tests::{TestNode, http};

/// `admin:adm1n`, as Basic credentials.
const ADMIN: &str = "Basic YWRtaW46YWRtMW4=";

/// Lines of skywave.toml with this password.
const CONFIG: &str = "[admin]\npassword = \"adm1n\"\nrelay_password = \"r3lay\"\n";

/// A second station: ingest `in2`, egress `other`, beside `in` and `radio`.
const OTHER: &str = r#"
[[ingest]]
name = "in2"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "in2", user = "source", password = "secret2" }
[[egress]]
name = "other"
publisher = "acme"
ingests = ["in2"]
[egress.mount]
icy_name = "Other Radio"
"#;

/// The head of an encoder of `in2`.
const HEAD_OF_OTHER: &str = "SOURCE /in2 HTTP/1.0\r\nAuthorization: Basic c291cmNlOnNlY3JldDI=\r\n\
    Content-Type: audio/mpeg\r\nUser-Agent: test2\r\n\r\n";

/// Frames of each station: 50 s, none of them the other's.
const EACH: usize = 1_914;

/// Frames that are sent at once: more than a burst.
const AT_ONCE: usize = 400;

/// Two stations on air.
struct Studio {
    node: TestNode,
    radio: Source,
    other: Source,
    /// What each has to send.
    frames: [Vec<Bytes>; 2],
}

impl Studio {
    async fn open() -> Self {
        let node =
            TestNode::start_configured(&format!("{}{OTHER}", tests::node::MP3), CONFIG).await;
        let mut frames = demo::fixtures::mp3(100, 128, 44_100, 2);
        let of_other = frames.split_off(EACH);
        let mut radio = Source::connect(node.public(), "audio/mpeg").await;
        let (mut other, answer) = Source::send_head(node.public(), HEAD_OF_OTHER).await;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        radio.send(&frames[..AT_ONCE]).await;
        other.send(&of_other[..AT_ONCE]).await;
        node.until("two stations", |report| report.egresses.iter().all(|egress| egress.on_air))
            .await;
        Self { node, radio, other, frames: [frames, of_other] }
    }

    /// What the administrator is told.
    async fn admin(&self, path: &str) -> http::Answer {
        admin(&self.node, path).await
    }

    /// Sets the title of a mount as the administrator, and gives the status.
    async fn set_title(&self, mount: &str, song: &str) -> u16 {
        let song = http::escaped(song.as_bytes());
        self.admin(&format!("/admin/metadata?mode=updinfo&mount={mount}&song={song}")).await.status
    }
}

async fn admin(node: &TestNode, path: &str) -> http::Answer {
    http::request("GET", &node.url(path), &[("Authorization", ADMIN)]).await
}

/// The text of the only element of a name.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let inner = xml.split_once(&format!("<{name}>")).and_then(|(_, rest)| {
        let (inner, rest) = rest.split_once(&format!("</{name}>"))?;
        (!rest.contains(&format!("<{name}>"))).then_some(inner)
    });
    inner.unwrap_or_else(|| panic!("not one <{name}> in {xml}"))
}
