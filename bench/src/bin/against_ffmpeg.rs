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
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bench::beside::{self, Scratch, Taken, median, millis};
use bench::chain::{Chain, TARGET_SECS};
use bench::hour;
use media::WallTime;

/// Rounds, unless said otherwise: enough for a median on a machine with company.
const ROUNDS: usize = 9;

/// What a read of a socket gives: the payload of an Ethernet packet.
const READ_LEN: usize = 1_460;

/// Bytes a second of the hour.
const BYTES_A_SECOND: u64 = 16_000;

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
    beside::own(|| {
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
        Ok(())
    })
}

/// The same by ffmpeg, process and all.
fn ffmpeg(scratch: &Scratch, input: &Path) -> Result<Taken> {
    let out = scratch.path("out");
    fs::create_dir_all(&out)?;
    let mut command = Command::new("ffmpeg");
    command
        .args(["-nostdin", "-loglevel", "error", "-i"])
        .arg(input)
        .args(["-c", "copy", "-f", "hls", "-hls_time"])
        .arg(TARGET_SECS.to_string())
        .args(["-hls_list_size", "10", "-hls_segment_filename"])
        .arg(out.join("%d.ts"))
        .arg(out.join("media.m3u8"));
    let taken = beside::child(&mut command)?;
    fs::remove_dir_all(&out)?;
    Ok(taken)
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
