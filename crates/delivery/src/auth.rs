//! URL authentication: an egress's back end is asked about each ICY listener,
//! and told who has gone and whether the mount is on air, as Icecast does it.
//!
//! Nobody comes in whom the back end has not let in: one that is slow, away or
//! in trouble lets nobody in. HLS has no listener to ask about, so an egress
//! whose back end is asked has none. Bodies and answers are [`icy::url_auth`]'s.

mod ask;
mod metrics;
mod tell;
mod ticket;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use catalogue::{Catalogue, Egress, Link};
use icy::url_auth::{ACCEPT_DEFAULT, Rules, RulesError, Server, TIME_LIMIT_DEFAULT};
use outbound::{Client, Target, TargetError};
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::shutdown::Shutdown;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::resolve::Stations;
use metrics::{Counters, Metrics};
use tell::Herald;
use ticket::Gone;

pub(crate) use ask::{Denial, Pass};
pub(crate) use ticket::Ticket;

/// Listeners of a mount whose back end is asked about them at a time: as many as
/// Icecast lets wait. Others wait for their turn.
pub(crate) const ASKED_MAX: usize = 100;

/// Listeners of a mount that are asked about or wait for their turn, chosen: a
/// back end that hangs keeps no more seats from other mounts than these.
pub(crate) const WAITING_MAX: usize = 1_000;

/// Listeners of a mount that have gone and whose back end has not heard of it,
/// chosen: a full process whose mount goes off the air. Further ones are lost.
pub(crate) const GONE_MAX: usize = 20_000;

/// The back ends of a process's egresses. Clones are handles to the same ones.
#[derive(Debug, Clone, Default)]
pub struct BackEnds {
    by_egress: Arc<HashMap<String, Arc<BackEnd>>>,
    finish: Shutdown,
}

/// What the back ends of a process have in common.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The way to them.
    pub client: Client,
    /// This server's name, as they know it.
    pub host: String,
    /// The public port.
    pub port: u16,
    /// Tells how long listeners have listened.
    pub clock: Steady,
}

/// What an egress says of its back end cannot be meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackEndError {
    /// A header that lets in, or the one with the time limit, is none.
    #[error("egress {egress}: auth: {source}")]
    Rules {
        /// Whose.
        egress: String,
        /// What is wrong with it.
        source: RulesError,
    },
    /// A URL cannot be connected to.
    #[error("egress {egress}: auth: {source}")]
    Target {
        /// Whose.
        egress: String,
        /// What is wrong with it.
        source: TargetError,
    },
}

/// One egress's back end.
#[derive(Debug)]
pub(crate) struct BackEnd {
    setup: Setup,
    egress: String,
    targets: Targets,
    rules: Rules,
    /// Headers that are passed on, and what their names begin with then.
    headers: Vec<String>,
    header_prefix: String,
    places: Arc<Semaphore>,
    turns: Semaphore,
    /// Listeners that have gone; `None` where nobody is told.
    gone: Option<mpsc::Sender<Gone>>,
    counters: Counters,
    /// Whether the last question had no answer, and that is logged.
    is_failing: AtomicBool,
}

#[derive(Debug)]
struct Targets {
    listener_add: Option<Target>,
    listener_remove: Option<Target>,
    mount_add: Option<Target>,
    mount_remove: Option<Target>,
}

impl BackEnds {
    /// Knows the back ends of all egresses that have one, and begins to tell
    /// them what happens. Its tasks join `tasks`, and end after [`Self::finish`].
    ///
    /// # Errors
    ///
    /// [`BackEndError`].
    pub fn start(
        catalogue: &Catalogue,
        stations: &Stations,
        setup: &Setup,
        registry: &mut Registry,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, BackEndError> {
        let (metrics, finish) = (Metrics::register(registry), Shutdown::default());
        let mut by_egress = HashMap::new();
        for station in stations.all() {
            let name = &station.settings().name;
            let Some(egress) = catalogue.egress(name) else { continue };
            let Some((rules, targets)) = read(egress)? else { continue };
            let (sender, gone) = mpsc::channel(GONE_MAX);
            let auth = egress.auth.clone().unwrap_or_default();
            let back_end = Arc::new(BackEnd {
                setup: setup.clone(),
                egress: name.clone(),
                rules,
                headers: auth.headers,
                header_prefix: auth.header_prefix,
                places: Arc::new(Semaphore::new(WAITING_MAX)),
                turns: Semaphore::new(ASKED_MAX),
                gone: targets.listener_remove.is_some().then_some(sender),
                targets,
                counters: metrics.of(name),
                is_failing: AtomicBool::new(false),
            });
            let herald = Herald::new(&back_end, station, gone);
            tasks.spawn(herald.run(finish.clone()));
            by_egress.insert(name.clone(), back_end);
        }
        Ok(Self { by_egress: Arc::new(by_egress), finish })
    }

    /// To be called when no listener is left: the back ends are told what they
    /// have not heard of yet, as far as they take it within
    /// [`BACK_END_TIME`](outbound::BACK_END_TIME).
    pub fn finish(&self) {
        self.finish.trigger();
    }

    /// The back end of an egress, if it has one.
    pub(crate) fn of(&self, egress: &str) -> Option<&Arc<BackEnd>> {
        self.by_egress.get(egress)
    }
}

/// Whether what an egress says of its back end can be meant.
///
/// # Errors
///
/// [`BackEndError`].
pub fn check(egress: &Egress) -> Result<(), BackEndError> {
    read(egress).map(drop)
}

impl BackEnd {
    /// Whether it is asked before a listener is let in.
    pub(crate) fn is_asked(&self) -> bool {
        self.targets.listener_add.is_some()
    }

    fn server(&self) -> Server<'_> {
        Server { host: &self.setup.host, port: self.setup.port }
    }
}

fn read(egress: &Egress) -> Result<Option<(Rules, Targets)>, BackEndError> {
    let Some(auth) = &egress.auth else { return Ok(None) };
    let name = || egress.name.as_str().to_owned();
    let accept = auth.auth_header.as_deref().unwrap_or(ACCEPT_DEFAULT);
    let time_limit = auth.timelimit_header.as_deref().unwrap_or(TIME_LIMIT_DEFAULT);
    let rules = Rules::new(accept, time_limit)
        .map_err(|source| BackEndError::Rules { egress: name(), source })?;
    let target = |link: &Option<Link>| {
        let target = link.as_ref().map(|link| link.expose().parse()).transpose();
        target.map_err(|source| BackEndError::Target { egress: name(), source })
    };
    let targets = Targets {
        listener_add: target(&auth.listener_add)?,
        listener_remove: target(&auth.listener_remove)?,
        mount_add: target(&auth.mount_add)?,
        mount_remove: target(&auth.mount_remove)?,
    };
    Ok(Some((rules, targets)))
}

#[cfg(test)]
mod tests;
