//! Programs that are not ours.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

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

/// The folder of the browser scripts.
pub fn players() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/players"))
}

/// What a program said, both ways, as text.
pub fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
