//! The S3 server that the store is tested against, from the Python registry.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::shell::{command, step};

/// Every package by its exact version, those that are only depended on too.
const REQUIREMENTS: &str = "tests/tools/requirements.txt";
/// The virtual environment; below `target`, so that `cargo clean` takes it.
const VENV: &str = "target/test-tools/venv";
/// A copy of the requirements that are installed.
const STAMP: &str = "requirements.txt";

/// Installs the requirements into the virtual environment, unless they are
/// there.
///
/// # Errors
///
/// No Python with `venv`, or `pip` failed.
pub(crate) fn install(root: &Path) -> Result<()> {
    let requirements = fs::read_to_string(root.join(REQUIREMENTS))
        .with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let venv = root.join(VENV);
    let stamp = venv.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == requirements) {
        return Ok(());
    }
    step("make a Python environment", &mut command(root, "python3", ["-m", "venv", VENV]))?;
    let python = venv.join("bin/python");
    let program = python.to_str().context("the tree's path is not UTF-8")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    let mut pip = command(root, program, pip);
    step("install Python packages", pip.args(["--requirement", REQUIREMENTS]))?;
    fs::write(&stamp, requirements).with_context(|| format!("cannot write {VENV}/{STAMP}"))
}
