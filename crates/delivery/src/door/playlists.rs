//! Playlists: a session begins with the multivariant one, and lives by the reloads of
//! the media one.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use catalogue::Country;
use ledger::{Ending, Protocol, Session};
use media::{WallTime, text};
use playlists::closing;
use playlists::timeshift::Query;
use policy::{Block, Expiry, SegmentPass, SessionToken};
use tracing::info;

use super::{Asked, Delivery};
use crate::answer::Refusal;
use crate::hls::{self, Sharing};
use crate::resolve::{self, PATH_LEN_MAX, TOKEN_PARAMETER};
use crate::sessions::fresh_id;
use crate::sessions::identity::{Fingerprint, Identity};
use crate::sessions::table::{Begun, Load};
use crate::station::{HlsView, NotYet, Station};

/// Bytes of a `User-Agent` and of a `Referer` that are kept, as of an ICY listener.
const SAID_LEN_MAX: usize = 256;

/// Who reloads a media playlist, and by what right.
struct Admitted {
    identity: Identity,
    /// What its token says; `None` without one.
    token: Option<SessionToken>,
    country: Option<Country>,
}

impl Delivery {
    /// Answers for the multivariant playlist, with which a session begins.
    pub(super) fn multivariant(
        &self,
        station: &Station,
        prefix: &str,
        asked: &Asked<'_>,
    ) -> Response<Body> {
        let now = self.clock.now();
        let caller = self.who(asked.peer);
        if let Err(block) = self.decide(station, &caller) {
            return self.refuse_multivariant(station, prefix, block);
        }
        let query = match resolve::moments(asked.request.uri.query()) {
            Ok(query) => query,
            Err(error) => return Refusal::Moment(error).respond(),
        };
        if let Err(refusal) = hls::is_there(station, query.as_ref(), now) {
            return refusal.respond();
        }
        let settings = station.settings();
        let stamped = policy::stamp(&caller, settings.geo.as_ref());
        let limit = settings.session_limit;
        let token = SessionToken::new(fresh_id(), &settings.name, now, limit, stamped);
        let signed = self.keys.sign(&token);
        let moments = query.map_or_else(String::new, |query| format!("{query}&"));
        let query = format!("?{moments}{TOKEN_PARAMETER}={signed}");
        match station.hls().multivariant(prefix, &query) {
            Some(text) => hls::private(text),
            None => hls::off_air(station).respond(),
        }
    }

    /// Answers for the media playlist, by whose reloads a session lives.
    pub(super) async fn media(&self, station: &Station, asked: &Asked<'_>) -> Response<Body> {
        let now = self.clock.now();
        let admitted = match self.admit(station, asked, now) {
            Ok(admitted) => admitted,
            Err(refusal) => return refusal.respond(),
        };
        let query = match resolve::moments(asked.request.uri.query()) {
            Ok(query) => query,
            Err(error) => return Refusal::Moment(error).respond(),
        };
        let view = station.hls();
        if let Some(expiry) = admitted.limit()
            && let Some(response) = self.close(station, &view, &admitted, (expiry, now))
        {
            return response;
        }
        let document = match self.live_or_past(station, &view, query.as_ref(), now).await {
            Ok(document) => document,
            Err(refusal) => return refusal.respond(),
        };
        if asked.request.method == Method::GET
            && let Some(response) = self.go_on(station, &view, &admitted, (asked, now))
        {
            return response;
        }
        let settings = station.settings();
        let sharing = if admitted.token.is_none() && station.is_for_all() {
            Sharing::Public
        } else {
            Sharing::Private
        };
        let headers = &asked.request.headers;
        if settings.protect_segments {
            let document = station.protected(&document, &self.suffix(station, &admitted, now));
            return hls::send(station, &document, headers, sharing);
        }
        hls::send(station, &document, headers, sharing)
    }

    /// Answers for the playlist of what is said to those who are blocked.
    pub(super) fn announcement(&self, station: &Station) -> Response<Body> {
        let announcement = station.settings().geo_announcement.as_ref();
        let text = announcement.map(|announcement| announcement.playlist(self.clock.now()));
        text.map_or_else(|| Refusal::NotFound.respond(), hls::private)
    }

    fn refuse_multivariant(&self, station: &Station, prefix: &str, block: Block) -> Response<Body> {
        let announcement = station.settings().geo_announcement.as_ref();
        let announcement = announcement.filter(|_| block == Block::Geo);
        match announcement.and_then(|said| station.hls().announcing(prefix, said)) {
            Some(text) => hls::blocked(text, block),
            None => self.refuse(station, block).respond(),
        }
    }

    /// What somebody is told who may not listen.
    fn refuse(&self, station: &Station, block: Block) -> Refusal {
        self.metrics.blocked(&station.settings().name, block);
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
    fn admit(
        &self,
        station: &Station,
        asked: &Asked<'_>,
        now: WallTime,
    ) -> Result<Admitted, Refusal> {
        let caller = self.who(asked.peer);
        let settings = station.settings();
        let geo = settings.geo.as_ref();
        let Some(text) = resolve::token(asked.request.uri.query()) else {
            policy::decide_again(&caller, None, geo)
                .map_err(|block| self.refuse(station, block))?;
            let identity = Identity::Player(fingerprint(station, asked));
            let country = policy::stamp(&caller, geo);
            return Ok(Admitted { identity, token: None, country });
        };
        let token = self.keys.verify(text, &settings.name).map_err(|reason| {
            let (mount, peer) = (settings.name.as_str(), asked.peer);
            info!(mount, %peer, %reason, "session refused");
            Refusal::Session
        })?;
        // After its day, one without a limit is decided afresh each time.
        let is_over = matches!(token.expiry, Expiry::Renewal(at) if now >= at);
        let stamped = token.country.filter(|_| !is_over);
        policy::decide_again(&caller, stamped, geo).map_err(|block| self.refuse(station, block))?;
        let (identity, country) = (Identity::Token(token.id), token.country);
        Ok(Admitted { identity, token: Some(token), country })
    }

    /// Notes the reload; gives the answer instead of the playlist, where the session may
    /// not go on.
    fn go_on(
        &self,
        station: &Station,
        view: &HlsView,
        admitted: &Admitted,
        (asked, now): (&Asked<'_>, WallTime),
    ) -> Option<Response<Body>> {
        let load = || self.load(station, view, admitted, (asked, now));
        let refuse = |block| Some(self.refuse(station, block).respond());
        let until = match load() {
            Ok(until) => until?,
            Err(block) => return refuse(block),
        };
        if let Some(response) = self.close(station, view, admitted, (until, now)) {
            return Some(response);
        }
        if admitted.token.is_none() && view.closing(until, now, station.settings()) == Ok(None) {
            // Who has no token that says so presses play again by asking again.
            self.sessions.forget(&station.settings().name, admitted.identity);
            return load().err().and_then(refuse);
        }
        None
    }

    /// The answer with which a session is closed; `None` before it is time.
    fn close(
        &self,
        station: &Station,
        view: &HlsView,
        admitted: &Admitted,
        (expiry, now): (WallTime, WallTime),
    ) -> Option<Response<Body>> {
        let settings = station.settings();
        match view.closing(expiry, now, settings) {
            Err(NotYet) => None,
            Ok(closing) => {
                self.sessions.end(&settings.name, admitted.identity, now, Ending::Limit);
                if let Some(text) = closing {
                    let suffix = self.suffix(station, admitted, now);
                    let text =
                        if suffix.is_empty() { text } else { closing::with_suffix(&text, &suffix) };
                    return Some(hls::private(text));
                }
                admitted.token.as_ref().map(|_| Refusal::SessionOver.respond())
            }
        }
    }

    /// What stands behind each segment's URI of a session.
    fn suffix(&self, station: &Station, admitted: &Admitted, now: WallTime) -> String {
        let settings = station.settings();
        if !settings.protect_segments {
            return String::new();
        }
        let started = admitted.token.as_ref().map_or(now, |token| token.started);
        let pass = SegmentPass::new(started, admitted.country);
        resolve::pass_query(&pass.sign(&self.keys, &settings.name))
    }

    /// Notes the reload; gives back when the session is over, where that is not what its
    /// token says.
    fn load(
        &self,
        station: &Station,
        view: &HlsView,
        admitted: &Admitted,
        (asked, now): (&Asked<'_>, WallTime),
    ) -> Result<Option<WallTime>, Block> {
        let fingerprint = fingerprint(station, asked);
        let load = Load { identity: admitted.identity, fingerprint, now, position: view.heard };
        let begin = || {
            let settings = station.settings();
            let limit = settings.session_limit.filter(|_| admitted.token.is_none());
            let session = self.begun(station, admitted, asked, now);
            Begun { session, until: limit.map(|limit| now.plus(limit)) }
        };
        let seen = self.sessions.load(station, &self.roster, &load, begin)?;
        Ok(seen.until)
    }

    /// A session that begins with this reload.
    fn begun(
        &self,
        station: &Station,
        admitted: &Admitted,
        asked: &Asked<'_>,
        now: WallTime,
    ) -> Session {
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
            ended: now,
            media: std::time::Duration::ZERO,
            bytes: 0,
            ending: None,
        }
    }

    async fn live_or_past(
        &self,
        station: &Station,
        view: &HlsView,
        query: Option<&Query>,
        now: WallTime,
    ) -> Result<std::sync::Arc<crate::document::Document>, Refusal> {
        match query {
            Some(query) => hls::past(station, query, &self.renders, now).await,
            None => hls::live(station, view, now),
        }
    }
}

fn fingerprint(station: &Station, asked: &Asked<'_>) -> Fingerprint {
    let name = &station.settings().name;
    let (headers, query) = (&asked.request.headers, asked.request.uri.query());
    Fingerprint::of(name, asked.peer.ip(), headers, query)
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
