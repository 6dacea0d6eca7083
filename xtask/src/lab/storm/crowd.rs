//! Listeners in a process of their own: `crates/delivery/examples/crowd.rs`.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell::{command, output};

/// A crowd; it leaves when it is dropped.
pub(super) struct Crowd {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// What a crowd tells of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) open: u64,
    pub(super) heard: u64,
    pub(super) p50_ms: u64,
    pub(super) p99_ms: u64,
    pub(super) last_ms: u64,
    pub(super) gap_ms: u64,
}

impl Crowd {
    /// Tunes in.
    pub(super) fn listen(root: &Path, address: SocketAddr, count: u64) -> Result<Self> {
        Self::start(root, address, "listen", count)
    }

    /// Asks and reads nothing; returns once all have asked.
    pub(super) fn stall(root: &Path, address: SocketAddr, count: u64) -> Result<Self> {
        let mut crowd = Self::start(root, address, "stall", count)?;
        crowd.line()?;
        Ok(crowd)
    }

    /// Comes and goes, to the end; what it says of it.
    pub(super) fn churn(root: &Path, address: SocketAddr, count: u64) -> Result<String> {
        let said = output("churn", &mut program(root, address, "churn", count))?;
        Ok(said.trim().to_owned())
    }

    fn start(root: &Path, address: SocketAddr, what: &str, count: u64) -> Result<Self> {
        let mut command = program(root, address, what, count);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the listeners")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { child, input, output })
    }

    /// How it stands; gaps are counted anew from here.
    pub(super) fn figures(&mut self) -> Result<Figures> {
        let input = self.input.as_mut().context("no input")?;
        input.write_all(b"\n")?;
        let line = self.line()?;
        Figures::read(&line).with_context(|| format!("listeners say {line:?}"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!("the listeners ended");
        }
        Ok(line)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

impl Figures {
    fn read(line: &str) -> Option<Self> {
        let value = |name: &str| {
            let (_, value) = line
                .split_whitespace()
                .find_map(|word| word.split_once('=').filter(|w| w.0 == name))?;
            value.parse().ok()
        };
        Some(Self {
            open: value("open")?,
            heard: value("heard")?,
            p50_ms: value("p50_ms")?,
            p99_ms: value("p99_ms")?,
            last_ms: value("last_ms")?,
            gap_ms: value("gap_ms")?,
        })
    }
}

fn program(root: &Path, address: SocketAddr, what: &str, count: u64) -> Command {
    let arguments = [address.to_string(), "/radio".into(), what.into(), count.to_string()];
    command(
        root,
        root.join("target/release/examples/crowd").display().to_string().as_str(),
        arguments,
    )
}

#[cfg(test)]
mod tests;
