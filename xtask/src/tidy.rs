//! This tree's own rules, one module each: what neither the compiler nor
//! clippy knows.
//!
//! A rule is a pure function of the [`Tree`]; only `tree` reads the disk.

mod adr;
mod blobs;
mod fuzz;
mod head;
mod layers;
mod length;
mod manifests;
mod metrics;
mod paths;
mod sans_io;
mod tree;
mod words;

use std::path::Path;

use anyhow::{Result, bail};

use crate::shell::{complain, say};
use tree::Tree;

/// A rule gives one line for each fault, place first.
type Rule = fn(&Tree) -> Vec<String>;

const RULES: [(&str, Rule); 11] = [
    ("layers", layers::check),
    ("sans_io", sans_io::check),
    ("manifests", manifests::check),
    ("head", head::check),
    ("length", length::check),
    ("words", words::check),
    ("paths", paths::check),
    ("blobs", blobs::check),
    ("adr", adr::check),
    ("metrics", metrics::check),
    ("fuzz", fuzz::check),
];

/// Runs every rule and tells all that is untidy, not only the first.
///
/// # Errors
///
/// The tree cannot be read, or something is untidy.
pub(crate) fn run(root: &Path) -> Result<()> {
    say("== tidy");
    let tree = Tree::read(root)?;
    let faults = faults(&tree);
    for fault in &faults {
        complain(fault);
    }
    if !faults.is_empty() {
        bail!("tidy failed, faults: {}", faults.len());
    }
    Ok(())
}

/// What all rules say, each line with its rule's name behind it.
fn faults(tree: &Tree) -> Vec<String> {
    let told = |(name, rule): &(&str, Rule)| {
        rule(tree).into_iter().map(|fault| format!("{fault} [{name}]")).collect::<Vec<_>>()
    };
    RULES.iter().flat_map(told).collect()
}

#[cfg(test)]
mod tests;
