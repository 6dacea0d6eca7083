//! The source clients that Debian has, each as it is installed: what they send
//! is heard, or refused where it is no MP3 or AAC.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use tests::listener::Listener;
use tests::tones::{assert_in_order, seconds_of, wav};
use tests::{Scratch, TestNode, frames, tools, wait};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::Child;

use super::mp3;

/// Seconds that clients have to send: more than any of them is listened to.
const SENT_SECS: u32 = 20;

/// Seconds that are heard of each. Most send in real time.
const HEARD_SECS: usize = 3;

/// Bytes a second at 128 kbit/s.
const BYTES_PER_SEC: usize = 16_000;

/// A node, and a folder for what a client needs.
struct Stage {
    node: TestNode,
    scratch: Scratch,
}

impl Stage {
    async fn set() -> Self {
        Self { node: TestNode::start(tests::node::MP3).await, scratch: Scratch::default() }
    }

    fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// The port that encoders connect to.
    fn port(&self) -> u16 {
        self.node.public().port()
    }

    /// What SHOUTcast's clients are to be told: they add one to it.
    fn port_below_shoutcast(&self) -> u16 {
        self.node.addresses().shoutcast.port() - 1
    }

    /// Writes a file; gives its path.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// An MP3 file with the title `A - T` behind its frames.
    fn mp3(&self, sent: &[Bytes]) -> String {
        self.file("tone.mp3", [sent.concat().as_slice(), &id3v1("A", "T")].concat())
    }

    fn start(&self, program: &str, arguments: &[&str]) -> Child {
        let mut command = Command::new(program);
        command.args(arguments).env("HOME", self.folder());
        tools::start(command, &self.log())
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder().join("log.txt")
    }

    /// What an ICY listener hears of what the client sends, which follows the
    /// ingest's settings.
    async fn heard(&self, user_agent: &str) -> Vec<u8> {
        let on_air = self.node.until("audio", |report| report.egress("radio").unwrap().on_air);
        let ingest = on_air.await.ingest("in").unwrap().clone();
        let named = ingest.user_agent.unwrap_or_default();
        assert!(named.starts_with(user_agent), "{named}");
        let mut listener = Listener::connect(self.node.public(), "/radio").await;
        let heard = listener.hear(HEARD_SECS * BYTES_PER_SEC).await;
        assert_eq!(self.node.ingest("in").mismatch, []);
        heard.audio
    }

    /// States that the frames of a file are heard as they are in it.
    async fn assert_passed_on(&self, user_agent: &str, sent: &[Bytes]) {
        let heard = frames::whole(&self.heard(user_agent).await);
        frames::position(sent, &heard);
        assert!(heard.len() > 100, "{} frames", heard.len());
    }

    /// States that the tone is heard, second by second.
    async fn assert_encoded(&self, user_agent: &str) {
        let heard = self.heard(user_agent).await;
        assert_in_order(&seconds_of(self.folder(), &heard).await, HEARD_SECS - 1);
    }

    async fn assert_title(&self) {
        let is = |title: Option<String>| title.as_deref() == Some("A - T");
        self.node
            .until("title", |report| is(report.egress("radio").unwrap().now_playing.clone()))
            .await;
    }

    /// States that the client's Ogg is refused at once, and that it ends.
    async fn assert_ogg_refused(&self, mut client: Child) -> String {
        let ended = tokio::time::timeout(Duration::from_secs(20), client.wait()).await;
        ended.expect("it gives up").unwrap();
        let reason = self.node.ingest("in").last_refusal.unwrap();
        assert_eq!(reason, "content type is application/ogg, the ingest takes audio/mpeg");
        std::fs::read_to_string(self.log()).unwrap()
    }

    /// A tone in Ogg Vorbis.
    async fn ogg(&self) -> String {
        let (wav, ogg) = (wav(self.folder(), 2), self.file("tone.ogg", ""));
        let arguments = ["-v", "error", "-y", "-i", wav.to_str().unwrap(), &ogg];
        let output = tools::run("ffmpeg", &arguments, Duration::from_secs(20)).await;
        assert!(output.status.success(), "{}", tools::said(&output));
        ogg
    }

    /// A sound card for ALSA's clients that hears the tone, as fast as they read.
    ///
    /// The file's header is heard too: eleven samples of noise.
    fn sound_card(&self) {
        let tone = wav(self.folder(), SENT_SECS);
        let card = format!(
            "pcm.tone {{ type file; slave.pcm {{ type null }}; file \"/dev/null\"; \
             infile \"{}\"; format raw }}\n\
             pcm.!default {{ type plug; \
             slave {{ pcm tone; format S16_LE; channels 2; rate 44100 }} }}\n\
             ctl.!default {{ type null }}\n",
            tone.display(),
        );
        self.file(".asoundrc", card);
    }
}

/// The tag at a file's end that ezstream and MPD take the title from.
fn id3v1(artist: &str, title: &str) -> Vec<u8> {
    let mut tag = format!("TAG{title:\0<30}{artist:\0<30}").into_bytes();
    tag.resize(128, 0);
    tag
}

#[tokio::test(flavor = "multi_thread")]
async fn ezstream_passes_a_file_on_and_its_title() {
    let (stage, sent) = (Stage::set().await, mp3(SENT_SECS));
    let config = format!(
        "<ezstream><servers><server><hostname>127.0.0.1</hostname><port>{}</port>\
         <password>secret</password></server></servers>\
         <streams><stream><mountpoint>/in</mountpoint><format>MP3</format></stream></streams>\
         <intakes><intake><type>file</type><filename>{}</filename></intake></intakes></ezstream>",
        stage.port(),
        stage.mp3(&sent),
    );
    let _client = stage.start("ezstream", &["-c", &stage.file("ezstream.xml", config)]);
    stage.assert_passed_on("libshout/2.", &sent).await;
    stage.assert_title().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn darkice_encodes_what_a_sound_card_hears() {
    let stage = Stage::set().await;
    stage.sound_card();
    let config = format!(
        "[general]\nduration = 600\nbufferSecs = 2\nreconnect = no\nrealtime = no\n\
         [input]\ndevice = default\nsampleRate = 44100\nbitsPerSample = 16\nchannel = 2\n\
         [icecast2-0]\nformat = mp3\nbitrateMode = cbr\nbitrate = 128\nserver = 127.0.0.1\n\
         port = {}\nmountPoint = in\npassword = secret\n",
        stage.port(),
    );
    let _client = stage.start("darkice", &["-c", &stage.file("darkice.cfg", config)]);
    stage.assert_encoded("DarkIce/1.").await;
}

/// butt on a screen of its own, which lasts as long as the two children.
async fn butt(stage: &Stage, server: &str) -> (Child, Child) {
    stage.sound_card();
    let title = stage.file("title.txt", "A - T\n");
    let config = format!(
        "[main]\nserver = s\nsrv_ent = s\nnum_of_srv = 1\nnum_of_icy = 0\ncheck_for_update = 0\n\
         connect_at_startup = 1\nsong_path = {title}\nsong_update = 1\nlog_file = {}\ngain = 1.0\n\
         [audio]\ndevice = default\nsamplerate = 44100\nbitrate = 128\nchannel = 2\ncodec = mp3\n\
         [s]\naddress = 127.0.0.1\npassword = secret\ntls = 0\n{server}",
        stage.folder().join("butt.log").display(),
    );
    let config = stage.file("butt.cfg", config);
    let mut screen = tokio::process::Command::new("Xvfb");
    screen.args(["-displayfd", "1", "-screen", "0", "640x480x16", "-nolisten", "tcp"]);
    screen.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    screen.stderr(std::process::Stdio::null()).kill_on_drop(true);
    let mut screen = screen.spawn().expect("Xvfb: `cargo xtask test` installs it");
    let mut number = String::new();
    BufReader::new(screen.stdout.take().unwrap()).read_line(&mut number).await.unwrap();
    let mut command = Command::new("butt");
    command.args(["-x", "-c", &config]).env("HOME", stage.folder());
    command.env("DISPLAY", format!(":{}", number.trim()));
    (screen, tools::start(command, &stage.log()))
}

#[tokio::test(flavor = "multi_thread")]
async fn butt_encodes_what_a_sound_card_hears_and_sends_its_title() {
    let stage = Stage::set().await;
    let server = format!("type = 1\nport = {}\nmount = in\nusr = source\n", stage.port());
    let _client = butt(&stage, &server).await;
    stage.assert_encoded("butt 0.").await;
    stage.assert_title().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn butt_speaks_shoutcast() {
    let stage = Stage::set().await;
    let server = format!("type = 0\nport = {}\n", stage.port_below_shoutcast());
    let _client = butt(&stage, &server).await;
    stage.assert_encoded("").await;
}

/// Tells MPD what to do, as its clients do.
async fn play(socket: &Path, file: &str) {
    let stream = wait::until("MPD", || async { UnixStream::connect(socket).await.ok() }).await;
    let mut stream = BufReader::new(stream);
    for command in ["", &format!("add \"file://{file}\"\n"), "play\n"] {
        stream.write_all(command.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).await.unwrap();
        assert!(answer.starts_with("OK"), "{command}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mpd_encodes_a_file_and_sends_its_title() {
    let stage = Stage::set().await;
    let file = stage.mp3(&mp3(SENT_SECS));
    let socket = stage.folder().join("mpd.sock");
    let config = format!(
        "playlist_directory \"{folder}\"\n\
         bind_to_address {socket:?}\nzeroconf_enabled \"no\"\n\
         audio_output {{\ntype \"shout\"\nname \"s\"\nhost \"127.0.0.1\"\nport \"{}\"\n\
         mount \"/in\"\npassword \"secret\"\nencoder \"lame\"\nbitrate \"128\"\n\
         format \"44100:16:2\"\n}}\n",
        stage.port(),
        folder = stage.folder().display(),
    );
    let config = stage.file("mpd.conf", config);
    let _client = stage.start("mpd", &["--no-daemon", "--stderr", &config]);
    play(&socket, &file).await;
    stage.assert_encoded("MPD").await;
    stage.assert_title().await;
}

/// libshout's own tool, which sends its input in real time.
fn shout(stage: &Stage, sent: &[Bytes], arguments: &[&str]) -> Child {
    let tool = "exec shout --usage audio --format mp3 -H 127.0.0.1 --pass secret";
    let line = format!("{tool} {} < {}", arguments.join(" "), stage.mp3(sent));
    stage.start("sh", &["-c", &line])
}

#[tokio::test(flavor = "multi_thread")]
async fn libshout_finds_out_what_the_server_can_before_it_sends() {
    let (stage, sent) = (Stage::set().await, mp3(SENT_SECS));
    let port = stage.port().to_string();
    let _client = shout(&stage, &sent, &["-P", &port, "--user", "source", "--mount", "/in"]);
    stage.assert_passed_on("libshout/2.", &sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn libshout_pokes_a_shoutcast_port_before_it_sends() {
    let (stage, sent) = (Stage::set().await, mp3(SENT_SECS));
    let port = stage.port_below_shoutcast().to_string();
    let _client = shout(&stage, &sent, &["-P", &port, "--proto", "icy"]);
    stage.assert_passed_on("", &sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gstreamer_passes_a_file_on() {
    let (stage, sent) = (Stage::set().await, mp3(SENT_SECS));
    let file = format!("location={}", stage.mp3(&sent));
    let port = format!("port={}", stage.port());
    let sink = ["shout2send", "ip=127.0.0.1", &port, "mount=in", "password=secret"];
    let source = ["-q", "filesrc", &file, "!", "mpegaudioparse", "!"];
    let _client = stage.start("gst-launch-1.0", &[&source[..], &sink].concat());
    stage.assert_passed_on("GStreamer 1.", &sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vlc_passes_a_file_on_as_shoutcasts_encoders_do() {
    let (stage, sent) = (Stage::set().await, mp3(SENT_SECS));
    let port = stage.port_below_shoutcast();
    let output = format!("#standard{{access=shout,mux=raw,dst=source:secret@127.0.0.1:{port}/in}}");
    let mut command = tools::unprivileged("vlc", stage.folder());
    command.args(["-I", "dummy", "--no-sout-video", "--sout-shout-mp3", "--sout", &output]);
    command.arg(stage.mp3(&sent));
    let _client = tools::start(command, &stage.log());
    stage.assert_passed_on("", &sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_speaks_shoutcast() {
    let stage = Stage::set().await;
    let script = format!(
        "settings.init.allow_root.set(true)\ns = once(single({:?}))\n\
         clock.assign_new(sync=\"none\", [s])\n\
         output.shoutcast(%mp3(bitrate=128), host=\"127.0.0.1\", port={}, \
         password=\"secret\", fallible=true, s)\n",
        wav(stage.folder(), SENT_SECS),
        stage.port_below_shoutcast(),
    );
    let _client = stage.start("liquidsoap", &[&stage.file("radio.liq", script)]);
    stage.assert_encoded("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ices_sends_ogg_and_is_refused_at_once() {
    let stage = Stage::set().await;
    let list = stage.file("list.txt", stage.ogg().await);
    let config = format!(
        "<ices><background>0</background><logpath>{folder}</logpath><logfile>ices.log</logfile>\
         <consolelog>1</consolelog><stream><input><module>playlist</module>\
         <param name=\"type\">basic</param><param name=\"file\">{list}</param></input>\
         <instance><hostname>127.0.0.1</hostname><port>{}</port><password>secret</password>\
         <mount>/in</mount><reconnectattempts>1</reconnectattempts></instance></stream></ices>",
        stage.port(),
        folder = stage.folder().display(),
    );
    let client = stage.start("ices2", &[&stage.file("ices.xml", config)]);
    // libshout shows no server's words, so the reason stands in Skywave's log alone.
    let log = stage.assert_ogg_refused(client).await;
    assert!(log.contains("Failed initial connect") && log.contains("Login failed"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn oggfwd_is_refused_at_once() {
    let stage = Stage::set().await;
    let line = format!("exec oggfwd 127.0.0.1 {} secret /in < {}", stage.port(), stage.ogg().await);
    let client = stage.start("sh", &["-c", &line]);
    let log = stage.assert_ogg_refused(client).await;
    assert!(log.contains("Login failed"), "{log}");
}
