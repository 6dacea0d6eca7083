//! The committed inputs: `corpus/TARGET.hex`, one a line in hexadecimal.
//!
//! `cargo xtask fuzz-inputs` writes them: of what the fuzzers have collected, the
//! least part that reaches all that the collection reaches, and of that a sample.

use std::path::PathBuf;
use std::{fs, io};

/// The inputs of a target.
///
/// # Errors
///
/// The file is not there, or a line is not bytes in hexadecimal.
pub fn read(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let path = folder().join(format!("{target}.hex"));
    let text = fs::read_to_string(&path)?;
    let not_hex = |line: &str| io::Error::other(format!("{}: not bytes: {line}", path.display()));
    text.lines().map(|line| bytes(line).ok_or_else(|| not_hex(line))).collect()
}

/// Where the files lie.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn bytes(line: &str) -> Option<Vec<u8>> {
    let pairs = line.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
