//! The corpus of broken streams, judged.

use std::path::Path;

use anyhow::Result;

use crate::lab::page::{self, Page};
use crate::shell::{command, output};

const METHOD: &str = "\
Streams made on the spot, each sent the way of a source's bytes: request body, metadata, framer, AAC detector, path feed. Base files are eight
seconds by LAME (every bit rate at every sampling rate of Layer III, VBR, ABR, CRC, dual channel, free format), by fdk-aac (LC, HE, HE v2,
several blocks a frame, checksums) and by ffmpeg; their frames are known. *What was done* is done to 18 of them, by the seed. Each file is judged
in writes of 1, 7, 1,460 and 65,536 bytes, whose results have to be the same, and broken off at multiples of 997 bytes (*cuts*, at most 128 a file); no audio
has to be refused by name within two seconds of real time. *Frames* stand whole in the files; of those, *proved* ones are followed by a header, a tag or
the end, so that they can be told from halves: 99 % of them have to be found. *Strange* is what was given and is no frame of the file.
*Processor* is the most for a mebibyte in any size of write, most often that of single bytes; *heap* the most that a source took above what there was, the path feed's in it, the
AAC decoder's (in C) not. At most a second and 16 MiB are allowed. Anything that does not hold fails the command.

Not made here: intensity stereo as an encoder writes it (LAME does not; the flag is set on joint stereo), and checksums that are right (nobody here
computes or looks at them).";

/// Judges all, and writes the page. Takes `lame` and `ffmpeg`.
///
/// # Errors
///
/// It does not build, a program is missing, or a promise does not hold.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let judge =
        ["run", "--release", "--locked", "--package", "corpus", "--bin", "judge-corpus", "--"];
    let figures = output("corpus", command(root, "cargo", judge).args(arguments))?;
    let title = "Broken streams";
    page::write(root, &Page { name: "corpus", title, method: METHOD, figures: &figures })
}
