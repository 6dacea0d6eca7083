//! What those who administrate ask with, and what they are told who have no
//! right to: in the words of Icecast, whoever answers.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A request with its form: the parameters may stand in either.
#[derive(Debug)]
pub struct Asked {
    /// Its head.
    pub head: Parts,
    /// Its body.
    pub form: Bytes,
    /// The query, with the form behind it.
    pub parameters: Vec<u8>,
}

/// A form is longer than it may be, or was broken off: nobody is there then to
/// hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("form is too long")]
pub struct FormTooLong;

impl Asked {
    /// Reads a request whole, with at most `form_len_max` bytes of form.
    ///
    /// # Errors
    ///
    /// [`FormTooLong`].
    pub async fn read(request: Request, form_len_max: usize) -> Result<Self, FormTooLong> {
        let (head, body) = request.into_parts();
        let form = to_bytes(body, form_len_max).await.map_err(|_| FormTooLong)?;
        let query = head.uri.query().unwrap_or_default().as_bytes();
        let parts: Vec<_> = [query, &form].into_iter().filter(|part| !part.is_empty()).collect();
        let parameters = parts.join(&b'&');
        Ok(Self { head, form, parameters })
    }
}

/// Asks for name and password.
pub fn unauthorised() -> Response {
    let headers = [
        (header::WWW_AUTHENTICATE, "Basic realm=\"Icecast2 Server\""),
        (header::CONTENT_TYPE, "text/plain"),
    ];
    (StatusCode::UNAUTHORIZED, headers, "You need to authenticate\n").into_response()
}

/// Sends away who has had its [tries](crate::Tries).
pub fn too_many_tries() -> Response {
    let headers = [(header::RETRY_AFTER, "60"), (header::CONTENT_TYPE, "text/plain")];
    (StatusCode::TOO_MANY_REQUESTS, headers, "Too many failed attempts\n").into_response()
}

#[cfg(test)]
mod tests;
