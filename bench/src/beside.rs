//! Two programs side by side: what each takes, and the files between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::unistd::Pid;
use runtime::clock::{Clock as _, SystemClock};

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// Time on processors, of the program and of the kernel for it.
    pub cpu: Duration,
    /// Time that went by.
    pub wall: Duration,
}

/// A folder that goes with the process, in memory where the system has such.
#[derive(Debug)]
pub struct Scratch(PathBuf);

/// What this process takes for some work.
///
/// # Errors
///
/// The work's own, and those of the system's counters.
pub fn own(work: impl FnOnce() -> Result<()>) -> Result<Taken> {
    measured(UsageWho::RUSAGE_SELF, work)
}

/// What a command takes, from its start to its end.
///
/// # Errors
///
/// It does not start, or ends with a failure.
pub fn child(command: &mut Command) -> Result<Taken> {
    measured(UsageWho::RUSAGE_CHILDREN, || {
        let name = command.get_program().to_owned();
        let status = command.stdin(Stdio::null()).status();
        let status = status.with_context(|| format!("cannot start {}", name.display()))?;
        if !status.success() {
            bail!("{} ended with {status}", name.display());
        }
        Ok(())
    })
}

/// The median of each for itself.
pub fn median(runs: &[Taken]) -> Taken {
    let middle = |of: fn(&Taken) -> Duration| {
        let mut all: Vec<Duration> = runs.iter().map(of).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    Taken { cpu: middle(|run| run.cpu), wall: middle(|run| run.wall) }
}

/// Keeps this process and its children to one of the processors that it may use.
///
/// # Errors
///
/// The system's.
pub fn pin() -> Result<()> {
    let allowed = sched_getaffinity(Pid::this())?;
    let mut all = 0..CpuSet::count();
    let first = all.find(|&nth| allowed.is_set(nth) == Ok(true)).context("no processor")?;
    let mut one = CpuSet::new();
    one.set(first)?;
    Ok(sched_setaffinity(Pid::this(), &one)?)
}

/// Milliseconds with one digit behind the point.
pub fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

impl Scratch {
    /// Makes the folder.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn new() -> Result<Self> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(format!("skywave-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// Writes a file.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn file(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// Where a file of this name is, or would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is told by nobody: the figures are out already.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn measured(who: UsageWho, work: impl FnOnce() -> Result<()>) -> Result<Taken> {
    let (began, before) = (SystemClock.monotonic(), cpu(who)?);
    work()?;
    Ok(Taken {
        cpu: cpu(who)?.saturating_sub(before),
        wall: SystemClock.monotonic().saturating_duration_since(began),
    })
}

fn cpu(who: UsageWho) -> Result<Duration> {
    let usage: Usage = getrusage(who)?;
    let micros = [usage.user_time(), usage.system_time()]
        .map(|time| i128::from(time.tv_sec()) * 1_000_000 + i128::from(time.tv_usec()));
    Ok(Duration::from_micros(u64::try_from(micros.iter().sum::<i128>())?))
}
