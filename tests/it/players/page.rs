//! The page at `/` of the control port, in a browser.

use std::time::Duration;

use catalogue::report::Report;
use serde_json::Value;
use tests::encoder::{AUTHORIZATION, Source, set_title};
use tests::{TestNode, tools};

use super::station::{Sound, Station};

/// Sets a global variable of the page, if it is taken for markup; with quotes of
/// both kinds, so that it leaves an attribute too.
const MARKUP: &str = r#"'"><script>window.ran = 1</script><img src=x onerror="window.ran = 2"><svg onload='window.ran = 3'>"#;

/// A URL which is a script.
const SCRIPT_URL: &str = "javascript:window.ran=4";

/// A station whose every text is markup, and its encoder.
async fn hostile_station() -> (TestNode, Source) {
    let toml = toml_string;
    let manifest = tests::node::MP3
        .replace("\"Acme Radio\"", &toml(&format!("Radio {MARKUP}")))
        .replace("\"The best\"", &toml(MARKUP))
        .replace("\"Acme\"", &toml(MARKUP))
        .replace("\"Rock\"", &toml(MARKUP))
        .replace("\"https://acme.example\"", &toml(SCRIPT_URL));
    let node = TestNode::start(&manifest).await;
    let head = format!(
        "SOURCE /in HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\nContent-Type: audio/mpeg\r\n\
         User-Agent: {MARKUP}\r\nice-name: {MARKUP}\r\nice-genre: {MARKUP}\r\nice-url: \
         {SCRIPT_URL}\r\n\r\n"
    );
    let (source, answer) = Source::send_head(node.public(), &head).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    (node, source)
}

/// Sends 20 s of sound at once, then in real time; never ends.
async fn send(mut source: Source) {
    let frames = demo::fixtures::mp3(58, 128, 44_100, 2);
    let (now, later) = frames.split_at(frames.len() * 20 / 58);
    source.send(now).await;
    source.send_paced(later, Duration::from_secs(38) / u32::try_from(later.len()).unwrap()).await;
    panic!("the page took half a minute");
}

/// A basic string of TOML.
fn toml_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

async fn open(node: &TestNode, wait_for: &str, more: &[&str]) -> Value {
    let url = node.control_url("/");
    let mut arguments = vec![url.as_str(), "--wait-for", wait_for, "--global", "ran"];
    arguments.extend(more);
    let output = tools::run("page.mjs", &arguments, Duration::from_secs(100)).await;
    let said = tools::said(&output);
    assert!(output.status.success(), "page.mjs: {said}: `cargo xtask test` installs its needs");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// States that nothing went wrong on the page, and no script but its own ran.
fn assert_sound(page: &Value) {
    for list in ["errors", "csp", "missing"] {
        assert_eq!(page[list], Value::Array(vec![]), "{list}: {page:#}");
    }
    assert_eq!(page["status"], 200, "{page:#}");
    assert_eq!(page["global"], Value::Null, "a script ran: {page:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_markup_in_names_and_titles_as_text() {
    let (node, source) = hostile_station().await;
    let look = async {
        node.until_listed("radio", 3).await;
        assert_eq!(set_title(node.public(), &format!("Song {MARKUP}")).await, 200);
        let is_shown = |report: &Report| {
            let now = &report.egress("radio").unwrap().now_playing;
            now.as_ref().is_some_and(|now| now.contains("Song"))
        };
        node.until("the title", is_shown).await;
        open(&node, "text=Song", &[]).await
    };
    let page = tokio::select! {
        page = look => page,
        () = send(source) => unreachable!(),
    };
    assert_sound(&page);
    let text = page["text"].as_str().unwrap();
    for shown in [format!("Radio {MARKUP}"), format!("Song {MARKUP}")] {
        assert!(text.contains(&shown), "{shown} in {text}");
    }
}

async fn check_player(sound: Sound, path: &str) {
    let station = Station::on_air(sound).await;
    let listen = ["--click", "#egress-rows [data-field=listen]", "--seconds", "4"];
    let page = open(&station.node, "text=Acme Radio", &listen).await;
    assert_sound(&page);
    let url = station.node.url(path);
    let asked = page["requests"].as_array().unwrap().iter();
    let answers: Vec<&Value> = asked.filter(|request| request["url"] == url).collect();
    assert!(answers.iter().any(|request| request["status"] == 200), "{path}: {page:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_plays_mp3_by_icy() {
    check_player(Sound::Mp3, "/radio").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_plays_aac_by_hls() {
    check_player(Sound::Aac, "/radio/playlist.m3u8").await;
}
