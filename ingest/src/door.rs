//! Where encoders come in: who they are, whether they may, and what they are told.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use catalogue::OnMismatch;
use icy::head::Head;
use icy::shoutcast::{self, Event, Handshake, Login, ShoutcastError};
use icy::source::{
    self, Credentials, Method, Refusal, SourceRequest, codec_of_media_type, essence_of_media_type,
};
use listen::{BoxFuture, Connection, SourceDoor};
use media::Codec;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use tracing::{Instrument, info, info_span};

use crate::auth::{Claimant, Purpose, Right};
use crate::body::Body;
use crate::conform::Conform;
use crate::intake::Intake;
use crate::session::{End, Session};
use crate::slot::{Caller, Claim, NoPlace, Slot};
use crate::{Ingest, Shared};

/// The longest media type that a refusal quotes. Chosen.
const QUOTED_LEN_MAX: usize = 64;

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

/// A source that may not send: what it is told.
#[derive(Debug)]
struct Refused {
    refusal: Refusal,
    reason: String,
}

/// An encoder that speaks HTTP.
async fn http(shared: &Shared, head: &Head, mut connection: Connection) {
    let admitted = match SourceRequest::from_head(head) {
        Ok(request) => {
            let claim = admit(shared, &request, connection.peer()).await;
            claim.map(|claim| (request, claim))
        }
        Err(error) => {
            info!(%error, "source refused");
            shared.metrics.strangers.inc();
            Err(Refused::of(Refusal::BadRequest))
        }
    };
    let (request, claim) = match admitted {
        Ok(admitted) => admitted,
        Err(refused) => return connection.close_with(&refused.answer()).await,
    };
    connection.settle();
    if connection.write_all(&source::accepted(&request)).await.is_err() {
        return;
    }
    let mut session = begin(shared, claim, Body::new(request.body, request.metaint));
    let end = session.run(&mut connection, &[], &shared.shutdown).await;
    tell(&session.claim, &end);
    // The place is free before the encoder knows that it has left it.
    drop(session);
    let last = last_words(&request, &end);
    if !last.is_empty() {
        connection.close_with(&last).await;
    }
}

/// What an encoder is told at the end. Only PUT waits for it.
fn last_words(request: &SourceRequest, end: &End) -> Bytes {
    if request.method != Method::Put {
        return Bytes::new();
    }
    match end {
        End::Finished => source::ended(request),
        // Where nothing else ends the body, the encoder has closed its half.
        End::Gone if request.body == source::Body::UntilClose => source::ended(request),
        End::Rejected(reason) => source::refused_because(Refusal::ContentType, &reason.to_string()),
        End::Chunks(_) | End::Metadata(_) => {
            source::refused_because(Refusal::BadRequest, &end.to_string())
        }
        _ => Bytes::new(),
    }
}

async fn admit(
    shared: &Shared,
    request: &SourceRequest,
    peer: SocketAddr,
) -> Result<Claim, Refused> {
    let Some(credentials) = &request.credentials else {
        // libshout asks so first each time, and is no stranger for it.
        return Err(Refused::of(Refusal::Unauthorized));
    };
    let now = shared.clock.now();
    if !shared.passwords.tries.begin(peer, now) {
        info!("source refused: too many wrong passwords");
        shared.metrics.strangers.inc();
        return Err(Refused::of(Refusal::TooManyTries));
    }
    let claimant = Claimant { credentials, peer, purpose: Purpose::Audio };
    let slot = match shared.right_to(&request.mount, claimant).await {
        Right::To(slot) => slot,
        // Whether there is such a mount is not told to those without a password.
        Right::None => {
            shared.stranger("source", &request.mount);
            return Err(Refused::of(Refusal::Unauthorized));
        }
        // Encoders give up at 401.
        Right::Unknown => return Err(Refused::of(Refusal::Unavailable)),
    };
    shared.passwords.tries.forgive(peer, now);
    check_media_type(&slot, request.content_type.as_deref())?;
    claim(shared, &slot, Caller { peer, user_agent: request.user_agent.clone() })
}

/// Refuses a media type that is not the ingest's. Without one, and with one that
/// says nothing, the frames tell.
fn check_media_type(slot: &Slot, media_type: Option<&str>) -> Result<(), Refused> {
    match media_type_fault(slot, media_type) {
        Some(fault) => Err(refuse(slot, Refusal::ContentType, fault)),
        None => Ok(()),
    }
}

/// What is wrong with a media type for an ingest.
pub(crate) fn media_type_fault(slot: &Slot, media_type: Option<&str>) -> Option<String> {
    let media_type = media_type?;
    let wanted = slot.ingest().encoding.codec.family();
    let is_vague =
        essence_of_media_type(media_type).eq_ignore_ascii_case("application/octet-stream");
    let is_right = is_vague || codec_of_media_type(media_type) == Some(wanted);
    (!is_right).then(|| wrong_media_type(media_type, wanted))
}

fn wrong_media_type(media_type: &str, wanted: Codec) -> String {
    let essence = essence_of_media_type(media_type);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-._".contains(&byte);
    let sent = if essence.len() <= QUOTED_LEN_MAX && essence.bytes().all(is_plain) {
        essence
    } else {
        "something else"
    };
    format!("content type is {sent}, the ingest takes {}", wanted.media_type())
}

fn claim(shared: &Shared, slot: &Arc<Slot>, caller: Caller) -> Result<Claim, Refused> {
    if shared.shutdown.is_triggered() {
        return Err(refuse(slot, Refusal::Unavailable, "the process ends".to_owned()));
    }
    let claim = slot.claim(caller, &shared.places, shared.clock.now()).map_err(|no_place| {
        let refusal = match no_place {
            NoPlace::InUse => Refusal::MountInUse,
            NoPlace::TooMany => Refusal::TooManySources,
        };
        slot.refused(no_place.to_string());
        Refused::of(refusal)
    })?;
    info!(ingest = slot.name(), "source connected");
    Ok(claim)
}

fn refuse(slot: &Slot, refusal: Refusal, reason: String) -> Refused {
    slot.refused(reason.clone());
    Refused { refusal, reason }
}

impl Refused {
    fn of(refusal: Refusal) -> Self {
        Self { refusal, reason: String::new() }
    }

    fn answer(&self) -> Bytes {
        source::refused_because(self.refusal, &self.reason)
    }
}

pub(crate) fn begin(shared: &Shared, claim: Claim, body: Body) -> Session {
    let ingest = claim.slot().ingest();
    let intake = Intake::new(ingest.encoding, ingest.on_mismatch);
    let metrics = claim.slot().metrics().clone();
    let conforms = ingest.on_mismatch == OnMismatch::Conform;
    let conform = conforms.then(|| Conform::new(ingest.encoding, shared.pool.clone(), metrics));
    Session {
        intake,
        conform,
        body,
        charset: claim.slot().charset(),
        heard: shared.clock.now(),
        clock: shared.clock.clone(),
        source_timeout: shared.limits.source_timeout,
        claim,
    }
}

/// One line in the log for the end of a source.
pub(crate) fn tell(claim: &Claim, end: &End) {
    match end {
        End::Rejected(_) | End::Chunks(_) | End::Metadata(_) => {
            claim.slot().refused(end.to_string());
        }
        _ => info!(ingest = claim.slot().name(), reason = %end, "source disconnected"),
    }
}

/// Why a handshake of SHOUTcast 1 came to nothing.
#[derive(Debug, thiserror::Error)]
enum Unshaken {
    #[error("the source left in its handshake")]
    Gone,
    #[error("no headers within the header time")]
    Late,
    #[error(transparent)]
    Broken(#[from] ShoutcastError),
}

/// An encoder that speaks SHOUTcast 1 or xaudiocast.
async fn old(shared: &Shared, mut connection: Connection) {
    let mut handshake = Handshake::new();
    let due = Instant::now() + shared.limits.header_time;
    let login = match next_event(&mut handshake, &mut connection, due).await {
        Ok(Event::Login(login)) => login,
        Ok(_) => return,
        Err(error) => {
            shared.metrics.strangers.inc();
            info!(%error, "source refused");
            return connection.close_with(shoutcast::DENIED).await;
        }
    };
    // SHOUTcast knows no other refusal that encoders show.
    let claim = tokio::time::timeout_at(due, log_in(shared, &login, connection.peer())).await;
    let Ok(Some(claim)) = claim else {
        return connection.close_with(shoutcast::DENIED).await;
    };
    connection.settle();
    if connection.write_all(login.granted()).await.is_err() {
        return;
    }
    let station = match next_event(&mut handshake, &mut connection, due).await {
        Ok(Event::Station(station)) => station,
        Ok(_) => return,
        Err(error) => return claim.slot().refused(error.to_string()),
    };
    if check_media_type(claim.slot(), station.content_type.as_deref()).is_err() {
        return;
    }
    let mut first = Vec::new();
    while let Ok(Some(Event::Audio(audio))) = handshake.next_event() {
        first.extend_from_slice(&audio);
    }
    let mut session = begin(shared, claim, Body::new(source::Body::UntilClose, None));
    let end = session.run(&mut connection, &first, &shared.shutdown).await;
    tell(&session.claim, &end);
}

/// The next event of a handshake, read from the connection as far as need be.
async fn next_event(
    handshake: &mut Handshake,
    connection: &mut Connection,
    due: Instant,
) -> Result<Event, Unshaken> {
    loop {
        handshake.push(connection.said());
        connection.forget(usize::MAX);
        if let Some(event) = handshake.next_event()? {
            return Ok(event);
        }
        match tokio::time::timeout_at(due, connection.read_more()).await {
            Ok(Ok(1..)) => {}
            Ok(_) => return Err(Unshaken::Gone),
            Err(_) => return Err(Unshaken::Late),
        }
    }
}

async fn log_in(shared: &Shared, login: &Login, peer: SocketAddr) -> Option<Claim> {
    if login.is_probe() {
        return None;
    }
    let now = shared.clock.now();
    if !shared.passwords.tries.begin(peer, now) {
        info!("source refused: too many wrong passwords");
        shared.metrics.strangers.inc();
        return None;
    }
    let Right::To(slot) = shared.right_of(login, peer, Purpose::Audio).await else {
        shared.stranger("source", login.mount.as_deref().unwrap_or_default());
        return None;
    };
    shared.passwords.tries.forgive(peer, now);
    claim(shared, &slot, Caller { peer, user_agent: None }).ok()
}

/// The ingest that a login means and has the password of. A user before the
/// password is nobody here: SHOUTcast has none.
pub(crate) fn slot_of(shared: &Shared, login: &Login) -> Option<Arc<Slot>> {
    let passwords = [Some(login.password.as_str()), login.user_and_password().map(|both| both.1)];
    let ingest = passwords.into_iter().flatten().find_map(|password| {
        let password = password.as_bytes();
        match &login.mount {
            Some(mount) => {
                let ingest = shared.catalogue.ingest_at(mount)?;
                ingest.push()?.is_password(password).then_some(ingest)
            }
            None => shared.catalogue.ingest_by_shoutcast_password(password),
        }
    });
    shared.slot(ingest?)
}

/// The ingest that Basic credentials give the right to.
pub(crate) fn slot_for(shared: &Shared, mount: &str, given: &Credentials) -> Option<Arc<Slot>> {
    let ingest = shared.catalogue.ingest_at(mount)?;
    let push = ingest.push()?;
    let right = given.user == push.user && push.is_password(given.password.as_bytes());
    shared.slot(ingest).filter(|_| right)
}

#[cfg(test)]
mod tests;
