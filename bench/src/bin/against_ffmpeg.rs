//! An hour of MP3 to segments and playlists, side by side with ffmpeg.
//!
//! ```text
//! cargo run --release -p bench --bin against-ffmpeg -- 9
//!                                                   rounds
//! ```
//!
//! Both run in turn, in every round, on the same bytes. Skywave's way is in
//! memory; ffmpeg reads and writes a file system in memory where there is one.
//! Prints Markdown.

use std::fs;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bench::chain::{Chain, TARGET_SECS};
use bench::hour;
use media::WallTime;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use runtime::clock::{Clock as _, SystemClock};

/// Rounds, unless said otherwise: enough for a median on a machine with company.
const ROUNDS: usize = 9;

/// What a read of a socket gives: the payload of an Ethernet packet.
const READ_LEN: usize = 1_460;

/// Bytes a second of the hour.
const BYTES_A_SECOND: u64 = 16_000;

/// What one run took.
#[derive(Debug, Clone, Copy)]
struct Taken {
    cpu: Duration,
    wall: Duration,
}

fn main() -> Result<()> {
    let rounds = match std::env::args().nth(1) {
        Some(word) => word.parse().context("usage: against-ffmpeg [ROUNDS]")?,
        None => ROUNDS,
    };
    let hour = hour::mp3();
    let scratch = Scratch::new()?;
    let whole = scratch.file("hour.mp3", &hour)?;
    let second = scratch.file("second.mp3", hour.get(..16_000).unwrap_or_default())?;
    let (mut ours, mut theirs, mut starts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(skywave(&hour)?);
        theirs.push(ffmpeg(&scratch, &whole)?);
        starts.push(ffmpeg(&scratch, &second)?);
    }
    report(&[
        ("Skywave", median(&ours)),
        ("ffmpeg", median(&theirs)),
        ("ffmpeg, one second of audio", median(&starts)),
    ])
}

/// All of the hour through the chain, as it would come from a socket.
fn skywave(hour: &[u8]) -> Result<Taken> {
    let (began, before) = (SystemClock.monotonic(), cpu(UsageWho::RUSAGE_SELF)?);
    let mut chain = Chain::default();
    let (mut segments, mut bytes) = (0, 0);
    for piece in hour.chunks(READ_LEN) {
        bytes += piece.len() as u64;
        let arrival = WallTime::from_nanos(bytes * 1_000_000_000 / BYTES_A_SECOND);
        for published in chain.push(piece, arrival) {
            segments += 1;
            black_box(published);
        }
    }
    // The last one is closed by what follows it, and nothing does.
    if segments != u64::from(hour::SECS / TARGET_SECS) - 1 {
        bail!("an hour has 600 segments of 6 s, of which {segments} were made");
    }
    Ok(Taken {
        cpu: cpu(UsageWho::RUSAGE_SELF)?.saturating_sub(before),
        wall: SystemClock.monotonic().saturating_duration_since(began),
    })
}

/// The same by ffmpeg, process and all.
fn ffmpeg(scratch: &Scratch, input: &Path) -> Result<Taken> {
    let out = scratch.0.join("out");
    fs::create_dir_all(&out)?;
    let (began, before) = (SystemClock.monotonic(), cpu(UsageWho::RUSAGE_CHILDREN)?);
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-i"])
        .arg(input)
        .args(["-c", "copy", "-f", "hls", "-hls_time"])
        .arg(TARGET_SECS.to_string())
        .args(["-hls_list_size", "10", "-hls_segment_filename"])
        .arg(out.join("%d.ts"))
        .arg(out.join("media.m3u8"))
        .stdin(Stdio::null())
        .status()
        .context("cannot start ffmpeg")?;
    if !status.success() {
        bail!("ffmpeg ended with {status}");
    }
    let taken = Taken {
        cpu: cpu(UsageWho::RUSAGE_CHILDREN)?.saturating_sub(before),
        wall: SystemClock.monotonic().saturating_duration_since(began),
    };
    fs::remove_dir_all(&out)?;
    Ok(taken)
}

/// Time on processors, of the program and of the kernel for it.
fn cpu(who: UsageWho) -> Result<Duration> {
    let usage: Usage = getrusage(who)?;
    let micros = [usage.user_time(), usage.system_time()]
        .map(|time| i128::from(time.tv_sec()) * 1_000_000 + i128::from(time.tv_usec()));
    Ok(Duration::from_micros(u64::try_from(micros.iter().sum::<i128>())?))
}

/// The median of each for itself.
fn median(runs: &[Taken]) -> Taken {
    let middle = |of: fn(&Taken) -> Duration| {
        let mut all: Vec<Duration> = runs.iter().map(of).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    Taken { cpu: middle(|run| run.cpu), wall: middle(|run| run.wall) }
}

fn report(rows: &[(&str, Taken); 3]) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "| | processor | wall | times real time, by processor |")?;
    writeln!(out, "| --- | ---: | ---: | ---: |")?;
    for (name, taken) in rows.iter().take(2) {
        let speed = f64::from(hour::SECS) / taken.cpu.as_secs_f64();
        writeln!(out, "| {name} | {} | {} | {speed:.0} |", millis(taken.cpu), millis(taken.wall))?;
    }
    let [(_, ours), (_, theirs), (name, start)] = rows;
    writeln!(out, "| {name} | {} | {} | |", millis(start.cpu), millis(start.wall))?;
    let ratio = |theirs: Duration, ours: Duration| theirs.as_secs_f64() / ours.as_secs_f64();
    let bare = theirs.cpu.saturating_sub(start.cpu);
    writeln!(
        out,
        "\nSkywave is {:.1} times as fast as ffmpeg by processor time, {:.1} times by wall time, \
         and {:.1} times by processor time with ffmpeg's start taken off.",
        ratio(theirs.cpu, ours.cpu),
        ratio(theirs.wall, ours.wall),
        ratio(bare, ours.cpu),
    )?;
    Ok(())
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// A folder that goes with the process, in memory where the system has such.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(format!("skywave-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is told by nobody: the figures are out already.
        let _ = fs::remove_dir_all(&self.0);
    }
}
