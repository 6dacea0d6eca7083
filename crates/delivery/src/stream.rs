//! ICY over HTTP: listeners into the fan-out engine, off the accept loop as
//! they are, or through hyper.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode, Version};
use bytes::Bytes;
use catalogue::Country;
use futures_util::stream;
use icy::head::Head;
use icy::listener::{self, Cors, ListenerRequest, StationHead};
use ledger::{Ending, Session};
use listen::{Connection, Transport};
use media::{RenditionId, text};
use percent_encoding::percent_decode_str;
use policy::Block;
use runtime::clock::Steady;
use socket2::SockRef;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tracing::info;

use crate::announcement::Announcement;
use crate::answer::{self, Refusal};
use crate::auth::{BackEnd, Denial, Pass, Ticket};
use crate::fanout::{End, JoinRefused, ListenerId, NewListener, NotJoined, Observer, Seat, Why};
use crate::metrics::{Kind, Metrics};
use crate::records::Records;
use crate::rendition::Rendition;
use crate::resolve::PATH_LEN_MAX;
use crate::roster::{Entry, HouseholdPlace, Over, Roster, Visitor};
use crate::sessions;
use crate::station::StationSettings;

/// When a listener that found the mount off the air, or full, may come again.
const RETRY_SECS: u32 = 5;

/// What a listener whose stream has ended has to take the rest of it, where it
/// does not go straight into its socket; as long as the engine gives the others.
const END_GRACE: Duration = Duration::from_secs(2);

/// Who asks for a stream, and where that is noted.
#[derive(Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) peer: SocketAddr,
    /// What it asks for, as it was sent: the path and the query.
    pub(crate) target: &'a str,
    /// Where it is; `None` where nobody knows.
    pub(crate) country: Option<Country>,
    /// Whether it may listen at all.
    pub(crate) verdict: Result<(), Block>,
    /// Who is asked about it, where somebody is.
    pub(crate) back_end: Option<&'a Arc<BackEnd>>,
    pub(crate) clock: &'a Steady,
    pub(crate) metrics: &'a Metrics,
    pub(crate) roster: &'a Roster,
    /// Who is told of its end.
    pub(crate) records: &'a Records,
}

/// A listener that may come in.
struct Admitted {
    id: ListenerId,
    seat: Seat,
    household: HouseholdPlace,
    pass: Pass,
}

/// Why a listener may not come in.
enum Refused {
    /// The operator's rule is against it.
    Blocked(Block),
    /// There is nothing to hear, or no seat.
    NoSeat(JoinRefused),
    /// The back end does not let it in.
    Denied(Denial),
}

/// A listener from its admission on; who carries its pipe hears of its end.
struct Visit {
    entry: Entry,
    /// Its back end hears of its end when this is dropped.
    _ticket: Option<Ticket>,
    clock: Steady,
    records: Records,
    ended: oneshot::Sender<Why>,
}

/// Takes a listener that came as it is: the fan-out engine gets the socket.
pub(crate) async fn listen(
    rendition: &Rendition,
    head: &Head,
    connection: Connection,
    caller: Caller<'_>,
) {
    let request = ListenerRequest::from_head(head);
    let admitted = match caller.admit(rendition, |name| head.header(name)).await {
        Ok(admitted) => admitted,
        Err(Refused::Blocked(block)) if let Some(said) = announcement(rendition, block) => {
            caller.metrics.answered(Kind::Stream, 200);
            let (own, len) = (announcing(rendition, block), said.audio().len());
            let answer = listener::announcement_head(&own, &request, len);
            let audio = if head.method == "HEAD" { Bytes::new() } else { said.audio().clone() };
            return announce(connection, &answer, &audio, said.duration()).await;
        }
        Err(refused) => {
            let refusal = refused.refusal();
            caller.metrics.answered(Kind::Stream, refused.status());
            let answer = listener::refused(&refusal, Cors::Any, request.version);
            return connection.close_with(&answer).await;
        }
    };
    caller.metrics.answered(Kind::Stream, 200);
    let answer = listener::response_head(rendition.head(), &request);
    if head.method == "HEAD" {
        drop(admitted);
        return connection.close_with(&answer).await;
    }
    let (newcomer, seat, end) = caller.newcomer(rendition, admitted, &request, answer);
    // What the player has sent behind its request is not waited for: a stream
    // never ends, so no second request of the connection is ever read.
    match connection.into_parts().0 {
        Transport::Plain(stream) => {
            // The engine tells the end of a listener that it did not take, too.
            if let Ok(socket) = stream.into_std() {
                report(seat.join(socket, newcomer).err(), caller.peer);
            }
        }
        Transport::Tls(mut stream) => match seat.join_pipe(newcomer) {
            Ok(pipe) => {
                if matches!(carry(&mut stream, pipe, end).await, Some(Why::Slow | Why::Killed)) {
                    // A plain close keeps what the peer does not read.
                    let socket = SockRef::from(stream.get_ref().0);
                    let _ = socket.set_linger(Some(Duration::ZERO));
                }
            }
            Err(error) => report(Some(error), caller.peer),
        },
    }
}

/// Gives a stream over a connection that hyper keeps: HTTP/2, or one that has
/// been used before. The engine fills a pipe instead of the socket.
pub(crate) async fn answer(
    rendition: &Rendition,
    request: &Parts,
    caller: &Caller<'_>,
) -> Response<Body> {
    let asked = listener_request(request);
    let header = |name: &str| request.headers.get(name).map(HeaderValue::as_bytes);
    let admitted = match caller.admit(rendition, header).await {
        Ok(admitted) => admitted,
        Err(Refused::Blocked(block)) if let Some(said) = announcement(rendition, block) => {
            let head = listener::response_head(&announcing(rendition, block), &asked);
            let mut response = Response::new(Body::from(said.audio().clone()));
            copy_headers(&head, response.headers_mut());
            return response;
        }
        Err(refused) => return refused.respond(),
    };
    let head = listener::response_head(rendition.head(), &asked);
    let body = if request.method == Method::HEAD {
        drop(admitted);
        // Of no known length, as the stream itself.
        Body::from_stream(stream::empty::<Result<Bytes, Infallible>>())
    } else {
        let (newcomer, seat, _) = caller.newcomer(rendition, admitted, &asked, Bytes::new());
        match pipe(seat, newcomer) {
            Ok(body) => body,
            Err(_) => return off_air(),
        }
    };
    let mut response = Response::new(body);
    copy_headers(&head, response.headers_mut());
    response
}

impl Caller<'_> {
    /// Gives a listener that is not blocked a seat, and asks about it who is to be
    /// asked. The seat comes first: nobody is asked about those for whom there is none.
    async fn admit<'h>(
        &self,
        rendition: &Rendition,
        header: impl Fn(&str) -> Option<&'h [u8]>,
    ) -> Result<Admitted, Refused> {
        let mount = rendition.egress().name.as_str();
        self.verdict.map_err(|block| {
            info!(mount, peer = %self.peer, reason = block.name(), "listener blocked");
            match block {
                Block::Egress => Refused::NoSeat(JoinRefused::MountFull),
                Block::Node => Refused::NoSeat(JoinRefused::ProcessFull),
                _ => Refused::Blocked(block),
            }
        })?;
        let seat = rendition.mount().seat().map_err(|refused| {
            info!(mount, peer = %self.peer, reason = %refused, "listener refused");
            Refused::NoSeat(refused)
        })?;
        let household = self.roster.reserve(self.peer.ip()).map_err(Refused::Blocked)?;
        let id = ListenerId::fresh();
        let Some(back_end) = self.back_end else {
            return Ok(Admitted { id, seat, household, pass: Pass::default() });
        };
        let target = known_as(rendition, self.target);
        let question = back_end.question((id, self.peer), &target, header);
        let pass = back_end.admit(question).await.map_err(|denial| {
            info!(mount, peer = %self.peer, reason = %denial, "listener refused");
            Refused::Denied(denial)
        })?;
        Ok(Admitted { id, seat, household, pass })
    }

    /// What the engine has to know of a listener, its seat, and how its end is
    /// heard of.
    fn newcomer(
        &self,
        rendition: &Rendition,
        admitted: Admitted,
        request: &ListenerRequest,
        head: Bytes,
    ) -> (NewListener, Seat, oneshot::Receiver<Why>) {
        let Admitted { id, seat, household, pass } = admitted;
        let metaint = rendition.head().metaint.filter(|_| request.wants_metadata);
        let path = self.target.split('?').next().unwrap_or_default();
        let visitor = Visitor {
            id,
            session: sessions::fresh_id(),
            mount: rendition.egress().name.clone(),
            rendition: Some(rendition.id().clone()),
            path: text::clean(path, PATH_LEN_MAX),
            peer: self.peer,
            country: self.country,
            user_agent: request.user_agent.clone().unwrap_or_default(),
            referer: request.referer.clone().unwrap_or_default(),
            user: pass.user,
            since: self.clock.now(),
            over: Over::Icy,
        };
        let entry = self.roster.enter(visitor, household);
        let (ended, end) = oneshot::channel();
        let (clock, records) = (self.clock.clone(), self.records.clone());
        let until = self.until(rendition.egress(), pass.until);
        let visit = Visit { entry, _ticket: pass.ticket, clock, records, ended };
        let newcomer = NewListener {
            id,
            head,
            metaint: metaint.and_then(NonZeroU32::new),
            intro: rendition.intro(),
            until,
            observer: Some(Box::new(visit)),
        };
        (newcomer, seat, end)
    }

    /// When it has to leave: its back end's word and the egress's, whichever is first.
    fn until(&self, egress: &StationSettings, by_back_end: Option<Instant>) -> Option<Instant> {
        let limit = egress.session_limit;
        let by_limit = limit.and_then(|limit| self.clock.clock().monotonic().checked_add(limit));
        by_back_end.into_iter().chain(by_limit).min()
    }
}

/// What is said to one who is blocked, where something is.
fn announcement(rendition: &Rendition, block: Block) -> Option<&Announcement> {
    rendition.settings().geo_announcement.as_ref().filter(|_| block == Block::Geo)
}

/// The head of an answer that is an announcement.
fn announcing(rendition: &Rendition, block: Block) -> StationHead {
    let mut head = StationHead { metaint: None, ..rendition.head().clone() };
    head.headers.push((answer::BLOCK_REASON.as_str().to_owned(), block.name().to_owned()));
    head
}

/// Says something to a listener and lets it go: it has the time that it takes to hear it.
async fn announce(mut connection: Connection, head: &[u8], audio: &[u8], length: Duration) {
    let saying = async {
        connection.write_all(head).await?;
        connection.write_all(audio).await
    };
    // One that is gone or does not read misses it.
    let _ = tokio::time::timeout(length + END_GRACE, saying).await;
    connection.close_with(&[]).await;
}

impl Refused {
    fn status(&self) -> u16 {
        match self {
            Self::NoSeat(_) | Self::Denied(Denial::Busy) => 503,
            Self::Denied(Denial::Unauthorized(_)) => 401,
            Self::Denied(Denial::Unanswered) | Self::Blocked(_) => 403,
        }
    }

    fn refusal(&self) -> listener::Refusal {
        match self {
            Self::Blocked(block) => {
                listener::Refusal::Blocked { reason: block.name(), text: block.text() }
            }
            Self::NoSeat(_) | Self::Denied(Denial::Busy) => {
                listener::Refusal::Unavailable { retry_after_secs: RETRY_SECS }
            }
            Self::Denied(Denial::Unauthorized(reason)) => {
                listener::Refusal::Unauthorized(reason.clone())
            }
            Self::Denied(Denial::Unanswered) => {
                listener::Refusal::Forbidden(Denial::Unanswered.to_string())
            }
        }
    }

    fn respond(&self) -> Response<Body> {
        match self {
            Self::Blocked(block) => {
                Refusal::Blocked { status: StatusCode::FORBIDDEN, block: *block }.respond()
            }
            Self::NoSeat(JoinRefused::MountFull | JoinRefused::ProcessFull) => {
                Refusal::Full.respond()
            }
            Self::NoSeat(_) => off_air(),
            Self::Denied(denial) => denial.respond(),
        }
    }
}

impl Observer for Visit {
    fn moved(&mut self, mount: &str, rendition: Option<&RenditionId>) {
        self.entry.move_to(mount, rendition);
    }

    fn ended(self: Box<Self>, end: End) {
        self.log(end);
        // Nobody hears of it whose socket the engine has.
        let _ = self.ended.send(end.why);
    }
}

impl Visit {
    /// One line for each listener, here and in the access log.
    fn log(&self, end: End) {
        let visitor = self.entry.visitor();
        let Visitor { mount, peer, user_agent: agent, since, .. } = visitor;
        let now = self.clock.now();
        let secs = now.since(*since).as_secs();
        let ending = match end.why {
            Why::Left => Ending::Left,
            Why::Slow => Ending::Slow,
            Why::Ended => Ending::Ended,
            Why::Limit => Ending::Limit,
            Why::Killed => Ending::Killed,
        };
        let reason = ending.name();
        info!(mount, %peer, agent, secs, bytes = end.bytes_sent, reason, "listener gone");
        self.records.ended(&Session {
            ended: now,
            media: end.media,
            bytes: end.bytes_sent,
            ending: Some(ending),
            ..visitor.session(now)
        });
    }
}

/// Carries a pipe's bytes until the stream or the peer ends; says why the
/// engine let the listener go, if that came first.
///
/// A peer that reads nothing blocks a write for as long as it likes, so the
/// engine's word counts and not the pipe's end alone.
async fn carry(
    stream: &mut (impl AsyncWrite + Unpin),
    mut pipe: Receiver<Bytes>,
    end: oneshot::Receiver<Why>,
) -> Option<Why> {
    let carrying = async {
        while let Some(bytes) = pipe.recv().await {
            stream.write_all(&bytes).await?;
        }
        stream.shutdown().await
    };
    let over = async {
        let why = end.await.ok();
        if matches!(why, Some(Why::Ended | Why::Limit | Why::Killed)) {
            tokio::time::sleep(END_GRACE).await;
        }
        why
    };
    tokio::select! {
        biased;
        // An error is the peer's, who is gone.
        _ = carrying => None,
        why = over => why,
    }
}

/// What is asked for, in the one spelling of the egress's own paths, and with the
/// query as it was sent: rules of a back end are for mounts that it knows, and a
/// rendition is heard below one of them.
fn known_as(rendition: &Rendition, target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy();
    let egress = rendition.egress();
    let is_meant = |known: &&str| {
        let own = Some(rendition.id().as_str());
        let rest = path.strip_prefix(*known);
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('/') == own)
    };
    let known = egress.paths().find(is_meant).unwrap_or(&egress.name);
    format!("/{known}{query}")
}

fn report(error: Option<NotJoined>, peer: SocketAddr) {
    if let Some(error) = error {
        info!(%peer, %error, "listener lost");
    }
}

fn off_air() -> Response<Body> {
    Refusal::OffAir { retry_secs: RETRY_SECS.into() }.respond()
}

fn pipe(seat: Seat, newcomer: NewListener) -> Result<Body, NotJoined> {
    let receiver = seat.join_pipe(newcomer)?;
    let next = |mut receiver: Receiver<Bytes>| async move {
        receiver.recv().await.map(|bytes| (Ok::<_, Infallible>(bytes), receiver))
    };
    Ok(Body::from_stream(stream::unfold(receiver, next)))
}

fn listener_request(request: &Parts) -> ListenerRequest {
    let version = match request.version {
        Version::HTTP_09 | Version::HTTP_10 => icy::head::Version::Http10,
        _ => icy::head::Version::Http11,
    };
    ListenerRequest::from_headers(version, |name| {
        request.headers.get(name).map(HeaderValue::as_bytes)
    })
}

/// The header lines of a head that is ready to be sent, but for those that say
/// how the message is framed.
fn copy_headers(head: &[u8], headers: &mut HeaderMap) {
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let parsed = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value));
        if let (Ok(name), Ok(value)) = parsed
            && name != header::CONNECTION
            && name != header::CONTENT_LENGTH
        {
            headers.append(name, value);
        }
    }
}

#[cfg(test)]
mod tests;
