//! Both servers, on air and at rest, and who asks them.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use demo::fixtures;
use ipnet::Ipv4Net;
use mmdb_writer::Writer;
use tests::encoder::Source;
use tests::{Scratch, http};

use crate::door::nginx::Nginx;
use crate::door::wrk::{Load, Wrk};
use crate::door::{ASKING, Coding, SERVER};
use crate::failover::server::{Server, Setup};

/// Sessions that reload in turn.
const SESSIONS: usize = 1_000;

/// What is sent at the start: most of a window, and no more than is taken at once.
const PROGRAMME_SECS: u32 = 58;

/// Between two looks at the playlist.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at which it is alike then: a source that is gone is waited for.
const STILL: u32 = 15;

/// The longest that it may take until it does not change any more.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a station has that is licensed for some countries: the check of a reload is as
/// long as it gets.
const MANIFEST: &str = r#"
[[publisher]]
name = "acme"
title = "Acme"
[[ingest]]
name = "in"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "in", user = "source", password = "secret" }
[[egress]]
name = "radio"
publisher = "acme"
ingests = ["in"]
session_limit = "4h"
geo = { allow_none_except = ["DE", "AT", "CH"] }
hold = "1h"
"#;

/// One thread for requests, as nginx has.
const ENVIRONMENT: [(&str, &str); 1] = [("TOKIO_WORKER_THREADS", "1")];

/// Both servers, with the same to give.
#[derive(Debug)]
pub struct Stage {
    server: Server,
    nginx: Nginx,
    wrk: Wrk,
    path: String,
    _scratch: Scratch,
}

impl Stage {
    /// Starts all, and puts what the one gives where the other finds it.
    ///
    /// # Errors
    ///
    /// Something is not built or not installed, or does not start.
    pub async fn set() -> Result<Self> {
        let scratch = Scratch::default();
        let folder = scratch.path();
        let database = folder.join("country.mmdb");
        fs::write(&database, loopback_is("DE")?)?;
        let lines = format!("[geo]\ndatabase = {:?}\n", database.display().to_string());
        let setup = Setup { lines: &lines, environment: &ENVIRONMENT };
        let server = Server::start_as(&folder.join("skywave"), MANIFEST, setup).await?;
        pin(server.id())?;
        let mut source = Source::connect(server.public, "audio/mpeg").await;
        let mut programme = demo::Programme::new(1);
        let encoding = demo::Encoding::Mp3 { kbps: 128 };
        source.send(&fixtures::frames(encoding, &mut programme, PROGRAMME_SECS)).await;
        drop(source);
        until_still(&format!("http://{}/radio/mp3-128/media.m3u8", server.public)).await?;
        let paths = sessions(&server).await?;
        let path = paths.first().context("there are sessions")?.clone();
        let wrk = Wrk::new(folder, &paths)?;
        put(&server, &path, &folder.join("www")).await?;
        let nginx = Nginx::start(folder, SERVER)?;
        Ok(Self { server, nginx, wrk, path, _scratch: scratch })
    }

    /// Where Skywave is, and its process.
    pub fn skywave(&self) -> (SocketAddr, u32) {
        (self.server.public, self.server.id())
    }

    /// The same of nginx.
    pub fn nginx(&self) -> (SocketAddr, u32) {
        (self.nginx.address, self.nginx.id())
    }

    /// Asks one of them for so long.
    ///
    /// # Errors
    ///
    /// As [`Wrk::run`].
    pub fn load(&self, server: (SocketAddr, u32), coding: Coding, secs: u64) -> Result<Load> {
        self.wrk.run(server, coding, (secs, ASKING))
    }

    /// Makes sure that both give the same; gives back its length.
    ///
    /// # Errors
    ///
    /// They do not.
    pub async fn check(&self, coding: Coding) -> Result<usize> {
        let headers: &[_] =
            if coding == Coding::Gzip { &[("accept-encoding", "gzip")] } else { &[] };
        let url = |server: SocketAddr| format!("http://{server}{}", self.path);
        let ours = http::request("GET", &url(self.server.public), headers).await;
        let theirs = http::request("GET", &url(self.nginx.address), headers).await;
        let codings = [&ours, &theirs].map(|answer| answer.header("content-encoding").to_owned());
        let both = (ours.status, theirs.status);
        ensure!(both == (200, 200), "Skywave and nginx answer with {both:?}");
        ensure!(ours.body == theirs.body, "Skywave and nginx give something else");
        ensure!(
            codings.iter().all(|one| (one == "gzip") == (coding == Coding::Gzip)),
            "{codings:?}"
        );
        Ok(ours.body.len())
    }
}

/// A database in which this machine is in a country.
fn loopback_is(code: &str) -> Result<Vec<u8>> {
    let mut writer = Writer::new("Bench-Country");
    let record = BTreeMap::from([("country", BTreeMap::from([("iso_code", code)]))]);
    // As deep as in a database of the whole world.
    writer.insert("127.0.0.0/20".parse::<Ipv4Net>()?, &record)?;
    Ok(writer.to_bytes()?)
}

/// All of a process's threads on one processor.
fn pin(id: u32) -> Result<()> {
    let id = id.to_string();
    let taskset = Command::new("taskset").args(["-a", "-c", "-p", SERVER, &id]).output();
    let status = taskset.context("taskset: util-linux has it")?.status;
    ensure!(status.success(), "taskset ended with {status}");
    Ok(())
}

/// Waits until the playlist does not change any more: all that was sent is listed.
async fn until_still(url: &str) -> Result<()> {
    let looking = async {
        let (mut last, mut alike) = (Bytes::new(), 0);
        while alike < STILL {
            tokio::time::sleep(PAUSE).await;
            let answer = http::get(url).await;
            let is_alike = answer.status == 200 && answer.body == last;
            alike = if is_alike { alike + 1 } else { 0 };
            last = answer.body;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.context("the playlist does not come to rest")
}

/// Opens sessions, each with its own token; the paths of their media playlists.
async fn sessions(server: &Server) -> Result<Vec<String>> {
    let client = http::client();
    let url = format!("http://{}/radio/playlist.m3u8", server.public);
    let mut paths = Vec::new();
    for _ in 0..SESSIONS {
        let multivariant = http::get_by(&client, &url, &[]).await.text();
        let uri = multivariant.lines().find(|line| line.contains("media.m3u8?t="));
        let uri = uri.with_context(|| format!("no session: {multivariant}"))?;
        paths.push(format!("/radio/{uri}"));
    }
    Ok(paths)
}

/// Puts what the server gives at a path into files for nginx.
async fn put(server: &Server, path: &str, www: &Path) -> Result<()> {
    let url = format!("http://{}{path}", server.public);
    let file = path.split('?').next().unwrap_or(path);
    let file = www.join(file.trim_start_matches('/'));
    fs::create_dir_all(file.parent().context("it is in a folder")?)?;
    let gzip = file.with_extension("m3u8.gz");
    for (file, coding) in [(file, "identity"), (gzip, "gzip")] {
        fs::write(&file, http::request("GET", &url, &[("accept-encoding", coding)]).await.body)?;
    }
    Ok(())
}
