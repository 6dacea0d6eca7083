//! The built program in a process of its own, to be killed and started again.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Between two looks at the log.
const PAUSE: Duration = Duration::from_millis(5);

/// The longest that a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

const CONFIG: &str = r#"
data = "data"
manifest = "stations.toml"
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
    child: Child,
    /// Where listeners and sources go.
    pub public: SocketAddr,
    starts: u32,
}

impl Server {
    /// Starts it with a manifest in an empty folder.
    ///
    /// # Errors
    ///
    /// The program is not built, or does not start.
    pub async fn start(folder: &Path, manifest: &str) -> Result<Self> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(folder.join("stations.toml"), manifest)?;
        fs::write(folder.join("skywave.toml"), CONFIG)?;
        let (child, public) = spawn(folder, 0).await?;
        Ok(Self { folder: folder.to_path_buf(), child, public, starts: 1 })
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
        self.child = run(&self.folder, self.starts)?;
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
        (self.child, self.public) = spawn(&self.folder, self.starts).await?;
        self.starts += 1;
        Ok(())
    }

    /// Where an egress's segments lie.
    ///
    /// # Errors
    ///
    /// It has none.
    pub fn rendition(&self, egress: &str) -> Result<PathBuf> {
        let folder = self.folder.join("data/bucket/public").join(egress);
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut folders = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
        folders.next().with_context(|| format!("nothing of {egress} is stored"))
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

fn run(folder: &Path, start: u32) -> Result<Child> {
    let file = File::create(log(folder, start))?;
    let mut serve = Command::new(program()?);
    serve.args(["serve", "--config", "skywave.toml"]).current_dir(folder).stdin(Stdio::null());
    serve.stdout(file.try_clone()?).stderr(file).spawn().context("skywave")
}

async fn spawn(folder: &Path, start: u32) -> Result<(Child, SocketAddr)> {
    let (child, log) = (run(folder, start)?, log(folder, start));
    let looking = async {
        loop {
            if let Some(public) = public(&fs::read_to_string(&log).unwrap_or_default()) {
                return public;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(public) => Ok((child, public)),
        Err(_) => bail!("skywave does not start: {}", fs::read_to_string(&log)?),
    }
}

/// The program beside this one.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let program = own.with_file_name("skywave");
    anyhow::ensure!(
        program.exists(),
        "{}: `cargo xtask lab failover` builds it",
        program.display()
    );
    Ok(program)
}

fn public(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("serving public="))?;
    line.split_once("public=")?.1.split(' ').next()?.parse().ok()
}
