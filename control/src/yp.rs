//! Listings in YP directories: each public mount at each directory, while it is on
//! air.
//!
//! The protocol is [`icy::yp`]'s; here is who asks, and when. Nothing of it is in
//! the way of the audio: each listing is a task of its own, which looks at the
//! node's report once a second.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catalogue::report::Report;
use catalogue::{Catalogue, Egress};
use icy::yp::{Answer, Command, Entry, Listing, MEDIA_TYPE, Playing};
use outbound::{Client, Post, Target};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use runtime::clock::Clock;
use runtime::shutdown::Shutdown;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::{Instrument, info, info_span, warn};

/// How long a directory has for an answer. At the end of the process it is asked
/// twice at the most: what is under way, and to remove the entry.
pub const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Between two looks at the report.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Headers of an answer that count.
const ANSWER_HEADERS: [&str; 4] = ["YPResponse", "YPMessage", "SID", "TouchFreq"];

/// What listings are made of.
#[derive(Clone)]
pub struct Parts {
    /// The resources.
    pub catalogue: Arc<Catalogue>,
    /// What the node does at the moment it is called.
    pub report: Arc<dyn Fn() -> Report + Send + Sync>,
    /// Connects to the directories.
    pub client: Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The end, at which entries are removed.
    pub shutdown: Shutdown,
    /// Where listeners reach the public port, without a slash at the end.
    pub public_url: String,
    /// ICY listeners that the process takes at most.
    pub listeners_max: usize,
}

/// One mount at one directory.
struct Keeper {
    name: String,
    entry: Entry,
    playing: Playing,
    listing: Listing,
    directory: Target,
    client: Client,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
    looks: watch::Receiver<Option<Arc<Report>>>,
    listed: Gauge,
    requests: Counter,
    failures: Counter,
    /// What the log knows to be wrong.
    told: Option<String>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EgressLabel {
    egress: String,
}

/// What is counted.
#[derive(Debug, Default)]
struct Metrics {
    listed: Family<EgressLabel, Gauge>,
    requests: Family<EgressLabel, Counter>,
    failures: Family<EgressLabel, Counter>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// Lists every public mount in each of the directories, which are URLs. The tasks
/// end with the shutdown, and twice [`ANSWER_TIME`] later at the latest.
///
/// A mount whose listeners are asked for a password is not listed: nobody who
/// finds it there could hear it.
pub fn start(
    directories: &[String],
    parts: &Parts,
    registry: &mut Registry,
    tasks: &mut JoinSet<()>,
) {
    let metrics = Metrics::register(registry);
    let directories: Vec<Target> = directories.iter().filter_map(|url| target(url)).collect();
    let mut public: Vec<&Egress> =
        parts.catalogue.egresses().filter(|egress| egress.mount.public).collect();
    if directories.is_empty() || public.is_empty() {
        return;
    }
    public.retain(|egress| {
        if !egress.is_listed() {
            warn!(egress = egress.name.as_str(), "not listed: listeners are asked for a password");
        }
        egress.is_listed()
    });
    let (sender, looks) = watch::channel(None);
    tasks.spawn(look(Arc::clone(&parts.report), sender, parts.shutdown.clone()));
    for egress in public {
        for directory in &directories {
            let span = info_span!("yp", egress = egress.name.as_str(), %directory);
            let keeper = Keeper::new(parts, egress, directory, looks.clone(), &metrics);
            tasks.spawn(keeper.keep().instrument(span));
        }
    }
}

/// Looks at the report, for all listings at once.
async fn look(
    report: Arc<dyn Fn() -> Report + Send + Sync>,
    sender: watch::Sender<Option<Arc<Report>>>,
    shutdown: Shutdown,
) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.wait() => return,
            _ = ticks.tick() => sender.send_replace(Some(Arc::new(report()))),
        };
    }
}

fn target(url: &str) -> Option<Target> {
    let target = url.parse::<Target>();
    target.inspect_err(|error| warn!(%error, "a YP directory is left out")).ok()
}

impl Keeper {
    fn new(
        parts: &Parts,
        egress: &Egress,
        directory: &Target,
        looks: watch::Receiver<Option<Arc<Report>>>,
        metrics: &Metrics,
    ) -> Self {
        let name = egress.name.as_str().to_owned();
        let max = egress.mount.max_listeners.map(u64::from);
        let max_listeners = max.unwrap_or(parts.listeners_max as u64);
        let label = EgressLabel { egress: name.clone() };
        Self {
            entry: entry(egress, &parts.public_url),
            playing: Playing { max_listeners, ..Playing::default() },
            listing: Listing::default(),
            directory: directory.clone(),
            client: parts.client.clone(),
            clock: Arc::clone(&parts.clock),
            shutdown: parts.shutdown.clone(),
            looks,
            listed: metrics.listed.get_or_create(&label).clone(),
            requests: metrics.requests.get_or_create(&label).clone(),
            failures: metrics.failures.get_or_create(&label).clone(),
            told: None,
            name,
        }
    }

    async fn keep(mut self) {
        while self.next_look().await {
            self.handle_look();
            self.exchange().await;
        }
        self.listing.handle_off_air(self.clock.monotonic());
        self.exchange().await;
    }

    /// Waits for the next look; `false` at the end.
    async fn next_look(&mut self) -> bool {
        tokio::select! {
            biased;
            () = self.shutdown.wait() => false,
            looked = self.looks.changed() => looked.is_ok(),
        }
    }

    fn handle_look(&mut self) {
        let look = self.looks.borrow_and_update().clone();
        let Some(egress) = look.as_ref().and_then(|report| report.egress(&self.name)) else {
            return;
        };
        let now = self.clock.monotonic();
        if egress.on_air {
            self.listing.handle_on_air(now);
        } else {
            self.listing.handle_off_air(now);
        }
        self.playing.listeners = egress.icy_listeners + egress.hls_sessions.unwrap_or(0);
        let title = egress.now_playing.as_deref().unwrap_or_default();
        if self.playing.title != title {
            title.clone_into(&mut self.playing.title);
            self.listing.handle_title(now);
        }
    }

    /// Asks what is due, and takes the answer.
    async fn exchange(&mut self) {
        let now = self.clock.monotonic();
        let asked = self.listing.next_request(&self.entry, &self.playing, now);
        let Some((command, body)) = asked else { return };
        let was_listed = self.listing.is_listed();
        let post = Post { content_type: MEDIA_TYPE, body: body.into(), headers: &[] };
        let outcome = self.client.post(&self.directory, post, ANSWER_TIME).await;
        let now = self.clock.monotonic();
        let problem = match outcome.map(|answer| read(&answer)) {
            Ok(Ok(answer)) => {
                let problem = refusal(command, &answer);
                self.listing.handle_answer(answer, now);
                problem
            }
            Ok(Err(status)) => {
                self.listing.handle_silence(now);
                Some(format!("it is no directory: status {status} without YPResponse"))
            }
            Err(error) => {
                self.listing.handle_silence(now);
                Some(error.to_string())
            }
        };
        self.tell(was_listed, problem);
    }

    /// Tells of what has changed. What goes on failing is told once.
    fn tell(&mut self, was_listed: bool, problem: Option<String>) {
        match (was_listed, self.listing.is_listed()) {
            (false, true) => {
                self.listed.inc();
                info!("listed");
            }
            (true, false) => {
                self.listed.dec();
                info!("no longer listed");
            }
            _ => {}
        }
        self.requests.inc();
        if problem.is_some() {
            self.failures.inc();
        }
        if let Some(problem) = problem.as_ref().filter(|_| self.told != problem) {
            info!(problem, "the directory does not list the mount");
        }
        self.told = problem;
    }
}

/// The headers that count; without any of them, the status.
fn read(answer: &outbound::Answer) -> Result<Answer, u16> {
    let headers = ANSWER_HEADERS.iter().filter_map(|name| Some((*name, answer.header(name)?)));
    let has_answered = answer.header("YPResponse").is_some();
    has_answered.then(|| Answer::from_headers(headers)).ok_or(answer.status)
}

/// Why the directory does not do as it is asked.
fn refusal(command: Command, answer: &Answer) -> Option<String> {
    match command {
        // An entry that it does not know is as good as removed.
        Command::Remove => None,
        _ if !answer.is_accepted => Some(format!("it refuses: {:?}", answer.message)),
        Command::Add if answer.sid.is_none() => Some("it gives no SID".to_owned()),
        Command::Add | Command::Touch => None,
    }
}

/// The mount as it was configured.
fn entry(egress: &Egress, public_url: &str) -> Entry {
    let (mount, encoding) = (&egress.mount, &egress.encoding);
    Entry {
        name: mount.icy_name.clone(),
        genre: mount.genre.clone(),
        cluster_password: String::new(),
        description: mount.icy_description.clone(),
        url: mount.icy_url.clone(),
        listen_url: format!("{public_url}/{}", egress.name.as_str()),
        media_type: encoding.codec.family().media_type().to_owned(),
        bitrate_kbps: encoding.bitrate_kbps,
        sample_rate_hz: encoding.sample_rate_hz,
        channels: encoding.channels(),
    }
}

impl Metrics {
    fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register(
            "control_yp_listed",
            "YP directories that list the mount",
            all.listed.clone(),
        );
        registry.register(
            "control_yp_requests",
            "Requests to YP directories that were answered or given up",
            all.requests.clone(),
        );
        registry.register(
            "control_yp_failures",
            "Requests that a YP directory did not answer, or refused",
            all.failures.clone(),
        );
        all
    }
}

#[cfg(test)]
mod tests;
