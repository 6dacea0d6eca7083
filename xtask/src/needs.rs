//! What the tests need beyond cargo, and how it gets here.
//!
//! Each need comes from a package registry by its ordinary client, pinned
//! where the registry allows it, and only when it is missing. What cannot be
//! had is an error that says what to install by hand.

mod cargo;
mod debian;
mod npm;
mod pypi;

use std::path::Path;

use anyhow::Result;

pub(crate) use cargo::tool as cargo_tool;
pub(crate) use pypi::install as s3_server;

/// Installs every need that is missing.
///
/// # Errors
///
/// The first need that cannot be met.
pub(crate) fn install(root: &Path) -> Result<()> {
    cargo::tool(root, "nextest")?;
    debian::install(root)?;
    npm::install(root)?;
    pypi::install(root)
}
