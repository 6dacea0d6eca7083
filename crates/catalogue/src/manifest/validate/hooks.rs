//! Who is asked and told about an egress: webhooks, and Icecast's URL
//! authentication.

use settings::{Document, Error, Spanned};

use super::mount::is_header_name;
use super::raw;
use crate::limits;
use crate::resources::{UrlAuth, Webhook};

/// # Errors
///
/// Too many, or one that is told nothing.
pub(super) fn webhooks(
    document: &Document,
    raw: Option<Spanned<Vec<raw::Webhook>>>,
) -> Result<Vec<Webhook>, Error> {
    let Some(raw) = raw else { return Ok(Vec::new()) };
    if raw.get_ref().len() > limits::WEBHOOKS_MAX {
        let what = format!("at most {} webhooks", limits::WEBHOOKS_MAX);
        return Err(document.error(raw.span(), what));
    }
    let webhook = |raw: raw::Webhook| {
        let span = raw.on.span();
        let mut on = raw.on.into_inner();
        on.sort_unstable();
        on.dedup();
        if on.is_empty() {
            return Err(document.error(span, "a webhook is told one event at least"));
        }
        Ok(Webhook { url: raw.url, on, secret: raw.secret })
    };
    raw.into_inner().into_iter().map(webhook).collect()
}

/// # Errors
///
/// A back end that is never asked, or a header that cannot be one.
pub(super) fn auth(document: &Document, raw: Spanned<raw::UrlAuth>) -> Result<UrlAuth, Error> {
    let span = raw.span();
    let raw = raw.into_inner();
    let links = [&raw.listener_add, &raw.listener_remove, &raw.mount_add, &raw.mount_remove];
    if links.iter().all(|link| link.is_none()) {
        let what = "it says nobody to ask: `listener_add`, `listener_remove`, `mount_add`, \
                    `mount_remove`";
        return Err(document.error(span, what));
    }
    Ok(UrlAuth {
        auth_header: raw.auth_header.map(|line| header_line(document, line)).transpose()?,
        timelimit_header: raw.timelimit_header.map(|name| header(document, &name)).transpose()?,
        headers: raw.headers.map_or(Ok(Vec::new()), |names| headers(document, names))?,
        header_prefix: match raw.header_prefix {
            Some(prefix) if prefix.get_ref().is_empty() => String::new(),
            Some(prefix) => header(document, &prefix)?,
            None => String::new(),
        },
        listener_add: raw.listener_add,
        listener_remove: raw.listener_remove,
        mount_add: raw.mount_add,
        mount_remove: raw.mount_remove,
    })
}

/// `Name: value`, as Icecast compares it with the answer's lines.
fn header_line(document: &Document, line: Spanned<String>) -> Result<String, Error> {
    let text = line.get_ref().as_str();
    let is_visible = |b: u8| (b' '..=b'~').contains(&b);
    let len_max = limits::HEADER_NAME_BYTES_MAX + 2 + limits::HEADER_VALUE_BYTES_MAX;
    if text.trim().is_empty() || text.len() > len_max || !text.bytes().all(is_visible) {
        return Err(document.error(line.span(), "a header is `Name: value` in visible ASCII"));
    }
    Ok(line.into_inner())
}

fn header(document: &Document, name: &Spanned<String>) -> Result<String, Error> {
    // Icecast's own samples write the colon too.
    let text = name.get_ref().trim_end_matches(':');
    if is_header_name(text) {
        return Ok(text.to_owned());
    }
    let what = "the header's name is no token of 1 to 64 bytes (RFC 9110)";
    Err(document.error(name.span(), what))
}

fn headers(document: &Document, names: Spanned<Vec<String>>) -> Result<Vec<String>, Error> {
    let span = names.span();
    if names.get_ref().len() > limits::AUTH_HEADERS_MAX {
        let what = format!("at most {} headers", limits::AUTH_HEADERS_MAX);
        return Err(document.error(span, what));
    }
    let one = |name| header(document, &Spanned::new(span.clone(), name));
    names.into_inner().into_iter().map(one).collect()
}
