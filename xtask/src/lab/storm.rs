//! Ten thousand listeners at once, stalled ones, a source that comes back, and
//! a hundred thousand who come and go; beside Icecast.

mod crowd;
mod server;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::lab::page::{self, Page};
use crate::shell::{command, output, say, step};
use crowd::{Crowd, Figures};
use server::{Icecast, Server, Skywave};

const METHOD: &str = "\
One mount of 128 kbit/s over loopback, fed by ffmpeg in real time; the whole program serves, and the listeners are in processes of their own on the
same processors. What counts is audio: *heard* are those that got some, *first byte* is from the beginning of the connection to the first byte behind the head, and
each time is good to 50 ms. *Gap* is the longest time in which any listener got nothing; the engine sends about once a second. *Old* are a
hundred listeners who were there before. Both servers see the same storm; Icecast is Debian's, with its own defaults but for the number of clients.";

/// Listeners of a storm.
const STORM: u64 = 10_000;

/// Who listened before.
const OLD: u64 = 100;

/// Healthy listeners, and as many that stall.
const HEALTHY: u64 = 5_000;

/// Who come and go.
const CHURN: u64 = 100_000;

/// The goal: everyone has audio by then.
const GOAL: Duration = Duration::from_secs(6);

/// What comes after a beginning is measured for so long.
const CALM: Duration = Duration::from_secs(12);

/// Longer than a stalled listener is kept.
const STALL: Duration = Duration::from_secs(40);

/// How long the source is away.
const AWAY: Duration = Duration::from_secs(3);

/// Runs all, and writes the page.
///
/// # Errors
///
/// Something does not build or start, or the page cannot be written.
pub(super) fn run(root: &Path, _arguments: &[&str]) -> Result<()> {
    let build = ["build", "--release", "--locked", "--package", "node", "--bin", "skywave"];
    step("skywave", &mut command(root, "cargo", build))?;
    let build = ["build", "--release", "--locked", "--package", "delivery", "--example", "crowd"];
    step("crowd", &mut command(root, "cargo", build))?;
    let version = output("icecast", &mut command(root, "icecast2", ["-v"]))?;
    let mut figures = storms(root, version.trim())?;
    figures.push_str(&stalled(root)?);
    figures.push_str(&churn(root)?);
    let title = "Storms of ICY listeners";
    page::write(root, &Page { name: "storm", title, method: METHOD, figures: &figures })
}

/// What a storm showed.
struct Storm {
    before: Figures,
    during: Figures,
    /// After [`GOAL`], and after twice that.
    early: Figures,
    late: Figures,
    resident: [u64; 2],
}

fn storms(root: &Path, icecast: &str) -> Result<String> {
    let skywave = Skywave::start(root)?;
    let ours = storm(root, &skywave)?;
    let away = reconnect(root, skywave)?;
    let theirs = storm(root, &Icecast::start(root)?)?;
    let mut text = format!(
        "## {STORM} at once\n\n\
         | | heard after {0} s | heard after {1} s | first byte, median | p99 | last | gap of the old, before | meanwhile | memory, before | with all |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        GOAL.as_secs(),
        GOAL.as_secs() * 2,
    );
    for (name, storm) in [("Skywave", &ours), (icecast, &theirs)] {
        row(&mut text, name, storm);
    }
    let tenths = ours.early.heard * 10 / theirs.early.heard.max(1);
    let [empty, full] = ours.resident;
    let _ = writeln!(
        text,
        "\nSkywave served {}.{} times as many as Icecast in the time that is the goal; its memory grew by {} bytes a listener.\n",
        tenths / 10,
        tenths % 10,
        full.saturating_sub(empty) * 1_024 / STORM,
    );
    text.push_str(&away);
    Ok(text)
}

fn row(text: &mut String, name: &str, storm: &Storm) {
    let Storm { before, during, early, late, resident: [empty, full] } = storm;
    let _ = writeln!(
        text,
        "| {name} | {} | {} | {} ms | {} ms | {} ms | {} ms | {} ms | {} MiB | {} MiB |",
        early.heard,
        late.heard,
        late.p50_ms,
        late.p99_ms,
        late.last_ms,
        before.gap_ms,
        during.gap_ms,
        empty / 1_024,
        full / 1_024,
    );
}

/// Everybody connects at once to a server that has a few listeners.
fn storm(root: &Path, server: &impl Server) -> Result<Storm> {
    let mut old = Crowd::listen(root, server.address(), OLD)?;
    std::thread::park_timeout(CALM);
    old.figures()?;
    std::thread::park_timeout(CALM);
    let (before, empty) = (old.figures()?, server.resident()?);
    let mut crowd = Crowd::listen(root, server.address(), STORM)?;
    std::thread::park_timeout(GOAL);
    let early = crowd.figures()?;
    std::thread::park_timeout(GOAL);
    let (late, during) = (crowd.figures()?, old.figures()?);
    let full = server.resident()?;
    say(&format!("early {early:?}\nlate {late:?}\nbefore {before:?}\nmeanwhile {during:?}"));
    Ok(Storm { before, during, early, late, resident: [empty, full] })
}

/// The source goes and comes back while everybody listens.
fn reconnect(root: &Path, mut skywave: Skywave) -> Result<String> {
    let mut crowd = Crowd::listen(root, skywave.address(), STORM)?;
    std::thread::park_timeout(CALM);
    let before = crowd.figures()?;
    skywave.stop_source()?;
    std::thread::park_timeout(AWAY);
    skywave.start_source(root)?;
    std::thread::park_timeout(CALM);
    let after = crowd.figures()?;
    std::thread::park_timeout(CALM);
    let later = crowd.figures()?;
    ensure!(before.open > 0, "nobody listens");
    Ok(format!(
        "## The source is away for {} s\n\n\
         | listeners before | after | gap before | over the break | after it |\n\
         | ---: | ---: | ---: | ---: | ---: |\n\
         | {} | {} | {} ms | {} ms | {} ms |\n\n",
        AWAY.as_secs(),
        before.open,
        later.open,
        before.gap_ms,
        after.gap_ms,
        later.gap_ms,
    ))
}

/// As many stall as listen.
fn stalled(root: &Path) -> Result<String> {
    let skywave = Skywave::start(root)?;
    let mut healthy = Crowd::listen(root, skywave.address(), HEALTHY)?;
    std::thread::park_timeout(CALM);
    healthy.figures()?;
    std::thread::park_timeout(CALM);
    let before = healthy.figures()?;
    let stalled = Crowd::stall(root, skywave.address(), HEALTHY)?;
    std::thread::park_timeout(STALL);
    let during = healthy.figures()?;
    let dropped = skywave.metric("skywave_delivery_icy_dropped_slow_total{mount=\"radio\"}")?;
    drop(stalled);
    Ok(format!(
        "## {HEALTHY} stall beside {HEALTHY} healthy\n\n\
         | healthy at the end | gap before | meanwhile | stalled dropped within {} s |\n\
         | ---: | ---: | ---: | ---: |\n\
         | {} | {} ms | {} ms | {dropped} |\n\n",
        STALL.as_secs(),
        during.open,
        before.gap_ms,
        during.gap_ms,
    ))
}

/// Listeners come and go, and none may be left in the count.
fn churn(root: &Path) -> Result<String> {
    let skywave = Skywave::start(root)?;
    let before = skywave.resident()?;
    let said = Crowd::churn(root, skywave.address(), CHURN)?;
    std::thread::park_timeout(CALM);
    let joined = skywave.metric("skywave_delivery_icy_joins_total{mount=\"radio\"}")?;
    let left = skywave.metric("skywave_delivery_icy_listeners{mount=\"radio\"}")?;
    let after = skywave.resident()?;
    Ok(format!(
        "## {CHURN} come and go\n\n\
         | they say | joined | still counted | memory, before | after |\n\
         | --- | ---: | ---: | ---: | ---: |\n\
         | {said} | {joined} | {left} | {} MiB | {} MiB |\n",
        before / 1_024,
        after / 1_024,
    ))
}
