//! Answers over HTTP: what they have in common.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use playlists::timeshift::QueryError;
use policy::Block;

/// Headers that scripts of other pages may read: what HLS players and ICY
/// players in browsers look at.
const EXPOSED: &str = "Content-Length, Content-Range, Date, ETag, Last-Modified, Retry-After, \
    X-Block-Reason, Icy-MetaInt, Icy-Br, Icy-Description, Icy-Genre, Icy-Name, Icy-Pub, Icy-Sr, \
    Icy-Url, Icy-Vbr, Ice-Audio-Info";

/// Headers of a playlist's answer, and some of the operator's.
const HEADERS_USUAL: usize = 12;

/// Why somebody may not listen.
pub(crate) const BLOCK_REASON: HeaderName = HeaderName::from_static("x-block-reason");

/// What a listener is told when there is nothing for it: one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No such path.
    NotFound,
    /// The path is right, the method is not.
    Method,
    /// Nothing is on air, or not long enough yet.
    OffAir {
        /// When to ask again, in seconds.
        retry_secs: u64,
    },
    /// As many listeners as there may be.
    Full,
    /// More listeners than the back end can be asked about at a time.
    Busy,
    /// The back end, which was to be asked, does not say that it may come in.
    Unanswered,
    /// It may not listen: to HLS it is 451 (RFC 7725), to a stream 403, which old players
    /// know.
    Blocked {
        /// Either of these.
        status: StatusCode,
        /// Why.
        block: Block,
    },
    /// The token is none of a session here. Why is nobody's concern.
    Session,
    /// The session's time is up, and its last playlist is gone.
    SessionOver,
    /// The segment's address is without a pass, or with one that is no good any more.
    NoPass,
    /// The range is not in the body.
    Range {
        /// Bytes of the body.
        len: usize,
    },
    /// The bucket did not give it.
    Upstream,
    /// A moment of the past that cannot be.
    Moment(QueryError),
    /// Nothing older is kept than the live playlist lists.
    NoPast,
    /// Nothing is kept of the time asked for.
    Nothing,
    /// The process began a moment ago, and does not know what is kept yet.
    PastUnread,
    /// As many wait for a playlist of the past as may.
    PastBusy,
}

impl Refusal {
    /// The status and the line of text.
    fn parts(self) -> (StatusCode, Cow<'static, str>) {
        let (status, text) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not found\n"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n"),
            Self::OffAir { .. } => (StatusCode::SERVICE_UNAVAILABLE, "not on air\n"),
            Self::Full => (StatusCode::SERVICE_UNAVAILABLE, "too many listeners\n"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "too many listeners at a time\n"),
            Self::Unanswered => (StatusCode::FORBIDDEN, "who may listen cannot be told now\n"),
            Self::Range { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "no such range\n"),
            Self::Upstream => (StatusCode::BAD_GATEWAY, "not available\n"),
            Self::Moment(error) => {
                return (StatusCode::BAD_REQUEST, format!("{error}\n").into());
            }
            Self::Blocked { status, block } => {
                return (status, format!("{}\n", block.text()).into());
            }
            Self::Session => (StatusCode::FORBIDDEN, "no such session: open the stream again\n"),
            Self::SessionOver => (StatusCode::GONE, "the session is over: press play again\n"),
            Self::NoPass => (StatusCode::FORBIDDEN, "not without a session\n"),
            Self::NoPast => (StatusCode::NOT_FOUND, "nothing is kept here to go back to\n"),
            Self::Nothing => (StatusCode::NOT_FOUND, "nothing is kept of that time\n"),
            Self::PastUnread => {
                (StatusCode::SERVICE_UNAVAILABLE, "what is kept is not known yet\n")
            }
            Self::PastBusy => (StatusCode::SERVICE_UNAVAILABLE, "too many go back at a time\n"),
        };
        (status, text.into())
    }

    /// The whole answer. A cache keeps it for a second at the most: what is not
    /// there yet may be there next.
    pub(crate) fn respond(self) -> Response<Body> {
        let (status, text) = self.parts();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        let cache = if self == Self::NotFound { "public, max-age=1" } else { "no-store" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        match self {
            Self::OffAir { retry_secs } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_secs));
            }
            Self::Full | Self::Busy | Self::PastUnread | Self::PastBusy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(5));
            }
            Self::Method => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            }
            Self::Blocked { block, .. } => {
                headers.insert(BLOCK_REASON, HeaderValue::from_static(block.name()));
            }
            Self::Range { len } => {
                set(headers, header::CONTENT_RANGE, &format!("bytes */{len}"));
            }
            _ => {}
        }
        with_cors(response)
    }
}

/// The answer to a listener who must say who it is, with a reason in clean text.
pub(crate) fn unauthorized(reason: Option<&str>) -> Response<Body> {
    let text = reason.unwrap_or("You need to authenticate");
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let texts = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::WWW_AUTHENTICATE, "Basic realm=\"Icecast2 Server\""),
    ];
    for (name, text) in texts {
        response.headers_mut().insert(name, HeaderValue::from_static(text));
    }
    with_cors(response)
}

/// An answer with a body and room for the headers of most: asked for once, and not
/// each time that there is one more.
pub(crate) fn with_room(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.headers_mut() = HeaderMap::with_capacity(HEADERS_USUAL);
    response
}

/// Lets scripts of any page read the answer, errors too.
pub(crate) fn with_cors(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The answer to a preflight (Fetch §4.8), and to OPTIONS in general: encoders
/// ask too, some over HTTP/1.0, which has no 204.
pub(crate) fn options() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let texts = [
        (header::ALLOW, "GET, HEAD, OPTIONS, PUT, SOURCE"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Content-Type, Icy-MetaData, Range, Authorization, If-None-Match, \
             CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    for (name, text) in texts {
        headers.insert(name, HeaderValue::from_static(text));
    }
    with_cors(response)
}

/// Whether the client has this already: one of `If-None-Match` is the tag, or
/// anything will do (RFC 9110 §13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let tags = value.to_str().unwrap_or_default().split(',').map(str::trim);
        tags.into_iter().any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    })
}

/// Whether the client takes gzip (RFC 9110 §12.5.3). Who asks for a range gets
/// none: Chromium's own HLS does for playlists too, and on its second visit
/// cannot decode what its cache then has.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::RANGE)
        && headers.get_all(header::ACCEPT_ENCODING).iter().any(|value| {
            let codings = value.to_str().unwrap_or_default().split(',');
            codings.into_iter().any(|coding| {
                let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
                let refused = matches!(
                    weight.trim().strip_prefix("q="),
                    Some("0" | "0.0" | "0.00" | "0.000")
                );
                name.trim().eq_ignore_ascii_case("gzip") && !refused
            })
        })
}

/// Whether a range may be given: no `If-Range`, or one that names this very body
/// (RFC 9110 §13.1.5).
pub(crate) fn takes_range(headers: &HeaderMap, etag: &str) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|wanted| wanted == etag)
}

/// Adds the operator's headers, but none that is there already.
pub(crate) fn add_headers(headers: &mut HeaderMap, extra: &[(String, String)]) {
    for (name, value) in extra {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes())
            && !headers.contains_key(&name)
        {
            set(headers, name, value);
        }
    }
}

/// Sets a header to a text that is known to be one.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
