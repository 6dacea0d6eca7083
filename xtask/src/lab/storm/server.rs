//! The servers that a storm meets, each with a source.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::shell::command;

/// The longest that anything here takes to begin.
const TRIES: usize = 300;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

const MANIFEST: &str = r#"
[[publisher]]
name = "acme"
title = "Acme"
[[ingest]]
name = "in"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "in", user = "source", password = "storm-secret" }
[[egress]]
name = "radio"
publisher = "acme"
ingests = ["in"]
"#;

const CONFIG: &str = r#"
data = "data"
manifest = "stations.toml"
[listen]
public = "127.0.0.1:0"
shoutcast = "127.0.0.1:0"
control = "127.0.0.1:0"
node = "127.0.0.1:0"
"#;

/// One of them, on air.
pub(super) trait Server {
    /// Where its listeners go.
    fn address(&self) -> SocketAddr;

    /// Its resident memory in KiB.
    fn resident(&self) -> Result<u64>;
}

/// A process that ends when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Skywave, and its source.
pub(super) struct Skywave {
    public: SocketAddr,
    control: SocketAddr,
    source: Option<Process>,
    process: Process,
}

impl Skywave {
    /// Starts both, and waits for audio.
    pub(super) fn start(root: &Path) -> Result<Self> {
        let folder = folder(root, "skywave")?;
        fs::write(folder.join("stations.toml"), MANIFEST)?;
        fs::write(folder.join("skywave.toml"), CONFIG)?;
        let log = folder.join("log.txt");
        let program = root.join("target/release/skywave").display().to_string();
        let mut serve = command(&folder, program.as_str(), ["serve"]);
        let process = Process(serve.stdout(File::create(&log)?).spawn().context("skywave")?);
        let (public, control) = wait("skywave", || ports(&fs::read_to_string(&log).ok()?))?;
        let mut skywave = Self { public, control, source: None, process };
        skywave.start_source(root)?;
        Ok(skywave)
    }

    /// Begins a source, and waits until it is on air.
    pub(super) fn start_source(&mut self, root: &Path) -> Result<()> {
        let target = format!("icecast://source:storm-secret@{}/in", self.public);
        self.source = Some(source(root, &target)?);
        wait("audio", || has_audio(self.public).then_some(()))
    }

    /// Ends the source.
    pub(super) fn stop_source(&mut self) -> Result<()> {
        self.source.take().map(drop).context("there is no source")
    }

    /// A line of `/metrics`.
    pub(super) fn metric(&self, series: &str) -> Result<String> {
        let text = get(self.control, "/metrics").context("no metrics")?;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        Ok(line.with_context(|| format!("no {series}"))?.to_owned())
    }
}

impl Server for Skywave {
    fn address(&self) -> SocketAddr {
        self.public
    }

    fn resident(&self) -> Result<u64> {
        resident(&self.process)
    }
}

/// Icecast, and its source.
pub(super) struct Icecast {
    address: SocketAddr,
    _source: Process,
    process: Process,
}

impl Icecast {
    /// Starts both, and waits for audio.
    pub(super) fn start(root: &Path) -> Result<Self> {
        let folder = folder(root, "icecast")?;
        // Not as root, which it refuses: others have to reach its logs.
        let free = TcpListener::bind("127.0.0.1:0")?;
        let address = free.local_addr()?;
        drop(free);
        fs::write(folder.join("icecast.xml"), icecast_xml(&folder, address))?;
        let mut chown = command(&folder, "chown", ["-R", "nobody:nogroup", "."]);
        chown.status().context("chown")?;
        let mut serve = command(&folder, "icecast2", ["-c", "icecast.xml"]);
        let serve = serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = Process(serve.context("icecast2")?);
        wait("icecast", || TcpStream::connect(address).ok())?;
        let target = format!("icecast://source:storm-secret@{address}/radio");
        let source = source(root, &target)?;
        wait("audio", || has_audio(address).then_some(()))?;
        Ok(Self { address, _source: source, process })
    }
}

impl Server for Icecast {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn resident(&self) -> Result<u64> {
        resident(&self.process)
    }
}

/// Debian's limits, but for the number of clients.
fn icecast_xml(folder: &Path, address: SocketAddr) -> String {
    format!(
        "<icecast><limits><clients>20000</clients><sources>2</sources>\
         <queue-size>524288</queue-size><client-timeout>30</client-timeout>\
         <header-timeout>15</header-timeout><source-timeout>10</source-timeout>\
         <burst-on-connect>1</burst-on-connect><burst-size>65535</burst-size></limits>\
         <authentication><source-password>storm-secret</source-password>\
         <admin-user>admin</admin-user><admin-password>storm-secret</admin-password>\
         </authentication><hostname>localhost</hostname>\
         <listen-socket><port>{}</port><bind-address>{}</bind-address></listen-socket>\
         <paths><basedir>/usr/share/icecast2</basedir><logdir>{}</logdir>\
         <webroot>/usr/share/icecast2/web</webroot>\
         <adminroot>/usr/share/icecast2/admin</adminroot></paths>\
         <logging><errorlog>error.log</errorlog><loglevel>1</loglevel></logging>\
         <security><chroot>0</chroot><changeowner><user>nobody</user>\
         <group>nogroup</group></changeowner></security></icecast>",
        address.port(),
        address.ip(),
        folder.display(),
    )
}

/// An empty folder for a server.
fn folder(root: &Path, name: &str) -> Result<PathBuf> {
    let folder = root.join("target/lab/storm").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn source(root: &Path, target: &str) -> Result<Process> {
    // Noise: no frame comes twice, also not after a break.
    let noise = "anoisesrc=r=44100:c=pink:a=0.3";
    let tone = ["-re", "-f", "lavfi", "-i", noise, "-ac", "2", "-b:a", "128k"];
    let mut ffmpeg: Command = command(root, "ffmpeg", ["-hide_banner", "-loglevel", "error"]);
    ffmpeg.args(tone).args(["-content_type", "audio/mpeg", "-f", "mp3", target]);
    Ok(Process(ffmpeg.spawn().context("ffmpeg")?))
}

/// Whether a listener is let in and gets something.
fn has_audio(address: SocketAddr) -> bool {
    let listen = || -> Option<bool> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(b"GET /radio HTTP/1.0\r\n\r\n").ok()?;
        let mut start = [0; 4_096];
        stream.read_exact(&mut start).ok()?;
        Some(start.get(9..12) == Some(b"200"))
    };
    listen().unwrap_or(false)
}

fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// The public and the control address, once the log says them.
fn ports(log: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line = log.lines().find(|line| line.contains("serving public="))?;
    let field = |name| line.split_once(name)?.1.split(' ').next()?.parse().ok();
    Some((field("public=")?, field("control=")?))
}

fn resident(process: &Process) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.0.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.context("no VmRSS")
}

fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    for _ in 0..TRIES {
        if let Some(found) = look() {
            return Ok(found);
        }
        std::thread::park_timeout(PAUSE);
    }
    bail!("no {what} for {} s", PAUSE.as_secs() * TRIES as u64)
}

#[cfg(test)]
mod tests;
