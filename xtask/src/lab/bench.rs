//! An hour of audio to segments and playlists, side by side with ffmpeg.

use std::path::Path;

use anyhow::{Context, Result};

use crate::lab::page::{self, Page};
use crate::shell::{command, output, printed};

const METHOD: &str = "\
One hour of MP3 (128 kbit/s, 44.1 kHz) to segments of 6 s and their playlists. Skywave: framer, timeline, cutter and live
playlists, fed 1,460 bytes at a time, both playlists rendered at each segment, all in memory and on one core. ffmpeg: `-c copy -f hls -hls_time 6`,
reading from and writing to a file system in memory, its start and its end in it. Both run in turn in each round, and the medians
are shown. The goal is five times ffmpeg's speed. `cargo xtask lab stages` tells where Skywave's time goes.";

/// Measures, and writes the page; an argument is the number of rounds.
///
/// # Errors
///
/// It does not build, ffmpeg is not there, or the page cannot be written.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let ffmpeg = printed(&mut command(root, "ffmpeg", ["-version"])).context("no ffmpeg")?;
    let version = ffmpeg.split_whitespace().nth(2).unwrap_or("?");
    let bench =
        ["run", "--release", "--locked", "--package", "bench", "--bin", "against-ffmpeg", "--"];
    let figures = output("bench", command(root, "cargo", bench).args(arguments))?;
    let method = format!("{METHOD} ffmpeg's version is {version}.");
    let title = "Frames to segments, beside ffmpeg";
    page::write(root, &Page { name: "bench", title, method: &method, figures: &figures })
}
