//! The roles in processes of their own, on one bucket, each to be killed: two that
//! ingest, two that make the programmes of it, and one that serves these.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::failover::server::{Server, Setup};

/// The longest that a process may take until it is of use.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Frames that a path has to bring in time before it counts as one that covers for
/// the other: about half a second.
const UNITS: u64 = 20;

/// Segments that a programme has to go on by before another process may go that makes
/// or carries it: a feed that begins in the midst of an epoch counts from the end of its
/// first segment on (ADR 15).
const SEGMENTS: u64 = 2;

/// One of the processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// Takes the first path of each programme.
    IngestA,
    /// Takes the second one.
    IngestB,
    /// Makes all programmes, and serves them.
    PackagerOne,
    /// The same.
    PackagerTwo,
    /// Serves what the two make.
    Origin,
}

/// A process and where it is now.
#[derive(Debug)]
struct Node {
    server: Server,
    address: watch::Sender<SocketAddr>,
}

/// The processes of one bucket.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    manifest: String,
    egresses: Vec<String>,
    nodes: BTreeMap<&'static str, Node>,
}

/// How far a member has come, before it is known whether it is of use.
#[derive(Debug)]
struct Begun {
    /// By packager and path: frames in time.
    units: BTreeMap<(&'static str, String), u64>,
    /// By egress: the number of its newest segment.
    numbers: BTreeMap<String, u64>,
}

/// Someone who waits, but not for ever.
struct Patience {
    what: &'static str,
    began: Instant,
}

impl Member {
    /// All of them, in the order in which they are started.
    pub const ALL: [Self; 5] =
        [Self::IngestA, Self::IngestB, Self::PackagerOne, Self::PackagerTwo, Self::Origin];

    const PACKAGERS: [Self; 2] = [Self::PackagerOne, Self::PackagerTwo];

    /// Its node's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IngestA => "in-a",
            Self::IngestB => "in-b",
            Self::PackagerOne => "out-1",
            Self::PackagerTwo => "out-2",
            Self::Origin => "origin",
        }
    }

    /// As the table has its roles.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::IngestA | Self::IngestB => "ingest",
            Self::PackagerOne | Self::PackagerTwo => "packager, origin",
            Self::Origin => "origin",
        }
    }

    const fn roles(self) -> &'static str {
        match self {
            Self::IngestA | Self::IngestB => r#"["ingest", "control"]"#,
            Self::PackagerOne | Self::PackagerTwo => r#"["packager", "origin", "control"]"#,
            Self::Origin => r#"["origin", "control"]"#,
        }
    }

    /// How the names of the ingests end that it takes.
    const fn suffix(self) -> Option<&'static str> {
        match self {
            Self::IngestA => Some("-a"),
            Self::IngestB => Some("-b"),
            _ => None,
        }
    }
}

impl Cluster {
    /// One without a process, on an empty folder.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub fn new(folder: &Path, manifest: String, egresses: Vec<String>) -> Result<Self> {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder)?;
        let folder = folder.to_path_buf();
        Ok(Self { folder, manifest, egresses, nodes: BTreeMap::new() })
    }

    /// Starts a member for the first time.
    ///
    /// # Errors
    ///
    /// As [`Server::start`].
    pub async fn start(&mut self, member: Member) -> Result<()> {
        let (name, roles) = (member.name(), member.roles());
        let lines = format!(
            "store = \"file:../bucket\"\n[secrets]\ncluster = \"c1uster\"\n\
             [node]\nname = \"{name}\"\nroles = {roles}\n"
        );
        let setup = Setup { lines: &lines, ..Setup::default() };
        let server = Server::start_as(&self.folder.join(name), &self.manifest, setup).await?;
        let address = watch::Sender::new(server.public);
        self.nodes.insert(name, Node { server, address });
        Ok(())
    }

    /// Where a member is, now and later.
    ///
    /// # Errors
    ///
    /// It was never started.
    pub fn address(&self, member: Member) -> Result<watch::Receiver<SocketAddr>> {
        match self.nodes.get(member.name()) {
            Some(node) => Ok(node.address.subscribe()),
            None => bail!("{} was never started", member.name()),
        }
    }

    /// The bucket's folder.
    pub fn bucket(&self) -> PathBuf {
        self.folder.join("bucket")
    }

    /// kill -9, once more while it starts if `again` says when, and a start on the same
    /// folder; its ports are others. Gives how often it was killed.
    ///
    /// # Errors
    ///
    /// It was gone before, or does not start.
    pub async fn kill(&mut self, member: Member, again: Option<Duration>) -> Result<u32> {
        let Some(node) = self.nodes.get_mut(member.name()) else { return Ok(0) };
        node.server.kill()?;
        if let Some(after) = again {
            node.server.start_and_kill(after).await?;
        }
        node.server.start_again().await?;
        node.address.send_replace(node.server.public);
        Ok(1 + u32::from(again.is_some()))
    }

    /// Which start of a member runs: its log is `log-{start}.txt`.
    pub fn start_of(&self, member: Member) -> u32 {
        self.nodes.get(member.name()).map_or(0, |node| node.server.starts() - 1)
    }

    /// Waits until the packager that is there first has all its paths: from then on
    /// nothing is missed of what sources send.
    ///
    /// # Errors
    ///
    /// That does not come.
    pub async fn until_connected(&self) -> Result<()> {
        let patience = Patience::begin("the first packager's paths");
        while !self.has_paths().await {
            patience.rest().await?;
        }
        Ok(())
    }

    async fn has_paths(&self) -> bool {
        for egress in &self.egresses {
            for path in ["a", "b"] {
                let series = format!("skywave_link_connected{{feed=\"paths/{egress}-{path}\"}}");
                if self.counted(Member::PackagerOne, &series).await != Some(1) {
                    return false;
                }
            }
        }
        true
    }

    /// Waits until a member that has just been started does what it is there for; gives
    /// how long that took. An ingest: its paths are locked at both packagers and bring
    /// frames in time. A packager: so are both paths there, the programmes go on, and
    /// the origin reads it. The origin: it reads both packagers, and the programmes go on.
    ///
    /// # Errors
    ///
    /// That does not come.
    pub async fn until_of_use(&self, member: Member) -> Result<Duration> {
        let patience = Patience::begin(member.name());
        let begun = self.begun(member, &patience).await?;
        while !self.is_of_use(member, &begun).await {
            patience.rest().await?;
        }
        Ok(patience.began.elapsed())
    }

    async fn begun(&self, member: Member, patience: &Patience) -> Result<Begun> {
        let mut units = BTreeMap::new();
        for packager in Member::PACKAGERS {
            if let Some(status) = self.status(packager).await {
                let paths = paths(&status).map(|(path, units)| ((packager.name(), path), units.1));
                units.extend(paths);
            }
        }
        let mut begun = Begun { units, numbers: BTreeMap::new() };
        if member.suffix().is_some() {
            return Ok(begun);
        }
        while begun.numbers.len() < self.egresses.len() {
            patience.rest().await?;
            let status = self.status(member).await;
            begun.numbers = status.map(|status| numbers(&status)).unwrap_or_default();
        }
        Ok(begun)
    }

    async fn is_of_use(&self, member: Member, begun: &Begun) -> bool {
        match member {
            Member::IngestA | Member::IngestB => {
                self.are_locked(member.suffix(), Member::PACKAGERS, begun).await
            }
            Member::PackagerOne | Member::PackagerTwo => {
                self.are_locked(None, [member], begun).await && self.goes_on(member, begun).await
            }
            Member::Origin => self.goes_on(member, begun).await,
        }
    }

    /// Whether the paths with such names are locked at these packagers, and have brought
    /// frames in time since.
    async fn are_locked<const N: usize>(
        &self,
        suffix: Option<&str>,
        packagers: [Member; N],
        begun: &Begun,
    ) -> bool {
        for packager in packagers {
            let Some(status) = self.status(packager).await else { return false };
            for (path, (is_locked, units)) in paths(&status) {
                let before = begun.units.get(&(packager.name(), path.clone())).copied();
                let is_meant = suffix.is_none_or(|suffix| path.ends_with(suffix));
                if is_meant && (!is_locked || units < before.unwrap_or(0) + UNITS) {
                    return false;
                }
            }
        }
        true
    }

    /// Whether all programmes are on air at a member, have gone on by some segments, and
    /// the origin, once it is there, reads all packagers.
    async fn goes_on(&self, member: Member, begun: &Begun) -> bool {
        let Some(status) = self.status(member).await else { return false };
        let now = numbers(&status);
        let has_gone_on = |(egress, number): (&String, &u64)| {
            now.get(egress).is_some_and(|now| *now >= *number + SEGMENTS)
        };
        if !begun.numbers.iter().all(has_gone_on) {
            return false;
        }
        for egress in &self.egresses {
            let Some(rendition) = rendition(&status, egress) else { return false };
            let feed = format!("programmes/{egress}/{rendition}");
            let series = format!("skywave_link_connected{{feed=\"{feed}\"}}");
            let read = self.counted(Member::Origin, &series).await;
            if self.nodes.contains_key(Member::Origin.name()) && read != Some(2) {
                return false;
            }
        }
        true
    }

    async fn status(&self, member: Member) -> Option<Value> {
        self.nodes.get(member.name())?.server.status().await
    }

    async fn counted(&self, member: Member, series: &str) -> Option<u64> {
        self.nodes.get(member.name())?.server.counted(series).await
    }
}

impl Patience {
    fn begin(what: &'static str) -> Self {
        Self { what, began: Instant::now() }
    }

    /// Rests before the next look.
    async fn rest(&self) -> Result<()> {
        let Self { what, began } = self;
        ensure!(began.elapsed() < PATIENCE, "{what}: not of use after {PATIENCE:?}");
        sleep(PAUSE).await;
        Ok(())
    }
}

/// By ingest: whether its path is locked, and how many frames it has brought in time.
fn paths(status: &Value) -> impl Iterator<Item = (String, (bool, u64))> {
    let paths = list(status, "egresses").flat_map(|egress| list(egress, "ingests"));
    paths.filter_map(|path| {
        let is_locked = path.get("state")? == "locked";
        let count = |name: &str| path.get(name)?.as_u64();
        let units = count("units_first_total")? + count("units_second_total")?;
        Some((path.get("ingest")?.as_str()?.to_owned(), (is_locked, units)))
    })
}

/// By egress that is on air: the number of its newest segment.
fn numbers(status: &Value) -> BTreeMap<String, u64> {
    let numbers = list(status, "egresses").filter_map(|egress| {
        let number = egress.get("media_sequence")?.as_u64()?;
        let is_on_air = egress.get("on_air")?.as_bool()?;
        is_on_air.then_some((egress.get("name")?.as_str()?.to_owned(), number))
    });
    numbers.collect()
}

/// The rendition of an egress's own bytes.
fn rendition<'a>(status: &'a Value, egress: &str) -> Option<&'a str> {
    let is_it = |one: &&Value| one.get("name").and_then(Value::as_str) == Some(egress);
    list(status, "egresses").find(is_it)?.get("rendition")?.as_str()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}
