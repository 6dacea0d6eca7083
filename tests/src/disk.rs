//! The built program with its data on a disk of its own, which a test can fill,
//! make read-only, and mend.
//!
//! The disk is a file system in memory that only the program sees: it runs in a
//! mount namespace of its own, and the test reaches it through `/proc`. That
//! takes root, as CI has it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::node::PORTS;
use crate::{Program, program, wait};

/// Mounts the disk with the options of `$1`, does `$2` on it, and becomes the
/// program.
const BEGIN: &str = "mount -t tmpfs -o \"$1\" tmpfs data && (cd data; eval \"$2\"); shift 2; \
                     exec \"$@\"";

/// A disk, and the program that works on it.
#[derive(Debug)]
pub struct Disk {
    /// The program.
    pub program: Program,
    data: PathBuf,
}

/// Calls at a disk that fail, for as long as this lives.
#[derive(Debug)]
pub struct Failing {
    strace: Child,
}

impl Disk {
    /// Starts the program on a new disk with tmpfs's `options` (`size=8m`),
    /// after the lines of shell in `before` ran on it.
    ///
    /// # Panics
    ///
    /// This is not root, or may not mount.
    pub async fn serve(manifest: &str, folder: &Path, options: &str, before: &str) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", BEGIN, "sh", options, before]);
        command.arg(program::binary()).args(["serve", "--config", "skywave.toml"]);
        command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
        let may = Command::new("unshare").args(["--mount", "true"]).output().await.unwrap();
        assert!(may.status.success(), "a mount namespace needs root: {may:?}");
        std::fs::create_dir_all(folder.join("data")).unwrap();
        std::fs::write(folder.join("stations.toml"), manifest).unwrap();
        let config = format!("data = \"data\"\nmanifest = \"stations.toml\"\n[listen]\n{PORTS}");
        std::fs::write(folder.join("skywave.toml"), config).unwrap();
        let program = Program::start(command, folder).await;
        let data = format!("/proc/{}/root{}", program.id(), folder.join("data").display());
        Self { program, data: data.into() }
    }

    /// Where this test finds a file of the program's data.
    pub fn path(&self, file: &str) -> PathBuf {
        self.data.join(file)
    }

    /// The bucket's files of the rendition `mp3-128`, or as it is called.
    pub fn rendition(&self, name: &str) -> PathBuf {
        self.path("bucket/public/radio").join(name)
    }

    /// Takes all the space that is left.
    ///
    /// # Panics
    ///
    /// It cannot be taken for another reason than that there is none.
    pub fn fill(&self) {
        let mut file = File::create(self.path("filling")).unwrap();
        let block = [0; 4 << 10];
        let error = std::iter::repeat_with(|| file.write_all(&block)).find_map(Result::err);
        assert_eq!(error.unwrap().kind(), std::io::ErrorKind::StorageFull);
    }

    /// Takes all the inodes that are left.
    pub fn take_inodes(&self) {
        let folder = self.path("filling");
        std::fs::create_dir(&folder).unwrap();
        let files = (0..).map(|nth: u64| File::create(folder.join(nth.to_string())));
        let error = files.map(Result::err).find_map(|error| error);
        assert_eq!(error.unwrap().kind(), std::io::ErrorKind::StorageFull);
    }

    /// Gives back what was taken.
    pub fn free(&self) {
        let filling = self.path("filling");
        if filling.is_dir() {
            std::fs::remove_dir_all(filling).unwrap();
        } else {
            std::fs::remove_file(filling).unwrap();
        }
    }

    /// Mounts it anew, `ro` or `rw`, once no file is open for writing.
    pub async fn remount(&self, how: &str) {
        let process = self.program.id().to_string();
        let folder = std::fs::read_link(format!("/proc/{process}/cwd")).unwrap().join("data");
        let option = format!("remount,{how}");
        wait::until("the disk idle", || async {
            let mut enter = Command::new("nsenter");
            enter.args(["--target", &process, "--mount", "mount", "-o", &option]);
            enter.arg(&folder).stderr(Stdio::null());
            enter.status().await.unwrap().success().then_some(())
        })
        .await;
    }

    /// Lets calls of the program at its files fail with `EIO`: what is written
    /// cannot be made to last, nor be given a name.
    ///
    /// # Panics
    ///
    /// `strace` is not installed (`cargo xtask test` installs it).
    pub async fn fail(&self) -> Failing {
        let process = self.program.id().to_string();
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-p", &process, "-e"]);
        strace.args(["trace=fsync,linkat,rename", "-e", "inject=fsync,linkat,rename:error=EIO"]);
        let strace = strace.kill_on_drop(true).spawn();
        let strace = strace.expect("strace: `cargo xtask test` installs it");
        wait::until("the tracer", || async {
            let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
            let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
            tracer.filter(|id| id.trim() != "0").map(drop)
        })
        .await;
        Failing { strace }
    }
}

impl Failing {
    /// The disk works again.
    ///
    /// # Panics
    ///
    /// It does not let go of the program.
    pub async fn mend(mut self) {
        let id = self.strace.id().unwrap().to_string();
        // Interrupted it lets go of the program in order.
        let sent = Command::new("kill").args(["-INT", &id]).status().await.unwrap();
        assert!(sent.success());
        self.strace.wait().await.unwrap();
    }
}
