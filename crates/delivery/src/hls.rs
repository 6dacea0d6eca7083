//! HLS over HTTP: playlists, segments, tune-in files. No redirects, ever
//! (Apple's rule 8.18).

use std::ops;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use media::{Codec, WallTime};
use playlists::timeshift::{Query, Range, Refusal as NoPlaylist};
use playlists::{multivariant, tune_in};
use policy::Block;
use store::SegmentName;
use tracing::warn;

use crate::answer::{self, Refusal};
use crate::bucket::Bucket;
use crate::document::Document;
use crate::range::{self, Wanted};
use crate::rendition::Rendition;
use crate::station::{Station, StationSettings};
use crate::timeshift::{Renders, Timeshift};
use crate::view::HlsView;

/// What one session has is nobody else's.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Whose caches may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Everybody's, for half a target duration.
    Public,
    /// Nobody's: it is one session's, or for some and not for others.
    Private,
}

/// The live media playlist, unless it is too old.
pub(crate) fn live(
    rendition: &Rendition,
    view: &HlsView,
    now: WallTime,
) -> Result<Arc<Document>, Refusal> {
    let document = view.media.as_ref().filter(|document| !rendition.is_stale(document, now));
    document.map(Arc::clone).ok_or_else(|| off_air(rendition.egress()))
}

/// A media playlist of the past, which ends at `until` at the latest.
pub(crate) async fn past(
    rendition: &Rendition,
    query: &Query,
    renders: &Renders,
    now: WallTime,
    until: Option<WallTime>,
) -> Result<Arc<Document>, Refusal> {
    let (timeshift, range) = select(rendition, query, now, until)?;
    timeshift.document(range, renders).await.ok_or(Refusal::PastBusy)
}

/// How many segments a rendition may be behind the newest of its egress and still be a
/// variant: chosen, one that is made in time is never two behind.
const BEHIND_MAX: u64 = 1;

/// The renditions for the multivariant playlist: those that have a media playlist, live or
/// of the past. One that has fallen behind the others is none of them, until it has caught
/// up: who hears it goes on. A browser's own player gets no MP3 beside AAC
/// ([`multivariant::without_mp3`]), and AAC that is late before MP3 alone.
///
/// # Errors
///
/// Why the first of them has none, where none has one.
pub(crate) fn to_show<'a>(
    station: &'a Station,
    query: Option<&Query>,
    now: WallTime,
    for_element: bool,
) -> Result<Vec<&'a Rendition>, Refusal> {
    let (mut there, mut late, mut why) = (Vec::new(), Vec::new(), None);
    let number = |rendition: &Rendition| rendition.hls().number.map_or(0, |number| number.0);
    let newest = station.renditions().iter().map(|one| number(one)).max().unwrap_or(0);
    for rendition in station.renditions() {
        let is_late = query.is_none() && number(rendition).saturating_add(BEHIND_MAX) < newest;
        match is_there(rendition, query, now) {
            Ok(()) if is_late => late.push(rendition.as_ref()),
            Ok(()) => there.push(rendition.as_ref()),
            Err(refusal) => why = why.or(Some(refusal)),
        }
    }
    if for_element {
        let aac = |all: &[&'a Rendition]| -> Vec<_> {
            all.iter().copied().filter(|one| is_aac(one)).collect()
        };
        let played = [aac(&there), aac(&late)].into_iter().find(|aac| !aac.is_empty());
        there = played.unwrap_or(there);
    }
    if there.is_empty() {
        return Err(why.unwrap_or_else(|| off_air(station.settings())));
    }
    Ok(there)
}

fn is_aac(rendition: &Rendition) -> bool {
    rendition.hls().variant.as_ref().is_some_and(|variant| !multivariant::is_mp3(variant))
}

/// Whether a browser's own player asks, and no script (Fetch Metadata, `Sec-Fetch-Dest`).
pub(crate) fn is_element(headers: &HeaderMap) -> bool {
    let dest = headers.get("sec-fetch-dest").map(HeaderValue::as_bytes);
    matches!(dest, Some(b"audio" | b"video"))
}

/// Whether there is a media playlist, live or of the past.
fn is_there(rendition: &Rendition, query: Option<&Query>, now: WallTime) -> Result<(), Refusal> {
    match query {
        Some(query) => select(rendition, query, now, None).map(drop),
        None => live(rendition, &rendition.hls(), now).map(drop),
    }
}

/// What of the past a query asks for.
fn select<'a>(
    rendition: &'a Rendition,
    query: &Query,
    now: WallTime,
    until: Option<WallTime>,
) -> Result<(&'a Arc<Timeshift>, Range), Refusal> {
    let timeshift = rendition.timeshift().ok_or(Refusal::NoPast)?;
    let mut span = query.span(now).map_err(Refusal::Moment)?;
    span.to = span.to.into_iter().chain(until).min();
    if span.to.is_some_and(|to| to <= span.from) {
        return Err(Refusal::SessionOver);
    }
    let selected = timeshift.select(&span, now).ok_or(Refusal::PastUnread)?;
    let range = selected.map_err(|why| match why {
        NoPlaylist::Nothing => Refusal::Nothing,
        _ => off_air(rendition.egress()),
    })?;
    // One that has an end waits for nothing.
    let is_stale = !range.is_ended() && rendition.is_silent(timeshift.wall_end(), now);
    if is_stale { Err(off_air(rendition.egress())) } else { Ok((timeshift, range)) }
}

/// Nothing is on air, or not long enough yet.
pub(crate) fn off_air(egress: &StationSettings) -> Refusal {
    Refusal::OffAir { retry_secs: egress.target_secs }
}

/// A playlist that is one session's alone.
pub(crate) fn private(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(playlists::MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, PRIVATE);
    answer::with_cors(response)
}

/// A playlist for somebody who is blocked, with the reason.
pub(crate) fn blocked(text: String, block: Block) -> Response<Body> {
    let mut response = private(text);
    let reason = HeaderValue::from_static(block.name());
    response.headers_mut().insert(answer::BLOCK_REASON, reason);
    response
}

/// Sends a playlist: whole, compressed, or word that it is known already.
pub(crate) fn send(
    egress: &StationSettings,
    document: &Document,
    headers: &HeaderMap,
    sharing: Sharing,
) -> Response<Body> {
    let gzip = answer::takes_gzip(headers);
    let (body, etag) = if gzip {
        (&document.gzip, &document.lines.gzip_etag)
    } else {
        (&document.text, &document.lines.etag)
    };
    let mut response = if answer::is_known(headers, etag.to_str().unwrap_or_default()) {
        not_modified()
    } else {
        let mut response = answer::with_room(Body::from(body.clone()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(playlists::MEDIA_TYPE));
        if gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag.clone());
    headers.insert(header::LAST_MODIFIED, document.lines.last_modified.clone());
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    match sharing {
        Sharing::Private => {
            headers.insert(header::CACHE_CONTROL, PRIVATE);
        }
        Sharing::Public => {
            // Half a target at most (rfc8216bis appendix B.1).
            let max_age = (egress.target_secs / 2).max(1);
            answer::set(headers, header::CACHE_CONTROL, &format!("public, max-age={max_age}"));
        }
    }
    answer::with_cors(response)
}

/// Answers for one segment: from memory, or from the bucket.
pub(crate) async fn segment(
    rendition: &Rendition,
    name: &str,
    bucket: &Bucket,
    headers: &HeaderMap,
) -> Response<Body> {
    if let Some(response) = announced(rendition, name, headers) {
        return response;
    }
    let body = match rendition.hls().segments.get(name) {
        Some(body) => body.clone(),
        None => match bucket.fetch(rendition, name).await {
            Ok(Some(body)) => body,
            Ok(None) => return Refusal::NotFound.respond(),
            Err(error) => {
                let egress = rendition.egress().name.as_str();
                warn!(egress, name, %error, "segment not fetched from the bucket");
                return Refusal::Upstream.respond();
            }
        },
    };
    match SegmentName::parse(name) {
        Some(SegmentName { codec, .. }) => {
            send_segment(rendition.egress(), name, (&body, codec), headers)
        }
        None => Refusal::NotFound.respond(),
    }
}

/// A segment of what is said to those who may not listen, or not any longer.
fn announced(rendition: &Rendition, name: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let settings = rendition.settings();
    let said = [&settings.limit_announcement, &settings.geo_announcement];
    let found = said.into_iter().flatten().find_map(|said| said.segment(name));
    found.map(|found| send_segment(rendition.egress(), name, found, headers))
}

fn send_segment(
    egress: &StationSettings,
    name: &str,
    (body, codec): (&Bytes, Codec),
    headers: &HeaderMap,
) -> Response<Body> {
    // A segment's bytes never change, so its name tells them.
    let etag = format!("\"{name}\"");
    let mut response = if answer::is_known(headers, &etag) {
        not_modified()
    } else {
        let range = headers.get(header::RANGE).filter(|_| answer::takes_range(headers, &etag));
        let wanted = range.map(HeaderValue::as_bytes);
        match range::wanted(wanted, body.len()) {
            Wanted::Whole => Response::new(Body::from(body.clone())),
            Wanted::Part(part) => partial(body, part),
            Wanted::Unsatisfiable => return Refusal::Range { len: body.len() }.respond(),
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(codec.media_type()));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer::set(headers, header::ETAG, &etag);
    let max_age = egress.segment_max_age.as_secs();
    answer::set(headers, header::CACHE_CONTROL, &format!("public, max-age={max_age}, immutable"));
    answer::with_cors(response)
}

/// A tune-in file for players that want one.
pub(crate) fn tune_in(title: &str, format: tune_in::Format, url: String) -> Response<Body> {
    let text = format.render(title, &[url]);
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer::with_cors(response)
}

fn partial(body: &Bytes, part: ops::Range<usize>) -> Response<Body> {
    let range = format!("bytes {}-{}/{}", part.start, part.end.saturating_sub(1), body.len());
    let mut response = Response::new(Body::from(body.slice(part)));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    answer::set(response.headers_mut(), header::CONTENT_RANGE, &range);
    response
}

fn not_modified() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}
