//! Programs that are not ours, as they read Icecast and SHOUTcast.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tests::encoder::Source;
use tests::listener::Listener;
use tests::{Scratch, TestNode, http, tools, wait};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::{AT_ONCE, CONFIG, Studio, admin};

/// The longest that a program may take to read a document.
const LIMIT: Duration = Duration::from_secs(40);

/// Two stations with titles and one listener.
async fn studio() -> (Studio, Listener) {
    let mut studio = Studio::open().await;
    let listener = Listener::connect(studio.node.public(), "/radio").await;
    for (mount, song) in [("/radio", "Ärtist & all - <Song>"), ("/other", "Other")] {
        assert_eq!(studio.set_title(mount, song).await, 200);
    }
    studio.radio.send(&studio.frames[0][AT_ONCE..2 * AT_ONCE]).await;
    studio.other.send(&studio.frames[1][AT_ONCE..2 * AT_ONCE]).await;
    studio
        .node
        .until("titles", |report| {
            let has_title = |name| report.egress(name).unwrap().now_playing.is_some();
            has_title("radio") && has_title("other")
        })
        .await;
    studio
        .node
        .until("a listener", |report| report.egress("radio").unwrap().icy_listeners == 1)
        .await;
    (studio, listener)
}

/// What the monitors of `panel.mjs` make of it.
async fn monitors(studio: &Studio) -> Value {
    let arguments = [studio.node.url(""), "/radio".to_owned()];
    let arguments = arguments.each_ref().map(String::as_str);
    let output = tools::run("panel.mjs", &arguments, LIMIT).await;
    assert!(output.status.success(), "{}", tools::said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn monitors_on_npm_read_what_plays_and_how_many_listen() {
    let (studio, _listener) = studio().await;
    let read = monitors(&studio).await;
    // The title is escaped as in any page; who shows it undoes that, or not.
    let escaped = "Ärtist &amp; all - &lt;Song&gt;";
    assert_eq!(read["sevenhtml"][0]["StreamTitle"], escaped);
    assert_eq!(read["sevenhtml"][0]["status"], 1);
    let v1 = json!({ "listeners": "1", "bitrate": "128", "title": escaped, "fetchsource": "SHOUTCAST_V1" });
    assert_eq!(read["v1"], v1);
    assert_eq!(read["icecast"]["title"], "Ärtist & all - <Song>");
    assert_eq!(read["icecast"]["listeners"], 1);
    assert_eq!(read["icestats"]["source"].as_array().map(Vec::len), Some(2));
    let streams = &read["stats"]["STREAM"];
    assert_eq!(streams[0]["SERVERTITLE"], "Acme Radio");
    assert_eq!(streams[0]["CURRENTLISTENERS"], 1);
    assert_eq!(streams[1]["SONGTITLE"], "Other");
    assert_eq!(read["stats"]["ACTIVESTREAMS"], 2);
    // Of an empty list it makes this.
    assert_eq!(read["nextsongs"], 0);
    // It hears the first stream at `/`, where it does not know the page by its type.
    assert_eq!(read["found"]["fetchsource"], "STREAM", "{}", read["found"]);
    assert_eq!(read["found"]["title"], "Ärtist & all - <Song>", "{}", read["found"]);
}

/// Programs that have no charset in mind take a page for one of SHOUTcast 1 by
/// its very type.
#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_knows_a_shoutcast_server_by_itself() {
    let mut studio = Studio::open().await;
    assert_eq!(studio.set_title("/radio", "Ann - One").await, 200);
    studio.radio.send(&studio.frames[0][AT_ONCE..2 * AT_ONCE]).await;
    studio
        .node
        .until("title", |report| report.egress("radio").unwrap().now_playing.is_some())
        .await;
    let read = monitors(&studio).await;
    assert_eq!(read["found"]["fetchsource"], "SHOUTCAST_V1", "{read}");
    assert_eq!(read["found"]["title"], "Ann - One");
}

/// One of Icecast's own stylesheets over a document of ours.
async fn styled(sheet: &str, xml: &[u8]) -> String {
    let scratch = Scratch::default();
    let file = scratch.path().join("document.xml");
    std::fs::write(&file, xml).unwrap();
    let sheet = format!("/usr/share/icecast2/{sheet}");
    let arguments = ["--nonet", sheet.as_str(), file.to_str().unwrap()];
    let output = tools::run("xsltproc", &arguments, LIMIT).await;
    assert!(output.status.success(), "{}", tools::said(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn icecasts_stylesheet_makes_of_our_stats_our_status() {
    let (studio, _listener) = studio().await;
    assert_same(&studio.node, 2).await;
    let alone = TestNode::start_configured(tests::node::MP3, CONFIG).await;
    let mut source = Source::connect(alone.public(), "audio/mpeg").await;
    source.send(&studio.frames[0][..AT_ONCE]).await;
    alone.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    assert_same(&alone, 1).await;
}

async fn assert_same(node: &TestNode, sources: usize) {
    let stats = admin(node, "/admin/stats").await;
    let styled = styled("web/status-json.xsl", &stats.body).await;
    let mut styled: Value = serde_json::from_str(&styled).unwrap();
    let ours = http::get(&node.url("/status-json.xsl")).await.body;
    let ours: Value = serde_json::from_slice(&ours).unwrap();
    let source = &mut styled["icestats"]["source"];
    let all = if source.is_array() {
        source.as_array_mut().unwrap().iter_mut().collect()
    } else {
        vec![source]
    };
    assert_eq!(all.len(), sources);
    // What stands where the stylesheet hid the last element of one.
    for source in all {
        source.as_object_mut().unwrap().remove("dummy");
    }
    styled["icestats"].as_object_mut().unwrap().remove("dummy");
    // It makes this of an empty text.
    assert_eq!(styled["icestats"]["admin"].take(), Value::Null);
    styled["icestats"]["admin"] = json!("");
    assert_eq!(styled, ours);
}

#[tokio::test(flavor = "multi_thread")]
async fn icecasts_pages_are_made_of_our_documents() {
    let (studio, _listener) = studio().await;
    let song = "Ärtist &amp; all - &lt;Song&gt;";
    for (sheet, path, texts) in [
        ("web/status.xsl", "/admin/stats", &["Acme Radio", "Other Radio", song][..]),
        ("admin/stats.xsl", "/admin/stats", &["Acme Radio", song, "test2"]),
        ("admin/listmounts.xsl", "/admin/listmounts", &["/radio", "/other"]),
        ("admin/listclients.xsl", "/admin/listclients?mount=/radio", &["127.0.0.1"]),
        ("admin/moveclients.xsl", "/admin/moveclients?mount=/radio", &["/other"]),
        ("admin/response.xsl", "/admin/killclient?mount=/radio&id=0", &["not found"]),
    ] {
        let document = studio.admin(path).await;
        assert_eq!(document.status, 200, "{path}");
        let page = styled(sheet, &document.body).await;
        for text in texts {
            assert!(page.contains(text), "no {text:?} in {sheet} of {path}: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mpd_plays_a_tune_in_file_of_shoutcasts() {
    let studio = Studio::open().await;
    let scratch = Scratch::default();
    let socket = scratch.path().join("mpd.socket");
    let config = format!(
        "bind_to_address {socket:?}\nzeroconf_enabled \"no\"\n\
         audio_output {{\ntype \"null\"\nname \"none\"\n}}\n"
    );
    std::fs::write(scratch.path().join("mpd.conf"), config).unwrap();
    let mut mpd = Command::new("mpd");
    mpd.current_dir(scratch.path()).args(["--no-daemon", "--stderr", "mpd.conf"]);
    let _mpd = tools::start(mpd, &scratch.path().join("log.txt"));
    let stream = wait::until("mpd", || async { UnixStream::connect(&socket).await.ok() }).await;
    let mut stream = BufReader::new(stream);
    for command in ["", &format!("load \"{}\"\n", studio.node.url("/listen.pls?sid=2")), "play\n"] {
        stream.write_all(command.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).await.unwrap();
        assert!(answer.starts_with("OK"), "{command}: {answer}");
    }
    studio
        .node
        .until("mpd as a listener", |report| report.egress("other").unwrap().icy_listeners == 1)
        .await;
    let seen = studio.admin("/admin/listclients?mount=/other").await.text();
    assert!(seen.contains("<UserAgent>Music Player Daemon"), "{seen}");
}
