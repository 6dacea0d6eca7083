//! The bytes of the protocol: requests as they are sent, answers as they come.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Error, Settings, Target};

/// Longest head of an answer. Chosen: servers send below 1 KiB.
pub(super) const ANSWER_LEN_MAX: usize = 8 * 1024;

const USER_AGENT: &str = concat!("skywave-demo/", env!("CARGO_PKG_VERSION"));

/// The head of the request that a stream follows.
///
/// Neither a length nor chunks are declared: Icecast 2.4 knows no chunks, and
/// takes what comes until the connection ends.
pub(super) fn source_request(
    target: &Target,
    settings: &Settings,
    sample_rate_hz: u32,
    channels: u8,
) -> String {
    let kbps = settings.encoding.kbps();
    let mut head = request_line("PUT", &path(&target.mount), target);
    let audio_info =
        format!("ice-samplerate={sample_rate_hz};ice-bitrate={kbps};ice-channels={channels}");
    let headers = [
        ("Content-Type", settings.encoding.codec().media_type()),
        ("Expect", "100-continue"),
        ("ice-public", "0"),
        ("ice-name", &target.name),
        ("ice-description", &target.description),
        ("ice-genre", &target.genre),
        ("ice-url", &target.url),
        ("ice-bitrate", &kbps.to_string()),
        ("ice-audio-info", &audio_info),
    ];
    for (name, value) in headers {
        header(&mut head, name, value);
    }
    head.push_str("\r\n");
    head
}

/// The request that sets the title (Icecast's `admin/metadata`).
pub(super) fn title_request(target: &Target, title: &str) -> String {
    let (mount, song) = (percent_encoded(&path(&target.mount)), percent_encoded(title));
    let path = format!("/admin/metadata?mode=updinfo&mount={mount}&charset=UTF-8&song={song}");
    let mut head = request_line("GET", &path, target);
    header(&mut head, "Connection", "close");
    head.push_str("\r\n");
    head
}

/// Takes one head off the front of what came and gives its status, or `None`
/// until it is whole.
///
/// # Errors
///
/// [`Error::NotHttp`] where it is not HTTP/1, or longer than [`ANSWER_LEN_MAX`].
pub(super) fn take_status(received: &mut Vec<u8>) -> Result<Option<u16>, Error> {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        let too_long = received.len() > ANSWER_LEN_MAX;
        return if too_long { Err(Error::NotHttp) } else { Ok(None) };
    };
    let head: Vec<u8> = received.drain(..end + 4).collect();
    let head = String::from_utf8_lossy(&head);
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| word.parse().ok());
    match status {
        Some(status) if version.starts_with("HTTP/1.") && end <= ANSWER_LEN_MAX => Ok(Some(status)),
        _ => Err(Error::NotHttp),
    }
}

fn request_line(method: &str, path: &str, target: &Target) -> String {
    let credentials = STANDARD.encode(format!("{}:{}", target.user, target.password));
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    header(&mut head, "Host", &target.address);
    header(&mut head, "Authorization", &format!("Basic {credentials}"));
    header(&mut head, "User-Agent", USER_AGENT);
    head
}

/// Adds a header line, unless there is nothing to say. A line break within the
/// value would begin another one.
fn header(head: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let value = value.replace(char::is_control, " ");
        let _ = write!(head, "{name}: {value}\r\n");
    }
}

fn path(mount: &str) -> String {
    format!("/{}", mount.trim_start_matches('/'))
}

/// Encodes all but the unreserved characters of RFC 3986 §2.3.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests;
