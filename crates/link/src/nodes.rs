//! The nodes of a cluster, as they tell of themselves in the bucket:
//! `private/nodes/{name}`.
//!
//! A node writes its record at the start and every [`WRITE_EVERY`], and reads
//! those of the others. A record is valid for [`VALID_FOR`], and what was read
//! stays known for as long, whether or not the bucket still has it. While the
//! bucket is away nothing of what is known changes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::WallTime;
use runtime::backoff::{self, Backoff};
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use serde::{Deserialize, Serialize};
use store::{Attributes, Key, Store, keys};
use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use crate::metrics::Metrics;

/// How often a node writes its record.
pub const WRITE_EVERY: Duration = Duration::from_mins(1);

/// How long a record is valid.
pub const VALID_FOR: Duration = Duration::from_hours(24);

/// How often the records are read; while no node with the role that is looked for
/// is known, and where one is not reached, [`READ_SOON`].
pub const READ_EVERY: Duration = Duration::from_secs(15);

/// How often they are read at the most.
pub const READ_SOON: Duration = Duration::from_secs(1);

/// Nodes of a cluster. Chosen: records are read one by one.
pub const NODES_MAX: usize = 256;

/// Bytes of a record.
pub const RECORD_LEN_MAX: usize = 4_096;

/// Between two tries to write a record that the bucket did not take.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), WRITE_EVERY);

/// What a node tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name: no other node of the cluster has it.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its roles: `ingest`, `packager`.
    pub roles: Vec<String>,
    /// Where others reach its node port, `host:port`.
    pub address: String,
    /// The process, by a random text.
    pub process: String,
    /// When it wrote this, in Unix seconds.
    pub written_unix_secs: u64,
}

/// The nodes that a [`Lookout`] knows.
#[derive(Debug, Clone)]
pub struct Known {
    nodes: watch::Receiver<Arc<[Node]>>,
    asked: Arc<Notify>,
}

impl Node {
    /// Whether it has a role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    fn age(&self, now: WallTime) -> Duration {
        Duration::from_secs(now.secs().saturating_sub(self.written_unix_secs))
    }
}

/// Writes a node's record until the shutdown.
pub async fn tell(store: Store, mut node: Node, clock: Steady, shutdown: Shutdown) {
    let Ok(key) = keys::node(&node.name) else {
        return warn!(node = node.name, "no record: the name cannot stand in a key");
    };
    let mut backoff = Backoff::new(RETRY.0, RETRY.1);
    loop {
        node.written_unix_secs = clock.now().secs();
        let now = clock.clock().monotonic();
        let due = match write(&store, &key, &node).await {
            Ok(()) => {
                backoff = Backoff::new(RETRY.0, RETRY.1);
                now + WRITE_EVERY
            }
            Err(error) => {
                if backoff.failures() == 0 {
                    warn!(node = node.name, %error, "the node's record is not written");
                }
                backoff.handle_failure(now, backoff::random())
            }
        };
        tokio::select! {
            () = shutdown.wait() => return,
            () = tokio::time::sleep(due.saturating_duration_since(now)) => {}
        }
    }
}

async fn write(store: &Store, key: &Key, node: &Node) -> Result<(), store::Error> {
    let stored = store.get(key, RECORD_LEN_MAX).await?;
    if let Some(other) = stored.as_ref().and_then(|stored| read(&stored.bytes))
        && other.process != node.process
        && other.written_unix_secs + WRITE_EVERY.as_secs() > node.written_unix_secs
        && other.address != node.address
    {
        let Node { name, address, .. } = &other;
        warn!(name, address, "another process has had this node's name within a minute");
    }
    let bytes = Bytes::from(serde_json::to_vec(node).unwrap_or_default());
    let version = stored.map(|stored| stored.version);
    store.replace(key, bytes, &Attributes::record(), version.as_ref()).await.map(|_| ())
}

fn read(bytes: &[u8]) -> Option<Node> {
    serde_json::from_slice(bytes).ok()
}

/// Reads the others' records.
#[derive(Debug)]
pub struct Lookout {
    store: Store,
    role: &'static str,
    known: watch::Sender<Arc<[Node]>>,
    asked: Arc<Notify>,
    metrics: Metrics,
}

impl Lookout {
    /// Looks for nodes with `role`; none is known yet.
    pub fn new(store: Store, role: &'static str, metrics: Metrics) -> Self {
        let known = watch::Sender::new(Arc::default());
        Self { store, role, known, asked: Arc::default(), metrics }
    }

    /// The nodes that are known.
    pub fn known(&self) -> Known {
        Known { asked: Arc::clone(&self.asked), ..Known::of(&self.known) }
    }

    /// Reads until the shutdown.
    pub async fn run(self, clock: Steady, shutdown: Shutdown) {
        let (mut records, mut is_away) = (Vec::new(), false);
        loop {
            let now = clock.now();
            match self.read_all(now).await {
                Ok(read) => {
                    is_away = false;
                    records = with_those_before(read, records, now);
                    self.tell(records.iter().filter(|node| node.has_role(self.role)).cloned());
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_away, true) {
                        warn!(%error, "the nodes' records cannot be read: those known stay known");
                    }
                }
            }
            tokio::select! {
                () = shutdown.wait() => return,
                () = self.pause() => {}
            }
        }
    }

    /// Wakes who follows feeds where a node has come, gone, moved or begun anew.
    fn tell(&self, nodes: impl Iterator<Item = Node>) {
        let nodes: Arc<[Node]> = nodes.collect();
        self.metrics.nodes.set(i64::try_from(nodes.len()).unwrap_or(i64::MAX));
        let place = |node: &Node| (node.name.clone(), node.address.clone(), node.process.clone());
        self.known.send_if_modified(|known| {
            let has_news = !known.iter().map(place).eq(nodes.iter().map(place));
            if has_news {
                let names: Vec<_> = nodes.iter().map(|node| node.name.as_str()).collect();
                info!(nodes = names.join(" "), "nodes known");
            }
            *known = nodes;
            has_news
        });
    }

    /// However often someone asks, the bucket rests for [`READ_SOON`].
    async fn pause(&self) {
        tokio::time::sleep(READ_SOON).await;
        if !self.known.borrow().is_empty() {
            let rest = READ_EVERY.saturating_sub(READ_SOON);
            let _ = tokio::time::timeout(rest, self.asked.notified()).await;
        }
    }

    /// The valid records, in the order of their names. Removes those that have not been
    /// valid for a day.
    async fn read_all(&self, now: WallTime) -> Result<Vec<Node>, store::Error> {
        let mut nodes = Vec::new();
        for entry in self.store.list(&keys::nodes()?, NODES_MAX).await? {
            let stored = match self.store.get(entry.key(), RECORD_LEN_MAX).await {
                Ok(stored) => stored,
                // One that is no record of ours does not hide the others.
                Err(store::Error::TooLarge { .. }) => None,
                Err(error) => return Err(error),
            };
            let node = stored.and_then(|stored| read(&stored.bytes));
            let Some(node) = node.filter(|node| node.name == entry.key().file_name()) else {
                continue;
            };
            if node.age(now) < VALID_FOR {
                nodes.push(node);
            } else if node.age(now) >= VALID_FOR * 2 {
                self.store.delete(entry.key()).await?;
            }
        }
        Ok(nodes)
    }
}

/// The nodes that were read, and those before whose records are not there any more but
/// valid: a folder that is not mounted is empty.
fn with_those_before(read: Vec<Node>, before: Vec<Node>, now: WallTime) -> Vec<Node> {
    let is_read = |node: &Node| read.iter().any(|one| one.name == node.name);
    let mut nodes: Vec<_> =
        before.into_iter().filter(|node| !is_read(node) && node.age(now) < VALID_FOR).collect();
    nodes.extend(read);
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    nodes.truncate(NODES_MAX);
    nodes
}

impl Known {
    /// What a sender knows, whom nobody can ask.
    pub(crate) fn of(nodes: &watch::Sender<Arc<[Node]>>) -> Self {
        Self { nodes: nodes.subscribe(), asked: Arc::default() }
    }

    /// Those that are known now.
    pub fn now(&mut self) -> Arc<[Node]> {
        Arc::clone(&self.nodes.borrow_and_update())
    }

    /// Waits until there are others than [`now`](Self::now) has given; `false` if there
    /// never will be.
    pub async fn changed(&mut self) -> bool {
        self.nodes.changed().await.is_ok()
    }

    /// Waits until somebody asks.
    #[cfg(test)]
    pub(crate) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Has the records read soon: a node is not where it was.
    pub fn ask(&self) {
        self.asked.notify_one();
    }
}

#[cfg(test)]
mod tests;
