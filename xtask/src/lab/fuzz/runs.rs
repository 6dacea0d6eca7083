//! Runs of so many executions, and the page that tells of them.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::{TARGET_DIR, cargo_fuzz, targets, tell};
use crate::lab::page::{self, Page};
use crate::shell::{command, say, step};

/// Bytes of an input at most: executions are many where inputs are short, and
/// the grammars are short.
const LEN_MAX: &str = "-max_len=512";

/// What each run printed last.
const LOGS: &str = "target/fuzz/runs";

/// Where cargo puts the fuzzers.
const BUILT: &str = "target/fuzz/x86_64-unknown-linux-gnu/release";

const METHOD: &str = "\
Every parser of bytes from strangers has a target in `fuzz/`, which asserts more than that nothing panics; [its README](../../fuzz/README.md)
says how they are kept. Here each ran for a number of executions with libFuzzer, from the inputs collected so far, on inputs of up to 512 bytes,
with the checks of a debug build for overflow and without a sanitizer: the parsers are safe Rust. *Edges* are the places of the code that were
reached, of all that are linked. What a run finds becomes a unit test beside the parser. The date is that of the last run; a target keeps its row until it is run again.";

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    executions: u64,
    seconds: u64,
    edges: u64,
    edges_linked: u64,
    inputs: u64,
    /// The file that made the target panic.
    found: Option<String>,
}

/// Builds the targets once, runs each, and writes the page after each.
///
/// # Errors
///
/// They do not build or start, or one found something.
pub(super) fn run(root: &Path, executions: u64, chosen: &[String]) -> Result<()> {
    let build = ["build", "--sanitizer", "none", "--target-dir", TARGET_DIR];
    step("build the fuzzers", cargo_fuzz(root).args(build))?;
    fs::create_dir_all(root.join(LOGS)).with_context(|| format!("cannot make {LOGS}"))?;
    let mut found = Vec::new();
    for target in chosen {
        say(&format!("== fuzz {target}, {executions} executions"));
        if !run_one(root, executions, target)? {
            found.push(target.clone());
        }
        write_page(root)?;
    }
    tell(&found)
}

/// Whether a target ended as it should.
fn run_one(root: &Path, executions: u64, target: &str) -> Result<bool> {
    let log = root.join(LOGS).join(format!("{target}.log"));
    let log = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    for folder in ["fuzz/corpus", "fuzz/artifacts"] {
        fs::create_dir_all(root.join(folder).join(target))?;
    }
    let arguments = [
        format!("-runs={executions}"),
        LEN_MAX.to_owned(),
        format!("-artifact_prefix=fuzz/artifacts/{target}/"),
        format!("fuzz/corpus/{target}"),
    ];
    let program = format!("{BUILT}/{target}");
    let status = command(root, &program, arguments).stdout(Stdio::null()).stderr(log).status();
    Ok(status.with_context(|| format!("cannot start {program}"))?.success())
}

/// Writes what the last run of each target came to.
///
/// # Errors
///
/// The page cannot be written.
pub(super) fn write_page(root: &Path) -> Result<()> {
    let mut table = String::from(
        "| target | executions | seconds | edges | inputs kept | found |\n\
         | --- | ---: | ---: | ---: | ---: | --- |\n",
    );
    for target in targets(root)? {
        let log = fs::read(root.join(LOGS).join(format!("{target}.log"))).unwrap_or_default();
        table.push_str(&line(&target, read(&String::from_utf8_lossy(&log)).as_ref()));
    }
    let title = "Fuzzers";
    page::write(root, &Page { name: "fuzz", title, method: METHOD, figures: &table })
}

fn line(target: &str, row: Option<&Row>) -> String {
    let Some(row) = row else { return format!("| {target} | not run here | | | | |\n") };
    let Row { executions, seconds, edges, edges_linked, inputs, found } = row;
    let found = found.as_deref().unwrap_or("nothing");
    format!(
        "| {target} | {executions} | {seconds} | {edges} of {edges_linked} | {inputs} | {found} |\n"
    )
}

/// Finds the figures in what libFuzzer prints; `None` where it did not come far.
fn read(log: &str) -> Option<Row> {
    let last = |word: &str| log.lines().rev().find(|line| line.contains(word));
    let after = |line: &str, word: &str| -> Option<u64> {
        let rest = line.split_once(word)?.1.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    };
    let state = last(" cov: ")?;
    let executions = after(state, "#")?;
    let written = last("Test unit written to ");
    Some(Row {
        executions,
        seconds: last("Done ").and_then(|line| after(line, " runs in ")).unwrap_or(0),
        edges: after(state, " cov: ")?,
        edges_linked: last("inline 8-bit counters").and_then(|line| after(line, "("))?,
        inputs: after(state, " corp: ")?,
        found: written.and_then(|line| line.rsplit('/').next()).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
