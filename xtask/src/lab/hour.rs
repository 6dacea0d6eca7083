//! Virtual hours over a line that stalls, bursts and breaks.

use std::path::Path;

use anyhow::Result;

use crate::lab::page::{self, Page};
use crate::shell::{command, output};

const METHOD: &str = "\
One hour of virtual time for each scenario: an encoder, a line, and the whole way from its bytes to segments and playlists, in
memory. Every frame bears its number, so that what is lost, repeated or changed is counted; each playlist is judged by the rules of
[the checklist](../hls-checklist.md) against the one before it. *Step of dates* is the greatest jump of PROGRAM-DATE-TIME inside an
epoch, at most 10 ms are promised; *dates ahead* is how far the end of a segment is dated after the moment of its publication; *memory* is by how
much the peak of the hour is above that of the five minutes before it. A break without overlap has to begin an epoch, and nothing else may.";

/// Runs the hours, and writes the page; an argument is the seed.
///
/// # Errors
///
/// It does not build, or the page cannot be written.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let hour =
        ["run", "--release", "--locked", "--package", "bench", "--bin", "virtual-hour", "--"];
    let figures = output("hour", command(root, "cargo", hour).args(arguments))?;
    let title = "An hour of bad lines";
    page::write(root, &Page { name: "hour", title, method: METHOD, figures: &figures })
}
