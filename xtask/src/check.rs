//! `cargo xtask check`: everything that reading the tree can tell.

use std::path::Path;

use anyhow::Result;

use crate::shell::{command, say, step};
use crate::tidy;

/// Runs the steps in order, the quick ones first.
///
/// # Errors
///
/// The first step that fails; those after it are not run.
pub(crate) fn run(root: &Path) -> Result<()> {
    step("format", &mut command(root, "cargo", ["fmt", "--all", "--", "--check"]))?;
    tidy::run(root)?;
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    step("lints", &mut command(root, "cargo", lints))?;
    let docs = ["doc", "--workspace", "--no-deps", "--locked"];
    step("docs", command(root, "cargo", docs).env("RUSTDOCFLAGS", "-D warnings"))?;
    say("check: all well");
    Ok(())
}
