//! These read a real throw-away workspace from disk, through git and cargo.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Tree, is_test};
use crate::shell::{command, succeeds};
use crate::tidy::layers;

/// A workspace in a folder of its own, which goes when it is dropped.
struct Workspace(PathBuf);

impl Workspace {
    fn new(name: &str) -> Self {
        let folder = format!("skywave-tidy-{}-{name}", std::process::id());
        let workspace = Self(std::env::temp_dir().join(folder));
        fs::create_dir_all(&workspace.0).unwrap();
        assert!(succeeds(&mut command(&workspace.0, "git", ["init", "--quiet"])));
        workspace.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
        workspace.write(".gitignore", "/target\n");
        workspace
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A crate of one layer, with the rest of its manifest.
    fn write_crate(&self, name: &str, layer: u64, rest: &str) {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             [package.metadata.architecture]\nlayer = {layer}\nsans_io = true\n{rest}"
        );
        self.write(&format!("crates/{name}/Cargo.toml"), &manifest);
        self.write(&format!("crates/{name}/src/lib.rs"), "//! A crate.\n");
    }

    fn read(&self) -> Tree {
        Tree::read(&self.0).unwrap()
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_upward_import_in_a_real_workspace_is_told() {
    let workspace = Workspace::new("upward");
    workspace.write_crate("low", 0, "[dependencies]\nhigh = { path = \"../high\" }\n");
    workspace.write_crate("high", 1, "");
    assert_eq!(
        layers::check(&workspace.read()),
        ["crates/low/Cargo.toml: low (layer 0) imports high (layer 1), which is not below it"]
    );
}

#[test]
fn a_renamed_upward_import_in_a_test_is_told_too() {
    let workspace = Workspace::new("renamed");
    let renamed = "[dev-dependencies]\nother = { path = \"../high\", package = \"high\" }\n";
    workspace.write_crate("low", 0, renamed);
    workspace.write_crate("high", 1, "");
    assert_eq!(
        layers::check(&workspace.read()),
        ["crates/low/Cargo.toml: low (layer 0) imports in its tests high (layer 1), which is not \
         below it"]
    );
}

#[test]
fn a_downward_import_in_a_real_workspace_passes() {
    let workspace = Workspace::new("downward");
    workspace.write_crate("low", 0, "");
    workspace.write_crate("high", 1, "[dependencies]\nlow = { path = \"../low\" }\n");
    assert!(layers::check(&workspace.read()).is_empty());
}

#[test]
fn files_are_those_that_git_would_take() {
    let workspace = Workspace::new("files");
    workspace.write_crate("one", 0, "");
    workspace.write("target/made.rs", "// made\n");
    workspace.write("docs/picture.bin", "text");
    fs::write(workspace.0.join("docs/picture.bin"), [0xff, 0x00]).unwrap();
    let tree = workspace.read();
    let paths: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            ".gitignore",
            "Cargo.toml",
            "crates/one/Cargo.toml",
            "crates/one/src/lib.rs",
            "docs/picture.bin"
        ]
    );
    assert_eq!(tree.text("crates/one/src/lib.rs"), Some("//! A crate.\n"));
    assert_eq!(tree.text("docs/picture.bin"), None);
    assert_eq!(tree.members[0].dir, "crates/one");
}

#[test]
fn a_folder_that_is_no_repository_is_an_error() {
    let workspace = Workspace::new("bare");
    fs::remove_dir_all(workspace.0.join(".git")).unwrap();
    let error = Tree::read(&workspace.0).unwrap_err().to_string();
    assert!(error.starts_with("git ls-files: "), "{error}");
}

#[test]
fn tests_are_known_by_their_place() {
    for path in ["a/src/b/tests.rs", "tests/it/walk.rs", "tests/players/play.mjs"] {
        assert!(is_test(path), "{path}");
    }
    for path in ["a/src/test.rs", "a/src/lib.rs", "a/src/contests.rs"] {
        assert!(!is_test(path), "{path}");
    }
}
