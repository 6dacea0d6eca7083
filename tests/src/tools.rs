//! Programs that are not ours.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tokio::process::Child;

/// `nobody` and its group.
const NOBODY: u32 = 65_534;

/// Runs a program to its end and gives what it said.
///
/// # Panics
///
/// It is not installed (`cargo xtask test` installs it), or takes longer than
/// `limit`.
pub async fn run(program: &str, arguments: &[&str], limit: Duration) -> Output {
    let mut command = tokio::process::Command::from(command(program));
    let output = command.args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(limit, output).await;
    let output =
        output.unwrap_or_else(|_| panic!("{program} {arguments:?}: longer than {limit:?}"));
    output.unwrap_or_else(|error| panic!("{program}: {error}: `cargo xtask test` installs it"))
}

/// A program by its name, or a script of `tests/players` by its file name, to
/// be run by node.
pub fn command(program: &str) -> Command {
    match program.strip_suffix(".mjs") {
        Some(_) => {
            let mut command = Command::new("node");
            command.arg(players().join(program));
            command
        }
        None => Command::new(program),
    }
}

/// Starts a program, to be ended with its test at the latest. What it says on
/// both ways goes to a file.
///
/// # Panics
///
/// It is not installed.
pub fn start(mut command: Command, log: &Path) -> Child {
    let log = File::create(log).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    let program = command.get_program().to_string_lossy().into_owned();
    let started = tokio::process::Command::from(command).kill_on_drop(true).spawn();
    started.unwrap_or_else(|error| panic!("{program}: {error}: `cargo xtask test` installs it"))
}

/// A program that does not run as root, with a folder that it may write to as
/// its home.
pub fn unprivileged(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("HOME", home);
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        chown(home, Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// A port that nobody has, for a program that cannot choose one itself.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The folder of the browser scripts.
pub fn players() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/players"))
}

/// What a program said, both ways, as text.
pub fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
