//! An S3 server to test against: moto, with a lock around it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::http;

/// Where `cargo xtask test` installs it.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/test-tools/venv/bin/python");

/// The server, which says on stderr where it listens.
const SERVER: &str = include_str!("../../crates/store/src/testing/s3_server.py");

/// Moto's S3 server on a port of its own choice, with the bucket `skywave`.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    /// `http://127.0.0.1:…`
    pub endpoint: String,
}

impl Moto {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// It is not installed.
    pub async fn start() -> Self {
        assert!(Path::new(PYTHON).exists(), "{PYTHON}: `cargo xtask test` installs it");
        let mut child = Command::new(PYTHON)
            .args(["-c", SERVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let endpoint =
            lines.find_map(|line| Some(line.split_once("Running on ")?.1.trim().to_owned()));
        let endpoint = endpoint.expect("moto did not start");
        // What it says of each request is taken from it, so that it never waits.
        std::thread::spawn(move || lines.for_each(drop));
        let moto = Self { child, endpoint };
        let created = http::request("PUT", &format!("{}/skywave", moto.endpoint), &[]).await;
        assert!(created.status < 300, "{created:?}");
        moto
    }

    /// Lets everybody read what lies beneath a prefix of the bucket, as its
    /// owner would for a CDN.
    pub async fn publish(&self, prefix: &str) {
        let policy = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": format!("arn:aws:s3:::skywave/{prefix}/*"),
            }],
        });
        let url = format!("{}/skywave?policy", self.endpoint);
        let put = http::client().put(url).body(policy.to_string()).send().await.unwrap();
        assert!(put.status().is_success(), "{put:?}");
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
