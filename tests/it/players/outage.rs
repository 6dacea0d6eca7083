//! A station with two paths of one encoder, which are killed in turn, and with them
//! the server.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tests::encoder::{AUTHORIZATION, Source};
use tests::program::Setup;
use tests::{Program, Scratch, tools};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// Frames in so many seconds, nearly.
const fn secs(secs: usize) -> usize {
    secs * 38
}

/// What both paths send at once at the beginning: HLS is ready then.
const HEAD_START: usize = secs(16);

/// Frames that a relay sends again when it comes back.
const BURST: usize = secs(4);

/// When which path is connected, in seconds since the beginning.
const PATHS: [(&str, &[(u64, u64)]); 2] =
    [("in", &[(0, 8), (11, 18), (21, 90)]), ("far", &[(0, 13), (16, 23), (26, 90)])];

/// When the server is killed.
const KILL: Duration = Duration::from_secs(29);

/// The station; its address stays what it is.
pub(super) struct Outage {
    address: SocketAddr,
    scratch: Scratch,
    program: Option<Program>,
    began: Instant,
    _sending: JoinSet<()>,
}

impl Outage {
    /// Puts it on air and waits until HLS is ready.
    pub(super) async fn on_air() -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], tools::free_port()));
        let scratch = Scratch::default();
        let program = serve(address, &scratch).await;
        let (began, mut sending) = (Instant::now(), JoinSet::new());
        let frames = demo::fixtures::mp3(90, 128, 44_100, 2);
        for (mount, times) in PATHS {
            sending.spawn(send(address, mount, times, frames.clone(), began));
        }
        let is_ready = |egress: &serde_json::Value| egress["window_segments"].as_u64() >= Some(3);
        program.until_egress("three segments", is_ready).await;
        Self { address, scratch, program: Some(program), began, _sending: sending }
    }

    /// The multivariant playlist's URL.
    pub(super) fn hls(&self) -> String {
        format!("http://{}/radio/playlist.m3u8", self.address)
    }

    /// Kills the server in its time and starts it again.
    pub(super) async fn kill(&mut self) {
        sleep_until(self.began + KILL).await;
        self.program.take().unwrap().kill().await;
        self.program = Some(serve(self.address, &self.scratch).await);
    }
}

async fn serve(address: SocketAddr, scratch: &Scratch) -> Program {
    let far = "[[ingest]]\nname = \"far\"\npublisher = \"acme\"\nencoding = { codec = \"mp3\", \
               bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"joint_stereo\" }\n\
               push = { mount = \"far\", user = \"source\", password = \"secret\" }\n[[egress]]";
    let manifest = tests::node::MP3
        .replace("[[egress]]", far)
        .replace("[egress.mount]", "[egress.mount]\nsegment = \"4s\"")
        .replace("ingests = [\"in\"]", "ingests = [\"in\", \"far\"]");
    let public = address.to_string();
    let environment = [("SKYWAVE_LISTEN__PUBLIC", public.as_str())];
    let setup = Setup { environment: &environment, ..Setup::default() };
    Program::serve_as(&manifest, scratch.path(), setup).await
}

/// Sends in real time while the path is connected; after a kill again, as a relay does.
async fn send(
    address: SocketAddr,
    mount: &str,
    times: &[(u64, u64)],
    frames: Vec<Bytes>,
    began: Instant,
) {
    let mut next = 0;
    for (from, to) in times {
        let [from, to] = [from, to].map(|secs| began + Duration::from_secs(*secs));
        sleep_until(from).await;
        while Instant::now() < to {
            // Whatever is live by then; what it made meanwhile a relay has.
            let live = live(began).max(next);
            let first = if next == 0 { 0 } else { live.saturating_sub(BURST) };
            next = live;
            if connection(address, mount, &frames[first..], (first, began, to)).await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The frame that is due next.
fn live(began: Instant) -> usize {
    let due = began.elapsed().as_nanos() / FRAME.as_nanos();
    usize::try_from(due).unwrap() + HEAD_START
}

async fn connection(
    address: SocketAddr,
    mount: &str,
    frames: &[Bytes],
    (first, began, to): (usize, Instant, Instant),
) -> std::io::Result<()> {
    // It is refused while the server is away.
    TcpStream::connect(address).await?;
    let head = format!(
        "SOURCE /{mount} HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\n\
         Content-Type: audio/mpeg\r\n\r\n"
    );
    let (mut source, answer) = Source::send_head(address, &head).await;
    if !answer.starts_with("HTTP/1.0 200") {
        return Err(std::io::Error::other(answer));
    }
    for (number, frame) in (first..).zip(frames) {
        let ahead = u32::try_from(number.saturating_sub(HEAD_START)).unwrap();
        let due = began + FRAME * ahead;
        if due >= to {
            break;
        }
        sleep_until(due).await;
        source.stream.write_all(frame).await?;
    }
    sleep_until(to).await;
    Ok(())
}
