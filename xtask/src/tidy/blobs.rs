//! Rule: no file is larger than 256 KiB. Sound for tests is made, not kept.

use crate::tidy::tree::Tree;

/// Chosen: the lock file fits three times, ten seconds of sound do not.
const BYTES_MAX: u64 = 256 * 1024;

/// One line for each file over the limit.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let large = tree.files.iter().filter(|file| file.len > BYTES_MAX);
    large.map(|file| format!("{}: {} bytes, at most {BYTES_MAX}", file.path, file.len)).collect()
}

#[cfg(test)]
mod tests;
