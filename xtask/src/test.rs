//! `cargo xtask test`: sets up what the tests need, and runs all of them.

use std::path::Path;

use anyhow::Result;

use crate::needs;
use crate::shell::{command, step};

/// Installs what is missing, builds the binaries that the end-to-end tests
/// start, and runs every test; `arguments` go to `cargo nextest run`.
///
/// # Errors
///
/// What could not be installed, or a test failed. A need that cannot be met
/// fails here: no test is left out for it.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    needs::install(root)?;
    // nextest builds a binary only for the package whose own tests start it.
    let build = ["build", "--workspace", "--bins", "--locked"];
    step("binaries", &mut command(root, "cargo", build))?;
    let run = ["nextest", "run", "--workspace", "--locked"];
    step("tests", command(root, "cargo", run).args(arguments))
}
