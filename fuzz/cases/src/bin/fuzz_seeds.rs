//! Writes every target's inputs, committed ones and seeds, into a folder for
//! libFuzzer: `fuzz-seeds FOLDER` makes `FOLDER/TARGET/NUMBER`.

use std::path::Path;
use std::{fs, io};

use fuzz_cases::{TARGETS, corpus};

fn main() -> io::Result<()> {
    let folder =
        std::env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: fuzz-seeds FOLDER"))?;
    for target in TARGETS {
        let folder = Path::new(&folder).join(target.name);
        fs::create_dir_all(&folder)?;
        let inputs = corpus::read(target.name)?.into_iter().chain((target.seeds)());
        for (number, input) in inputs.enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), input)?;
        }
    }
    Ok(())
}
