//! What the tests of this crate share: scratch directories and an S3 server.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{Credentials, Key, S3Settings, Store, StoreUrl, Timeouts};

/// The interpreter beside which `cargo xtask test` installs moto, from this
/// crate's folder.
const PYTHON: &str = "../../target/test-tools/venv/bin/python";

/// A directory that is removed at the end.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("skywave-store-{}-{nth}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Another process of this number may have been killed.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) async fn store(&self) -> Store {
        let url = StoreUrl::Directory(self.0.clone());
        Store::open(&url, &S3Settings::default()).await.unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Moto's S3 server on a port of its own choice; killed at the end.
#[derive(Debug)]
pub(crate) struct Moto {
    child: Child,
    pub(crate) endpoint: String,
}

impl Moto {
    /// Starts it with one bucket, `skywave`; it overlooks the headers that are
    /// named.
    pub(crate) async fn start(overlooked: &[&str]) -> Self {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join(PYTHON);
        let mut child = Command::new(&tool)
            .args(["-c", include_str!("testing/s3_server.py")])
            .args(overlooked)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}: `cargo xtask test` installs it", tool.display())
            });
        // It says where it listens once it does, and then a line per request,
        // which a thread takes from it so that it never waits.
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let endpoint = lines
            .find_map(|line| Some(line.split_once("Running on ")?.1.trim().to_owned()))
            .expect("moto did not start: `cargo xtask test` installs it");
        std::thread::spawn(move || lines.for_each(drop));
        let moto = Self { child, endpoint };
        let created = http().put(format!("{}/skywave", moto.endpoint)).send().await.unwrap();
        assert!(created.status().is_success(), "{created:?}");
        moto
    }

    pub(crate) async fn store(&self, url: &str) -> Store {
        Store::open(&url.parse().unwrap(), &s3_settings(&self.endpoint)).await.unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that gives one prepared answer per request, and then none.
#[derive(Debug)]
pub(crate) struct Scripted {
    pub(crate) endpoint: String,
    /// First lines of the requests so far.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Each answer is a status line and perhaps headers and a body after it.
    pub(crate) async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                let request = read_request(&mut socket).await;
                log.lock().unwrap().push(request);
                let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {head}\nContent-Length: {length}\nConnection: close\n\n{body}"
                );
                socket.write_all(answer.replace('\n', "\r\n").as_bytes()).await.unwrap();
            }
            // The port stays open, and whoever connects gets no answer.
            std::future::pending::<()>().await;
            drop(listener);
        });
        Self { endpoint, seen }
    }

    pub(crate) async fn store(&self, timeouts: Timeouts) -> Store {
        let settings = S3Settings { timeouts, ..s3_settings(&self.endpoint) };
        Store::open(&"s3://skywave".parse().unwrap(), &settings).await.unwrap()
    }

    /// Methods and paths of the requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Reads a request to its end and gives its method and path.
async fn read_request(socket: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let n = socket.read(&mut chunk).await.unwrap();
        request.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) || n == 0 {
            let text = String::from_utf8_lossy(&request);
            let line = text.lines().next().unwrap();
            return line.trim_end_matches(" HTTP/1.1").to_owned();
        }
    }
}

/// Settings for a server of a test.
pub(crate) fn s3_settings(endpoint: &str) -> S3Settings {
    S3Settings {
        endpoint: Some(endpoint.to_owned()),
        credentials: Credentials::from_key("test", "test"),
        ..S3Settings::default()
    }
}

/// A key that is known to be good.
pub(crate) fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

/// A client that sees what a listener sees.
pub(crate) fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
