//! The built program with a wall clock that a test turns, while its monotonic
//! clock goes on: what NTP, an administrator or a dead battery do to a machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Program;
use crate::program::Setup;

/// How far the log's times may be from what they should be, in seconds.
const TOLERANCE_SECS: i64 = 120;

/// A program and its clock.
#[derive(Debug)]
pub struct Faked {
    /// The program.
    pub program: Program,
    folder: PathBuf,
}

impl Faked {
    /// Starts it with its clock `off` the right time: `+1h`, `-100d`, or with
    /// another speed, `+0 x1.0005`.
    ///
    /// # Panics
    ///
    /// libfaketime is not installed (`cargo xtask test` installs it).
    pub async fn serve(manifest: &str, folder: &Path, off: &str) -> Self {
        let architecture = std::env::consts::ARCH;
        let library = format!("/usr/lib/{architecture}-linux-gnu/faketime/libfaketimeMT.so.1");
        assert!(Path::new(&library).exists(), "{library}: `cargo xtask test` installs it");
        turn(folder, off);
        let file = folder.join("clock").display().to_string();
        let environment = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", file.as_str()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("FAKETIME_NO_CACHE", "1"),
        ];
        let setup = Setup { lines: "", environment: &environment };
        let program = Program::serve_as(manifest, folder, setup).await;
        Self { program, folder: folder.to_owned() }
    }

    /// Turns its clock.
    pub fn turn(&self, off: &str) {
        turn(&self.folder, off);
    }

    /// Whether the last line of its log bears the time `secs` from now.
    pub fn logs_at(&self, secs: i64) -> bool {
        let log = std::fs::read_to_string(self.folder.join("log.txt")).unwrap();
        let stamp = log.lines().last().and_then(|line| line.split('.').next()).unwrap_or_default();
        let (from, to) = (date(secs - TOLERANCE_SECS), date(secs + TOLERANCE_SECS));
        (from.as_str()..=to.as_str()).contains(&stamp)
    }
}

/// In one step, so that the program reads the old or the new.
fn turn(folder: &Path, off: &str) {
    let fresh = folder.join("clock.new");
    std::fs::write(&fresh, off).unwrap();
    std::fs::rename(fresh, folder.join("clock")).unwrap();
}

/// The time so many seconds from now, as the log writes it.
fn date(secs: i64) -> String {
    let when = format!("--date={secs} seconds");
    let output = Command::new("date").args(["--utc", &when, "+%Y-%m-%dT%H:%M:%S"]).output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}
