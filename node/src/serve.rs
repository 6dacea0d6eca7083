//! The roles of a process, all of them or some.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use catalogue::Catalogue;
use catalogue::report::Report;
use control::webhooks;
use delivery::fanout::{Fanout, FanoutSettings};
use delivery::{AccessLog, BackEndSetup, BackEnds, Delivery, Stations};
use geo::Atlas;
use ingest::Ingest;
use journal::Desk;
use ledger::{Ledger, Session};
use listen::Entry;
use outbound::{Client, Policy, Settings};
use policy::SessionKeys;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use runtime::backoff;
use runtime::clock::{Clock, Steady};
use runtime::config::ProcessConfig;
use runtime::pool::Pool;
use runtime::secret;
use runtime::shutdown::Shutdown;
use store::{Area, Credentials, S3Settings, StoreUrl, Stores};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::doors::Roles;
use crate::linked::{Linked, Surroundings, announce};
use crate::ports::{Addresses, Opened};
use crate::public::PublicAddress;
use crate::report::Reporter;
use crate::roles::{Followed, follow, ingest_role, packager_role, paths, told_of};
use crate::url_auth::UrlAuth;
use crate::{logs, tls, watching};

/// What the access log has at the end of the process for its last lines.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// Prefix of every metric.
const METRICS_PREFIX: &str = "skywave";

/// A process at work.
#[derive(Debug)]
pub struct Running {
    addresses: Addresses,
    reporter: Arc<Reporter>,
    routes: Vec<(&'static str, Entry)>,
    shutdown: Shutdown,
    endings: Endings,
    tasks: Tasks,
}

/// What has to be ended in its order.
#[derive(Debug)]
struct Endings {
    fanout: Fanout,
    back_ends: BackEnds,
    access_log: Option<AccessLog>,
    ledger: Ledger,
    desk: Desk,
}

/// Every task of the process. None ends before the shutdown.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    /// The packager's.
    pub(crate) programmes: JoinSet<()>,
    /// The pulled sources'.
    sources: JoinSet<()>,
    /// The origins'.
    pub(crate) views: JoinSet<()>,
    /// What is told to other nodes, and read from them.
    pub(crate) links: JoinSet<()>,
    /// The accept loops, and what they accepted.
    ports: JoinSet<()>,
    /// Who tells the back ends of URL authentication who has gone.
    telling: JoinSet<()>,
    /// The entries in YP directories.
    listings: JoinSet<()>,
    /// Who looks which sessions are over.
    sessions: JoinSet<()>,
    /// Who looks what happens, and who tells webhooks.
    watching: JoinSet<()>,
    /// Who writes the logs of sessions.
    logs: JoinSet<()>,
    /// Who listens for silence. What decodes a stranger's frames may fail: then
    /// nobody listens any more, and the station goes on.
    listening: JoinSet<()>,
}

/// Starts every role; returns once the ports serve.
///
/// # Errors
///
/// A port that cannot be opened, a bucket that cannot be used, certificates
/// that cannot be read. A bucket that is merely away is no error.
pub async fn start(
    config: &ProcessConfig,
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
) -> Result<Running> {
    let clock = Steady::new(clock);
    let catalogue = Arc::new(catalogue);
    let identities = tls::load(&config.tls)?;
    let opened = Opened::open(config, identities.as_ref())?;
    let addresses = opened.addresses()?;
    let stores = open_stores(config).await?;
    let fanout = Fanout::start(fanout_settings(config), Arc::clone(clock.clock()))
        .context("cannot start the fan-out engine")?;
    let mut registry = Registry::with_prefix(METRICS_PREFIX);
    let opened = opened.counted_in(&listen::Metrics::register(&mut registry));
    let public = PublicAddress::new(config, &addresses);
    let url_auth = UrlAuth::new(client(config.allow_private.auth), &public);
    let passwords = url_auth.passwords(config);
    let pool = encoders()?;
    let around =
        Surroundings { config, stores: &stores, clock: &clock, shutdown: &shutdown, pool: &pool };
    let ingest = ingest_role(&around, &catalogue, &passwords, &mut registry);
    let desk = keep_journals(config, &ingest)?;
    let mut tasks = Tasks::default();
    let process = format!("{:016x}", backoff::random());
    let linked = Linked::new(config, &mut registry)?;
    let paths = paths(linked.as_ref(), &around, &ingest, &mut tasks.links);
    let packager = packager_role(&around, &desk, &mut registry);
    let heard = (packager.as_ref(), &fanout, &clock, process.as_str());
    let followed = follow(&catalogue, paths, heard, (&stores, &mut tasks)).await?;
    let linked = linked.map(|linked| linked.with_programmes(&followed, clock.now()));
    let asking = url_auth.for_listeners(&clock);
    let (delivery, back_ends, access_log, ledger) =
        deliver(&around, (&catalogue, &followed), (&fanout, &asking), &mut registry, &mut tasks)?;
    let told = told_of(config, &catalogue);
    let silences = watching::listen(&told, &followed, &mut tasks.listening);
    let reporter = Reporter::new(config, Arc::clone(&catalogue), &clock, ingest.clone(), followed);
    let reporter = Arc::new(reporter.with_silences(silences).with_atlas(delivery.atlas().clone()));
    let webhooks = webhook_parts(config, &clock, &shutdown, &mut registry);
    let recent = watching::start(&told, &reporter, &clock, &webhooks, &mut tasks.watching);
    reach_out(&around, &ingest, (addresses.node, &process), &mut tasks);
    let roles = Roles {
        config,
        public,
        catalogue,
        clock: clock.clone(),
        ingest,
        delivery,
        reporter,
        passwords,
        recent,
        linked,
    };
    roles.list(&mut registry, &shutdown, &mut tasks.listings);
    let doors = roles.doors(registry, &shutdown, &addresses);
    opened.serve(&doors, &shutdown, &mut tasks.ports);
    if let Some(identities) = identities {
        tasks.ports.spawn(tls::follow(identities, shutdown.clone()));
    }
    info!(public = %addresses.public, control = %addresses.control, "serving");
    let (reporter, routes) = (roles.reporter, doors.routes);
    let endings = Endings { fanout, back_ends, access_log, ledger, desk };
    Ok(Running { addresses, reporter, routes, shutdown, endings, tasks })
}

/// What serves listeners, and what has to be ended with it.
fn deliver(
    around: &Surroundings<'_>,
    (catalogue, followed): (&Catalogue, &[Followed]),
    (fanout, asking): (&Fanout, &BackEndSetup),
    registry: &mut Registry,
    tasks: &mut Tasks,
) -> Result<(Delivery, BackEnds, Option<AccessLog>, Ledger)> {
    let stations = followed.iter().map(|one| Arc::clone(&one.station)).collect();
    let stations = Arc::new(Stations::new(stations));
    logs::start(around, registry, &mut tasks.logs);
    let back_ends = BackEnds::start(catalogue, &stations, asking, registry, &mut tasks.telling)?;
    let access_log = access_log(around.config, registry)?;
    let (ledger, left_open) = open_ledger(around, registry)?;
    let bucket = around.stores.area(Area::Public).clone();
    let atlas = around.config.geo_database.clone().map(Atlas::open).unwrap_or_default();
    if around.config.geo_database.is_none()
        && let Some(egress) = catalogue.egresses().find(|egress| egress.geo.is_some())
    {
        let egress = egress.name.as_str();
        error!(egress, "a geo-block without geo.database: every country is unknown");
    }
    tasks.ports.spawn(atlas.clone().keep_fresh(around.shutdown.clone()));
    let delivery = Delivery::new(stations, fanout, bucket, around.clock.clone(), registry)
        .with_back_ends(back_ends.clone())
        .with_records(Some(ledger.clone()), access_log.clone())
        .with_keys(session_keys(around.config)?)
        .with_address_listeners_max(around.config.limits.address_listeners_max)
        .with_atlas(atlas);
    delivery.resume(left_open);
    tasks.sessions.spawn(delivery.clone().keep_sessions(around.shutdown.clone()));
    Ok((delivery, back_ends, access_log, ledger))
}

/// The keys of session tokens: those that are configured, or the node's own.
fn session_keys(config: &ProcessConfig) -> Result<SessionKeys> {
    let secrets = &config.secrets;
    let keys = secret::session_secrets(&secrets.sessions, secrets.cluster.as_ref(), &config.data)?;
    SessionKeys::new(&keys).context("no key for session tokens")
}

/// Opens the ledger of sessions; gives back those that a process before left open.
fn open_ledger(
    around: &Surroundings<'_>,
    registry: &mut Registry,
) -> Result<(Ledger, Vec<Session>)> {
    let lost = Counter::default();
    let help = "Records of sessions that the disk did not take";
    registry.register("delivery_session_records_lost", help, lost.clone());
    let opened = logs::open_ledger(around.config, around.clock.now(), lost);
    opened.context("cannot keep a ledger of sessions")
}

/// Threads for what encodes, one for each core.
fn encoders() -> Result<Pool> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Pool::new("encoder", threads).context("cannot start threads for encoders")
}

/// Begins to keep journals; what a process before has left is on the feeds.
fn keep_journals(config: &ProcessConfig, ingest: &Ingest) -> Result<Desk> {
    let desk = Desk::start().context("cannot start the journals' thread")?;
    ingest.keep_journals(&desk, &config.data.join("journal/ingests"));
    Ok(desk)
}

/// Begins to pull sources, and to tell the other nodes of this one.
fn reach_out(
    around: &Surroundings<'_>,
    ingest: &Ingest,
    (node, process): (Option<SocketAddr>, &str),
    tasks: &mut Tasks,
) {
    ingest.pull(&client(around.config.allow_private.pull), process, &mut tasks.sources);
    if let Some(address) = node {
        announce(around, address, process, &mut tasks.links);
    }
}

fn webhook_parts(
    config: &ProcessConfig,
    clock: &Steady,
    shutdown: &Shutdown,
    registry: &mut Registry,
) -> webhooks::Parts {
    webhooks::Parts {
        client: client(config.allow_private.webhooks),
        clock: Arc::clone(clock.clock()),
        shutdown: shutdown.clone(),
        metrics: webhooks::Metrics::register(registry),
    }
}

impl Running {
    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Every route, with the port on which it is: `public`, `control`.
    pub fn routes(&self) -> &[(&'static str, Entry)] {
        &self.routes
    }

    /// What it does now.
    pub fn report(&self) -> Report {
        self.reporter.report()
    }

    /// Begins the end, as SIGTERM does.
    pub fn stop(&self) {
        self.shutdown.trigger();
    }

    /// Waits for the end: what is closed is in the bucket, listeners have had
    /// what was sent to them.
    ///
    /// # Errors
    ///
    /// A task ended by itself, which ends the process: better to be started
    /// again than to be silent.
    pub async fn wait(mut self) -> Result<()> {
        let failed = self.tasks.fail_or(&self.shutdown).await;
        if failed {
            error!("a task ended by itself: the process ends");
            self.shutdown.trigger();
        }
        info!("shutting down");
        ended(&mut self.tasks.views).await;
        self.endings.fanout.stop();
        ended(&mut self.tasks.programmes).await;
        ended(&mut self.tasks.ports).await;
        ended(&mut self.tasks.sources).await;
        ended(&mut self.tasks.links).await;
        ended(&mut self.tasks.listings).await;
        ended(&mut self.tasks.watching).await;
        ended(&mut self.tasks.logs).await;
        ended(&mut self.tasks.sessions).await;
        let Endings { fanout, back_ends, access_log, ledger, desk } = self.endings;
        tokio::task::spawn_blocking(move || fanout.wait())
            .await
            .context("the fan-out engine did not end as it should")??;
        // Every listener has ended by now.
        back_ends.finish();
        ended(&mut self.tasks.telling).await;
        if !desk.flush(FLUSH_TIME).await {
            warn!("the disk did not take the journals in time");
        }
        if let Some(log) = access_log {
            tokio::task::spawn_blocking(move || log.flush(FLUSH_TIME)).await?;
        }
        tokio::task::spawn_blocking(move || ledger.flush(FLUSH_TIME)).await?;
        info!("the end");
        anyhow::ensure!(!failed, "a task ended by itself");
        Ok(())
    }
}

/// Waits for all tasks of a kind.
async fn ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

impl Tasks {
    /// Waits for the shutdown, or for a task that ends without one.
    async fn fail_or(&mut self, shutdown: &Shutdown) -> bool {
        tokio::select! {
            () = shutdown.wait() => {}
            Some(_) = self.programmes.join_next() => {}
            Some(_) = self.sources.join_next() => {}
            Some(_) = self.views.join_next() => {}
            Some(_) = self.links.join_next() => {}
            Some(_) = self.ports.join_next() => {}
            Some(_) = self.telling.join_next() => {}
            Some(_) = self.listings.join_next() => {}
            Some(_) = self.watching.join_next() => {}
            Some(_) = self.logs.join_next() => {}
            Some(_) = self.sessions.join_next() => {}
        }
        // A task that heard of the shutdown first has not failed.
        !shutdown.is_triggered()
    }
}

/// Opens the access log, where one is wanted.
fn access_log(config: &ProcessConfig, registry: &mut Registry) -> Result<Option<AccessLog>> {
    let Some(path) = &config.access_log else { return Ok(None) };
    let lost = Counter::default();
    let help = "Lines of the access log that the disk did not take";
    registry.register("delivery_access_lines_lost", help, lost.clone());
    let log = AccessLog::open(path, lost);
    let opened = log.with_context(|| format!("cannot open the access log {}", path.display()))?;
    Ok(Some(opened))
}

/// Where the public and the private area lie, and how they are reached.
pub(crate) fn buckets(config: &ProcessConfig) -> Result<(StoreUrl, Option<StoreUrl>, S3Settings)> {
    let url = config.store.parse().context("store")?;
    let private = config.private_store.as_ref().map(|url| url.parse()).transpose();
    let private = private.context("private_store")?;
    let environment = runtime::config::environment();
    let lookup = |name: &str| runtime::config::variable(&environment, name);
    let settings = S3Settings {
        endpoint: config.s3_endpoint.clone(),
        credentials: Credentials::from_lookup(&lookup),
        ..S3Settings::default()
    };
    Ok((url, private, settings))
}

async fn open_stores(config: &ProcessConfig) -> Result<Stores> {
    let (url, private, settings) = buckets(config)?;
    let stores = Stores::open(&url, private.as_ref(), &settings).await?;
    match stores.probe().await {
        // It may come back; until then the station is on air without it.
        Err(error) if error.is_transient() => warn!(%error, "the bucket is away"),
        outcome => outcome?,
    }
    Ok(stores)
}

/// What connects to where a manifest says.
pub(crate) fn client(allow_private: bool) -> Client {
    Client::new(Settings { policy: Policy { allow_private }, ..Settings::default() })
}

fn fanout_settings(config: &ProcessConfig) -> FanoutSettings {
    FanoutSettings {
        listeners_max: config.limits.listeners_max,
        stalled_after: config.limits.listener_timeout,
        stop_grace: config.limits.stop_time,
        ..FanoutSettings::default()
    }
}

pub(crate) fn ingest_limits(config: &ProcessConfig) -> ingest::Limits {
    ingest::Limits {
        header_time: config.limits.header_time,
        source_timeout: config.limits.source_timeout,
        sources_max: config.limits.sources_max,
    }
}
