//! Chores that are not plain cargo: `cargo xtask check`, `test`, `lab`.
//!
//! Two commands tell whether a change may land, and `.ci/run` is both: `check`
//! reads the tree, `test` installs what the tests need and runs them. What
//! takes long is in `lab`. Nothing here is needed to build or to run Skywave.

mod check;
mod lab;
mod needs;
mod shell;
mod test;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask COMMAND

  check            formatting, clippy, tidy, documentation; stops at the first fault
  tidy             this tree's own rules alone
  test [-- ARGS]   installs what the tests need, then runs them; ARGS go to cargo nextest run
  setup            installs what the tests need, and no more
  lab [NAME]       runs a long experiment; without a name, lists them
  fuzz-inputs      writes the committed inputs of the fuzz targets anew";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match obey(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::complain(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn obey(words: &[String]) -> Result<()> {
    let root = root();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check"] => check::run(root),
        ["tidy"] => tidy::run(root),
        ["test"] => test::run(root, &[]),
        ["test", "--", arguments @ ..] => test::run(root, arguments),
        ["setup"] => needs::install(root),
        ["lab"] => {
            lab::list();
            Ok(())
        }
        ["fuzz-inputs"] => lab::inputs(root),
        ["lab", name, arguments @ ..] => lab::run(root, name, arguments),
        _ => bail!("not understood\n\n{USAGE}"),
    }
}

/// The workspace's root: the folder above this crate's.
fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}
