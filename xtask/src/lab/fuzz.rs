//! The fuzzers: running them, and keeping what they found worth keeping.

mod runs;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::needs;
use crate::shell::{command, printed, say, step};

/// How long each target runs, unless said otherwise.
const SECONDS: &str = "60";

/// Bytes of an input at most: a parser's limits are above, but few branches are.
const LEN_MAX: &str = "-max_len=4096";

/// Beside the tests' own, so that neither builds the other's anew.
const TARGET_DIR: &str = "target/fuzz";

/// Bytes of a committed input at most, chosen: enough for a head, a tag or
/// three small frames.
const COMMITTED_LEN_MAX: usize = 300;

/// Committed inputs of a target at most, of all lengths.
const COMMITTED_MAX: usize = 32;

/// Where the fuzzers collect.
const COLLECTED: &str = "fuzz/corpus";

const USAGE: &str =
    "usage: cargo xtask lab fuzz [SECONDS | --runs EXECUTIONS | --page] [TARGET...]";

/// Runs every target, or those named: for some seconds each, under a sanitizer,
/// or for so many executions, of which a page tells.
///
/// # Errors
///
/// They do not build, or a target found something: its line names the input.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    match arguments {
        [] => run_for(root, SECONDS, &[]),
        ["--page"] => runs::write_page(root),
        ["--runs", executions, named @ ..] => {
            let executions = executions.parse().ok().context(USAGE)?;
            prepare(root)?;
            runs::run(root, executions, &chosen(root, named)?)
        }
        [seconds, named @ ..] => run_for(root, seconds, named),
    }
}

fn run_for(root: &Path, seconds: &str, named: &[&str]) -> Result<()> {
    if seconds.parse::<u32>().is_err() {
        bail!(USAGE);
    }
    prepare(root)?;
    let limit = format!("-max_total_time={seconds}");
    let mut found = Vec::new();
    for target in chosen(root, named)? {
        let fuzz =
            ["run", "--target-dir", TARGET_DIR, &target, "--", &limit, LEN_MAX, "-verbosity=0"];
        if let Err(error) = step(&format!("fuzz {target}"), cargo_fuzz(root).args(fuzz)) {
            say(&format!("{error:#}"));
            found.push(target);
        }
    }
    tell(&found)
}

/// An error where targets found something.
fn tell(found: &[String]) -> Result<()> {
    if !found.is_empty() {
        bail!("found something, see fuzz/artifacts: {}", found.join(", "));
    }
    Ok(())
}

/// The targets that are named, or all.
fn chosen(root: &Path, named: &[&str]) -> Result<Vec<String>> {
    let mut targets = targets(root)?;
    if let Some(unknown) = named.iter().find(|name| !targets.iter().any(|target| target == *name)) {
        bail!("no fuzz target {unknown:?}; there are: {}", targets.join(", "));
    }
    targets.retain(|target| named.is_empty() || named.contains(&target.as_str()));
    Ok(targets)
}

/// Writes the committed inputs anew: of each target's collection the least part
/// that reaches all that it reaches, and of that a sample.
///
/// # Errors
///
/// The fuzzers do not build or run, or a file cannot be read or written.
pub(crate) fn inputs(root: &Path) -> Result<()> {
    prepare(root)?;
    for target in targets(root)? {
        let least = root.join("target/fuzz/least").join(&target);
        if least.exists() {
            fs::remove_dir_all(&least)?;
        }
        fs::create_dir_all(&least)?;
        let least_name = least.display().to_string();
        let collected = format!("{COLLECTED}/{target}");
        let merge = ["run", "--target-dir", TARGET_DIR, &target, &least_name, &collected];
        let mut fuzz = cargo_fuzz(root);
        let merge = fuzz.args(merge).args(["--", "-merge=1", LEN_MAX, "-verbosity=0"]);
        step(&format!("merge {target}"), merge)?;
        let mut inputs = Vec::new();
        for entry in fs::read_dir(&least)? {
            inputs.push(fs::read(entry?.path())?);
        }
        let path = format!("fuzz/cases/corpus/{target}.hex");
        fs::write(root.join(&path), committed(inputs))
            .with_context(|| format!("cannot write {path}"))?;
    }
    Ok(())
}

/// Has the tool, and gives the fuzzers the inputs that there are.
fn prepare(root: &Path) -> Result<()> {
    needs::cargo_tool(root, "fuzz")?;
    let seeds = [
        "run",
        "--quiet",
        "--locked",
        "--package",
        "fuzz-cases",
        "--bin",
        "fuzz-seeds",
        "--",
        COLLECTED,
    ];
    step("seeds", &mut command(root, "cargo", seeds))
}

fn targets(root: &Path) -> Result<Vec<String>> {
    let list = printed(cargo_fuzz(root).arg("list")).context("cannot list the fuzz targets")?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// `cargo fuzz` on a stable compiler, which instruments when it is asked so.
fn cargo_fuzz(root: &Path) -> Command {
    let mut fuzz = command(root, "cargo", ["fuzz"]);
    fuzz.env("RUSTC_BOOTSTRAP", "1");
    fuzz
}

/// A sample of the inputs, one a line in hexadecimal, by their lengths: short
/// ones hold the edges of a grammar, long ones its inside.
fn committed(mut inputs: Vec<Vec<u8>>) -> String {
    inputs.retain(|input| !input.is_empty() && input.len() <= COMMITTED_LEN_MAX);
    inputs.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
    inputs.dedup();
    let every = inputs.len().div_ceil(COMMITTED_MAX).max(1);
    inputs.iter().step_by(every).map(|input| hex(input) + "\n").collect()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests;
