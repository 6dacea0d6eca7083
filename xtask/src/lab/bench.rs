//! An hour of audio to segments and playlists, side by side with ffmpeg; and what a
//! listener's admission costs.

use std::path::Path;

use anyhow::{Context, Result};

use crate::lab::page::{self, Page};
use crate::shell::{command, output, printed};

const METHOD: &str = "\
One hour of MP3 (128 kbit/s, 44.1 kHz) to segments of 6 s and their playlists. Skywave: framer, timeline, cutter and live
playlists, fed 1,460 bytes at a time, both playlists rendered at each segment, all in memory and on one core. ffmpeg: `-c copy -f hls -hls_time 6`,
reading from and writing to a file system in memory, its start and its end in it. Both run in turn in each round, and the medians
are shown. The goal is five times ffmpeg's speed. `cargo xtask lab stages` tells where Skywave's time goes.";

const ADMISSION: &str = "\
## Admissions

What a node does for each reload of a playlist before it has the playlist: the listener's country by a database of 131,072 networks in MaxMind's layout, its
token's MAC and claims, and the decision by a geo rule (`token_and_admission`; together at most 5 µs is the goal); and what it does where a session begins
(`admission_and_new_token`) and for a protected segment (`pass_verified`). A thousand listeners come in turn, on one thread. To repeat it:
`cargo bench -p bench --bench door`.";

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
    let bench = ["bench", "--locked", "--package", "bench", "--bench", "door"];
    let admission = output("admission", &mut command(root, "cargo", bench))?;
    let figures =
        format!("{}\n\n{ADMISSION}\n\n```text\n{}\n```", figures.trim(), admission.trim());
    let method = format!("{METHOD} ffmpeg's version is {version}.");
    let title = "Frames to segments, beside ffmpeg";
    page::write(root, &Page { name: "bench", title, method: &method, figures: &figures })
}
