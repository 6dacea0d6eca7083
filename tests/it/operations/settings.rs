//! `check`, and starts that fail: one line that says what, where, and what
//! would be right.

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use tests::program::command;
use tests::{Scratch, node};

/// Exit status of a wrong configuration or manifest.
const WRONG: i32 = 2;

/// Runs the program to its end; gives its status and what it complained of.
async fn run(arguments: &[&str], folder: &Path, environment: &[(&str, &str)]) -> (i32, String) {
    let output = output(arguments, folder, environment).await;
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

async fn output(arguments: &[&str], folder: &Path, environment: &[(&str, &str)]) -> Output {
    let mut command = command(arguments, folder);
    let output = command.envs(environment.iter().copied()).output();
    let output = tokio::time::timeout(Duration::from_secs(30), output).await;
    output.expect("it ends").unwrap()
}

/// `skywave check` on a manifest.
async fn checked(manifest: &str) -> (i32, String) {
    let scratch = Scratch::default();
    std::fs::write(scratch.path().join("stations.toml"), manifest).unwrap();
    run(&["check", "stations.toml"], scratch.path(), &[]).await
}

/// `skywave serve` with lines of skywave.toml.
async fn served(config: &str, arguments: &[&str]) -> (i32, String) {
    let scratch = Scratch::default();
    std::fs::write(scratch.path().join("stations.toml"), node::MP3).unwrap();
    std::fs::write(scratch.path().join("skywave.toml"), config).unwrap();
    run(&[&["serve"], arguments].concat(), scratch.path(), &[]).await
}

#[tokio::test]
async fn a_right_manifest_is_told_to_be_so() {
    let scratch = Scratch::default();
    std::fs::write(scratch.path().join("stations.toml"), node::MP3).unwrap();
    let output = output(&["check", "stations.toml"], scratch.path(), &[]).await;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, b"stations.toml: ok: 1 publishers, 1 ingests, 1 egresses\n");
    assert_eq!(output.stderr, b"");
}

/// A manifest with one thing changed is refused in one line.
async fn check_refused(from: &str, to: &str, expected: &[&str]) {
    let manifest = node::MP3.replace(from, to);
    assert_ne!(manifest, node::MP3);
    let (status, said) = checked(&manifest).await;
    assert_one_line(status, &said, expected);
    assert!(said.starts_with("skywave: stations.toml:"), "{said}");
}

fn assert_one_line(status: i32, said: &str, expected: &[&str]) {
    assert_eq!(status, WRONG, "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for part in expected {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[tokio::test]
async fn an_unknown_key_is_named_with_the_nearest() {
    check_refused("icy_name", "icy_nam", &[":17: egress.mount.icy_nam", "`icy_name`"]).await;
}

#[tokio::test]
async fn a_bad_value_is_named_with_its_key_and_line() {
    check_refused("sample_rate_hz = 44100", "sample_rate_hz = 44101", &[":8: ingest.encoding"])
        .await;
    check_refused("\"mp3\"", "\"mp4\"", &[":8: ingest.encoding.codec", "mp3"]).await;
    check_refused("name = \"radio\"", "name = \"../radio\"", &[":11: egress.name"]).await;
    check_refused("\"live/radio\"", "\"radio.mp3\"", &["egress"]).await;
    check_refused("ingests = [\"in\"]", "ingests = [\"inn\"]", &["inn", "`in`"]).await;
    check_refused("genre =", "segment = \"1500ms\"\ngenre =", &["egress.mount.segment"]).await;
}

#[tokio::test]
async fn what_is_no_toml_is_told_with_its_line() {
    check_refused("[[egress]]", "[[egress]", &["stations.toml:10"]).await;
}

#[tokio::test]
async fn what_is_not_built_is_said_to_be_so() {
    check_refused("aliases", "ads = true\naliases", &["egress.ads", "not built yet"]).await;
}

#[tokio::test]
async fn a_variable_that_is_not_there_is_named() {
    check_refused("\"secret\"", "\"${NO_SUCH_SECRET}\"", &["NO_SUCH_SECRET"]).await;
}

#[tokio::test]
async fn a_manifest_that_is_not_there_is_named() {
    let scratch = Scratch::default();
    let (status, said) = run(&["check", "absent.toml"], scratch.path(), &[]).await;
    assert_one_line(status, &said, &["absent.toml"]);
}

#[tokio::test]
async fn a_start_with_a_wrong_manifest_ends_with_the_same_line() {
    let scratch = Scratch::default();
    let manifest = node::MP3.replace("icy_name", "icy_nam");
    std::fs::write(scratch.path().join("stations.toml"), manifest).unwrap();
    std::fs::write(scratch.path().join("skywave.toml"), "manifest = \"stations.toml\"\n").unwrap();
    let (status, said) = run(&["serve"], scratch.path(), &[]).await;
    assert_one_line(status, &said, &["stations.toml:17: egress.mount.icy_nam", "`icy_name`"]);
}

#[tokio::test]
async fn a_start_with_a_wrong_configuration_ends_with_one_line() {
    let (status, said) = served("manifst = \"stations.toml\"\n", &[]).await;
    assert_one_line(status, &said, &["skywave.toml:1: manifst", "`manifest`"]);
    let (status, said) = served("\n[listen]\npublic = \"everywhere\"\n", &[]).await;
    assert_one_line(status, &said, &["skywave.toml:3: listen.public"]);
    let (status, said) = served("[limits]\nheader_time = \"0s\"\n", &[]).await;
    assert_one_line(status, &said, &["skywave.toml:2: limits.header_time"]);
    let (status, said) = served("store = \"ftp://x\"\n", &[]).await;
    assert_one_line(status, &said, &["skywave.toml:1: store"]);
}

#[tokio::test]
async fn a_wrong_variable_is_named() {
    let scratch = Scratch::default();
    for name in ["SKYWAVE_LISTEN__PUBLICK", "SKYWAVE_LISTEN__PUBLIC"] {
        let (status, said) = run(&["serve"], scratch.path(), &[(name, "nowhere")]).await;
        assert_one_line(status, &said, &[name]);
    }
}

#[tokio::test]
async fn a_start_without_a_manifest_says_what_is_missing() {
    let (status, said) = served("", &[]).await;
    assert_one_line(status, &said, &["no manifest", "manifest = FILE"]);
}

#[tokio::test]
async fn roles_that_are_not_built_yet_say_so() {
    let (status, said) = served("manifest = \"stations.toml\"\n", &["--roles", "edge"]).await;
    assert_one_line(status, &said, &["roles", "not built yet"]);
}

#[tokio::test]
async fn certificates_that_are_not_there_are_named() {
    let tls = "manifest = \"stations.toml\"\n[[tls]]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\n";
    let (status, said) = served(tls, &[]).await;
    assert_ne!(status, 0);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("a.pem"), "{said}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for port in ["public", "shoutcast", "control"] {
        let ports = node::PORTS.lines().filter(|line| !line.starts_with(port));
        let ports = ports.collect::<Vec<_>>().join("\n");
        let listen = format!("[listen]\n{port} = \"{address}\"\n{ports}\n");
        let (status, said) = served(&format!("manifest = \"stations.toml\"\n{listen}"), &[]).await;
        assert_eq!(status, 1, "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let expected = format!("skywave: cannot listen on {address}: Address already in use");
        assert!(said.starts_with(&expected) && said.matches("in use").count() == 1, "{said}");
    }
}
