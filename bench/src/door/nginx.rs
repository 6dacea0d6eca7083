//! nginx with a folder of files, as quick as it is told to be.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tests::tools;

/// Looks for its port at the start.
const TRIES: u32 = 200;

/// Between two of them.
const PAUSE: Duration = Duration::from_millis(50);

/// nginx, killed when it is dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Nginx {
    /// Serves what is in `www` below a folder, on one processor.
    ///
    /// # Errors
    ///
    /// It is not installed.
    pub fn start(folder: &Path, processor: &str) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, tools::free_port()));
        fs::write(folder.join("nginx.conf"), config(folder, address))?;
        let log = File::create(folder.join("nginx.txt"))?;
        let mut nginx = Command::new("taskset");
        nginx.args(["-c", processor, "nginx", "-c"]).arg(folder.join("nginx.conf"));
        nginx.arg("-p").arg(folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = nginx.spawn().context("taskset and nginx: `cargo xtask test` installs them")?;
        let nginx = Self { child, address };
        for _ in 0..TRIES {
            if TcpStream::connect(address).is_ok() {
                return Ok(nginx);
            }
            std::thread::park_timeout(PAUSE);
        }
        bail!("nginx does not start: {}", fs::read_to_string(folder.join("nginx.txt"))?)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Debian's settings for files, no access log, files kept open, and Skywave's headers.
fn config(folder: &Path, address: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        r#"daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    types {{ application/vnd.apple.mpegurl m3u8; }}
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=16 inactive=1h;
    open_file_cache_valid 1h;
    keepalive_requests 1000000000;
    gzip_static on;
    gzip_vary on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {address};
        root {folder}/www;
        add_header Cache-Control "private, no-store";
        add_header Access-Control-Allow-Origin "*";
        add_header Access-Control-Expose-Headers "Content-Length, Content-Range, Date, ETag, Last-Modified, Retry-After, X-Block-Reason, Icy-MetaInt, Icy-Br, Icy-Description, Icy-Genre, Icy-Name, Icy-Pub, Icy-Sr, Icy-Url, Icy-Vbr, Ice-Audio-Info";
        add_header X-Content-Type-Options "nosniff";
    }}
}}
"#
    )
}
