//! What the joins of renditions cost.

use std::path::Path;

use anyhow::Result;

use crate::lab::page::{self, Page};
use crate::shell::{command, output};

const METHOD: &str = "\
Each segment of a rendition is made by an encoder of its own ([ADR 19](../adr/0019-renditions-are-made-anew-at-each-segment.md)). Here the same programme, MP3 at 192
kbit/s, is made into each rendition twice: segment by segment, and by one encoder from its beginning to its end. Both are decoded and compared with the programme. *Mean* and
*worst*: the energy of what differs from the programme, in the 4,096 samples around a boundary, against the same of the one encoder: 0 dB is the codec's own noise. *Clicks*: boundaries
at which the difference steps further from one sample to the next than anywhere else.

The second table is of a click, 6 ms of noise, at each whole second: by how many samples it is earlier or later in a rendition than in the programme.";

/// Measures, and writes the page; arguments are the seconds of each programme and of the
/// places.
///
/// # Errors
///
/// It does not build, or the page cannot be written.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let joins = ["run", "--release", "--locked", "--package", "bench", "--bin", "joins", "--"];
    let figures = output("joins", command(root, "cargo", joins).args(arguments))?;
    let title = "Joins of renditions";
    page::write(root, &Page { name: "joins", title, method: METHOD, figures: &figures })
}
