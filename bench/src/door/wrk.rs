//! wrk: requests one behind the other on connections that stay open.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};

use crate::door::Coding;

/// Connections at a time.
const CONNECTIONS: u32 = 64;

/// Ticks of a second in `/proc`.
const TICKS: u64 = 100;

/// Builds its requests before it begins, and prints what [`read`] reads.
const SCRIPT: &str = r#"
local requests, nth = {}, 0
function init(arguments)
    if arguments[2] == "gzip" then wrk.headers["Accept-Encoding"] = "gzip" end
    for path in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("GET", path)
    end
end
function request()
    nth = nth % #requests + 1
    return requests[nth]
end
function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("\nFIGURES %d %d %d %d %d\n", summary.requests, summary.duration,
        failed, latency:percentile(50), latency:percentile(99)))
end
"#;

/// Its script, and the paths that it asks for.
#[derive(Debug)]
pub struct Wrk {
    script: PathBuf,
    paths: PathBuf,
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Requests that were answered.
    pub requests: u64,
    /// How long it took.
    pub wall: Duration,
    /// Those that failed, of whatever kind.
    pub failed: u64,
    /// The time to an answer: its median.
    pub p50: Duration,
    /// The 99th percentile.
    pub p99: Duration,
    /// What the server took of its processor.
    pub server: Duration,
    /// What wrk took of its own.
    pub asking: Duration,
}

impl Wrk {
    /// Asks for these paths in turn.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn new(folder: &Path, paths: &[String]) -> Result<Self> {
        let wrk = Self { script: folder.join("wrk.lua"), paths: folder.join("paths.txt") };
        fs::write(&wrk.script, SCRIPT)?;
        fs::write(&wrk.paths, paths.join("\n") + "\n")?;
        Ok(wrk)
    }

    /// Asks a server, which is a process of that id, for so long.
    ///
    /// # Errors
    ///
    /// It is not installed, or says nothing.
    pub fn run(
        &self,
        (server, id): (SocketAddr, u32),
        coding: Coding,
        (secs, processor): (u64, &str),
    ) -> Result<Load> {
        let (server_before, own_before) = (taken(id)?, taken_by_children()?);
        let mut wrk = Command::new("taskset");
        wrk.args(["-c", processor, "wrk", "--threads", "1", "--latency"]);
        wrk.arg("--connections").arg(CONNECTIONS.to_string());
        wrk.arg("--duration").arg(format!("{secs}s")).arg("--script").arg(&self.script);
        wrk.arg(format!("http://{server}/")).arg("--").arg(&self.paths).arg(coding.name());
        let output = wrk.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.context("taskset and wrk: `cargo xtask test` installs them")?;
        ensure!(output.status.success(), "wrk ended with {}", output.status);
        let load = read(&String::from_utf8_lossy(&output.stdout))?;
        let asking = taken_by_children()?.saturating_sub(own_before);
        Ok(Load { server: taken(id)?.saturating_sub(server_before), asking, ..load })
    }
}

impl Load {
    /// Requests a second.
    pub fn rate(&self) -> f64 {
        // Fewer than a u32 counts, in seconds.
        let requests = u32::try_from(self.requests).unwrap_or(u32::MAX);
        f64::from(requests) / self.wall.as_secs_f64()
    }

    /// The server's time on its processor for each request.
    pub fn cost(&self) -> Duration {
        self.server / u32::try_from(self.requests.max(1)).unwrap_or(u32::MAX)
    }
}

/// What the script prints at the end.
fn read(said: &str) -> Result<Load> {
    let line = said.lines().find_map(|line| line.strip_prefix("FIGURES "));
    let line = line.with_context(|| format!("wrk has no figures: {said}"))?;
    let figures: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [requests, wall, failed, p50, p99] = figures[..] else { bail!("wrk says {line:?}") };
    let micros = Duration::from_micros;
    let (wall, p50, p99) = (micros(wall), micros(p50), micros(p99));
    Ok(Load { requests, wall, failed, p50, p99, ..Load::default() })
}

/// What a process has taken of processors, of its own and of the kernel for it.
fn taken(id: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).context("the server is gone")?;
    // The name before them may have spaces.
    let (_, fields) = stat.rsplit_once(") ").context("no fields")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 1_000 / TICKS))
}

/// The same of the children that have ended, which wrk is one of.
fn taken_by_children() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = [usage.user_time(), usage.system_time()]
        .map(|time| i128::from(time.tv_sec()) * 1_000_000 + i128::from(time.tv_usec()));
    Ok(Duration::from_micros(u64::try_from(micros.iter().sum::<i128>())?))
}

#[cfg(test)]
mod tests;
