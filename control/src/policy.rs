//! Headers that every answer of the control port bears.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::Ports;

/// What a browser may do with an answer.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    content: HeaderValue,
}

impl Policy {
    /// Our own scripts and styles alone, sound from the public ports of
    /// whichever host the page was opened under, and no text that becomes
    /// markup (Trusted Types).
    pub(crate) fn new(ports: Ports) -> Self {
        let sound = match (ports.public, ports.public_tls) {
            (plain, None) => format!("http://*:{plain}"),
            (plain, Some(tls)) => format!("http://*:{plain} https://*:{tls}"),
        };
        let content = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             connect-src 'self'; media-src {sound}; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        );
        let content = HeaderValue::try_from(content).expect("ports are digits");
        Self { content }
    }

    /// Adds the headers to an answer.
    pub(crate) fn apply(&self, mut response: Response) -> Response {
        let fixed = [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        let headers = response.headers_mut();
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, self.content.clone());
        // Assets say otherwise themselves; what a node does is old at once.
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        response
    }
}
