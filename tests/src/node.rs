//! A node in the test's own process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use catalogue::manifest;
use catalogue::report::{EgressReport, IngestReport, Report};
use listen::Entry;
use node::{Addresses, Running};
use runtime::clock::{Clock, SystemClock};
use runtime::config::ProcessConfig;
use runtime::shutdown::Shutdown;

use crate::scratch::Scratch;
use crate::wait;

/// One MP3 station: ingest `in` (source:secret at mount `in`), egress `radio`
/// with the alias `radio.mp3`.
pub const MP3: &str = r#"
[[publisher]]
name = "acme"
title = "Acme"
[[ingest]]
name = "in"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "in", user = "source", password = "secret", shoutcast = true }
[[egress]]
name = "radio"
publisher = "acme"
ingests = ["in"]
auto_aac = false
aliases = ["radio.mp3", "live/radio"]
[egress.mount]
icy_name = "Acme Radio"
icy_description = "The best"
icy_url = "https://acme.example"
genre = "Rock"
"#;

/// The same with an AAC encoder: replace the ingest's encoding line.
pub fn aac(codec: &str, bitrate_kbps: u32, sample_rate_hz: u32) -> String {
    let encoding = format!(
        "encoding = {{ codec = \"{codec}\", bitrate_kbps = {bitrate_kbps}, \
         sample_rate_hz = {sample_rate_hz}, channel_mode = \"stereo\" }}"
    );
    let lines = MP3.lines().map(|line| if line.starts_with("encoding") { &encoding } else { line });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// A node at work, with a folder of its own unless it is given one.
#[derive(Debug)]
pub struct TestNode {
    running: Option<Running>,
    addresses: Addresses,
    _scratch: Scratch,
}

impl TestNode {
    /// Starts a node with a manifest and a folder of its own.
    pub async fn start(manifest: &str) -> Self {
        let scratch = Scratch::default();
        let data = scratch.path().to_path_buf();
        Self::start_with(manifest, &data, "", scratch).await
    }

    /// Starts a node on a folder that was there before.
    pub async fn start_in(manifest: &str, data: &Path) -> Self {
        Self::start_with(manifest, data, "", Scratch::default()).await
    }

    /// Starts a node with further lines in its skywave.toml, top-level keys first.
    pub async fn start_configured(manifest: &str, lines: &str) -> Self {
        let scratch = Scratch::default();
        let data = scratch.path().to_path_buf();
        Self::start_with(manifest, &data, lines, scratch).await
    }

    /// Starts a node whose ports are on another address than 127.0.0.1, with a
    /// port that the system chooses: `[::1]:0`.
    pub async fn start_listening(manifest: &str, address: &str) -> Self {
        let scratch = Scratch::default();
        let ports = PORTS.replace("127.0.0.1:0", address);
        let config = config_at(scratch.path(), "", &ports);
        Self::start_by(&config, manifest, Arc::new(SystemClock), scratch).await
    }

    /// Starts a node with a certificate and its key, both in PEM files.
    pub async fn start_tls(manifest: &str, certificate: &str, key: &str) -> Self {
        let scratch = Scratch::default();
        let data = scratch.path().to_path_buf();
        let text = format!(
            "data = {:?}\n[listen]\n{PORTS}public_tls = \"127.0.0.1:0\"\n\
             control_tls = \"127.0.0.1:0\"\n[[tls]]\ncertificate = {certificate:?}\nkey = {key:?}\n",
            data.display().to_string(),
        );
        let config = ProcessConfig::parse(&text, "skywave.toml", &data, &[]).unwrap();
        Self::start_by(&config, manifest, Arc::new(SystemClock), scratch).await
    }

    /// Starts a node on a folder, with a clock of the test's own.
    pub async fn start_at(manifest: &str, data: &Path, clock: Arc<dyn Clock>) -> Self {
        Self::start_by(&config(data, ""), manifest, clock, Scratch::default()).await
    }

    /// Starts a node with a clock of the test's own, and further lines in its
    /// skywave.toml: more of `[listen]` first.
    pub async fn start_turned(manifest: &str, lines: &str, clock: Arc<dyn Clock>) -> Self {
        let scratch = Scratch::default();
        let config = config_at(scratch.path(), "", &format!("{PORTS}{lines}"));
        Self::start_by(&config, manifest, clock, scratch).await
    }

    /// The same on a folder, with further lines in its skywave.toml: top-level keys
    /// first, but none of `[listen]`.
    pub async fn start_turned_in(
        manifest: &str,
        data: &Path,
        lines: &str,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::start_by(&config(data, lines), manifest, clock, Scratch::default()).await
    }

    async fn start_with(manifest: &str, data: &Path, lines: &str, scratch: Scratch) -> Self {
        Self::start_by(&config(data, lines), manifest, Arc::new(SystemClock), scratch).await
    }

    async fn start_by(
        config: &ProcessConfig,
        manifest: &str,
        clock: Arc<dyn Clock>,
        scratch: Scratch,
    ) -> Self {
        // A test's provider may be the first of its process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let files = |path: &str| std::fs::read(path).map_err(|why| why.to_string());
        let parsed = manifest::parse_with_files(manifest, "stations.toml", &|_| None, &files);
        let catalogue = parsed.unwrap();
        let running = node::start(config, catalogue, clock, Shutdown::default()).await.unwrap();
        Self { addresses: running.addresses(), running: Some(running), _scratch: scratch }
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The public port.
    pub fn public(&self) -> SocketAddr {
        self.addresses.public
    }

    /// A URL on the public port.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses.public)
    }

    /// A URL on the control port.
    pub fn control_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses.control)
    }

    /// Every route, with the name of its port.
    pub fn routes(&self) -> &[(&'static str, Entry)] {
        self.running.as_ref().unwrap().routes()
    }

    /// What it says of itself.
    pub fn report(&self) -> Report {
        self.running.as_ref().unwrap().report()
    }

    /// What an ingest says of itself.
    pub fn ingest(&self, name: &str) -> IngestReport {
        self.report().ingest(name).unwrap().clone()
    }

    /// What an egress says of itself.
    pub fn egress(&self, name: &str) -> EgressReport {
        self.report().egress(name).unwrap().clone()
    }

    /// Waits until the report is as wanted.
    pub async fn until(&self, what: &str, is: impl Fn(&Report) -> bool) -> Report {
        wait::until(what, || async { Some(self.report()).filter(&is) }).await
    }

    /// Waits until an egress lists so many segments.
    pub async fn until_listed(&self, egress: &str, segments: u32) -> EgressReport {
        let report = self.until("listed segments", |report| {
            report.egress(egress).unwrap().window_segments >= segments
        });
        report.await.egress(egress).unwrap().clone()
    }

    /// Ends it as SIGTERM does, and waits for the end.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
            running.wait().await.unwrap();
        }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stop();
        }
    }
}

fn config(data: &Path, lines: &str) -> ProcessConfig {
    config_at(data, lines, PORTS)
}

fn config_at(data: &Path, lines: &str, ports: &str) -> ProcessConfig {
    let text = format!("data = {:?}\n{lines}\n[listen]\n{ports}", data.display().to_string());
    ProcessConfig::parse(&text, "skywave.toml", data, &[]).unwrap()
}

/// Ports of the system's choice.
pub const PORTS: &str = "public = \"127.0.0.1:0\"\nshoutcast = \"127.0.0.1:0\"\n\
    control = \"127.0.0.1:0\"\nnode = \"127.0.0.1:0\"\n";
