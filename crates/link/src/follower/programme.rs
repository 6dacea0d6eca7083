//! Follows a programme: the feeds of all packagers that make it, as one.

use std::sync::Arc;
use std::time::Duration;

use feed::{Record, Replicas};
use media::RenditionId;
use runtime::backoff::{self, Backoff};
use runtime::clock::Steady;
use runtime::tail::{self, Tail, Writer};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tracing::{info, warn};

use super::connection::{Connection, Dialler};
use super::{Links, RETRY};
use crate::metrics::{Following, Reason};
use crate::nodes::{Known, Node};
use crate::receiver::{Receiver, Told};

/// Feeds of a programme that are read at a time. Chosen: two packagers make it, and two
/// more while they are replaced.
const FEEDS_MAX: usize = 4;

/// What a merged programme feed holds for readers that are late, as the packager's own:
/// ten minutes of 320 kbit/s.
const FEED_LIMITS: tail::Limits = tail::Limits { items_max: 65_536, weight_max: 28 << 20 };

/// Pieces of news that wait to be merged; what comes meanwhile waits on the line.
const NEWS_MAX: usize = 16;

/// How long to wait when nothing waits.
const IDLE: Duration = Duration::from_mins(1);

/// Merges the feeds of a programme.
struct Merger {
    egress: String,
    feed: String,
    known: Known,
    dialler: Arc<Dialler>,
    metrics: Following,
    clock: Steady,
    replicas: Replicas,
    /// By feed: the node that it is read from.
    feeders: [Option<Feeder>; FEEDS_MAX],
    tasks: JoinSet<()>,
    writer: Writer<Record>,
}

/// Who reads the feed of one node.
struct Feeder {
    node: String,
    task: AbortHandle,
}

/// What is heard of one feed.
enum News {
    There,
    Gone,
    Missed,
    Records(Vec<Record>),
}

/// Reads the feed of one node, for ever.
struct Reading {
    number: usize,
    node: String,
    feed: String,
    known: Known,
    dialler: Arc<Dialler>,
    metrics: Following,
    clock: Steady,
    news: mpsc::Sender<(usize, News)>,
    /// Position of the last record.
    last: Option<u64>,
}

impl Links {
    /// Begins to follow the programme of an egress in one rendition, with segments of
    /// `target_secs`: on all nodes that make it, merged by epoch and index.
    ///
    /// The task joins `tasks` and ends with the shutdown.
    pub fn follow_programme(
        &self,
        egress: &str,
        rendition: &RenditionId,
        target_secs: u32,
        tasks: &mut JoinSet<()>,
    ) -> Tail<Record> {
        let (writer, feed) = tail::tail(FEED_LIMITS, Record::weight);
        let feed_name = format!("programmes/{egress}/{rendition}");
        let merger = Merger {
            egress: egress.to_owned(),
            feed: feed_name.clone(),
            known: self.parts.nodes.clone(),
            dialler: Arc::clone(&self.dialler),
            metrics: self.parts.metrics.following(&feed_name),
            clock: self.parts.clock.clone(),
            replicas: Replicas::new(FEEDS_MAX, target_secs),
            feeders: [const { None }; FEEDS_MAX],
            tasks: JoinSet::new(),
            writer,
        };
        let shutdown = self.parts.shutdown.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = shutdown.wait() => {}
                () = merger.run() => {}
            }
        });
        feed
    }
}

impl Merger {
    /// Never ends by itself.
    async fn run(mut self) {
        let (sender, mut news) = mpsc::channel(NEWS_MAX);
        let mut known = self.known.clone();
        loop {
            self.seat(&known.now(), &sender);
            let now = self.clock.now();
            let due = self.replicas.poll_timeout().map_or(IDLE, |due| due.since(now));
            tokio::select! {
                is_open = known.changed() => if !is_open { return },
                Some((number, news)) = news.recv() => self.hear(number, news),
                () = tokio::time::sleep(due) => {
                    let now = self.clock.now();
                    self.replicas.handle_timeout(now);
                }
            }
            let records: Vec<_> = std::iter::from_fn(|| self.replicas.next_record()).collect();
            self.writer.extend(records);
        }
    }

    /// Has each node read, as far as there is room.
    fn seat(&mut self, nodes: &[Node], news: &mpsc::Sender<(usize, News)>) {
        for node in nodes {
            let is_read = |feeder: &Feeder| feeder.node == node.name;
            if self.feeders.iter().flatten().any(is_read) {
                continue;
            }
            let is_free = |feeder: &Option<Feeder>| {
                let is_known = |feeder: &Feeder| nodes.iter().any(|one| one.name == feeder.node);
                !feeder.as_ref().is_some_and(is_known)
            };
            let Some(number) = self.feeders.iter().position(is_free) else { return };
            let reading = Reading {
                number,
                node: node.name.clone(),
                feed: self.feed.clone(),
                known: self.known.clone(),
                dialler: Arc::clone(&self.dialler),
                metrics: self.metrics.clone(),
                clock: self.clock.clone(),
                news: news.clone(),
                last: None,
            };
            let feeder = Feeder { node: node.name.clone(), task: self.tasks.spawn(reading.run()) };
            let place = self.feeders.get_mut(number);
            if let Some(before) = place.and_then(|place| place.replace(feeder)) {
                before.task.abort();
                self.hear(number, News::Gone);
                self.hear(number, News::Missed);
            }
        }
    }

    fn hear(&mut self, number: usize, news: News) {
        let now = self.clock.now();
        match news {
            News::There => self.replicas.handle_there(number),
            News::Gone => self.replicas.handle_gone(number, now),
            News::Missed => {
                let node = self.feeders.get(number).and_then(Option::as_ref);
                let node = node.map_or("", |feeder| feeder.node.as_str());
                info!(egress = self.egress, node, "records of a programme feed were missed");
                self.replicas.handle_missed(number);
            }
            News::Records(records) => {
                for record in records {
                    self.replicas.handle_record(number, record, now);
                }
            }
        }
    }
}

impl Reading {
    async fn run(mut self) {
        let mut retry = Backoff::new(RETRY.0, RETRY.1);
        let mut complaint = String::new();
        loop {
            let nodes = self.known.now();
            let Some(node) = nodes.iter().find(|node| node.name == self.node) else {
                if self.known.changed().await {
                    continue;
                }
                return;
            };
            let (reason, why) = match self.dialler.dial(node, &self.feed, self.last).await {
                Ok(connection) => {
                    retry.handle_success(self.now());
                    complaint.clear();
                    self.read(connection).await
                }
                Err(refused) => {
                    if refused.is_ahead {
                        self.last = None;
                        self.tell(News::Missed).await;
                    }
                    (Reason::Failed, refused.why)
                }
            };
            self.metrics.broken(reason);
            if complaint != why {
                if reason == Reason::Garbage {
                    warn!(feed = self.feed, why, "programme feed cannot be read");
                } else {
                    info!(feed = self.feed, why, "programme feed not connected");
                }
                complaint = why;
            }
            self.known.ask();
            let now = self.now();
            let due = retry.handle_failure(now, backoff::random());
            tokio::time::sleep(due.saturating_duration_since(now)).await;
        }
    }

    /// Reads a connection to its end; says why it ended.
    async fn read(&mut self, mut connection: Connection) -> (Reason, String) {
        let (node, address) = (&connection.node, connection.address);
        info!(feed = self.feed, node, %address, "programme feed connected");
        self.metrics.connects.inc();
        self.metrics.connected.inc();
        self.tell(News::There).await;
        let mut receiver = Receiver::new(self.last);
        let ended = loop {
            let data = match connection.next_data().await {
                Ok(data) => data,
                Err(ended) => break ended,
            };
            self.metrics.received_bytes.inc_by(data.len() as u64);
            receiver.push(&data);
            let taken = self.take(&mut receiver).await;
            self.last = receiver.last();
            if let Err(why) = taken {
                break (Reason::Garbage, why);
            }
        };
        self.metrics.connected.dec();
        self.tell(News::Gone).await;
        ended
    }

    /// Tells what a connection has told by now; what was right before a fault counts.
    async fn take(&self, receiver: &mut Receiver<Record>) -> Result<(), String> {
        let mut records = Vec::new();
        let fault = loop {
            match receiver.next_told() {
                Ok(Some(Told::Item { item, .. })) => records.push(item),
                Ok(Some(Told::Missed)) => {
                    self.metrics.gaps.inc();
                    self.tell(News::Records(std::mem::take(&mut records))).await;
                    self.tell(News::Missed).await;
                }
                Ok(Some(Told::Beat)) => {}
                Ok(None) => break Ok(()),
                Err(fault) => break Err(fault.to_string()),
            }
        };
        self.metrics.items.inc_by(records.len() as u64);
        if !records.is_empty() {
            self.tell(News::Records(records)).await;
        }
        fault
    }

    async fn tell(&self, news: News) {
        // Nobody hears it at the end of the process.
        let _ = self.news.send((self.number, news)).await;
    }

    fn now(&self) -> std::time::Instant {
        self.clock.clock().monotonic()
    }
}

#[cfg(test)]
mod tests;
