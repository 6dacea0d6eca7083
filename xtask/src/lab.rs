//! `cargo xtask lab`: experiments that take too long for every change, or
//! that need what CI has not. Those with a table keep it under `docs/lab/`.

mod bench;
mod corpus;
mod door;
mod encoders;
mod failover;
mod fanout;
mod fuzz;
mod hour;
mod joins;
mod page;
mod storm;

use std::path::Path;

use anyhow::{Result, bail};

use crate::needs;
use crate::shell::{command, say, step};

pub(crate) use fuzz::inputs;

/// One experiment: how it is called, what it tells, and how it is run.
struct Experiment {
    name: &'static str,
    tells: &'static str,
    run: fn(&Path, &[&str]) -> Result<()>,
}

const EXPERIMENTS: [Experiment; 12] = [
    Experiment {
        name: "bench",
        tells: "an hour of audio to segments, side by side with ffmpeg; admissions; [ROUNDS]",
        run: bench::run,
    },
    Experiment {
        name: "encoders",
        tells: "encoders side by side with ffmpeg's; decoders and the resampler; [ROUNDS]",
        run: encoders::run,
    },
    Experiment {
        name: "door",
        tells: "reloads of playlists with sessions, side by side with nginx; [ROUNDS [SECONDS]]",
        run: door::run,
    },
    Experiment {
        name: "stages",
        tells: "the stages of that for themselves; arguments go to cargo bench",
        run: stages,
    },
    Experiment {
        name: "fanout",
        tells: "what an ICY listener costs, and what stalled ones do to the others",
        run: fanout::run,
    },
    Experiment {
        name: "storm",
        tells: "ten thousand ICY listeners at once, beside Icecast; stalls and returns",
        run: storm::run,
    },
    Experiment {
        name: "hour",
        tells: "virtual hours of stalls, bursts, drift and breaks; [SEED]",
        run: hour::run,
    },
    Experiment {
        name: "joins",
        tells: "what a new encoder at each segment costs, and whether sound keeps its place; \
                [SECONDS [SECONDS]]",
        run: joins::run,
    },
    Experiment {
        name: "failover",
        tells: "paths, processes and a bucket fail in real time, every frame counted; \
                [--kills N] [--case SLUG] [--coding SLUG] [--seed N]",
        run: failover::run,
    },
    Experiment {
        name: "corpus",
        tells: "what the ingest makes of a thousand broken streams; needs lame and ffmpeg",
        run: corpus::run,
    },
    Experiment {
        name: "fuzz",
        tells: "every fuzz target for a minute; [SECONDS | --runs EXECUTIONS] [TARGET...]",
        run: fuzz::run,
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

fn stages(root: &Path, arguments: &[&str]) -> Result<()> {
    let bench = ["bench", "--package", "bench", "--locked", "--"];
    step("stages", command(root, "cargo", bench).args(arguments))
}

fn deny(root: &Path, arguments: &[&str]) -> Result<()> {
    needs::cargo_tool(root, "deny")?;
    // Not `advisories`: its database comes from a place of its own.
    let deny = ["deny", "--locked", "check", "licenses", "bans", "sources"];
    step("deny", command(root, "cargo", deny).args(arguments))
}

#[cfg(test)]
mod tests;
