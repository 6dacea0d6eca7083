//! The ports through which the world reaches a process.

use std::net::SocketAddr;

use anyhow::Result;
use listen::{Identities, Port, PortSettings};
use runtime::config::ProcessConfig;
use runtime::shutdown::Shutdown;
use tokio::task::JoinSet;

use crate::doors::AllDoors;

/// Bytes that the kernel may hold unsent for a connection: two seconds of
/// 128 kbit/s. The fan-out engine raises it for mounts that need more.
const UNSENT_MAX: u32 = 32_768;

/// Where a process listens: port 0 in its configuration lets the system choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Listeners and encoders.
    pub public: SocketAddr,
    /// SHOUTcast sources.
    pub shoutcast: SocketAddr,
    /// Page, metrics and health.
    pub control: SocketAddr,
    /// Other nodes; `None` in a process that is alone.
    pub node: Option<SocketAddr>,
    /// As `public`, with TLS.
    pub public_tls: Option<SocketAddr>,
    /// As `control`, with TLS.
    pub control_tls: Option<SocketAddr>,
}

/// The ports, open but not yet serving.
pub(crate) struct Opened {
    public: Port,
    shoutcast: Port,
    control: Port,
    node: Option<Port>,
    public_tls: Option<Port>,
    control_tls: Option<Port>,
}

impl Opened {
    /// Opens every port that the configuration has.
    pub(crate) fn open(config: &ProcessConfig, identities: Option<&Identities>) -> Result<Self> {
        let settings = |name, tls: Option<&Identities>| PortSettings {
            name,
            header_time: config.limits.header_time,
            connections_max: config.limits.connections_max,
            unsent_max: Some(UNSENT_MAX),
            tls: tls.cloned(),
            trusted_proxies: config.trusted_proxies.clone(),
        };
        let listen = &config.listen;
        let tls = |name, address: Option<SocketAddr>| {
            let opened = address
                .zip(identities)
                .map(|(address, identities)| Port::open(address, settings(name, Some(identities))));
            opened.transpose()
        };
        Ok(Self {
            public: Port::open(listen.public, settings("public", None))?,
            shoutcast: Port::open(listen.shoutcast, settings("shoutcast", None))?,
            control: Port::open(listen.control, settings("control", None))?,
            node: config
                .is_linked()
                .then(|| Port::open(listen.node, settings("node", None)))
                .transpose()?,
            public_tls: tls("public_tls", listen.public_tls)?,
            control_tls: tls("control_tls", listen.control_tls)?,
        })
    }

    /// Where they listen.
    pub(crate) fn addresses(&self) -> Result<Addresses> {
        Ok(Addresses {
            public: self.public.address()?,
            shoutcast: self.shoutcast.address()?,
            control: self.control.address()?,
            node: self.node.as_ref().map(Port::address).transpose()?,
            public_tls: self.public_tls.as_ref().map(Port::address).transpose()?,
            control_tls: self.control_tls.as_ref().map(Port::address).transpose()?,
        })
    }

    /// The same, counting where it can be seen.
    pub(crate) fn counted_in(self, metrics: &listen::Metrics) -> Self {
        let counted = |port: Port| port.counted_in(metrics);
        Self {
            public: counted(self.public),
            shoutcast: counted(self.shoutcast),
            control: counted(self.control),
            node: self.node.map(counted),
            public_tls: self.public_tls.map(counted),
            control_tls: self.control_tls.map(counted),
        }
    }

    /// Accepts on every port until the shutdown.
    pub(crate) fn serve(self, doors: &AllDoors, shutdown: &Shutdown, tasks: &mut JoinSet<()>) {
        let (public, control) = (Some(&doors.public), Some(&doors.control));
        let ports = [
            (Some(self.public), public),
            (Some(self.shoutcast), public),
            (self.public_tls, public),
            (Some(self.control), control),
            (self.control_tls, control),
            (self.node, doors.node.as_ref()),
        ];
        for (port, doors) in ports {
            if let (Some(port), Some(doors)) = (port, doors) {
                tasks.spawn(port.serve(doors.clone(), shutdown.clone()));
            }
        }
    }
}
