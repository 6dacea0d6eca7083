//! Encoders that speak HTTP: SOURCE and PUT, as Icecast 2.4 and 2.5 take them.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use media::Codec;
use media::text::NAME_LEN_MAX;

use crate::charset::Charset;
use crate::head::{Framing, Head, Version};
use crate::mount::{self, MountError};

mod description;
mod reply;

pub use description::{StreamDescription, codec_of_media_type, essence_of_media_type};
pub use reply::{Refusal, accepted, ended, refused, refused_because};

/// The longest `Authorization` header that is read, in bytes.
pub const AUTHORIZATION_LEN_MAX: usize = 1024;

/// The longest `icy-metaint` taken from a source, in bytes: 1 MiB.
pub const METAINT_MAX: u32 = 1_048_576;

/// An encoder's request to send a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRequest {
    /// SOURCE or PUT.
    pub method: Method,
    /// The protocol's version.
    pub version: Version,
    /// The mount: decoded once, without the leading slash, at most
    /// [`MOUNT_LEN_MAX`](crate::MOUNT_LEN_MAX) bytes.
    pub mount: String,
    /// What `Authorization: Basic` says; `None` without it and with other schemes.
    pub credentials: Option<Credentials>,
    /// `Content-Type` as sent, clean.
    pub content_type: Option<String>,
    /// What the `ice-` and `icy-` headers say.
    pub description: StreamDescription,
    /// How the audio is delimited.
    pub body: Body,
    /// The encoder waits for `100 Continue`.
    pub expect_continue: bool,
    /// Bytes of audio between two blocks of metadata, where the source
    /// interleaves them; 1 to [`METAINT_MAX`].
    pub metaint: Option<u32>,
    /// `User-Agent`, clean.
    pub user_agent: Option<String>,
}

/// The method of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Icecast's own, answered at once.
    Source,
    /// HTTP's, answered when the stream ends.
    Put,
}

/// How the audio is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// It ends with the connection.
    UntilClose,
    /// It has this many bytes.
    Length(u64),
    /// It comes in chunks: [`chunked::Decoder`](crate::chunked::Decoder).
    Chunked,
}

/// A user and a password in clear. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Usually `source`.
    pub user: String,
    /// Exactly as sent.
    pub password: String,
}

/// Why a source's request cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The method is neither SOURCE nor PUT.
    #[error("method is neither SOURCE nor PUT")]
    Method,
    /// The target names no mount.
    #[error("target of the source is no mount")]
    Mount(#[from] MountError),
    /// `Authorization: Basic` is too long, no base64, or has no colon.
    #[error("basic credentials cannot be read")]
    Credentials,
    /// `icy-metaint` is no number from 1 to [`METAINT_MAX`].
    #[error("icy-metaint is not a number from 1 to {METAINT_MAX}")]
    Metaint,
}

impl SourceRequest {
    /// Reads a source's request from its head.
    ///
    /// # Errors
    ///
    /// [`SourceError`], each answered with [`Refusal::BadRequest`]. Missing
    /// credentials and a missing content type are the caller's to judge.
    pub fn from_head(head: &Head) -> Result<Self, SourceError> {
        let method = match head.method.as_str() {
            "SOURCE" => Method::Source,
            "PUT" => Method::Put,
            _ => return Err(SourceError::Method),
        };
        Ok(Self {
            method,
            version: head.version,
            mount: mount::from_path(origin_form(head.path()))?,
            credentials: credentials(head)?,
            content_type: text_of(head, "content-type"),
            description: StreamDescription::from_headers(head.iter()),
            body: body(method, head.framing),
            expect_continue: head.version == Version::Http11
                && head.headers("expect").any(|value| value.eq_ignore_ascii_case(b"100-continue")),
            metaint: metaint(head)?,
            user_agent: text_of(head, "user-agent"),
        })
    }

    /// The codec that the content type names, or `None` where it names another.
    ///
    /// Without a content type it is MP3 for SOURCE, as Icecast has it, and
    /// `None` for PUT.
    pub fn codec(&self) -> Option<Codec> {
        match (&self.content_type, self.method) {
            (Some(media_type), _) => codec_of_media_type(media_type),
            (None, Method::Source) => Some(Codec::Mp3),
            (None, Method::Put) => None,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Those of a request, by its `Authorization`: none where it has none, or
    /// none that can be read.
    pub fn from_header(authorization: Option<&[u8]>) -> Option<Self> {
        authorization.and_then(|value| Self::from_authorization(value).ok()?)
    }

    /// Reads `Authorization`, for requests that are no sources too: `None`
    /// without it and with other schemes than Basic (RFC 7617).
    ///
    /// # Errors
    ///
    /// [`SourceError::Credentials`].
    pub fn from_authorization(value: &[u8]) -> Result<Option<Self>, SourceError> {
        if value.len() > AUTHORIZATION_LEN_MAX {
            return Err(SourceError::Credentials);
        }
        let mut words = value.splitn(2, |byte| *byte == b' ');
        if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic")) {
            return Ok(None);
        }
        let encoded = words.next().unwrap_or_default().trim_ascii();
        let decoded = BASE64_STANDARD.decode(encoded).map_err(|_| SourceError::Credentials)?;
        let colon =
            decoded.iter().position(|byte| *byte == b':').ok_or(SourceError::Credentials)?;
        let (user, password) = decoded.split_at_checked(colon).ok_or(SourceError::Credentials)?;
        let password = password.get(1..).unwrap_or_default();
        Ok(Some(Self { user: exact(user), password: exact(password) }))
    }
}

/// UTF-8, else Latin-1, with nothing cleaned away: passwords are compared.
pub(crate) fn exact(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

fn credentials(head: &Head) -> Result<Option<Credentials>, SourceError> {
    match head.header("authorization") {
        Some(value) => Credentials::from_authorization(value),
        None => Ok(None),
    }
}

/// The path of a target in absolute form, as a proxy may send it (RFC 9112 §3.2.2).
fn origin_form(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("http://").or_else(|| path.strip_prefix("https://")) else {
        return path;
    };
    rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or_default()
}

/// A source's `Content-Length` is not believed: libshout sends 0 with a probe,
/// others a large number for want of a true one.
fn body(method: Method, framing: Framing) -> Body {
    match (method, framing) {
        (_, Framing::Chunked) => Body::Chunked,
        (Method::Put, Framing::Length(length)) => Body::Length(length),
        (Method::Source, Framing::Length(_)) | (_, Framing::None) => Body::UntilClose,
    }
}

fn metaint(head: &Head) -> Result<Option<u32>, SourceError> {
    let Some(value) = head.header("icy-metaint") else { return Ok(None) };
    crate::head::digits(value)
        .and_then(|value| u32::try_from(value).ok())
        .filter(|value| (1..=METAINT_MAX).contains(value))
        .map(Some)
        .ok_or(SourceError::Metaint)
}

fn text_of(head: &Head, name: &str) -> Option<String> {
    let text = Charset::Auto.decode(head.header(name)?, NAME_LEN_MAX);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
