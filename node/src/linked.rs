//! The process as a node among others: its record, its node port, and the feeds that
//! it reads from other nodes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use catalogue::Egress;
use feed::{OwnFrom, PathEntry, Record};
use ingest::Ingest;
use link::nodes::{self, Lookout, Node};
use link::{Links, NodeGuard, PathFeeds, Programmes, Server, Standing};
use listen::Guard;
use media::{RenditionId, WallTime};
use packager::Path;
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::config::{ProcessConfig, Role};
use runtime::pool::Pool;
use runtime::secret::cluster_secret;
use runtime::shutdown::Shutdown;
use runtime::tail::Tail;
use settings::Secret;
use store::{Area, Stores};
use tokio::task::JoinSet;
use tracing::info;

use crate::roles::Followed;

/// What a process shares with the other nodes of its cluster.
#[derive(Debug)]
pub(crate) struct Linked {
    secret: Secret,
    metrics: link::Metrics,
    programmes: Arc<Programmes>,
}

/// What the tasks of a linked process work with.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) config: &'a ProcessConfig,
    pub(crate) stores: &'a Stores,
    pub(crate) clock: &'a Steady,
    pub(crate) shutdown: &'a Shutdown,
    /// Threads for what encodes.
    pub(crate) pool: &'a Pool,
}

/// Where the paths of programmes come from: the process's own ingests, or others'.
#[derive(Debug)]
pub(crate) struct Paths<'a> {
    pub(crate) ingest: &'a Ingest,
    pub(crate) links: Option<Links>,
    /// By ingest: each is followed once, however many egresses have it.
    pub(crate) followed: HashMap<String, link::Followed>,
}

impl Linked {
    /// What is needed to work with others; `None` for a process that is alone.
    ///
    /// # Errors
    ///
    /// There is no secret, and none can be made.
    pub(crate) fn new(config: &ProcessConfig, registry: &mut Registry) -> Result<Option<Self>> {
        if !config.is_linked() {
            return Ok(None);
        }
        let secret = cluster_secret(config.secrets.cluster.as_ref(), &config.data)?;
        let metrics = link::Metrics::register(registry);
        Ok(Some(Self { secret, metrics, programmes: Arc::default() }))
    }

    /// The same, which serves the programmes that this process makes.
    pub(crate) fn with_programmes(self, followed: &[Followed], started: WallTime) -> Self {
        let mut programmes = Programmes::new(started);
        for Followed { station, programme, source, .. } in followed {
            if let Some(programme) = programme {
                let name = &station.settings().name;
                programmes.add(name, source, programme.feed.clone());
                for made in &programme.made {
                    programmes.add(name, made.id(), made.feed.clone());
                }
            }
        }
        Self { programmes: Arc::new(programmes), ..self }
    }

    /// Begins to look for nodes with a role, whose feeds can be followed.
    pub(crate) fn links(
        &self,
        around: &Surroundings<'_>,
        role: Role,
        tasks: &mut JoinSet<()>,
    ) -> Links {
        let store = around.stores.area(Area::Private).clone();
        let lookout = Lookout::new(store, role.as_str(), self.metrics.clone());
        let nodes = lookout.known();
        tasks.spawn(lookout.run(around.clock.clone(), around.shutdown.clone()));
        Links::new(link::Parts {
            secret: self.secret.clone(),
            nodes,
            clock: around.clock.clone(),
            shutdown: around.shutdown.clone(),
            metrics: self.metrics.clone(),
        })
    }

    /// Serves the feeds of the process's own ingests and programmes.
    pub(crate) fn server(&self, ingest: &Ingest, shutdown: &Shutdown) -> Server {
        let feeds = Arc::new(OwnFeeds(ingest.clone()));
        Server::new(feeds, shutdown.clone(), self.metrics.clone())
            .with_programmes(Arc::clone(&self.programmes))
    }

    /// Who may come to the node port.
    pub(crate) fn guard(&self) -> Arc<dyn Guard> {
        Arc::new(NodeGuard::new(self.secret.clone(), self.metrics.clone()))
    }
}

/// Begins to tell the other nodes of this one, whose node port is at `address`.
pub(crate) fn announce(
    around: &Surroundings<'_>,
    address: SocketAddr,
    process: &str,
    tasks: &mut JoinSet<()>,
) {
    info!(node = %address, "serving other nodes");
    let node = &around.config.node;
    let record = Node {
        name: node.name.clone(),
        region: node.region.clone(),
        roles: node.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        address: node.address.clone().unwrap_or_else(|| reached_at(address, &node.host)),
        process: process.to_owned(),
        written_unix_secs: 0,
    };
    let store = around.stores.area(Area::Private).clone();
    tasks.spawn(nodes::tell(store, record, around.clock.clone(), around.shutdown.clone()));
}

impl Paths<'_> {
    /// The programme feed of an egress in a rendition, which other nodes make; `None` where none is read.
    pub(crate) fn programme(
        &self,
        egress: &Egress,
        rendition: &RenditionId,
        tasks: &mut JoinSet<()>,
    ) -> Option<Tail<Record>> {
        let links = self.links.as_ref()?;
        let name = egress.name.as_str();
        Some(links.follow_programme(name, rendition, egress.target_secs(), tasks))
    }

    /// The path of an ingest; `None` where it is nowhere.
    pub(crate) fn path(&mut self, ingest: &str, tasks: &mut JoinSet<()>) -> Option<Path> {
        let (feed, own_from) = match &self.links {
            None => {
                let own_from = OwnFrom::known(self.ingest.own_from(ingest));
                (self.ingest.feed(ingest)?, own_from)
            }
            Some(links) => {
                let followed = self.followed.entry(ingest.to_owned());
                let followed = followed.or_insert_with(|| links.follow(ingest, tasks));
                (followed.feed.clone(), followed.own_from.clone())
            }
        };
        Some(Path { ingest: ingest.to_owned(), feed, own_from })
    }
}

/// The path feeds of this process's ingest role.
#[derive(Debug)]
struct OwnFeeds(Ingest);

impl PathFeeds for OwnFeeds {
    fn feed(&self, ingest: &str) -> Option<Tail<PathEntry>> {
        self.0.feed(ingest)
    }

    fn standing(&self, ingest: &str) -> Standing {
        let (next, source) = self.0.standing(ingest).unwrap_or_default();
        Standing { next, source }
    }
}

/// Where others reach an address of this host.
fn reached_at(address: SocketAddr, host: &str) -> String {
    if address.ip().is_unspecified() && !host.is_empty() {
        format!("{host}:{}", address.port())
    } else {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::reached_at;

    #[test]
    fn a_node_that_listens_everywhere_is_reached_by_its_hosts_name() {
        let check = |address: &str, expected| {
            assert_eq!(reached_at(address.parse().unwrap(), "fra-1"), expected);
        };
        check("0.0.0.0:8090", "fra-1:8090");
        check("[::]:8090", "fra-1:8090");
        check("192.0.2.1:8090", "192.0.2.1:8090");
        check("[2001:db8::1]:8090", "[2001:db8::1]:8090");
    }
}
