//! Several stations of several publishers in one process: each hears its own.

use tests::encoder::Source;
use tests::listener::Listener;
use tests::{TestNode, frames, hls, http};

/// A publisher with one ingest and one egress, all of this name.
fn station(name: &str, kbps: u16) -> String {
    format!(
        r#"
[[publisher]]
name = "{name}"
[[ingest]]
name = "{name}"
publisher = "{name}"
encoding = {{ codec = "mp3", bitrate_kbps = {kbps}, sample_rate_hz = 44100, channel_mode = "joint_stereo" }}
push = {{ mount = "{name}", password = "secret-{name}" }}
[[egress]]
name = "{name}"
publisher = "{name}"
ingests = ["{name}"]
aliases = ["{name}.mp3"]
mount.icy_name = "Radio {name}"
"#
    )
}

async fn connect(node: &TestNode, mount: &str, user_and_password: &str) -> (Source, String) {
    let head = format!(
        "PUT /{mount} HTTP/1.1\r\nContent-Type: audio/mpeg\r\nExpect: 100-continue\r\n\
         Authorization: Basic {user_and_password}\r\n\r\n"
    );
    Source::send_head(node.public(), &head).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_station_has_its_own_source_listeners_and_segments() {
    let node = TestNode::start(&(station("one", 128) + &station("two", 64))).await;
    // source:secret-one and source:secret-two.
    let passwords = [("one", "c291cmNlOnNlY3JldC1vbmU="), ("two", "c291cmNlOnNlY3JldC10d28=")];
    let programmes =
        [demo::fixtures::mp3(30, 128, 44_100, 2), demo::fixtures::mp3(30, 64, 44_100, 2)];
    let mut sources = Vec::new();
    for ((mount, password), programme) in passwords.into_iter().zip(&programmes) {
        let (mut source, answer) = connect(&node, mount, password).await;
        assert!(answer.starts_with("HTTP/1.1 100"), "{answer}");
        source.send(programme).await;
        sources.push(source);
    }
    let (_, answer) = connect(&node, "two", passwords[0].1).await;
    assert!(answer.contains(" 401 "), "one station's password is not the other's: {answer}");
    for ((mount, _), sent) in passwords.into_iter().zip(&programmes) {
        node.until_listed(mount, 3).await;
        for path in [format!("/{mount}"), format!("/{mount}.mp3")] {
            let mut listener = Listener::connect(node.public(), &path).await;
            assert_eq!(listener.header("icy-name"), Some(format!("Radio {mount}").as_str()));
            frames::position(sent, &frames::whole(&listener.hear(30_000).await.audio));
        }
        let multivariant = http::get(&node.url(&format!("/{mount}/playlist.m3u8"))).await.text();
        let media = multivariant.lines().last().unwrap().to_owned();
        let listed = http::get(&node.url(&format!("/{mount}/{media}"))).await.text();
        let first = hls::listed(&listed)[0];
        let (folder, _) = media.split_once("media.m3u8").unwrap();
        let segment = http::get(&node.url(&format!("/{mount}/{folder}{first}"))).await;
        frames::position(sent, &frames::of_segment(&segment.body));
    }
}
