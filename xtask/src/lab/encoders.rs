//! Encoders, side by side with ffmpeg's; decoders, the resampler, and what it takes to
//! open them.

use std::path::Path;

use anyhow::{Context, Result};

use crate::lab::page::{self, Page};
use crate::shell::{command, output, printed};

const METHOD: &str = "\
Two minutes of the demo programme, 44.1 kHz stereo of 16 bits, from a file to a file, in a file system in memory. Skywave: the encoders that renditions have, fdk-aac with its
afterburner and LAME at quality 5 without a bit reservoir, given 1,024 samples at a time. ffmpeg: its own `aac`, and `libmp3lame` with `-compression_level 5 -reservoir 0`; what it takes for
a tenth of a second of sound, its start, is taken off. Both run in turn in each round, on one processor; times are processor time, medians of the rounds, and the ratio is the median of
the rounds' ratios. What a pair holds is how much a process grows by each of 32 pairs that have worked for four seconds.";

const STAGES: &str = "\
## One by one

A minute of the same, stereo; items are samples per channel, so an `Mitem/s` is 22.7 times real time. `resampled_by_rubato` is rubato's `Fft`, which is not in the product
([ADR 20](../adr/0020-resampling-is-our-own.md)). To repeat it: `cargo bench -p bench --bench codecs`.";

/// Measures, and writes the page; an argument is the number of rounds.
///
/// # Errors
///
/// It does not build, ffmpeg is not there, or the page cannot be written.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let ffmpeg = printed(&mut command(root, "ffmpeg", ["-version"])).context("no ffmpeg")?;
    let version = ffmpeg.split_whitespace().nth(2).unwrap_or("?");
    let beside = ["run", "--release", "--locked", "--package", "bench", "--bin", "encoders", "--"];
    let figures = output("encoders", command(root, "cargo", beside).args(arguments))?;
    let bench = ["bench", "--locked", "--package", "bench", "--bench", "codecs"];
    let stages = output("codecs", &mut command(root, "cargo", bench))?;
    let figures = format!("{}\n\n{STAGES}\n\n```text\n{}\n```", figures.trim(), stages.trim());
    let method = format!("{METHOD} ffmpeg's version is {version}.");
    let title = "Encoders, beside ffmpeg's";
    page::write(root, &Page { name: "encoders", title, method: &method, figures: &figures })
}
