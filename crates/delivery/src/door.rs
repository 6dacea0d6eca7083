//! Where listeners come in: off the accept loop as they are, or through hyper.

mod listeners;
mod playlists;
mod sessions;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Response};
use geo::Atlas;
use icy::head::Head;
use ledger::Ledger;
use listen::{BoxFuture, Connection, ListenerDoor, Secure};
use policy::{Block, Caller, Room, Rules, SegmentPass, SessionKeys};
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use settings::Secret;
use store::Store;

use crate::access_log::AccessLog;
use crate::announcement;
use crate::answer::{self, Refusal};
use crate::auth::BackEnds;
use crate::bucket::Bucket;
use crate::fanout::Fanout;
use crate::hls;
use crate::metrics::{FanoutCollector, Kind, Metrics};
use crate::records::Records;
use crate::rendition::Rendition;
use crate::resolve::{self, FIRST_SID, Found, Stations, Wanted};
use crate::roster::Roster;
use crate::sessions::{Sessions, fresh_id};
use crate::stream;
use crate::timeshift::Renders;

pub use listeners::ListenerError;

/// Everything that listeners ask for. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Delivery {
    stations: Arc<Stations>,
    bucket: Bucket,
    renders: Renders,
    clock: Steady,
    metrics: Metrics,
    roster: Roster,
    back_ends: BackEnds,
    records: Records,
    sessions: Sessions,
    keys: Arc<SessionKeys>,
    atlas: Atlas,
}

impl Delivery {
    /// Serves these stations, whose ICY listeners are in `fanout`; older
    /// segments come from `bucket`.
    pub fn new(
        stations: Arc<Stations>,
        fanout: &Fanout,
        bucket: Store,
        clock: Steady,
        registry: &mut Registry,
    ) -> Self {
        let metrics = Metrics::register(registry);
        let collector = FanoutCollector { stations: Arc::clone(&stations), fanout: fanout.clone() };
        registry.register_collector(Box::new(collector));
        Self {
            bucket: Bucket::new(bucket),
            renders: Renders::default(),
            sessions: Sessions::new(stations.all().iter()),
            stations,
            clock,
            metrics,
            roster: Roster::default(),
            back_ends: BackEnds::default(),
            records: Records::default(),
            keys: Arc::new(own_keys()),
            atlas: Atlas::default(),
        }
    }

    /// Writes down each session that has ended: in the ledger, and as a line of the
    /// access log.
    #[must_use]
    pub fn with_records(self, ledger: Option<Ledger>, access_log: Option<AccessLog>) -> Self {
        let records = Records { ledger, access_log };
        let sessions = self.sessions.with_records(records.clone());
        Self { records, sessions, ..self }
    }

    /// Signs and checks sessions with these keys; else with one that no other process
    /// has.
    #[must_use]
    pub fn with_keys(self, keys: SessionKeys) -> Self {
        Self { keys: Arc::new(keys), ..self }
    }

    /// Lets in so many listeners of one address at most.
    #[must_use]
    pub fn with_address_listeners_max(self, max: Option<usize>) -> Self {
        Self { roster: Roster::with_household_max(max), ..self }
    }

    /// Knows by this one where listeners are.
    #[must_use]
    pub fn with_atlas(self, atlas: Atlas) -> Self {
        Self { atlas, ..self }
    }

    /// What knows where listeners are.
    pub fn atlas(&self) -> &Atlas {
        &self.atlas
    }

    /// Lets listeners in as these back ends say.
    #[must_use]
    pub fn with_back_ends(self, back_ends: BackEnds) -> Self {
        Self { back_ends, ..self }
    }

    /// All that goes through hyper. It answers every path, with 404 at the least.
    pub fn router(&self) -> Router {
        // Behind a pointer: each request has a clone of its own.
        Router::new().fallback(answer).with_state(Arc::new(self.clone()))
    }
}

impl ListenerDoor for Delivery {
    fn wants(&self, head: &Head) -> bool {
        matches!(head.method.as_str(), "GET" | "HEAD")
            && matches!(self.resolve_head(head), Some(Found { wanted: Wanted::Stream, .. }))
    }

    fn listen(&self, head: Head, connection: Connection) -> BoxFuture<'static, ()> {
        let (found, delivery) = (self.resolve_head(&head), self.clone());
        Box::pin(async move {
            if let Some(Found { rendition, wanted: Wanted::Stream, .. }) = found {
                let caller = delivery.caller(&rendition, connection.peer(), &head.target);
                stream::listen(&rendition, &head, connection, caller).await;
            }
        })
    }
}

/// Answers whatever came through hyper.
async fn answer(
    State(delivery): State<Arc<Delivery>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(Secure(secure)): Extension<Secure>,
    request: Request,
) -> Response<Body> {
    let request = request.into_parts().0;
    let icy_metadata = request.headers.get("icy-metadata").map(HeaderValue::as_bytes);
    let found = delivery.resolve(request.uri.path(), icy_metadata);
    let kind = kind_of(found.as_ref().map(|found| &found.wanted));
    let response = match found {
        _ if request.method == Method::OPTIONS => answer::options(),
        None => Refusal::NotFound.respond(),
        Some(_) if !matches!(request.method, Method::GET | Method::HEAD) => {
            Refusal::Method.respond()
        }
        Some(found) => {
            let asked = Asked { request: &request, peer, secure };
            let mut response = delivery.give(&found, asked).await;
            answer::add_headers(response.headers_mut(), &found.rendition.head().headers);
            response
        }
    };
    delivery.metrics.answered(kind, response.status().as_u16());
    response
}

/// A request and where it came from.
struct Asked<'a> {
    request: &'a Parts,
    peer: SocketAddr,
    secure: bool,
}

impl Delivery {
    fn caller<'a>(
        &'a self,
        rendition: &Rendition,
        peer: SocketAddr,
        target: &'a str,
    ) -> stream::Caller<'a> {
        let (clock, metrics, roster) = (&self.clock, &self.metrics, &self.roster);
        let egress = &rendition.egress().name;
        let back_end = self.back_ends.of(egress);
        let who = self.who(peer);
        let verdict = self.decide(rendition, &who);
        if let Err(block) = verdict {
            metrics.blocked(egress, block);
        }
        let (country, records) = (who.country, &self.records);
        stream::Caller { peer, target, country, verdict, back_end, clock, metrics, roster, records }
    }

    /// Who asks, as far as an address tells it.
    fn who(&self, peer: SocketAddr) -> Caller {
        let address = peer.ip();
        Caller { address, country: self.atlas.country(address) }
    }

    /// Whether somebody may begin to listen to an egress, whichever rendition is meant:
    /// the rules of all are one.
    fn decide(&self, rendition: &Rendition, caller: &Caller) -> Result<(), Block> {
        let mount = rendition.mount();
        let (taken, max) = mount.process();
        let rules = Rules {
            geo: rendition.egress().geo.as_ref(),
            egress: Room { taken: mount.listeners(), max: mount.listeners_max() },
            node: Room { taken, max: Some(max) },
            address: self.roster.household(caller.address),
        };
        policy::decide(caller, rules)
    }

    fn resolve_head(&self, head: &Head) -> Option<Found> {
        self.resolve(head.path(), head.header("icy-metadata"))
    }

    /// What a request asks for. At `/` a player, which is known by its
    /// `Icy-MetaData`, finds SHOUTcast's first stream, and a browser nothing.
    fn resolve(&self, path: &str, icy_metadata: Option<&[u8]>) -> Option<Found> {
        if path == "/" && icy_metadata == Some(b"1") {
            return self.stations.stream(FIRST_SID);
        }
        self.stations.resolve(path)
    }

    /// Whether a back end is asked about each listener.
    fn is_asked(&self, egress: &str) -> bool {
        self.back_ends.of(egress).is_some_and(|back_end| back_end.is_asked())
    }

    async fn give(&self, found: &Found, asked: Asked<'_>) -> Response<Body> {
        let Found { station, rendition, wanted } = found;
        match wanted {
            Wanted::Stream => {
                let uri = &asked.request.uri;
                let target = uri.path_and_query().map_or(uri.path(), PathAndQuery::as_str);
                let caller = self.caller(rendition, asked.peer, target);
                stream::answer(rendition, asked.request, &caller).await
            }
            Wanted::TuneIn { format, stream } => {
                let url = own_url(asked.request, asked.secure, stream);
                hls::tune_in(&station.settings().title, *format, url)
            }
            Wanted::Multivariant { prefix } => self.multivariant(station, prefix, &asked).await,
            Wanted::Media => self.media(found, &asked).await,
            Wanted::Announcement => self.announcement(rendition),
            Wanted::Segment { name } => self.segment(rendition, name, &asked).await,
        }
    }

    async fn segment(
        &self,
        rendition: &Rendition,
        name: &str,
        asked: &Asked<'_>,
    ) -> Response<Body> {
        let egress = rendition.egress();
        if egress.protect_segments && !announcement::is_name(name) {
            let pass = resolve::pass(asked.request.uri.query());
            let pass = pass.and_then(|text| SegmentPass::verify(text, &self.keys, &egress.name));
            let age = pass.and_then(|pass| pass.age_days(self.clock.now()));
            if age.is_none_or(|age| age > egress.pass_days()) {
                return Refusal::NoPass.respond();
            }
        }
        if !rendition.hls().segments.contains_key(name) {
            self.metrics.from_bucket.inc();
        }
        hls::segment(rendition, name, &self.bucket, &asked.request.headers).await
    }
}

fn kind_of(wanted: Option<&Wanted>) -> Kind {
    match wanted {
        Some(Wanted::Stream) => Kind::Stream,
        Some(Wanted::Multivariant { .. } | Wanted::Media | Wanted::Announcement) => Kind::Playlist,
        Some(Wanted::Segment { .. }) => Kind::Segment,
        Some(Wanted::TuneIn { .. }) => Kind::TuneIn,
        None => Kind::Unknown,
    }
}

/// A key that no other process has.
fn own_keys() -> SessionKeys {
    let text = format!("{}{}", fresh_id(), fresh_id());
    let secret = Secret::new(&text).expect("hexadecimal digits are a secret");
    SessionKeys::new(&[secret]).expect("one key is enough")
}

/// The mount's address as the client knows this server.
pub fn own_url(request: &Parts, secure: bool, mount: &str) -> String {
    let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = request.uri.authority().map(axum::http::uri::Authority::as_str);
    let is_host = |host: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
        !host.is_empty() && host.len() <= 255 && host.bytes().all(allowed)
    };
    let host = host.or(authority).filter(is_host).unwrap_or("localhost");
    let scheme = if secure { "https" } else { "http" };
    format!("{scheme}://{host}/{mount}")
}

#[cfg(test)]
mod tests;
