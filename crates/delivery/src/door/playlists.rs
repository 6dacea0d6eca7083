//! Playlists: a session begins with the multivariant one, and lives by the reloads of
//! the media one.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use catalogue::Country;
use ledger::{Ending, Protocol, Session};
use media::{SessionId, WallTime, text};
use playlists::timeshift::Query;
use playlists::{closing, multivariant};
use policy::{Block, Expiry, SESSION_MAX, SegmentPass, SessionToken};
use tracing::info;

use super::{Asked, Delivery};
use crate::answer::Refusal;
use crate::auth::{Denial, Pass};
use crate::fanout::ListenerId;
use crate::hls::{self, Sharing};
use crate::rendition::{Closing, Rendition};
use crate::resolve::{self, Found, PATH_LEN_MAX, TOKEN_PARAMETER};
use crate::sessions::fresh_id;
use crate::sessions::identity::{Fingerprint, Identity};
use crate::sessions::passes::Granted;
use crate::sessions::table::{Begun, Load};
use crate::station::{Station, StationSettings};
use crate::view::{Heard, HlsView};

/// Bytes of a `User-Agent` and of a `Referer` that are kept, as of an ICY listener.
const SAID_LEN_MAX: usize = 256;

/// Who reloads a media playlist, and by what right.
struct Admitted {
    identity: Identity,
    /// What its token says; `None` without one.
    token: Option<SessionToken>,
    /// When and where its session began.
    started: WallTime,
    country: Option<Country>,
}

/// A reload of a media playlist.
#[derive(Clone, Copy)]
struct Reload<'a> {
    station: &'a Station,
    rendition: &'a Rendition,
    view: &'a HlsView,
    asked: &'a Asked<'a>,
    /// The time of the past that is asked for.
    query: Option<&'a Query>,
    now: WallTime,
}

impl Delivery {
    /// Answers for the multivariant playlist, with which a session begins.
    pub(super) async fn multivariant(
        &self,
        station: &Station,
        prefix: &str,
        asked: &Asked<'_>,
    ) -> Response<Body> {
        let now = self.clock.now();
        let caller = self.who(asked.peer);
        let settings = station.settings();
        if let Err(block) = self.decide(station.default_rendition(), &caller)
            && (block == Block::Geo || !self.is_here(&settings.name, asked))
        {
            return self.refuse_multivariant(station, prefix, block);
        }
        let query = match resolve::moments(asked.request.uri.query()) {
            Ok(query) => query,
            Err(error) => return Refusal::Moment(error).respond(),
        };
        let for_element = hls::is_element(&asked.request.headers);
        let renditions = match hls::to_show(station, query.as_ref(), now, for_element) {
            Ok(renditions) => renditions,
            Err(refusal) => return refusal.respond(),
        };
        let stamped = policy::stamp(&caller, settings.geo.as_ref());
        let id = fresh_id();
        let limit = match self.ask_back_end(settings, id, asked).await {
            Ok(limit) => limit,
            Err(denial) => return denial.respond(),
        };
        let token = SessionToken::new(id, &settings.name, now, limit, stamped);
        let signed = self.keys.sign(&token);
        let moments = query.map_or_else(String::new, |query| format!("{query}&"));
        let query = format!("?{moments}{TOKEN_PARAMETER}={signed}");
        // One token for all: a session is one whichever rendition it hears.
        let variants = renditions.iter().filter_map(|one| one.variant(prefix, &query));
        let variants: Vec<_> = variants.collect();
        if variants.is_empty() {
            return hls::off_air(settings).respond();
        }
        hls::private(multivariant::render(&variants))
    }

    /// Whether the player that asks has just opened the stream: it does once more, and
    /// needs no other place for that.
    fn is_here(&self, egress: &str, asked: &Asked<'_>) -> bool {
        self.sessions.is_here(egress, fingerprint(egress, asked), self.clock.now())
    }

    /// How long a session may last that begins; asks its back end, where there is one.
    async fn ask_back_end(
        &self,
        settings: &StationSettings,
        id: SessionId,
        asked: &Asked<'_>,
    ) -> Result<Option<Duration>, Denial> {
        let limit = settings.session_limit;
        let Some(back_end) = self.back_ends.of(&settings.name) else { return Ok(limit) };
        if asked.request.method != Method::GET {
            return Ok(limit);
        }
        let headers = &asked.request.headers;
        let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
        let query = asked.request.uri.query().map(|query| format!("?{query}"));
        let target = format!("/{}{}", settings.name, query.unwrap_or_default());
        let question = back_end.question((ListenerId::fresh(), asked.peer), &target, header);
        let Pass { user, until, ticket } =
            back_end.admit(question).await.inspect_err(|denial| {
                let (mount, peer) = (settings.name.as_str(), asked.peer);
                info!(mount, %peer, reason = %denial, "listener refused");
            })?;
        if !self.sessions.passes().put(id, Granted { user, ticket }, self.clock.now()) {
            return Err(Denial::Busy);
        }
        // It is asked again of who listens on for a day.
        let asked_for = back_end.is_asked().then_some(SESSION_MAX);
        let now = self.clock.clock().monotonic();
        let given = until.map(|until| until.saturating_duration_since(now));
        Ok([limit, asked_for, given].into_iter().flatten().min())
    }

    /// Answers for the media playlist, by whose reloads a session lives.
    pub(super) async fn media(&self, found: &Found, asked: &Asked<'_>) -> Response<Body> {
        let Found { station, rendition, .. } = found;
        let now = self.clock.now();
        let query = match resolve::moments(asked.request.uri.query()) {
            Ok(query) => query,
            Err(error) => return Refusal::Moment(error).respond(),
        };
        let (view, query) = (rendition.hls(), query.as_ref());
        let reload = Reload { station, rendition, view: &view, asked, query, now };
        self.reload(reload).await.unwrap_or_else(Refusal::respond)
    }

    async fn reload(&self, reload: Reload<'_>) -> Result<Response<Body>, Refusal> {
        let Reload { rendition, view, asked, query, now, .. } = reload;
        let mut admitted = self.admit(reload)?;
        if let Some(expiry) = admitted.limit()
            && let Some(closed) = self.close(reload, &admitted, expiry).await?
        {
            return Ok(closed);
        }
        let document = match query {
            Some(query) => hls::past(rendition, query, &self.renders, now, None).await?,
            None => hls::live(rendition, view, now)?,
        };
        if asked.request.method == Method::GET
            && let Some(closed) = self.go_on(reload, &mut admitted).await?
        {
            return Ok(closed);
        }
        let egress = rendition.egress();
        let is_open = egress.is_for_all() && !self.is_asked(&egress.name);
        let is_shared = admitted.token.is_none() && is_open;
        let sharing = if is_shared { Sharing::Public } else { Sharing::Private };
        let document = match self.suffix(egress, &admitted) {
            Some(suffix) => rendition.protected(&document, &suffix),
            None => document,
        };
        Ok(hls::send(egress, &document, &asked.request.headers, sharing))
    }

    /// Answers for the playlist of what is said to those who are blocked.
    pub(super) fn announcement(&self, rendition: &Rendition) -> Response<Body> {
        let announcement = rendition.settings().geo_announcement.as_ref();
        let text = announcement.map(|announcement| announcement.playlist(self.clock.now()));
        text.map_or_else(|| Refusal::NotFound.respond(), hls::private)
    }

    fn refuse_multivariant(&self, station: &Station, prefix: &str, block: Block) -> Response<Body> {
        let egress = &station.settings().name;
        let renditions = station.renditions().iter().filter(|_| block == Block::Geo);
        let variants: Vec<_> = renditions.filter_map(|one| one.announcing(prefix)).collect();
        if variants.is_empty() {
            return self.refuse(egress, block).respond();
        }
        self.metrics.blocked(egress, block);
        hls::blocked(multivariant::render(&variants), block)
    }

    /// What somebody is told who may not listen.
    fn refuse(&self, egress: &str, block: Block) -> Refusal {
        self.metrics.blocked(egress, block);
        match block {
            Block::Geo => {
                let status = StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS;
                Refusal::Blocked { status, block }
            }
            Block::Egress | Block::Node => Refusal::Full,
            _ => Refusal::Blocked { status: StatusCode::FORBIDDEN, block },
        }
    }

    /// Whether the media playlist may be had: by a session's token, or by whoever asks
    /// without one.
    fn admit(&self, reload: Reload<'_>) -> Result<Admitted, Refusal> {
        let Reload { rendition, asked, now, .. } = reload;
        let caller = self.who(asked.peer);
        let settings = rendition.egress();
        let geo = settings.geo.as_ref();
        let Some(text) = resolve::token(asked.request.uri.query()) else {
            if self.is_asked(&settings.name) {
                // Nobody was asked about it.
                return Err(Refusal::Session);
            }
            policy::decide_again(&caller, None, geo)
                .map_err(|block| self.refuse(&settings.name, block))?;
            let identity = Identity::Player(fingerprint(&settings.name, asked));
            let country = policy::stamp(&caller, geo);
            return Ok(Admitted { identity, token: None, started: now, country });
        };
        let token = self.keys.verify(text, &settings.name).map_err(|reason| {
            let (mount, peer) = (settings.name.as_str(), asked.peer);
            info!(mount, %peer, %reason, "session refused");
            Refusal::Session
        })?;
        // After its day, one without a limit is decided afresh each time.
        let is_over = matches!(token.expiry, Expiry::Renewal(at) if now >= at);
        let stamped = token.country.filter(|_| !is_over);
        policy::decide_again(&caller, stamped, geo)
            .map_err(|block| self.refuse(&settings.name, block))?;
        let identity = Identity::Token(token.id);
        let (started, country) = (token.started, token.country);
        Ok(Admitted { identity, token: Some(token), started, country })
    }

    /// Notes the reload; gives the answer instead of the playlist, where the session may
    /// not go on.
    async fn go_on(
        &self,
        reload: Reload<'_>,
        admitted: &mut Admitted,
    ) -> Result<Option<Response<Body>>, Refusal> {
        let Reload { rendition, view, now, .. } = reload;
        let Some(until) = self.load(reload, admitted)? else { return Ok(None) };
        if let Some(closed) = self.close(reload, admitted, until).await? {
            return Ok(Some(closed));
        }
        if admitted.token.is_none() && rendition.closing(view, until, now) == Ok(None) {
            // Who has no token that says so presses play again by asking again.
            self.sessions.forget(&rendition.egress().name, admitted.identity);
            self.load(reload, admitted)?;
        }
        Ok(None)
    }

    /// The answer with which a session is closed; `None` before it is time.
    async fn close(
        &self,
        reload: Reload<'_>,
        admitted: &Admitted,
        expiry: WallTime,
    ) -> Result<Option<Response<Body>>, Refusal> {
        let Reload { rendition, view, query, now, .. } = reload;
        let egress = rendition.egress();
        let Ok(closing) = rendition.closing(view, expiry, now) else { return Ok(None) };
        self.sessions.end(&egress.name, admitted.identity, now, Ending::Limit);
        let Some(Closing { text, wall_end }) = closing else {
            return match admitted.token {
                Some(_) => Err(Refusal::SessionOver),
                None => Ok(None),
            };
        };
        let text = match query {
            // Who listens to the past is closed there.
            Some(query) => {
                let past = hls::past(rendition, query, &self.renders, now, Some(wall_end)).await?;
                String::from_utf8_lossy(&past.text).into_owned()
            }
            None => text,
        };
        let suffix = self.suffix(egress, admitted);
        let text =
            suffix.map_or_else(|| text.clone(), |suffix| closing::with_suffix(&text, &suffix));
        Ok(Some(hls::private(text)))
    }

    /// What stands behind each segment's URI of a session, where segments are protected.
    fn suffix(&self, egress: &StationSettings, admitted: &Admitted) -> Option<String> {
        egress.protect_segments.then(|| {
            let pass = SegmentPass::new(admitted.started, admitted.country);
            resolve::pass_query(&pass.sign(&self.keys, &egress.name))
        })
    }

    /// Notes the reload; gives back when the session is over, where that is not what its
    /// token says.
    fn load(
        &self,
        reload: Reload<'_>,
        admitted: &mut Admitted,
    ) -> Result<Option<WallTime>, Refusal> {
        let Reload { station, asked, now, .. } = reload;
        let egress = station.settings();
        let fingerprint = fingerprint(&egress.name, asked);
        let (identity, (rendition, listed)) = (admitted.identity, reload.listed());
        let load = Load { identity, fingerprint, now, rendition, listed: &listed };
        let begin = || {
            let limit = egress.session_limit.filter(|_| admitted.token.is_none());
            let granted =
                admitted.token.as_ref().and_then(|token| self.sessions.passes().take(token.id));
            let (user, held) = granted.map(|one| (one.user, one.ticket)).unwrap_or_default();
            let session = self.begun(reload, admitted);
            let until = limit.map(|limit| now.plus(limit));
            let session = Session { user, until: until.or(admitted.limit()), ..session };
            Begun { session, until, held }
        };
        let seen = self.sessions.load(station, &self.roster, &load, begin);
        let seen = seen.map_err(|block| self.refuse(&egress.name, block))?;
        if admitted.token.is_none() {
            (admitted.started, admitted.country) = (seen.started, seen.country);
        }
        Ok(seen.until)
    }

    /// A session that begins with this reload.
    fn begun(&self, reload: Reload<'_>, admitted: &Admitted) -> Session {
        let Reload { station, asked, now, .. } = reload;
        let said = |name: &str| {
            let value = asked.request.headers.get(name).map(HeaderValue::as_bytes);
            text::clean(&String::from_utf8_lossy(value.unwrap_or_default()), SAID_LEN_MAX)
        };
        let path = resolve::mount_of(asked.request.uri.path());
        Session {
            id: admitted.token.as_ref().map_or_else(fresh_id, |token| token.id),
            egress: station.settings().name.clone(),
            protocol: Protocol::Hls,
            country: self.who(asked.peer).country,
            address: asked.peer.ip().to_canonical(),
            path: text::clean(path, PATH_LEN_MAX),
            user_agent: said("user-agent"),
            referer: said("referer"),
            user: None,
            started: now,
            until: None,
            ended: now,
            media: Duration::ZERO,
            bytes: 0,
            ending: None,
        }
    }
}

fn fingerprint(egress: &str, asked: &Asked<'_>) -> Fingerprint {
    let (headers, query) = (&asked.request.headers, asked.request.uri.query());
    Fingerprint::of(egress, asked.peer.ip(), headers, query)
}

impl Reload<'_> {
    /// Which of the egress's renditions it is of, and what has become listed of each; of
    /// that one what it is told.
    fn listed(&self) -> (usize, Vec<Heard>) {
        let renditions = self.station.renditions();
        let nth = renditions.iter().position(|one| one.id() == self.rendition.id());
        let nth = nth.unwrap_or_default();
        let heard = |(at, one): (usize, &Arc<Rendition>)| {
            if at == nth { self.view.heard } else { one.hls().heard }
        };
        (nth, renditions.iter().enumerate().map(heard).collect())
    }
}

impl Admitted {
    /// When its session is over, if its token says so.
    fn limit(&self) -> Option<WallTime> {
        match self.token.as_ref()?.expiry {
            Expiry::Limit(at) => Some(at),
            Expiry::Renewal(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
