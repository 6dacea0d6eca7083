//! Who answers what on which port.

use std::sync::Arc;

use catalogue::Catalogue;
use control::watch::Recent;
use control::{Administrator, Control, Extent, Identity, Panel, Parts, Ports, Sources};
use delivery::Delivery;
use ingest::{Ingest, Passwords};
use link::Server;
use listen::{Doors, Entry, Guard, SourceDoor};
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::config::{ProcessConfig, Role};
use runtime::shutdown::Shutdown;

use crate::linked::Linked;
use crate::ports::Addresses;
use crate::public::PublicAddress;
use crate::report::Reporter;

/// The roles of a process, at work.
pub(crate) struct Roles<'a> {
    pub(crate) config: &'a ProcessConfig,
    pub(crate) public: PublicAddress,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Steady,
    pub(crate) ingest: Ingest,
    pub(crate) delivery: Delivery,
    pub(crate) reporter: Arc<Reporter>,
    pub(crate) passwords: Passwords,
    pub(crate) recent: Recent,
    pub(crate) linked: Option<Linked>,
}

/// What stands behind the ports.
pub(crate) struct AllDoors {
    pub(crate) public: Doors,
    pub(crate) control: Doors,
    /// `None` in a process that is alone.
    pub(crate) node: Option<Doors>,
    /// Every route, with the name of its port.
    pub(crate) routes: Vec<(&'static str, Entry)>,
}

impl Roles<'_> {
    /// Wires them to the doors.
    pub(crate) fn doors(
        &self,
        registry: Registry,
        shutdown: &Shutdown,
        addresses: &Addresses,
    ) -> AllDoors {
        let administrator = Arc::new(Administrator::new(
            self.config.admin_password.clone(),
            self.config.relay_password.clone(),
            Arc::clone(&self.passwords.tries),
            self.clock.clone(),
        ));
        let guard: Arc<dyn Guard> = Arc::clone(&administrator) as Arc<dyn Guard>;
        let panel = self.panel(administrator);
        let control = self.control(registry, shutdown, addresses);
        let public = self.ingest.routes(panel.admin_cgi()).and(panel.routes());
        let server = self.linked.as_ref().map(|linked| linked.server(&self.ingest, shutdown));
        let node = server.as_ref().map(Server::routes).unwrap_or_default();
        let named = |port, entries: Vec<Entry>| entries.into_iter().map(move |entry| (port, entry));
        let routes = named("public", public.entries())
            .chain(named("control", control.routes().entries()))
            .chain(named("node", node.entries()))
            .collect();
        let takes_sources = self.config.node.does(Role::Ingest);
        let sources = takes_sources.then(|| Arc::new(self.ingest.clone()) as Arc<dyn SourceDoor>);
        AllDoors {
            public: Doors {
                http: public.into_router(&guard).merge(self.delivery.router()),
                sources,
                listeners: Some(Arc::new(self.delivery.clone())),
            },
            control: Doors { http: control.router(&guard), sources: None, listeners: None },
            node: self.linked.as_ref().map(|linked| Doors {
                http: node.into_router(&linked.guard()),
                sources: None,
                listeners: None,
            }),
            routes,
        }
    }

    fn panel(&self, administrator: Arc<Administrator>) -> Panel {
        let reporter = Arc::clone(&self.reporter);
        let parts = Parts {
            catalogue: Arc::clone(&self.catalogue),
            report: Arc::new(move || reporter.report()),
            delivery: self.delivery.clone(),
            sources: Arc::new(OwnSources(self.ingest.clone())),
            administrator,
            clock: self.clock.clone(),
        };
        let config = self.config;
        let identity = Identity {
            public_url: self.public.url.clone(),
            host: self.public.host.clone(),
            region: config.node.region.clone(),
            started: self.reporter.started(),
            listeners_max: config.limits.listeners_max,
        };
        Panel::new(parts, identity)
    }

    fn control(&self, registry: Registry, shutdown: &Shutdown, addresses: &Addresses) -> Control {
        let reporter = Arc::clone(&self.reporter);
        let ports = Ports {
            public: addresses.public.port(),
            public_tls: addresses.public_tls.map(|address| address.port()),
        };
        Control::new(Arc::new(move || reporter.report()), registry, shutdown.clone(), ports)
            .with_events(self.recent.clone())
            .with_extent(self.extent())
    }
}

impl Roles<'_> {
    fn extent(&self) -> Extent {
        if self.config.node.does(Role::Control) { Extent::All } else { Extent::Health }
    }
}

/// The sources of this process's ingest role.
#[derive(Debug)]
struct OwnSources(Ingest);

impl Sources for OwnSources {
    fn end(&self, ingest: &str) -> bool {
        self.0.end_source(ingest)
    }
}
