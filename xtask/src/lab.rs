//! `cargo xtask lab`: experiments that take too long for every change, or
//! that need what CI has not.

use std::path::Path;

use anyhow::{Result, bail};

use crate::needs;
use crate::shell::{command, say, step};

/// One experiment: how it is called, what it tells, and how it is run.
struct Experiment {
    name: &'static str,
    tells: &'static str,
    run: fn(&Path, &[&str]) -> Result<()>,
}

const EXPERIMENTS: [Experiment; 2] = [
    Experiment {
        name: "bench",
        tells: "the benchmarks' table; arguments go to cargo bench",
        run: bench,
    },
    Experiment {
        name: "deny",
        tells: "licences, bans and sources of all dependencies, by deny.toml",
        run: deny,
    },
];

/// Prints every experiment's name and what it tells.
pub(crate) fn list() {
    say("experiments, each run by `cargo xtask lab NAME`:\n");
    for Experiment { name, tells, .. } in EXPERIMENTS {
        say(&format!("  {name:<10} {tells}"));
    }
}

/// Runs one experiment with the arguments after its name.
///
/// # Errors
///
/// There is none of that name, or it failed.
pub(crate) fn run(root: &Path, name: &str, arguments: &[&str]) -> Result<()> {
    let Some(experiment) = EXPERIMENTS.iter().find(|experiment| experiment.name == name) else {
        let names = EXPERIMENTS.map(|experiment| experiment.name).join(", ");
        bail!("no experiment {name:?}; there are: {names}");
    };
    (experiment.run)(root, arguments)
}

fn bench(root: &Path, arguments: &[&str]) -> Result<()> {
    let bench = ["bench", "--workspace", "--benches", "--locked"];
    step("bench", command(root, "cargo", bench).args(arguments))
}

fn deny(root: &Path, arguments: &[&str]) -> Result<()> {
    needs::cargo_tool(root, "deny")?;
    // Not `advisories`: its database comes from a place of its own.
    let deny = ["deny", "--locked", "check", "licenses", "bans", "sources"];
    step("deny", command(root, "cargo", deny).args(arguments))
}

#[cfg(test)]
mod tests;
