//! Cargo subcommands, built from the crate registry.

use std::path::Path;

use anyhow::Result;

use crate::shell::{command, step, succeeds};

/// Installs the crate `cargo-{name}` unless `cargo {name}` answers.
///
/// # Errors
///
/// It is missing and does not build.
pub(crate) fn tool(root: &Path, name: &str) -> Result<()> {
    if succeeds(&mut command(root, "cargo", [name, "--version"])) {
        return Ok(());
    }
    let package = format!("cargo-{name}");
    let install = ["install", package.as_str(), "--locked"];
    step(&format!("install {package}"), &mut command(root, "cargo", install))
}
