//! The tree as the rules see it: the files that git has or would take, and
//! the workspace's crates.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::shell::command;

/// Everything that the rules judge.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// In the order of their paths.
    pub(crate) files: Vec<File>,
    /// The workspace's crates.
    pub(crate) members: Vec<Member>,
}

/// One file which git tracks or, not being ignored, would be given.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root, with `/`.
    pub(crate) path: String,
    /// Its size in bytes.
    pub(crate) len: u64,
    /// Its text; `None` where it is not UTF-8.
    pub(crate) text: Option<String>,
}

/// One crate of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    /// The package's name.
    pub(crate) name: String,
    /// Its folder from the root, with `/`.
    pub(crate) dir: String,
    /// `layer` of `[package.metadata.architecture]`.
    pub(crate) layer: Option<u64>,
    /// `sans_io` of the same table; `None` where it is not said.
    pub(crate) sans_io: Option<bool>,
    /// What its manifest imports, of any kind.
    pub(crate) imports: Vec<Import>,
}

/// One dependency in a manifest.
#[derive(Debug)]
pub(crate) struct Import {
    /// The package's own name, even where the manifest renames it.
    pub(crate) name: String,
    /// Only tests and benches get it.
    pub(crate) dev: bool,
}

impl Tree {
    /// Reads the tree below `root`.
    ///
    /// # Errors
    ///
    /// Git or cargo cannot be asked, or a file cannot be read.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        Ok(Self { files: files(root)?, members: members(root)? })
    }

    /// The text of the file at `path`, if there is one.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path)?.text.as_deref()
    }

    /// All files that are text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
    }

    /// All Rust sources.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| has_extension(path, &["rs"]))
    }
}

/// Whether the path ends in a dot and one of `extensions`.
pub(crate) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.contains(&extension))
}

/// Whether the file holds tests alone: `tests.rs`, or anything in a folder
/// named `tests`, which the crate of end-to-end tests is too.
pub(crate) fn is_test(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| part == "tests" || part == "tests.rs" || part == "benches")
}

fn files(root: &Path) -> Result<Vec<File>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = command(root, "git", list).output().context("cannot start git")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let list = String::from_utf8(output.stdout).context("a path is not UTF-8")?;
    let mut paths: Vec<&str> = list.split('\0').filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    // A path in conflict is listed once for each side.
    paths.dedup();
    let read = paths.into_iter().filter_map(|path| file(root, path).transpose());
    read.collect()
}

/// `None` for what is no file now: deleted and not yet committed, or a link.
fn file(root: &Path, path: &str) -> Result<Option<File>> {
    let whole = root.join(path);
    if !whole.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let bytes = fs::read(&whole).with_context(|| format!("cannot read {path}"))?;
    let len = bytes.len() as u64;
    Ok(Some(File { path: path.to_owned(), len, text: String::from_utf8(bytes).ok() }))
}

fn members(root: &Path) -> Result<Vec<Member>> {
    let manifest = root.join("Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .context("cannot read the workspace")?;
    let of = |package| member(metadata.workspace_root.as_str(), package);
    Ok(metadata.workspace_packages().into_iter().map(of).collect())
}

fn member(root: &str, package: &Package) -> Member {
    let architecture = package.metadata.get("architecture");
    let imports = package.dependencies.iter().map(|import| Import {
        name: import.name.clone(),
        dev: import.kind == DependencyKind::Development,
    });
    let dir = package.manifest_path.parent().map_or("", |dir| dir.as_str());
    Member {
        name: package.name.to_string(),
        dir: dir.strip_prefix(root).unwrap_or(dir).trim_start_matches('/').to_owned(),
        layer: architecture.and_then(|table| table.get("layer")?.as_u64()),
        sans_io: architecture.and_then(|table| table.get("sans_io")?.as_bool()),
        imports: imports.collect(),
    }
}

#[cfg(test)]
mod tests;
