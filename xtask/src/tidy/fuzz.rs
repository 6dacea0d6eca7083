//! Rule: every fuzz target is listed in the fuzzers' manifest, and nothing
//! else is; a target that is not listed is never built.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::tidy::tree::Tree;

const MANIFEST: &str = "fuzz/Cargo.toml";
const FOLDER: &str = "fuzz/fuzz_targets/";

/// One line for each target that only one of folder and manifest has.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let manifest = tree.text(MANIFEST).and_then(|text| text.parse::<Table>().ok());
    let bins = manifest.as_ref().and_then(|manifest| manifest.get("bin")?.as_array());
    let path = |bin: &Value| Some(format!("fuzz/{}", bin.get("path")?.as_str()?));
    let listed: BTreeSet<String> = bins.into_iter().flatten().filter_map(path).collect();
    let there: BTreeSet<String> = tree
        .sources()
        .filter(|(path, _)| path.starts_with(FOLDER))
        .map(|(path, _)| path.to_owned())
        .collect();
    let unlisted = there.difference(&listed).map(|path| format!("{path}: not in {MANIFEST}"));
    let gone = listed.difference(&there).map(|path| format!("{MANIFEST}: there is no {path}"));
    unlisted.chain(gone).collect()
}

#[cfg(test)]
mod tests;
