//! A mount's part of the manifest.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use settings::{Document, Error, Spanned};

use super::{Files, audio_file, cleaned, raw};
use crate::encoding::Encoding;
use crate::limits;
use crate::name::Name;
use crate::resources::{Header, MountConfig};

/// Headers that an operator cannot set, because they are ours or the
/// connection's: their values follow from what is served.
const OWN_HEADERS: [&str; 18] = [
    "accept-ranges",
    "access-control-allow-origin",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "keep-alive",
    "location",
    "retry-after",
    "server",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// What the mount belongs to.
pub(super) struct About<'a> {
    pub(super) name: &'a Name,
    pub(super) encoding: Encoding,
    pub(super) files: Files<'a>,
}

/// Makes the mount's configuration of what the manifest says.
///
/// # Errors
///
/// A segment that is no whole number of seconds, a window of less than six
/// segments, a header that cannot be sent.
pub(super) fn validate(
    document: &Document,
    raw: raw::Mount,
    about: &About<'_>,
) -> Result<MountConfig, Error> {
    let (segment, window) = segment_and_window(document, &raw)?;
    let intro = raw.intro.as_ref();
    let intro =
        intro.map(|path| audio_file::read(document, path, about, audio_file::INTRO)).transpose()?;
    Ok(MountConfig {
        icy_name: raw.icy_name.as_ref().map_or_else(|| about.name.to_string(), cleaned),
        icy_description: cleaned(&raw.icy_description),
        icy_url: cleaned(&raw.icy_url),
        genre: cleaned(&raw.genre),
        burst: raw
            .burst
            .map_or(Duration::from_millis(limits::BURST_MS_DEFAULT), settings::Duration::get),
        metaint: raw.metaint.map_or(limits::METAINT_DEFAULT, settings::Int::to_u32),
        max_listeners: raw.max_listeners.map(settings::Int::to_u32).filter(|max| *max > 0),
        segment,
        window,
        headers: raw
            .headers
            .map_or(Ok(Vec::new()), |headers| validate_headers(document, headers))?,
        public: raw.public,
        intro,
    })
}

fn segment_and_window(
    document: &Document,
    raw: &raw::Mount,
) -> Result<(Duration, Duration), Error> {
    let segment = match &raw.segment {
        Some(segment) if segment.get_ref().get().subsec_nanos() != 0 => {
            return Err(document.error(segment.span(), "a segment has whole seconds"));
        }
        Some(segment) => segment.get_ref().get(),
        None => Duration::from_millis(limits::SEGMENT_MS_DEFAULT),
    };
    let window = raw
        .window
        .as_ref()
        .map_or(Duration::from_millis(limits::WINDOW_MS_DEFAULT), |window| window.get_ref().get());
    let least = segment.saturating_mul(u32::try_from(limits::WINDOW_SEGMENTS_MIN).unwrap_or(6));
    if window < least {
        let at = raw.window.as_ref().map(Spanned::span);
        let span = at.or_else(|| raw.segment.as_ref().map(Spanned::span)).unwrap_or_default();
        let what = format!(
            "a window of {} holds less than {} segments of {}",
            settings::format_duration(window),
            limits::WINDOW_SEGMENTS_MIN,
            settings::format_duration(segment)
        );
        return Err(document.error(span, what));
    }
    Ok((segment, window))
}

fn validate_headers(
    document: &Document,
    raw: Spanned<BTreeMap<String, Spanned<String>>>,
) -> Result<Vec<Header>, Error> {
    if raw.get_ref().len() > limits::HEADERS_MAX {
        let what = format!("at most {} headers", limits::HEADERS_MAX);
        return Err(document.error(raw.span(), what));
    }
    let mut headers: Vec<Header> = Vec::new();
    for (name, value) in raw.into_inner() {
        let span = value.span();
        let header = Header { name, value: value.into_inner() };
        validate_header(document, &span, &header)?;
        if headers.iter().any(|other| other.name.eq_ignore_ascii_case(&header.name)) {
            return Err(document.error(span, "the header is there twice"));
        }
        headers.push(header);
    }
    Ok(headers)
}

fn validate_header(document: &Document, span: &Range<usize>, header: &Header) -> Result<(), Error> {
    let Header { name, value } = header;
    let refuse = |what: String| Err(document.error(span.clone(), what));
    if !is_header_name(name) {
        return refuse("the header's name is no token of 1 to 64 bytes (RFC 9110)".to_owned());
    }
    let lower = name.to_ascii_lowercase();
    if OWN_HEADERS.contains(&lower.as_str()) || lower.starts_with("icy-") {
        return refuse(format!("the header `{name}` is Skywave's to set"));
    }
    let is_visible = |b: u8| (b' '..=b'~').contains(&b);
    if value.len() > limits::HEADER_VALUE_BYTES_MAX || !value.bytes().all(is_visible) {
        return refuse("a header's value is visible ASCII, at most 256 bytes".to_owned());
    }
    Ok(())
}

/// Whether a text is a token of RFC 9110 §5.6.2, of 1 to 64 bytes.
pub(super) fn is_header_name(name: &str) -> bool {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    (1..=limits::HEADER_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_token)
}
