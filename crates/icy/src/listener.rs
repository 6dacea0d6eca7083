//! Players of a mount: what they ask and what they are answered.

use std::fmt::Write;

use bytes::Bytes;
use media::Codec;

use crate::charset::Charset;
use crate::head::{Head, HeadError, Version};
use crate::wire::{self, HeadWriter, SERVER};

mod player;

pub use player::Player;

/// The longest `User-Agent` that is kept, in bytes of UTF-8.
pub const USER_AGENT_LEN_MAX: usize = 256;

/// The longest `Referer` that is kept, in bytes of UTF-8.
pub const REFERER_LEN_MAX: usize = 256;

/// The length that players which want one are told: Icecast's.
const FAKE_CONTENT_LENGTH: &str = "221183499";

/// The header by which a process that pulls streams knows its own.
pub const PROCESS_HEADER: &str = "X-Skywave-Process";

/// What a player asks. `Range` is not heeded: a live stream has no beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerRequest {
    /// The protocol's version.
    pub version: Version,
    /// `Icy-MetaData: 1` was sent: interleave titles.
    pub wants_metadata: bool,
    /// `User-Agent`, clean.
    pub user_agent: Option<String>,
    /// `Referer`, clean: the page that plays it.
    pub referer: Option<String>,
    /// How it must be answered.
    pub player: Player,
    /// `Range: bytes=0-1`: Safari asks so before it plays, which is no listening.
    pub probe: bool,
}

/// What a mount's head says, the same for all players.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationHead {
    /// What is sent, and so the content type.
    pub codec: Codec,
    /// `icy-name`.
    pub name: String,
    /// `icy-description`.
    pub description: String,
    /// `icy-genre`.
    pub genre: String,
    /// `icy-url`.
    pub url: String,
    /// `icy-pub`.
    pub public: bool,
    /// `icy-br`; 0 where it is not known.
    pub bitrate_kbps: u32,
    /// `ice-audio-info`.
    pub audio_info: String,
    /// The operator's own headers, each instead of ours of the same name; of
    /// two with one name the first counts. Those that frame the message or say
    /// what it is ([`Self::codec`], [`Self::metaint`]) do not count.
    pub headers: Vec<(String, String)>,
    /// Bytes between two blocks of metadata, for players that ask for them.
    pub metaint: Option<u32>,
    /// Which pages may read it.
    pub cors: Cors,
}

/// Which pages' scripts may read an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cors {
    /// All, without credentials.
    #[default]
    Any,
    /// None but the server's own.
    SameOrigin,
}

/// Why a player is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The head cannot be read: 400, 414, 431, 501 or 505.
    Head(HeadError),
    /// No such mount: 404.
    NotFound,
    /// It may not listen: 403, with the reason in one line.
    Forbidden(String),
    /// It may not listen by the operator's rule: 403, with the rule's name in
    /// `X-Block-Reason`.
    Blocked {
        /// The name.
        reason: &'static str,
        /// The reason in one line.
        text: &'static str,
    },
    /// It must say who it is: 401, with the reason in one line where there is one.
    Unauthorized(Option<String>),
    /// Too many listeners, or nothing to hear yet: 503.
    Unavailable {
        /// When to come again, in seconds.
        retry_after_secs: u32,
    },
}

impl ListenerRequest {
    /// Reads a player's request from its head.
    pub fn from_head(head: &Head) -> Self {
        Self::from_headers(head.version, |name| head.header(name))
    }

    /// Reads a player's request from its headers, by lower-case name.
    pub fn from_headers<'a>(
        version: Version,
        header: impl Fn(&'static str) -> Option<&'a [u8]>,
    ) -> Self {
        let text = |name, len_max| {
            let text = header(name).map(|value| Charset::Auto.decode(value, len_max));
            text.filter(|text| !text.is_empty())
        };
        let user_agent = text("user-agent", USER_AGENT_LEN_MAX);
        let flash = header("x-flash-version").is_some();
        Self {
            version,
            wants_metadata: header("icy-metadata") == Some(b"1"),
            player: Player::of(user_agent.as_deref().unwrap_or_default(), flash),
            user_agent,
            referer: text("referer", REFERER_LEN_MAX),
            probe: header("range") == Some(b"bytes=0-1"),
        }
    }

    /// The version of the answer's first line.
    fn protocol(&self) -> &'static str {
        match self.version {
            Version::Http11 => "HTTP/1.1",
            Version::Http10 | Version::Ice10 => "HTTP/1.0",
        }
    }
}

/// The head of the stream itself, also for HEAD, which gets nothing more.
///
/// `icy-metaint` stands in it if the player asked and the mount interleaves.
pub fn response_head(station: &StationHead, request: &ListenerRequest) -> Bytes {
    let length = request.player.wants_length().then_some(FAKE_CONTENT_LENGTH);
    head_of(station, request, length)
}

/// The head of an announcement: as the stream's, with its length in bytes.
pub fn announcement_head(station: &StationHead, request: &ListenerRequest, len: usize) -> Bytes {
    head_of(station, request, Some(&len.to_string()))
}

fn head_of(station: &StationHead, request: &ListenerRequest, length: Option<&str>) -> Bytes {
    let protocol = if request.player.wants_icy_status() { "ICY" } else { request.protocol() };
    let mut writer = HeadWriter::new(protocol, 200, wire::reason(200));
    writer.header(request.player.content_type_name(), request.player.media_type(station.codec));
    for (name, value) in station.headers.iter().filter(|(name, _)| !is_ours(name)) {
        writer.header(name, value);
    }
    describe(&mut writer, station);
    if let Some(metaint) = station.metaint.filter(|_| request.wants_metadata) {
        writer.icy("icy-metaint", &metaint.to_string());
    }
    if let Some(length) = length {
        writer.header("Content-Length", length);
    }
    writer
        .header("Server", SERVER)
        .header("Cache-Control", "no-cache, no-store")
        .header("Expires", "Mon, 26 Jul 1997 05:00:00 GMT")
        .header("Pragma", "no-cache")
        .header("Connection", "close");
    cors(&mut writer, station.cors);
    writer.finish()
}

/// The answer to OPTIONS, of a mount or of `*`: 200, no body.
///
/// 200 with a length and not 204: encoders that speak HTTP/1.0 ask too.
pub fn options_head(cors_rule: Cors, request: &ListenerRequest) -> Bytes {
    let mut writer = HeadWriter::new(request.protocol(), 200, wire::reason(200));
    writer
        .header("Server", SERVER)
        .header("Allow", "GET, HEAD, OPTIONS, PUT, SOURCE")
        .header("Accept-Encoding", "identity")
        .header("Content-Length", "0")
        .header("Connection", "close");
    cors(&mut writer, cors_rule);
    if cors_rule == Cors::Any {
        writer.header("Access-Control-Max-Age", "86400");
    }
    writer.finish()
}

/// A refusal, whole: one line of `text/plain`, readable by pages under `cors_rule`.
///
/// To HEAD it is sent as well; the connection ends behind it.
pub fn refused(refusal: &Refusal, cors_rule: Cors, version: Version) -> Bytes {
    let protocol = if version == Version::Http11 { "HTTP/1.1" } else { "HTTP/1.0" };
    let (status, text) = match refusal {
        Refusal::Head(error) => (error.status(), error.public_text()),
        Refusal::NotFound => (404, "No such mount"),
        Refusal::Forbidden(text) => (403, text.as_str()),
        Refusal::Blocked { text, .. } => (403, *text),
        Refusal::Unauthorized(text) => (401, text.as_deref().unwrap_or("You need to authenticate")),
        Refusal::Unavailable { .. } => (503, "Not available now"),
    };
    wire::refusal(protocol, status, wire::reason(status), text, |writer| {
        match refusal {
            Refusal::Unauthorized(_) => {
                writer.header("WWW-Authenticate", "Basic realm=\"Icecast2 Server\"");
            }
            Refusal::Blocked { reason, .. } => {
                writer.header("X-Block-Reason", reason);
            }
            Refusal::Unavailable { retry_after_secs } => {
                writer.header("Retry-After", &retry_after_secs.to_string());
            }
            _ => {}
        }
        cors(writer, cors_rule);
    })
}

fn describe(writer: &mut HeadWriter, station: &StationHead) {
    let mut bitrate = String::new();
    if station.bitrate_kbps > 0 {
        // Writing to a `String` does not fail.
        let _ = write!(bitrate, "{}", station.bitrate_kbps);
    }
    writer
        .icy_if_any("icy-br", &bitrate)
        .icy_if_any("icy-name", &station.name)
        .icy_if_any("icy-description", &station.description)
        .icy_if_any("icy-genre", &station.genre)
        .icy_if_any("icy-url", &station.url)
        .icy("icy-pub", if station.public { "1" } else { "0" });
    if !station.audio_info.is_empty() {
        writer.header("ice-audio-info", &station.audio_info);
    }
}

/// What icecast-metadata-js and its kind need, and nothing with credentials.
fn cors(writer: &mut HeadWriter, rule: Cors) {
    if rule == Cors::SameOrigin {
        return;
    }
    writer
        .header("Access-Control-Allow-Origin", "*")
        .header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        .header("Access-Control-Allow-Headers", "Content-Type, Icy-MetaData, Range, Authorization")
        .header(
            "Access-Control-Expose-Headers",
            "Icy-MetaInt, Icy-Br, Icy-Description, Icy-Genre, Icy-Name, Ice-Audio-Info, Icy-Url, \
             Icy-Sr, Icy-Vbr, Icy-Pub, X-Block-Reason",
        );
}

/// Headers that frame the message or would contradict ours.
fn is_ours(name: &str) -> bool {
    [
        "connection",
        "content-length",
        "content-type",
        "icy-metaint",
        "keep-alive",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
    .iter()
    .any(|ours| name.eq_ignore_ascii_case(ours))
}

#[cfg(test)]
mod tests;
