//! Reloads of media playlists by listeners with sessions, side by side with nginx.

use std::path::Path;

use anyhow::{Result, bail};

use crate::lab::page::{self, Page};
use crate::shell::{command, outcome, printed, step};

const METHOD: &str = "\
A media playlist of ten segments over loopback, from the built program and from nginx, which has the same bytes in a file, compressed ones too. Skywave's egress
has a limit of sessions and a geo-block: for each request it checks the token, looks the country up, decides, and notes the reload in the session. wrk asks both for
the same paths, with a thousand tokens in turn, on 64 connections that stay open. Both servers run all the time, each with one thread for requests
(`TOKIO_WORKER_THREADS=1`; one process of nginx) on the first processor, and wrk on the second; in each round one is asked and then the other, for 5 s, and every other
round the other way round. nginx has Debian's settings for files, no access log, its files kept open, and headers as long as Skywave's. *Processor a request* is what
the server's process took, the kernel's work for it included: company on the machine takes from the requests a second, but hardly from that. *Busy* are the
processes' shares of their processors: a wrk that is busy all the time bounds what is measured.";

/// Measures, and writes the page; arguments are rounds, and the seconds of each server
/// in each.
///
/// # Errors
///
/// It does not build, nginx or wrk is not there, the page cannot be written, or the
/// goal is missed.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let build = ["build", "--release", "--locked", "--package", "node", "--bin", "skywave"];
    step("skywave", &mut command(root, "cargo", build))?;
    let door =
        ["run", "--release", "--locked", "--package", "bench", "--bin", "against-nginx", "--"];
    let (status, figures) = outcome("door", command(root, "cargo", door).args(arguments))?;
    if !figures.contains("| --- |") {
        bail!("door ended with {status}");
    }
    let nginx = printed(&mut command(root, "sh", ["-c", "nginx -v 2>&1"]));
    let nginx = nginx.unwrap_or_default();
    let version = nginx.trim().rsplit('/').next().unwrap_or("?");
    let method = format!("{METHOD} nginx's version is {version}.");
    let title = "Reloads of playlists, beside nginx";
    page::write(root, &Page { name: "door", title, method: &method, figures: &figures })?;
    if status.success() { Ok(()) } else { bail!("door: the goal is missed, see above") }
}
