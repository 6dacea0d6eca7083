//! Replies to sources. The statuses and words are Icecast 2.4's, since these
//! are what encoders look for.

use bytes::Bytes;

use super::{Method, SourceRequest};
use crate::head::HeadError;
use crate::wire::{self, HeadWriter, SERVER};

/// What libshout reads to choose its method and coding. No `Upgrade`: there is
/// no TLS within a connection that began without.
const CAPABILITIES: [(&str, &str); 2] =
    [("Allow", "GET, HEAD, OPTIONS, PUT, SOURCE"), ("Accept-Encoding", "identity")];

/// Why a source is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The head cannot be read: 400, 414, 431, 501 or 505.
    Head(HeadError),
    /// The request cannot be read or names no mount: 400.
    BadRequest,
    /// Credentials are missing or wrong: 401.
    Unauthorized,
    /// Another source is on the mount: 403.
    MountInUse,
    /// The content type is neither MP3 nor AAC: 403.
    ContentType,
    /// PUT without a content type: 403.
    NoContentType,
    /// No such mount is known: 404.
    NoSuchMount,
    /// Too many tries from this address: 429.
    TooManyTries,
    /// The process has as many sources as it takes: 403.
    TooManySources,
    /// The server is about to end: 503.
    Unavailable,
}

/// What to send before the audio is read.
///
/// SOURCE gets its `200 OK`, PUT that waits for it `100 Continue`. Any other
/// PUT gets nothing (empty bytes) until its end, as Icecast does.
pub fn accepted(request: &SourceRequest) -> Bytes {
    match request.method {
        Method::Source => {
            let mut writer = HeadWriter::new("HTTP/1.0", 200, wire::reason(200));
            writer.header("Server", SERVER);
            capabilities(&mut writer);
            writer.header("Content-Length", "0");
            writer.finish()
        }
        Method::Put if request.expect_continue => {
            Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n")
        }
        Method::Put => Bytes::new(),
    }
}

/// What to send when the audio has ended as it should: the answer to a PUT,
/// nothing (empty bytes) to SOURCE, which had its answer.
pub fn ended(request: &SourceRequest) -> Bytes {
    match request.method {
        Method::Source => Bytes::new(),
        Method::Put => {
            let mut writer = HeadWriter::new("HTTP/1.1", 200, wire::reason(200));
            writer.header("Server", SERVER);
            capabilities(&mut writer);
            writer.header("Content-Length", "0").header("Connection", "close");
            writer.finish()
        }
    }
}

/// A refusal, whole: `HTTP/1.0`, the words in the status line too, where old
/// encoders look for them, and the end of the connection.
pub fn refused(refusal: Refusal) -> Bytes {
    refused_because(refusal, "")
}

/// The same with a reason behind the words in the body, for people. It must
/// tell a stranger nothing that is not theirs to know.
pub fn refused_because(refusal: Refusal, reason: &str) -> Bytes {
    let (status, words) = match refusal {
        Refusal::Head(error) => (error.status(), error.public_text()),
        Refusal::BadRequest => (400, "Malformed source request"),
        Refusal::Unauthorized => (401, "You need to authenticate"),
        Refusal::MountInUse => (403, "Mountpoint in use"),
        Refusal::ContentType => (403, "Content-type not supported"),
        Refusal::NoContentType => (403, "No Content-type given"),
        Refusal::NoSuchMount => (404, "No such mountpoint"),
        Refusal::TooManyTries => (429, "Too many failed attempts"),
        Refusal::TooManySources => (403, "too many sources connected"),
        Refusal::Unavailable => (503, "Server is shutting down"),
    };
    let phrase = if status == 403 { words } else { wire::reason(status) };
    let text = if reason.is_empty() { words.to_owned() } else { format!("{words}: {reason}") };
    wire::refusal("HTTP/1.0", status, phrase, &text, |writer| {
        capabilities(writer);
        match refusal {
            Refusal::Unauthorized => {
                writer.header("WWW-Authenticate", "Basic realm=\"Icecast2 Server\"");
            }
            Refusal::TooManyTries => {
                writer.header("Retry-After", "60");
            }
            Refusal::Unavailable => {
                writer.header("Retry-After", "5");
            }
            _ => {}
        }
    })
}

fn capabilities(writer: &mut HeadWriter) {
    for (name, value) in CAPABILITIES {
        writer.header(name, value);
    }
}
