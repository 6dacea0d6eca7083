//! The players and the playlist checker, from the npm registry.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::{command, printed, step};

/// Where `package.json` and its lock are.
const FOLDER: &str = "tests/players";
/// A copy of the lock file that the installed packages are of. It lies with
/// them, so that it goes when they go.
const STAMP: &str = "node_modules/.installed-lock.json";
/// The oldest Node.js whose language and library the scripts keep to: Debian
/// 12's.
const NODE_MAJOR_MIN: u32 = 18;

/// Installs the packages of the lock file, unless they are there.
///
/// # Errors
///
/// No Node.js, one that is too old, or `npm ci` failed.
pub(crate) fn install(root: &Path) -> Result<()> {
    let version = printed(&mut command(root, "node", ["--version"])).unwrap_or_default();
    if node_major(&version).is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("node {NODE_MAJOR_MIN} or newer is needed, `node --version` says {version:?}");
    }
    let folder = root.join(FOLDER);
    let lock = fs::read_to_string(folder.join("package-lock.json"))
        .with_context(|| format!("cannot read {FOLDER}/package-lock.json"))?;
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == lock) {
        return Ok(());
    }
    // No scripts: no package needs one, and a package may not run its own here.
    let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    step("install npm packages", &mut command(&folder, "npm", ci))?;
    fs::write(folder.join(STAMP), lock).with_context(|| format!("cannot write {FOLDER}/{STAMP}"))
}

/// The major number of `node --version`, which prints `v20.20.2`.
fn node_major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests;
