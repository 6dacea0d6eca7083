//! Relays: servers and rippers that take a mount as listeners and pass it on.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use tests::encoder::{Source, set_title};
use tests::listener::Listener;
use tests::tones::{assert_in_order, seconds_of};
use tests::{Scratch, TestNode, frames, http, tools, wait};
use tokio::process::Child;
use tokio::task::JoinSet;

use super::mp3;

/// Frames that are sent at once: more than a burst.
const AT_ONCE: usize = 400;

/// Frames of a song: twelve seconds.
const SONG_FRAMES: usize = 460;

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// Five seconds of stereo in a WAV file.
const WAV_LEN: usize = 5 * 44_100 * 4;

/// Bytes that are heard behind a relay: a few blocks of metadata.
const HEARD_LEN: usize = 50_000;

/// A mount on air with a title, and a folder for its relay.
struct Stage {
    node: TestNode,
    scratch: Scratch,
    sent: Vec<Bytes>,
    /// Ends with the stage.
    sending: JoinSet<()>,
}

impl Stage {
    /// In real time.
    async fn set() -> Self {
        let (mut stage, mut source) = Self::prepare().await;
        let rest = stage.sent[AT_ONCE..].to_vec();
        stage.sending.spawn(async move { source.send_paced(&rest, FRAME).await });
        stage
    }

    /// With a source that waits for what it is to do.
    async fn prepare() -> (Self, Source) {
        let lines = "[admin]\npassword = \"adm1n\"\nrelay_password = \"r3lay\"\n";
        let node = TestNode::start_configured(tests::node::MP3, lines).await;
        let sent = mp3(100);
        let mut source = Source::connect(node.public(), "audio/mpeg").await;
        source.send(&sent[..AT_ONCE]).await;
        node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
        assert_eq!(set_title(node.public(), "Ann - One").await, 200);
        (Self { node, scratch: Scratch::default(), sent, sending: JoinSet::new() }, source)
    }

    fn folder(&self) -> &Path {
        self.scratch.path()
    }

    fn start(&self, mut command: Command) -> Child {
        command.current_dir(self.folder());
        tools::start(command, &self.folder().join("log.txt"))
    }

    /// Debian's Icecast with further lines in its configuration.
    async fn icecast(&self, lines: &str) -> Icecast {
        let port = tools::free_port();
        let config = format!(
            "<icecast><limits><sources>4</sources></limits>\
             <authentication><source-password>x</source-password>\
             <admin-user>admin</admin-user><admin-password>x</admin-password></authentication>\
             <hostname>localhost</hostname><listen-socket><port>{port}</port>\
             <bind-address>127.0.0.1</bind-address></listen-socket>{lines}\
             <paths><logdir>{folder}</logdir><webroot>/usr/share/icecast2/web</webroot>\
             <adminroot>/usr/share/icecast2/admin</adminroot></paths>\
             <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog></logging>\
             </icecast>",
            folder = self.folder().display(),
        );
        std::fs::write(self.folder().join("icecast.xml"), config).unwrap();
        let mut command = tools::unprivileged("icecast2", self.folder());
        command.args(["-c", "icecast.xml"]);
        let icecast = Icecast { port, _child: self.start(command) };
        let status = format!("http://127.0.0.1:{port}/status-json.xsl");
        wait::until("Icecast", || http::try_get(&status)).await;
        icecast
    }

    /// `<relay>` of the mount under another name.
    fn relay(&self, local_mount: &str, on_demand: u8) -> String {
        format!(
            "<relay><server>127.0.0.1</server><port>{}</port><mount>/radio</mount>\
             <local-mount>{local_mount}</local-mount><on-demand>{on_demand}</on-demand>\
             <relay-shoutcast-metadata>1</relay-shoutcast-metadata></relay>",
            self.node.public().port(),
        )
    }

    /// States that listeners of a relay hear the mount's own frames and its title.
    async fn assert_relayed(&self, port: u16, mount: &str) {
        let address = ([127, 0, 0, 1], port).into();
        let listener = wait::until("the relay", || async {
            let listener = Listener::connect(address, mount).await;
            listener.head.starts_with("HTTP/1.0 200").then_some(listener)
        });
        let mut listener = listener.await;
        assert_eq!(listener.header("content-type"), Some("audio/mpeg"));
        assert_eq!(listener.header("icy-name"), Some("Acme Radio"));
        assert_eq!(listener.header("icy-br"), Some("128"));
        let heard = listener.hear(HEARD_LEN).await;
        // A relay's burst begins anywhere, and so within a frame.
        let passed_on = frames::whole(&heard.audio);
        frames::position(&self.sent, &passed_on);
        assert!(passed_on.len() > 100, "{} frames", passed_on.len());
        assert!(heard.titles.iter().any(|(_, title)| title == "Ann - One"), "{:?}", heard.titles);
    }
}

/// Icecast on a port of its own, until the test ends.
struct Icecast {
    port: u16,
    _child: Child,
}

#[tokio::test(flavor = "multi_thread")]
async fn icecast_relays_a_mount_all_the_time() {
    let stage = Stage::set().await;
    let icecast = stage.icecast(&stage.relay("/again", 0)).await;
    stage
        .node
        .until("the relay", |report| report.egress("radio").unwrap().icy_listeners == 1)
        .await;
    stage.assert_relayed(icecast.port, "/again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn icecast_relays_a_mount_while_somebody_listens() {
    let stage = Stage::set().await;
    let icecast = stage.icecast(&stage.relay("/demand", 1)).await;
    assert_eq!(stage.node.egress("radio").icy_listeners, 0, "nobody has asked");
    stage.assert_relayed(icecast.port, "/demand").await;
    stage.node.until("its end", |report| report.egress("radio").unwrap().icy_listeners == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slave_icecast_finds_the_mounts_in_the_stream_list() {
    let stage = Stage::set().await;
    let master = format!(
        "<master-server>127.0.0.1</master-server><master-server-port>{}</master-server-port>\
         <master-update-interval>1</master-update-interval>\
         <master-username>relay</master-username><master-password>r3lay</master-password>",
        stage.node.public().port(),
    );
    let icecast = stage.icecast(&master).await;
    stage.assert_relayed(icecast.port, "/radio").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streamripper_cuts_a_mount_by_its_titles() {
    let (stage, mut source) = Stage::prepare().await;
    let mut command = Command::new("streamripper");
    command.args([&stage.node.url("/radio"), "-d", ".", "-s", "-o", "always"]);
    let _ripper = stage.start(command);
    stage.node.until("ripper", |report| report.egress("radio").unwrap().icy_listeners == 1).await;
    // It keeps no first and no last song, and writes a good while behind.
    let songs = stage.sent[AT_ONCE..].chunks(SONG_FRAMES).zip(["One", "Two", "Three", "Four"]);
    for (frames, song) in songs {
        let title = format!("Ann - {song}");
        assert_eq!(set_title(stage.node.public(), &title).await, 200);
        source.send(frames).await;
        let is = |shown: &Option<String>| shown.as_deref() == Some(&title);
        stage.node.until(song, |report| is(&report.egress("radio").unwrap().now_playing)).await;
    }
    let song = stage.folder().join("Ann - Two.mp3");
    let ripped = wait::until("the song", || async { std::fs::read(&song).ok() }).await;
    frames::position(&stage.sent, &frames::whole(&ripped));
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_hears_a_mount_and_its_titles() {
    let stage = Stage::set().await;
    let script = format!(
        "settings.init.allow_root.set(true)\n\
         s = input.http({:?})\n\
         s.on_metadata(fun (m) -> print(\"title: \" ^ m[\"title\"]))\n\
         output.file(fallible=true, %wav, \"heard.wav\", s)\n",
        stage.node.url("/radio"),
    );
    std::fs::write(stage.folder().join("radio.liq"), script).unwrap();
    let mut command = Command::new("liquidsoap");
    command.arg("radio.liq");
    let _client = stage.start(command);
    let log = stage.folder().join("log.txt");
    wait::until("the title", || async {
        let said = std::fs::read_to_string(&log).unwrap();
        said.contains("title: Ann - One").then_some(())
    })
    .await;
    let heard = wait::until("sound", || async {
        let heard = std::fs::read(stage.folder().join("heard.wav")).ok()?;
        (heard.len() > WAV_LEN).then_some(heard)
    });
    assert_in_order(&seconds_of(stage.folder(), &heard.await).await, 3);
}
