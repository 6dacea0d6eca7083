//! Real encoders: on air, and every second of their sound in its place.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tests::encoder::Source;
use tests::listener::Listener;
use tests::tones::{assert_in_order, seconds_of, wav};
use tests::{Scratch, TestNode, tools};
use tokio::process::{Child, Command};

use super::{fetch, mp3};

/// Seconds that encoders have to send.
const SENT_SECS: u32 = 45;

/// Seconds that a listener hears at least.
const HEARD_SECS: usize = 24;

/// What a manifest wants, and under which names it is heard.
struct Station {
    manifest: String,
    rendition: &'static str,
    media_type: &'static str,
    bytes_per_sec: usize,
}

fn mp3_station() -> Station {
    Station {
        manifest: tests::node::MP3.to_owned(),
        rendition: "mp3-128",
        media_type: "audio/mpeg",
        bytes_per_sec: 16_000,
    }
}

fn aac_station() -> Station {
    Station {
        manifest: tests::node::aac("aac", 128, 44_100),
        rendition: "aac-128",
        media_type: "audio/aac",
        bytes_per_sec: 16_500,
    }
}

fn start(program: &str, arguments: &[&str]) -> Child {
    let mut command = Command::from(tools::command(program));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let started = command.kill_on_drop(true).spawn();
    started.unwrap_or_else(|error| panic!("{program}: {error}: `cargo xtask test` installs it"))
}

/// An encoder that was heard, and its node.
struct Heard {
    node: TestNode,
    encoder: Child,
    user_agent: String,
}

/// Has an encoder send, and listens to ICY and HLS.
async fn check(station: Station, encoder: impl AsyncFnOnce(SocketAddr, &Path) -> Child) -> Heard {
    let node = TestNode::start(&station.manifest).await;
    let scratch = Scratch::default();
    let encoder = encoder(node.public(), scratch.path()).await;
    let report = node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    let user_agent = report.ingest("in").unwrap().user_agent.clone().unwrap_or_default();
    let mut listener = Listener::connect(node.public(), "/radio").await;
    assert_eq!(listener.header("content-type"), Some(station.media_type));
    let heard = listener.hear(HEARD_SECS * station.bytes_per_sec).await;
    assert!(node.ingest("in").mismatch.is_empty());
    let from_icy = seconds_of(scratch.path(), &heard.audio).await;
    assert_in_order(&from_icy, HEARD_SECS);

    node.until_listed("radio", 5).await;
    let from_hls = fetch(&node, station.rendition).await;
    assert!(from_hls.discontinuities().is_empty());
    let from_hls = seconds_of(scratch.path(), &from_hls.audio()).await;
    assert_eq!(from_hls.first(), Some(&0), "HLS begins where the encoder began");
    assert_in_order(&from_hls, HEARD_SECS);
    Heard { node, encoder, user_agent }
}

/// ffmpeg, ten times as fast as real time.
async fn check_ffmpeg(station: Station, output: &[&str]) -> Heard {
    let output: Vec<_> = output.iter().map(|option| (*option).to_owned()).collect();
    check(station, async |address, folder| {
        let wav = wav(folder, SENT_SECS);
        let url = format!("icecast://source:secret@{address}/in");
        let mut arguments = vec!["-hide_banner", "-loglevel", "error", "-readrate", "10"];
        arguments.extend(["-i", wav.to_str().unwrap()]);
        arguments.extend(output.iter().map(String::as_str));
        arguments.push(&url);
        start("ffmpeg", &arguments)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_sends_mp3_by_put_that_expects_a_go_ahead() {
    let output = ["-c:a", "libmp3lame", "-b:a", "128k", "-content_type", "audio/mpeg", "-f", "mp3"];
    let mut heard = check_ffmpeg(mp3_station(), &output).await;
    assert!(heard.user_agent.starts_with("Lavf"), "{}", heard.user_agent);
    assert!(heard.encoder.wait().await.unwrap().success(), "ffmpeg is content");
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_sends_mp3_by_the_source_method() {
    let output = ["-c:a", "libmp3lame", "-b:a", "128k", "-legacy_icecast", "1"];
    let typed = ["-content_type", "audio/mpeg", "-f", "mp3"];
    let mut heard = check_ffmpeg(mp3_station(), &[&output[..], &typed].concat()).await;
    assert!(heard.encoder.wait().await.unwrap().success(), "ffmpeg is content");
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_sends_aac_in_adts() {
    let output = ["-c:a", "aac", "-b:a", "128k", "-content_type", "audio/aac", "-f", "adts"];
    check_ffmpeg(aac_station(), &output).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_sends_without_a_content_type_of_its_own() {
    // Its default is audio/mpeg.
    let output = ["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"];
    check_ffmpeg(mp3_station(), &output).await;
}

/// Liquidsoap, as fast as it can.
async fn check_liquidsoap(station: Station, encoder: &str) -> TestNode {
    let encoder = encoder.to_owned();
    let heard = check(station, async |address: SocketAddr, folder: &Path| {
        let wav = wav(folder, SENT_SECS);
        let script = format!(
            "settings.init.allow_root.set(true)\n\
             s = once(single(\"annotate:artist=\\\"A\\\",title=\\\"T\\\":{}\"))\n\
             clock.assign_new(sync=\"none\", [s])\n\
             output.icecast({encoder}, host=\"{}\", port={}, user=\"source\", \
             password=\"secret\", mount=\"in\", fallible=true, s)\n",
            wav.display(),
            address.ip(),
            address.port(),
        );
        let file = folder.join("radio.liq");
        std::fs::write(&file, script).unwrap();
        start("liquidsoap", &[file.to_str().unwrap()])
    })
    .await;
    heard.node
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_sends_mp3_and_its_title() {
    let node = check_liquidsoap(mp3_station(), "%mp3(bitrate=128)").await;
    let title = node.egress("radio").now_playing;
    assert_eq!(title.as_deref(), Some("A - T"));
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_sends_aac_by_ffmpegs_encoder() {
    let encoder = "%ffmpeg(format=\"adts\", %audio(codec=\"aac\", b=\"128k\", samplerate=44100))";
    check_liquidsoap(aac_station(), encoder).await;
}

/// curl, some twelve times as fast as real time.
async fn check_curl(upload: &str) {
    let sent = mp3(SENT_SECS).concat();
    let mut heard = check(mp3_station(), async |address, folder| {
        let file = folder.join("tone.mp3");
        std::fs::write(&file, &sent).unwrap();
        let url = format!("http://source:secret@{address}/in");
        let options = ["-sS", "--fail", "--limit-rate", "200k", "-H", "Content-Type: audio/mpeg"];
        let mut command = Command::from(tools::command("curl"));
        command
            .args(options)
            .args(["-T", if upload == "-" { "-" } else { file.to_str().unwrap() }]);
        command.arg(url).stdin(std::fs::File::open(&file).unwrap()).stdout(Stdio::null());
        command.kill_on_drop(true).spawn().unwrap()
    })
    .await;
    assert!(heard.encoder.wait().await.unwrap().success(), "curl had its 200");
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_puts_a_file_of_known_length() {
    check_curl("file").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_puts_its_input_in_chunks() {
    check_curl("-").await;
}

/// A SHOUTcast 1 encoder on one of the ports.
async fn check_shoutcast(port: fn(&TestNode) -> SocketAddr, line_end: &str, login: &str) {
    let node = TestNode::start(tests::node::MP3).await;
    let scratch = Scratch::default();
    let sent = mp3(SENT_SECS);
    let (mut source, answer) = Source::log_in(port(&node), &format!("{login}{line_end}")).await;
    assert!(answer.starts_with("OK2"), "{answer:?}");
    let headers = ["icy-name:Old", "content-type:audio/mpeg", "icy-br:128", "", ""];
    source.send(&[headers.join(line_end).into()]).await;
    source.send(&sent).await;
    node.until_listed("radio", 6).await;
    let listed = fetch(&node, "mp3-128").await;
    assert_eq!(tests::frames::position(&sent, &listed.frames()), 0);
    assert_in_order(&seconds_of(scratch.path(), &listed.audio()).await, 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn shoutcast_has_a_port_of_its_own() {
    check_shoutcast(|node| node.addresses().shoutcast, "\r\n", "secret").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shoutcast_is_known_on_the_main_port() {
    check_shoutcast(TestNode::public, "\n", "secret").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shoutcast_names_a_mount_before_its_password() {
    check_shoutcast(|node| node.addresses().shoutcast, "\r\n", "/in:secret").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_shoutcast_password_is_told() {
    let node = TestNode::start(tests::node::MP3).await;
    let (mut source, answer) = Source::log_in(node.addresses().shoutcast, "wrong\r\n").await;
    let rest = String::from_utf8(source.read_to_end().await).unwrap();
    assert!((answer + &rest).to_lowercase().contains("invalid password"));
}
