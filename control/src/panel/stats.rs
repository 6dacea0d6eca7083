//! From the node's report to what Icecast's and SHOUTcast's documents say.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use catalogue::report::{EgressReport, IngestReport, Report};
use delivery::Visitor;
use icy::admin::{ListenerStats, Played, ServerStats, SourceStats};
use media::WallTime;

use super::Panel;

/// What the server calls itself; its version is nobody's concern.
const SERVER_ID: &str = "Skywave";

/// How old what strangers are told may be. Gathering it looks at every listener,
/// and anyone may ask as often as they like. Chosen.
pub(super) const TOLD_AGE_MAX: Duration = Duration::from_millis(250);

impl Panel {
    /// Everything, as of a moment ago: for those who may ask without a password.
    pub(super) fn told(&self) -> Arc<ServerStats> {
        let now = self.0.parts.clock.now();
        // Nothing panics that holds the lock, but the gathering, and then it is empty.
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        match &*told {
            Some((at, stats)) if now.since(*at) < TOLD_AGE_MAX => Arc::clone(stats),
            _ => {
                let stats = Arc::new(self.server());
                *told = Some((now, Arc::clone(&stats)));
                stats
            }
        }
    }

    /// Everything, as of now.
    pub(super) fn server(&self) -> ServerStats {
        let report = (self.0.parts.report)();
        let mut sources: Vec<_> =
            report.egresses.iter().map(|egress| self.source(egress, &report)).collect();
        // In the manifest's order, so that SHOUTcast's streams are in that of
        // their numbers: who knows of one stream alone takes the first.
        sources.sort_by_key(|source| source.sid);
        let identity = &self.0.identity;
        let listeners = sources.iter().map(|source| source.listener_connections).sum();
        let connects = |is_pull: bool| {
            let of = report.ingests.iter().filter(|ingest| ingest.pulled_from.is_some() == is_pull);
            of.map(|ingest| ingest.connects_total).sum()
        };
        let (pushed, pulled): (u64, u64) = (connects(false), connects(true));
        ServerStats {
            admin: String::new(),
            host: identity.host.clone(),
            location: identity.region.clone(),
            server_id: SERVER_ID.to_owned(),
            started_at_unix: unix(identity.started),
            connections: listeners + pushed,
            clients: sources.iter().map(|source| source.listeners).sum(),
            client_connections: listeners,
            file_connections: 0,
            listener_connections: listeners,
            listener_peak: sources.iter().map(|source| source.listener_peak).sum(),
            max_listeners: identity.listeners_max as u64,
            unique_listeners: sources.iter().map(|source| source.unique_listeners).sum(),
            source_client_connections: pushed,
            source_relay_connections: pulled,
            sources,
        }
    }

    fn source(&self, egress: &EgressReport, report: &Report) -> SourceStats {
        let parts = &self.0.parts;
        let ingest = egress.source.as_deref().and_then(|name| report.ingest(name));
        let audience = parts.delivery.audience(&egress.name).unwrap_or_default();
        let mut source = SourceStats {
            mount: egress.name.clone(),
            listen_url: format!("{}/{}", self.0.identity.public_url, egress.name),
            title: egress.now_playing.clone().unwrap_or_default(),
            listeners: audience.listeners as u64,
            listener_peak: audience.listeners_peak as u64,
            unique_listeners: audience.addresses as u64,
            listener_connections: audience.connections_total,
            slow_listeners: audience.slow_listeners_total,
            average_secs: audience.listened_mean.as_secs(),
            total_bytes_sent: audience.bytes_sent_total,
            ..SourceStats::default()
        };
        if let Some(declared) = parts.catalogue.egress(&egress.name) {
            let (mount, encoding) = (&declared.mount, &declared.encoding);
            source.sid = declared.sid;
            source.name.clone_from(&mount.icy_name);
            source.description.clone_from(&mount.icy_description);
            source.genre.clone_from(&mount.genre);
            source.url.clone_from(&mount.icy_url);
            source.public = mount.public;
            source.max_listeners = mount.max_listeners.map(u64::from);
            encoding.codec.family().media_type().clone_into(&mut source.content_type);
            source.bitrate_kbps = Some(encoding.bitrate_kbps);
        }
        if let Some(ingest) = ingest.filter(|_| egress.on_air) {
            add_ingest(&mut source, ingest);
        }
        source
    }

    /// Who listens to an egress.
    pub(super) fn listeners(&self, egress: &str) -> Vec<ListenerStats> {
        let now = self.0.parts.clock.now();
        let visitors = self.0.parts.delivery.roster().of(egress);
        visitors.iter().map(|visitor| listener(visitor, now)).collect()
    }

    /// The name of the egress at a path, which may be an alias.
    pub(super) fn egress_at(&self, path: &str) -> Option<String> {
        let egress = self.0.parts.catalogue.egress_at(path)?;
        Some(egress.name.as_str().to_owned())
    }

    /// The name by which the documents know a mount that may be an alias.
    pub(super) fn name_of(&self, mount: String) -> String {
        self.egress_at(&mount).unwrap_or(mount)
    }

    /// The titles of an egress, the newest first.
    pub(super) fn history(&self, egress: &str) -> Vec<Played> {
        let report = (self.0.parts.report)();
        let played = report.egress(egress).map(|egress| egress.played.clone()).unwrap_or_default();
        played
            .into_iter()
            .map(|one| Played {
                at_unix: i64::try_from(one.at_unix_secs).unwrap_or(i64::MAX),
                title: one.title,
            })
            .collect()
    }
}

/// What is known of the encoder behind it.
fn add_ingest(source: &mut SourceStats, ingest: &IngestReport) {
    let connected_at = ingest.connected_at_unix_secs.unwrap_or_default();
    source.stream_start_unix = Some(i64::try_from(connected_at).unwrap_or(i64::MAX));
    source.connected_secs = ingest.connected_secs.unwrap_or_default();
    source.sample_rate_hz = ingest.sample_rate_hz;
    source.channels = ingest.channels;
    source.user_agent = ingest.user_agent.clone().unwrap_or_default();
    source.total_bytes_read = ingest.frame_bytes_total;
    let address = ingest.peer_address.as_deref().unwrap_or_default();
    source.source_ip = address.parse().map_or(String::new(), |peer: SocketAddr| ip(peer));
}

fn listener(visitor: &Arc<Visitor>, now: WallTime) -> ListenerStats {
    ListenerStats {
        id: visitor.id.get(),
        ip: ip(visitor.peer),
        user_agent: visitor.user_agent.clone(),
        referer: visitor.referer.clone(),
        connected_secs: now.since(visitor.since).as_secs(),
        lag_bytes: 0,
        username: visitor.user.clone().unwrap_or_default(),
    }
}

/// An IPv4 address is written as one, however the socket spells it.
fn ip(peer: SocketAddr) -> String {
    peer.ip().to_canonical().to_string()
}

fn unix(time: WallTime) -> i64 {
    i64::try_from(time.secs()).unwrap_or(i64::MAX)
}
