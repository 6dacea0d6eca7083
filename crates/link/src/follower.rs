//! Follows feeds of other processes.

mod connection;
mod held;
mod programme;

use std::sync::Arc;
use std::time::{Duration, Instant};

use feed::{OwnFrom, PathEntry, PathItem};
use outbound::{Client, Policy, Settings};
use runtime::backoff::{self, Backoff};
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Tail, Writer};
use settings::Secret;
use tokio::task::JoinSet;
use tracing::{info, warn};

use self::connection::{Connection, Dialler};
use self::held::Held;
use crate::metrics::{Following, Metrics, Reason};
use crate::nodes::{Known, Node};
use crate::receiver::{Receiver, Told};

/// What a followed feed holds for a reader that is late, as the ingest's own does:
/// a minute of 320 kbit/s and more.
const FEED_LIMITS: tail::Limits = tail::Limits { items_max: 8192, weight_max: 4 << 20 };

/// Waits between two tries. Short: what comes late is waited for.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Waits before it is looked whether another node has the source that this one has
/// not.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How long the opening of a connection may take. Chosen: with the longest silence
/// and the longest wait it is still less than the time-out of sources.
const OPEN_TIME: Duration = Duration::from_secs(2);

/// What all links of a process have.
#[derive(Debug, Clone)]
pub struct Parts {
    /// What nodes know each other by.
    pub secret: Secret,
    /// The nodes that have the feeds.
    pub nodes: Known,
    /// The process's clock.
    pub clock: Steady,
    /// The end.
    pub shutdown: Shutdown,
    /// What is counted.
    pub metrics: Metrics,
}

/// Follows the feeds of other nodes.
#[derive(Debug)]
pub struct Links {
    parts: Parts,
    dialler: Arc<Dialler>,
}

/// The path feed of an ingest that is elsewhere.
#[derive(Debug, Clone)]
pub struct Followed {
    /// What has come of it. Positions are those of the node that is read: they begin
    /// anew where another one is.
    pub feed: Tail<PathEntry>,
    /// Where its node was when it was reached first.
    pub own_from: OwnFrom,
}

/// Follows one feed.
#[derive(Debug)]
struct Follower {
    ingest: String,
    parts: Parts,
    dialler: Arc<Dialler>,
    metrics: Following,
    writer: Writer<PathEntry>,
    own_from: OwnFrom,
    place: Option<Place>,
    /// Whether an item has been given that counts for a programme that begins anew.
    has_begun: bool,
    /// Whether there is a source.
    has_source: bool,
    /// When the last frame came.
    heard: Instant,
    /// What the log has said last of why it is not read.
    complaint: String,
}

/// Where it is in which node's feed.
#[derive(Debug)]
struct Place {
    node: String,
    /// Position of the last item, if one has come.
    last: Option<u64>,
}

/// Why a connection was not read on.
#[derive(Debug)]
enum Ended {
    /// It broke.
    Broken(Reason, String),
    /// Another node may have the source.
    Elsewhere,
}

impl Links {
    /// Begins with no feed.
    pub fn new(parts: Parts) -> Self {
        let client = Client::new(Settings {
            // Nodes are the operator's own, wherever they are.
            policy: Policy { allow_private: true },
            connect_time: OPEN_TIME,
            head_time: OPEN_TIME,
        });
        let dialler = Dialler::new(client, &parts.secret);
        Self { parts, dialler: Arc::new(dialler) }
    }

    /// Begins to follow the path feed of an ingest, on whatever node it is.
    ///
    /// The task joins `tasks` and ends with the shutdown. Until a node is reached
    /// nothing comes.
    pub fn follow(&self, ingest: &str, tasks: &mut JoinSet<()>) -> Followed {
        let (writer, feed) = tail::tail(FEED_LIMITS, PathEntry::weight);
        let own_from = OwnFrom::default();
        let follower = Follower {
            ingest: ingest.to_owned(),
            parts: self.parts.clone(),
            dialler: Arc::clone(&self.dialler),
            metrics: self.parts.metrics.following(&format!("paths/{ingest}")),
            writer,
            own_from: own_from.clone(),
            place: None,
            has_begun: false,
            has_source: false,
            heard: self.parts.clock.clock().monotonic(),
            complaint: String::new(),
        };
        let shutdown = self.parts.shutdown.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = shutdown.wait() => {}
                () = follower.run() => {}
            }
        });
        Followed { feed, own_from }
    }
}

impl Follower {
    /// Ends when nobody looks for nodes any more.
    async fn run(mut self) {
        let mut retry = Backoff::new(RETRY.0, RETRY.1);
        let mut look = Backoff::new(LOOK.0, LOOK.1);
        let mut known = self.parts.nodes.clone();
        loop {
            let nodes = known.now();
            if nodes.is_empty() {
                self.complain(Reason::Failed, "no node with the ingest role is known".to_owned());
                if known.changed().await {
                    continue;
                }
                return;
            }
            let ended = match self.choose(&nodes).await {
                Ok(connection) => {
                    retry.handle_success(self.now());
                    let others = nodes.len() > 1;
                    let look = others.then_some(&mut look);
                    let ended = self.read(connection, look, &mut known).await;
                    self.metrics.connected.set(0);
                    ended
                }
                Err(ended) => ended,
            };
            let Ended::Broken(reason, why) = ended else { continue };
            self.metrics.broken(reason);
            self.complain(reason, why);
            known.ask();
            let now = self.now();
            let due = retry.handle_failure(now, backoff::random());
            tokio::select! {
                () = tokio::time::sleep(due.saturating_duration_since(now)) => {}
                true = known.changed() => {}
            }
        }
    }

    /// Connects to all nodes that may have the feed, and takes one that has a source,
    /// else the one that was read before, else the first.
    async fn choose(&mut self, nodes: &[Node]) -> Result<Connection, Ended> {
        let mut dials = JoinSet::new();
        for node in nodes {
            let after = self.place_in(&node.name).and_then(|place| place.last);
            let (dialler, feed) = (Arc::clone(&self.dialler), format!("paths/{}", self.ingest));
            let node = node.clone();
            dials.spawn(async move { dialler.dial(&node, &feed, after).await });
        }
        let (mut spare, mut why) = (None, String::new());
        while let Some(dialled) = dials.join_next().await {
            match dialled {
                Ok(Ok(connection)) if connection.has_source => return Ok(connection),
                Ok(Ok(connection)) => {
                    let is_known = self.place_in(&connection.node).is_some();
                    if is_known || spare.is_none() {
                        spare = Some(connection);
                    }
                }
                Ok(Err(refused)) => {
                    if refused.is_ahead {
                        // Its feed has begun anew, at lower positions.
                        self.place = None;
                    }
                    why = refused.why;
                }
                Err(error) => why = error.to_string(),
            }
        }
        if spare.is_some() && !why.is_empty() {
            // The node that was not reached may have the source, at another address.
            self.parts.nodes.ask();
        }
        spare.ok_or(Ended::Broken(Reason::Failed, why))
    }

    /// Reads a connection to its end; until `look` says so, or a node has come, moved
    /// or begun anew, where it has no source and another node may.
    async fn read(
        &mut self,
        mut connection: Connection,
        mut look: Option<&mut Backoff>,
        known: &mut Known,
    ) -> Ended {
        let mut held = self.begin(&connection);
        let mut receiver = Receiver::new(self.place.as_ref().and_then(|place| place.last));
        let mut look_at = None;
        if let Some(look) = &mut look {
            if connection.has_source {
                **look = Backoff::new(LOOK.0, LOOK.1);
            }
            let now = self.now();
            let due = look.handle_failure(now, backoff::random());
            look_at = Some(tokio::time::Instant::now() + due.saturating_duration_since(now));
        }
        loop {
            let look_at = look_at.filter(|_| !self.has_source);
            let data = tokio::select! {
                data = connection.next_data() => data,
                () = until(look_at) => return Ended::Elsewhere,
                true = known.changed(), if !self.has_source => {
                    if let Some(look) = look {
                        // A node that has just begun gets its source in a moment.
                        *look = Backoff::new(LOOK.0, LOOK.1);
                    }
                    return Ended::Elsewhere;
                }
            };
            let data = match data {
                Ok(data) => data,
                Err((reason, why)) => return Ended::Broken(reason, why),
            };
            self.metrics.received_bytes.inc_by(data.len() as u64);
            receiver.push(&data);
            let taken = self.take(&mut receiver, &mut held);
            if let Some(place) = &mut self.place {
                place.last = receiver.last();
            }
            if let Err(fault) = taken {
                return Ended::Broken(Reason::Garbage, fault.to_string());
            }
        }
    }

    /// Takes what a connection has told by now.
    fn take(
        &mut self,
        receiver: &mut Receiver<PathItem>,
        held: &mut Held,
    ) -> Result<(), crate::receiver::Fault> {
        let mut entries = Vec::new();
        let fault = loop {
            match receiver.next_told() {
                Ok(Some(Told::Item { position, item })) => {
                    self.metrics.items.inc();
                    self.note(&item);
                    held.push(PathEntry { position, item }, &mut entries);
                }
                Ok(Some(Told::Missed)) => {
                    warn!(ingest = self.ingest, "items of the path feed were missed");
                    self.metrics.gaps.inc();
                }
                Ok(Some(Told::Beat)) => held.release(&mut entries),
                Ok(None) => break Ok(()),
                Err(fault) => break Err(fault),
            }
        };
        // What was right before a fault counts.
        let own_from = self.own_from.get();
        self.has_begun |= entries.iter().any(|entry| Some(entry.position) >= own_from);
        self.writer.extend(entries);
        fault
    }

    /// A node is read from now on.
    fn begin(&mut self, connection: &Connection) -> Held {
        let Connection { node, address, next, has_source, .. } = connection;
        let is_known = self.place_in(node).is_some();
        // To have looked elsewhere is no news.
        if !is_known || !self.complaint.is_empty() {
            info!(ingest = self.ingest, node, %address, has_source, "path feed connected");
        }
        self.metrics.connects.inc();
        self.metrics.connected.set(1);
        self.complaint.clear();
        self.own_from.tell_end(*next);
        if is_known {
            return Held::nothing();
        }
        let place = Place { node: node.clone(), last: None };
        let is_first = self.place.replace(place).is_none();
        if is_first {
            return Held::nothing();
        }
        self.begin_elsewhere();
        Held::before(*next, self.now() - self.heard)
    }

    /// The positions of another node are no measure of those of the first one, which may
    /// be far ahead: all that comes of it counts. Nothing has come yet that did, so
    /// nobody has a source who could lose it.
    fn begin_elsewhere(&mut self) {
        let position = self.own_from.get().filter(|_| !self.has_begun);
        self.has_begun = true;
        self.writer.extend(position.map(|position| PathEntry { position, item: PathItem::Gone }));
    }

    fn note(&mut self, item: &PathItem) {
        match item {
            PathItem::Connected(_) => self.has_source = true,
            PathItem::Gone => self.has_source = false,
            PathItem::Unit(_) => self.heard = self.now(),
            PathItem::Title(_) => {}
        }
    }

    /// Says why a feed is not read: once for each reason.
    fn complain(&mut self, reason: Reason, why: String) {
        if self.complaint == why {
            return;
        }
        let ingest = &self.ingest;
        if reason == Reason::Garbage {
            warn!(ingest, why, "path feed cannot be read");
        } else {
            info!(ingest, why, "path feed not connected");
        }
        self.complaint = why;
    }

    fn place_in(&self, node: &str) -> Option<&Place> {
        self.place.as_ref().filter(|place| place.node == node)
    }

    fn now(&self) -> Instant {
        self.parts.clock.clock().monotonic()
    }
}

/// Waits for a moment, for ever without one.
async fn until(moment: Option<tokio::time::Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
