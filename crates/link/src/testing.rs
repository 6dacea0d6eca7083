//! Feeds, servers and nodes for the tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use feed::{PathEntry, PathItem, PathUnit, SourceInfo};
use listen::{Doors, Guard, Port, PortSettings};
use media::{ChannelMode, WallTime, mp3, synthetic};
use prometheus_client::registry::Registry;
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Tail, Writer};
use settings::Secret;
use settings::networks::Networks;
use tokio::task::JoinSet;

use crate::metrics::Metrics;
use crate::server::{PathFeeds, Programmes, Server, Standing};
use crate::{NodeGuard, nodes};

/// What a process counts, as a scrape shows it.
pub(crate) struct Counted {
    pub(crate) metrics: Metrics,
    registry: Registry,
}

/// The feed of ingest `in`, at positions from 100 on.
#[derive(Debug)]
pub(crate) struct Feed {
    state: Mutex<State>,
    tail: Tail<PathEntry>,
}

#[derive(Debug)]
struct State {
    writer: Writer<PathEntry>,
    standing: Standing,
}

/// A node with that feed, on a port of the system's choice.
pub(crate) struct Station {
    pub(crate) feed: Arc<Feed>,
    pub(crate) address: SocketAddr,
    pub(crate) counted: Counted,
    shutdown: Shutdown,
    _tasks: JoinSet<()>,
}

/// A folder that is gone with the test.
pub(crate) struct Folder(PathBuf);

pub(crate) const FIRST: u64 = 100;

pub(crate) fn secret() -> Secret {
    Secret::new("c1uster").unwrap()
}

pub(crate) fn source() -> SourceInfo {
    let frame = synthetic::mp3_frame(128, 44_100, ChannelMode::JointStereo, 0);
    let header = mp3::Header::parse(&frame).unwrap().to_frame_header().unwrap();
    SourceInfo { header, profile: None }
}

/// A frame that no other position has; one a second.
pub(crate) fn unit(position: u64) -> PathEntry {
    let data = synthetic::mp3_frame(128, 44_100, ChannelMode::JointStereo, position).into();
    let arrival = WallTime::from_nanos(1_700_000_000_000_000_000 + position * 1_000_000_000);
    let unit = PathUnit { header: source().header, data, arrival };
    PathEntry { position, item: PathItem::Unit(unit) }
}

pub(crate) fn connected(position: u64) -> PathEntry {
    PathEntry { position, item: PathItem::Connected(source()) }
}

pub(crate) fn gone(position: u64) -> PathEntry {
    PathEntry { position, item: PathItem::Gone }
}

pub(crate) fn positions(entries: &[PathEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.position).collect()
}

impl Default for Counted {
    fn default() -> Self {
        let mut registry = Registry::default();
        Self { metrics: Metrics::register(&mut registry), registry }
    }
}

impl Counted {
    /// The value of a line that begins so.
    #[track_caller]
    pub(crate) fn get(&self, name: &str) -> u64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }
}

impl Feed {
    pub(crate) fn new(items_max: usize) -> Arc<Self> {
        let limits = tail::Limits { items_max, weight_max: usize::MAX };
        let (writer, tail) = tail::tail(limits, PathEntry::weight);
        let standing = Standing { next: FIRST, source: None };
        Arc::new(Self { state: Mutex::new(State { writer, standing }), tail })
    }

    /// A source connects.
    pub(crate) fn connect(&self) {
        let mut state = self.state.lock().unwrap();
        state.standing.source = Some(source());
        let entry = connected(state.standing.next);
        state.push(entry);
    }

    /// The source goes.
    pub(crate) fn disconnect(&self) {
        let mut state = self.state.lock().unwrap();
        state.standing.source = None;
        let entry = gone(state.standing.next);
        state.push(entry);
    }

    /// So many frames come.
    pub(crate) fn push(&self, frames: u64) {
        let mut state = self.state.lock().unwrap();
        for _ in 0..frames {
            let entry = unit(state.standing.next);
            state.push(entry);
        }
    }

    /// What comes next is at this position.
    pub(crate) fn go_to(&self, position: u64) {
        self.state.lock().unwrap().standing.next = position;
    }
}

impl State {
    fn push(&mut self, entry: PathEntry) {
        self.standing.next = entry.position + 1;
        self.writer.push(entry);
    }
}

impl PathFeeds for Feed {
    fn feed(&self, ingest: &str) -> Option<Tail<PathEntry>> {
        (ingest == "in").then(|| self.tail.clone())
    }

    fn standing(&self, _: &str) -> Standing {
        self.state.lock().unwrap().standing
    }
}

impl Station {
    pub(crate) fn start() -> Self {
        Self::start_with(Feed::new(8192))
    }

    pub(crate) fn start_with(feed: Arc<Feed>) -> Self {
        Self::start_making(feed, Programmes::default())
    }

    /// One that makes programmes too.
    pub(crate) fn start_making(feed: Arc<Feed>, programmes: Programmes) -> Self {
        let settings = PortSettings {
            name: "node",
            header_time: Duration::from_secs(10),
            connections_max: 100,
            unsent_max: None,
            tls: None,
            trusted_proxies: Networks::default(),
        };
        let port = Port::open("127.0.0.1:0".parse().unwrap(), settings).unwrap();
        let (address, shutdown) = (port.address().unwrap(), Shutdown::default());
        let counted = Counted::default();
        let feeds = Arc::clone(&feed) as Arc<dyn PathFeeds>;
        let server = Server::new(feeds, shutdown.clone(), counted.metrics.clone())
            .with_programmes(Arc::new(programmes));
        let guard: Arc<dyn Guard> = Arc::new(NodeGuard::new(secret(), counted.metrics.clone()));
        let http = server.routes().into_router(&guard);
        let mut tasks = JoinSet::new();
        tasks.spawn(port.serve(Doors { http, sources: None, listeners: None }, shutdown.clone()));
        Self { feed, address, counted, shutdown, _tasks: tasks }
    }

    /// The end of the process; its feed is another one's then.
    pub(crate) fn stop(self) {
        self.shutdown.trigger();
    }
}

/// A node that takes ingests, at an address.
pub(crate) fn node(name: &str, address: SocketAddr) -> nodes::Node {
    nodes::Node {
        name: name.to_owned(),
        region: "local".to_owned(),
        roles: vec!["ingest".to_owned()],
        address: address.to_string(),
        process: name.to_owned(),
        written_unix_secs: 0,
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("skywave-link-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
