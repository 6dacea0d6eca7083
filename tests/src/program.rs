//! The built program in a process of its own, to be killed and started again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::http;
use crate::node::PORTS;
use crate::wait;

/// `skywave serve` with a manifest, on a folder.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// The public port.
    pub public: SocketAddr,
    /// The control port.
    pub control: SocketAddr,
}

/// The program that `cargo xtask test` built.
///
/// # Panics
///
/// It has not been built.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/it-…, and beside deps the program.
    let program = test.parent().and_then(Path::parent).unwrap().join("skywave");
    assert!(program.exists(), "{}: `cargo xtask test` builds it", program.display());
    program
}

/// How a program runs, beside its manifest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup<'a> {
    /// Lines of skywave.toml: top-level keys first.
    pub lines: &'a str,
    /// Further variables of its environment.
    pub environment: &'a [(&'a str, &'a str)],
}

impl Program {
    /// Starts it on `folder`, which keeps its data, and waits until it is ready.
    pub async fn serve(manifest: &str, folder: &Path) -> Self {
        Self::serve_as(manifest, folder, Setup::default()).await
    }

    /// The same, set up otherwise.
    pub async fn serve_as(manifest: &str, folder: &Path, setup: Setup<'_>) -> Self {
        std::fs::write(folder.join("stations.toml"), manifest).unwrap();
        let config = format!(
            "data = \"data\"\nmanifest = \"stations.toml\"\n{}\n[listen]\n{PORTS}",
            setup.lines
        );
        std::fs::write(folder.join("skywave.toml"), config).unwrap();
        let arguments = ["serve", "--config", "skywave.toml"];
        let mut command = command(&arguments, folder);
        command.envs(setup.environment.iter().copied());
        Self::start(command, folder).await
    }

    /// `skywave demo` on ports of the system's choice.
    pub async fn demo(folder: &Path) -> Self {
        let mut command = command(&["demo", "--data", "data"], folder);
        for port in ["PUBLIC", "SHOUTCAST", "CONTROL", "NODE"] {
            command.env(format!("SKYWAVE_LISTEN__{port}"), "127.0.0.1:0");
        }
        Self::start(command, folder).await
    }

    /// Starts it and waits until it is ready. What it says goes to `log.txt`.
    pub(crate) async fn start(mut command: Command, folder: &Path) -> Self {
        let log = std::fs::File::create(folder.join("log.txt")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        let (public, control) = wait::until("ports in the log", || async {
            ports(&std::fs::read_to_string(folder.join("log.txt")).unwrap())
        })
        .await;
        let program = Self { child, public, control };
        wait::until("readyz", || async {
            let ready = http::try_get(&format!("http://{control}/readyz")).await?;
            (ready.status == 200).then_some(())
        })
        .await;
        program
    }

    /// A URL on the control port.
    pub fn control_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.control)
    }

    /// What it says of an egress, once it is as wanted.
    pub async fn until_egress(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let url = self.control_url("/api/v1/status");
        wait::until(what, || async {
            let status: Value = serde_json::from_slice(&http::try_get(&url).await?.body).ok()?;
            Some(status["egresses"][0].clone()).filter(&is)
        })
        .await
    }

    /// The same of the first ingest.
    pub async fn until_ingest(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let url = self.control_url("/api/v1/status");
        wait::until(what, || async {
            let status: Value = serde_json::from_slice(&http::try_get(&url).await?.body).ok()?;
            Some(status["ingests"][0].clone()).filter(&is)
        })
        .await
    }

    /// Waits until so many segments are listed, and the bucket has all there are.
    pub async fn until_stored(&self, segments: u64) -> Value {
        self.until_egress("stored segments", |egress| {
            egress["window_segments"].as_u64() >= Some(segments)
                && egress["bucket_lag_segments"] == 0
        })
        .await
    }

    /// A URL on the public port.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.public)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// kill -9.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, and the exit status.
    pub async fn terminate(self) -> i32 {
        self.signal("-TERM").await
    }

    /// SIGINT, as Ctrl-C sends it, and the exit status.
    pub async fn interrupt(self) -> i32 {
        self.signal("-INT").await
    }

    async fn signal(mut self, signal: &str) -> i32 {
        let id = self.id().to_string();
        let sent = std::process::Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        status.expect("it ends").unwrap().code().unwrap_or(-1)
    }
}

/// The built program in a folder, to be run with these arguments.
pub fn command(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The public and the control address, once the log says them; in either format.
pub fn ports(log: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line = log.lines().find(|line| {
        line.contains("serving public=") || line.contains("\"message\":\"serving\"")
    })?;
    let field = |name: &str| {
        let (text, json) = (format!(" {name}="), format!("\"{name}\":\""));
        let value = line.split_once(&text).or_else(|| line.split_once(&json))?.1;
        value.split([' ', '"']).next()?.parse().ok()
    };
    Some((field("public")?, field("control")?))
}
