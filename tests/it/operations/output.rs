//! What becomes of the log's output is nobody else's trouble.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tests::encoder::Source;
use tests::program::Setup;
use tests::{Program, Scratch, hls, http, wait};
use tokio::process::{Child, Command};

fn configure(folder: &Path) {
    let ports = tests::node::PORTS;
    let config = format!("data = \"data\"\nmanifest = \"stations.toml\"\n[listen]\n{ports}");
    std::fs::write(folder.join("skywave.toml"), config).unwrap();
    std::fs::write(folder.join("stations.toml"), tests::node::MP3).unwrap();
}

/// The ports on which a process listens, as the kernel tells.
fn listening(process: u32) -> Vec<u16> {
    let Ok(files) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let sockets: Vec<String> = files
        .filter_map(|file| Some(std::fs::read_link(file.ok()?.path()).ok()?.display().to_string()))
        .collect();
    let table = std::fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap_or_default();
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    // Local address, state (0A is LISTEN), inode.
    rows.filter(|row| row[3] == "0A" && sockets.contains(&format!("socket:[{}]", row[9])))
        .filter_map(|row| u16::from_str_radix(row[1].split_once(':')?.1, 16).ok())
        .collect()
}

/// The control port, found without the log.
async fn control_of(process: u32) -> SocketAddr {
    wait::until("a control port", || async {
        for port in listening(process) {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let ready = http::try_get(&format!("http://{address}/readyz")).await;
            if ready.is_some_and(|answer| answer.text() == "ready\n") {
                return Some(address);
            }
        }
        None
    })
    .await
}

/// The station works although nobody reads what the process says.
async fn check_serves(child: &mut Child) {
    let control = control_of(child.id().unwrap()).await;
    let status_url = format!("http://{control}/api/v1/status");
    let status: Value = serde_json::from_slice(&http::get(&status_url).await.body).unwrap();
    let port = u16::try_from(status["ports"]["public"].as_u64().unwrap()).unwrap();
    let public = SocketAddr::from(([127, 0, 0, 1], port));
    let mut source = Source::connect(public, "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(30, 128, 44_100, 2)).await;
    wait::until("segments", || async {
        let status: Value = serde_json::from_slice(&http::try_get(&status_url).await?.body).ok()?;
        (status["egresses"][0]["window_segments"].as_u64() >= Some(4)).then_some(())
    })
    .await;
    hls::fetch(&format!("http://{public}/radio/mp3-128")).await;
    assert!(child.try_wait().unwrap().is_none());
}

async fn terminate(mut child: Child) -> Option<i32> {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
    ended.expect("it ends").unwrap().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_stdout_stops_nothing() {
    let scratch = Scratch::default();
    configure(scratch.path());
    let program = tests::program::binary();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec {} serve >&- 2>&-", program.display()));
    let mut child = shell.current_dir(scratch.path()).kill_on_drop(true).spawn().unwrap();
    check_serves(&mut child).await;
    assert_eq!(terminate(child).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_that_nobody_reads_stops_nothing() {
    let scratch = Scratch::default();
    configure(scratch.path());
    // Full from the beginning, and for as long as there is a reader.
    let (reader, mut writer) = std::io::pipe().unwrap();
    let stdout = writer.try_clone().unwrap();
    let filling = std::thread::spawn(move || while writer.write_all(&[b'x'; 512]).is_ok() {});
    let mut command = tests::program::command(&["serve"], scratch.path());
    command.env("SKYWAVE_LOG", "trace").stdout(stdout).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    check_serves(&mut child).await;
    assert_eq!(terminate(child).await, Some(0));
    drop(reader);
    filling.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_whose_reader_is_gone_stops_nothing() {
    let scratch = Scratch::default();
    configure(scratch.path());
    let mut command = tests::program::command(&["serve"], scratch.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    check_serves(&mut child).await;
    assert_eq!(terminate(child).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_on_a_full_disk_stops_nothing() {
    let scratch = Scratch::default();
    configure(scratch.path());
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = tests::program::command(&["serve"], scratch.path());
    command.env("SKYWAVE_LOG", "trace").stdout(full()).stderr(full());
    let mut child = command.spawn().unwrap();
    check_serves(&mut child).await;
    assert_eq!(terminate(child).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_objects_where_json_is_asked_for() {
    let scratch = Scratch::default();
    let setup = Setup { lines: "[log]\nformat = \"json\"", environment: &[] };
    let program = Program::serve_as(tests::node::MP3, scratch.path(), setup).await;
    drop(Source::connect(program.public, "audio/mpeg").await);
    assert_eq!(program.terminate().await, 0);
    let log = std::fs::read_to_string(scratch.path().join("log.txt")).unwrap();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let serving = lines.iter().find(|line| line["message"] == "serving").unwrap();
    assert!(serving["public"].as_str().unwrap().starts_with("127.0.0.1:"));
    let source = lines.iter().find(|line| line["message"] == "source connected").unwrap();
    assert_eq!((&source["ingest"], &source["level"]), (&"in".into(), &"INFO".into()));
}
