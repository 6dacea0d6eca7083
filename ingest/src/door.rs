//! Where encoders come in: who they are, whether they may, and what they are told.

use std::net::SocketAddr;
use std::sync::Arc;

use icy::charset::Charset;
use icy::head::Head;
use icy::shoutcast::{self, Event, Handshake, Login, Station};
use icy::source::{self, Credentials, Refusal, SourceRequest};
use listen::{BoxFuture, Connection, SourceDoor};
use tokio::io::AsyncWriteExt;
use tracing::{Instrument, info, info_span, warn};

use crate::body::Body;
use crate::intake::{Intake, Rejected};
use crate::session::{End, Session};
use crate::slot::{Claim, Slot};
use crate::{Ingest, Shared};

impl SourceDoor for Ingest {
    fn source(&self, head: Head, connection: Connection) -> BoxFuture<'static, ()> {
        let shared = Arc::clone(&self.shared);
        let span = info_span!("source", peer = %connection.peer());
        Box::pin(async move { http(&shared, &head, connection).await }.instrument(span))
    }

    fn shoutcast(&self, connection: Connection) -> BoxFuture<'static, ()> {
        let shared = Arc::clone(&self.shared);
        let span = info_span!("source", peer = %connection.peer());
        Box::pin(async move { old(&shared, connection).await }.instrument(span))
    }
}

/// An encoder that speaks HTTP.
async fn http(shared: &Shared, head: &Head, mut connection: Connection) {
    let admitted = match SourceRequest::from_head(head) {
        Ok(request) => admit(shared, &request, connection.peer()).map(|claim| (request, claim)),
        Err(error) => {
            info!(%error, "source refused");
            Err(Refusal::BadRequest)
        }
    };
    let (request, claim) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return answer(&mut connection, &source::refused(refusal)).await,
    };
    if connection.write_all(&source::accepted(&request)).await.is_err() {
        return;
    }
    let mut session =
        begin(shared, claim, Body::new(request.body, request.metaint));
    let end = session.run(&mut connection, &[], &shared.shutdown).await;
    tell(&session.claim, &end);
    let last = match end {
        End::Finished => source::ended(&request),
        // Only an encoder that waits for its answer can be told why.
        End::Rejected(_) if request.method == source::Method::Put => {
            source::refused(Refusal::ContentType)
        }
        _ => return,
    };
    drop(session);
    answer(&mut connection, &last).await;
}

fn admit(shared: &Shared, request: &SourceRequest, peer: SocketAddr) -> Result<Claim, Refusal> {
    let given = request.credentials.as_ref();
    let slot = given.and_then(|given| slot_for(shared, &request.mount, given));
    let Some(slot) = slot else {
        // Whether there is such a mount is not told to those without a password.
        shared.metrics.strangers.inc();
        info!(mount = request.mount, "source refused: no right password");
        return Err(Refusal::Unauthorized);
    };
    let wanted = slot.ingest().encoding.codec.family();
    if request.codec().is_some_and(|codec| codec != wanted)
        || (request.codec().is_none() && request.content_type.is_some() && !is_vague(request))
    {
        let sent = request.content_type.as_deref().unwrap_or_default();
        return Err(refuse(&slot, Refusal::ContentType, format!("content type {sent}")));
    }
    claim(shared, &slot, peer, request.user_agent.clone())
}

/// A type that says nothing: the frames tell.
fn is_vague(request: &SourceRequest) -> bool {
    let media_type = request.content_type.as_deref().unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/octet-stream")
}

fn claim(
    shared: &Shared,
    slot: &Arc<Slot>,
    peer: SocketAddr,
    user_agent: Option<String>,
) -> Result<Claim, Refusal> {
    if shared.shutdown.is_triggered() {
        return Err(Refusal::Unavailable);
    }
    if !slot.is_taken() && shared.sources() >= shared.limits.sources_max {
        return Err(refuse(slot, Refusal::TooManySources, "too many sources".into()));
    }
    let claim = slot.claim(peer, user_agent, shared.clock.now());
    claim.map_err(|in_use| refuse(slot, Refusal::MountInUse, in_use.to_string())).inspect(|_| {
        info!(ingest = slot.ingest().name.as_str(), "source connected");
    })
}

fn refuse(slot: &Slot, refusal: Refusal, reason: String) -> Refusal {
    info!(ingest = slot.ingest().name.as_str(), reason, "source refused");
    slot.refused(reason);
    refusal
}

fn begin(shared: &Shared, claim: Claim, body: Body) -> Session {
    let ingest = claim.slot().ingest();
    let intake = Intake::new(ingest.encoding, ingest.on_mismatch);
    Session {
        intake,
        body,
        charset: Charset::Auto,
        heard: shared.clock.now(),
        clock: shared.clock.clone(),
        source_timeout: shared.limits.source_timeout,
        claim,
    }
}

fn tell(claim: &Claim, end: &End) {
    let slot = claim.slot();
    let ingest = slot.ingest().name.as_str();
    match end {
        End::Rejected(Rejected::Framing(_) | Rejected::Mismatch(_))
        | End::Chunks(_)
        | End::Metadata(_) => {
            slot.refused(end.to_string());
            warn!(ingest, reason = %end, "source rejected");
        }
        _ => info!(ingest, reason = %end, "source disconnected"),
    }
}

/// Sends the last bytes of a connection. A peer that is gone needs none.
async fn answer(connection: &mut Connection, bytes: &[u8]) {
    let _ = connection.write_all(bytes).await;
    let _ = connection.shutdown().await;
}

/// An encoder that speaks SHOUTcast 1 or xaudiocast.
async fn old(shared: &Shared, mut connection: Connection) {
    let limit = shared.limits.header_time;
    let shaken = tokio::time::timeout(limit, shake_hands(shared, &mut connection)).await;
    let (claim, station, first) = match shaken {
        Ok(Some(shaken)) => shaken,
        Ok(None) => return,
        Err(_) => return info!("source refused: no headers within the header time"),
    };
    let wanted = claim.slot().ingest().encoding.codec.family();
    if station.codec().is_some_and(|codec| codec != wanted) {
        let sent = station.content_type.unwrap_or_default();
        refuse(claim.slot(), Refusal::ContentType, format!("content type {sent}"));
        return;
    }
    let mut session = begin(shared, claim, Body::new(source::Body::UntilClose, None));
    let end = session.run(&mut connection, &first, &shared.shutdown).await;
    tell(&session.claim, &end);
}

/// The password, its answer and the headers; also the audio that came with them.
async fn shake_hands(
    shared: &Shared,
    connection: &mut Connection,
) -> Option<(Claim, Station, Vec<u8>)> {
    let mut handshake = Handshake::new();
    let mut claim = None;
    loop {
        handshake.push(connection.said());
        connection.forget(usize::MAX);
        while let Some(event) = handshake.next_event().map_err(|error| {
            info!(%error, "source refused");
        }).ok()? {
            match event {
                Event::Login(login) => {
                    claim = log_in(shared, &login, connection).await;
                    claim.as_ref()?;
                }
                Event::Station(station) => {
                    let mut first = Vec::new();
                    while let Ok(Some(Event::Audio(audio))) = handshake.next_event() {
                        first.extend_from_slice(&audio);
                    }
                    return claim.map(|claim| (claim, station, first));
                }
                Event::Audio(_) => {}
            }
        }
        if connection.read_more().await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

async fn log_in(shared: &Shared, login: &Login, connection: &mut Connection) -> Option<Claim> {
    let Some(slot) = slot_of(shared, login) else {
        shared.metrics.strangers.inc();
        info!("source refused: no right password");
        answer(connection, shoutcast::DENIED).await;
        return None;
    };
    let Ok(claim) = claim(shared, &slot, connection.peer(), None) else {
        // SHOUTcast knows no other refusal that encoders show.
        answer(connection, shoutcast::DENIED).await;
        return None;
    };
    connection.write_all(login.granted()).await.ok()?;
    Some(claim)
}

/// The ingest that a login means and has the password of.
pub(crate) fn slot_of(shared: &Shared, login: &Login) -> Option<Arc<Slot>> {
    let catalogue = &shared.catalogue;
    let ingest = match &login.mount {
        Some(mount) => catalogue.ingest_at(mount).filter(|ingest| {
            ingest.push.password.matches(login.password.as_bytes())
        }),
        None => catalogue.ingest_by_shoutcast_password(login.password.as_bytes()).or_else(|| {
            let (_, password) = login.user_and_password()?;
            catalogue.ingest_by_shoutcast_password(password.as_bytes())
        }),
    };
    shared.slot(ingest?)
}

/// The ingest that Basic credentials give the right to.
pub(crate) fn slot_for(shared: &Shared, mount: &str, given: &Credentials) -> Option<Arc<Slot>> {
    let ingest = shared.catalogue.ingest_at(mount)?;
    let right = given.user == ingest.push.user
        && ingest.push.password.matches(given.password.as_bytes());
    shared.slot(ingest).filter(|_| right)
}
