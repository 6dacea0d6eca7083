//! Who lists the mounts.

use std::sync::Arc;

use control::yp;
use prometheus_client::registry::Registry;
use runtime::shutdown::Shutdown;
use tokio::task::JoinSet;

use crate::doors::Roles;
use crate::serve::client;

impl Roles<'_> {
    /// Lists public mounts in the configuration's YP directories.
    pub(crate) fn list(
        &self,
        registry: &mut Registry,
        shutdown: &Shutdown,
        tasks: &mut JoinSet<()>,
    ) {
        let reporter = Arc::clone(&self.reporter);
        let parts = yp::Parts {
            catalogue: Arc::clone(&self.catalogue),
            report: Arc::new(move || reporter.report()),
            // The operator of the process names them, no stranger.
            client: client(true),
            clock: Arc::clone(self.clock.clock()),
            shutdown: shutdown.clone(),
            public_url: self.public.url.clone(),
            listeners_max: self.config.limits.listeners_max,
        };
        yp::start(&self.config.yp_directories, &parts, registry, tasks);
    }
}
