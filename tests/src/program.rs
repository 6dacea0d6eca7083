//! The built program in a process of its own, to be killed and started again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

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

impl Program {
    /// Starts it on `folder`, which keeps its data, and waits until it is ready.
    pub async fn serve(manifest: &str, folder: &Path) -> Self {
        std::fs::write(folder.join("stations.toml"), manifest).unwrap();
        let config = format!("data = \"data\"\nmanifest = \"stations.toml\"\n[listen]\n{PORTS}");
        std::fs::write(folder.join("skywave.toml"), config).unwrap();
        let log = std::fs::File::create(folder.join("log.txt")).unwrap();
        let child = Command::new(binary())
            .arg("serve")
            .arg("--config")
            .arg(folder.join("skywave.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
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
    pub async fn terminate(mut self) -> i32 {
        let id = self.id().to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        status.expect("it ends").unwrap().code().unwrap_or(-1)
    }
}

/// The public and the control address, once the log says them.
pub fn ports(log: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line = log.lines().find(|line| line.contains("serving public="))?;
    let field = |name: &str| {
        let value = line.split_once(name)?.1;
        value.split_whitespace().next()?.parse().ok()
    };
    Some((field("public=")?, field("control=")?))
}
