//! The built program in a process of its own, to be killed and started again.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tests::program;

use crate::failover::http;

/// Between two looks at the log.
const PAUSE: Duration = Duration::from_millis(5);

/// The longest that a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

const CONFIG: &str = r#"
[listen]
public = "127.0.0.1:0"
shoutcast = "127.0.0.1:0"
control = "127.0.0.1:0"
node = "127.0.0.1:0"
"#;

/// `skywave serve`, killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    environment: &'static [(&'static str, &'static str)],
    child: Child,
    /// Where listeners and sources go.
    pub public: SocketAddr,
    /// Where it tells of itself.
    pub control: SocketAddr,
    starts: u32,
}

/// How a server runs, beside its folder and its manifest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup<'a> {
    /// Lines of its skywave.toml: top-level keys first.
    pub lines: &'a str,
    /// Further variables of its environment.
    pub environment: &'static [(&'static str, &'static str)],
}

impl Server {
    /// Starts it with a manifest in an empty folder.
    ///
    /// # Errors
    ///
    /// The program is not built, or does not start.
    pub async fn start(folder: &Path, manifest: &str) -> Result<Self> {
        Self::start_as(folder, manifest, Setup::default()).await
    }

    /// The same, set up otherwise.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_as(folder: &Path, manifest: &str, setup: Setup<'_>) -> Result<Self> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(folder.join("stations.toml"), manifest)?;
        let lines = setup.lines;
        let config = format!("data = \"data\"\nmanifest = \"stations.toml\"\n{lines}{CONFIG}");
        fs::write(folder.join("skywave.toml"), config)?;
        let environment = setup.environment;
        let child = run(folder, 0, environment)?;
        let (public, control) = until_ready(folder, 0).await?;
        let folder = folder.to_path_buf();
        Ok(Self { folder, environment, child, public, control, starts: 1 })
    }

    /// kill -9.
    ///
    /// # Errors
    ///
    /// It was gone before.
    pub fn kill(&mut self) -> Result<()> {
        let gone = self.child.try_wait()?;
        anyhow::ensure!(gone.is_none(), "the server ended by itself: {gone:?}");
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again, and kills it before or after it is ready.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_and_kill(&mut self, after: Duration) -> Result<()> {
        self.child = run(&self.folder, self.starts, self.environment)?;
        self.starts += 1;
        tokio::time::sleep(after).await;
        self.kill()
    }

    /// Starts it again on the same folder; its ports are others.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_again(&mut self) -> Result<()> {
        self.child = run(&self.folder, self.starts, self.environment)?;
        (self.public, self.control) = until_ready(&self.folder, self.starts).await?;
        self.starts += 1;
        Ok(())
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How often it was started.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Its bucket, unless it was set up otherwise.
    pub fn bucket(&self) -> PathBuf {
        self.folder.join("data/bucket")
    }

    /// What it tells of itself; nothing where it does not answer.
    pub async fn status(&self) -> Option<Value> {
        serde_json::from_slice(&http::get(self.control, "/api/v1/status").await?).ok()
    }

    /// The value of one line of its `/metrics`, by its name and labels as they stand
    /// there; nothing where there is no such line.
    pub async fn counted(&self, series: &str) -> Option<u64> {
        let text = String::from_utf8(http::get(self.control, "/metrics").await?).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line?.parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(folder: &Path, start: u32) -> PathBuf {
    folder.join(format!("log-{start}.txt"))
}

fn run(folder: &Path, start: u32, environment: &[(&str, &str)]) -> Result<Child> {
    let file = File::create(log(folder, start))?;
    let mut serve = Command::new(program()?);
    serve.args(["serve", "--config", "skywave.toml"]).current_dir(folder).stdin(Stdio::null());
    serve.envs(environment.iter().copied());
    serve.stdout(file.try_clone()?).stderr(file).spawn().context("skywave")
}

/// Waits until it says where its public and its control port are.
async fn until_ready(folder: &Path, start: u32) -> Result<(SocketAddr, SocketAddr)> {
    let log = log(folder, start);
    let looking = async {
        loop {
            if let Some(ports) = program::ports(&fs::read_to_string(&log).unwrap_or_default()) {
                return ports;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(ports) => Ok(ports),
        Err(_) => bail!("skywave does not start: {}", fs::read_to_string(&log)?),
    }
}

/// The program beside this one.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let program = own.with_file_name("skywave");
    anyhow::ensure!(program.exists(), "{}: `cargo xtask lab` builds it", program.display());
    Ok(program)
}
