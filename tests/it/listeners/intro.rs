//! What a new listener hears before the programme.

use bytes::Bytes;
use tests::encoder::Source;
use tests::listener::Listener;
use tests::watch::tune_in;
use tests::{Scratch, TestNode, frames, node, program};

/// A file with three seconds of frames that no programme of these tests has,
/// and the line of the manifest that plays it.
fn jingle(scratch: &Scratch) -> (Vec<Bytes>, String) {
    let jingle = demo::fixtures::mp3(3, 64, 44_100, 2);
    let file = scratch.path().join("jingle.mp3");
    std::fs::write(&file, jingle.concat()).unwrap();
    (jingle, format!("intro = \"file:{}\"\n", file.display()))
}

/// Listens to a station with an intro, which is heard whole, and behind it the
/// programme without a seam.
async fn check(mount: &str, ask_for_titles: bool) {
    let scratch = Scratch::default();
    let (jingle, line) = jingle(&scratch);
    let node = TestNode::start(&format!("{}{mount}{line}", node::MP3)).await;
    let sent = demo::fixtures::mp3(12, 128, 44_100, 2);
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&sent[..300]).await;
    node.until("it is on air", |report| report.egress("radio").unwrap().on_air).await;
    let mut listener = if ask_for_titles {
        tune_in(node.public(), "/radio").await
    } else {
        Listener::connect(node.public(), "/radio").await
    };
    source.send(&sent[300..]).await;
    let last = sent[sent.len() - 2].clone();
    let heard = listener.hear_until(|audio| audio.ends_with(&last)).await;
    let heard = frames::cut(&heard.audio);
    let (first, rest) = heard.split_at(jingle.len());
    assert!(first == jingle, "the intro comes first, whole");
    let start = frames::position(&sent, rest);
    assert_eq!(start + rest.len(), sent.len() - 1, "and then the programme, to its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_hears_the_intro_and_then_the_programme() {
    check("", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_stand_between_the_frames_of_an_intro_too() {
    check("metaint = 1000\n", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intro_of_another_form_is_refused_before_the_start() {
    let scratch = Scratch::default();
    let file = scratch.path().join("other.mp3");
    std::fs::write(&file, demo::fixtures::mp3(1, 128, 48_000, 2).concat()).unwrap();
    let manifest = format!("{}intro = \"file:other.mp3\"\n", node::MP3);
    std::fs::write(scratch.path().join("stations.toml"), manifest).unwrap();
    let mut check = program::command(&["check", "stations.toml"], scratch.path());
    let output = check.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("egress.mount.intro: other.mp3 has mp3, 48000 Hz"), "{said}");
}
