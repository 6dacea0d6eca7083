//! The operator's resources, as the rest of the program has them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use media::{Frame, RenditionId};
use serde::{Deserialize, Deserializer, Serialize};
use settings::Secret;

use crate::encoding::Encoding;
use crate::geo::Geo;
use crate::link::Link;
use crate::loudness::Loudness;
use crate::name::{MountPath, Name};
use crate::rendition::{Rendition, Renditions};

/// All resources of one installation: valid, and immutable.
///
/// Held in memory whole, within the counts of [`crate::limits`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    pub(crate) publishers: BTreeMap<Name, Publisher>,
    pub(crate) ingests: BTreeMap<Name, Ingest>,
    pub(crate) egresses: BTreeMap<Name, Egress>,
    /// Egresses by alias; their own names are not in it.
    pub(crate) aliases: BTreeMap<MountPath, Name>,
    /// Ingests by the path at which their encoder connects.
    pub(crate) mounts: BTreeMap<MountPath, Name>,
}

/// Who owns programmes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// Its name.
    pub name: Name,
    /// The name for people; the resource's name where none is given.
    pub title: String,
    /// IANA time zone, for reports; `UTC` where none is given. Its form is
    /// checked, not that there is such a zone.
    pub timezone: String,
}

/// One source of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingest {
    /// Its name.
    pub name: Name,
    /// Who owns it.
    pub publisher: Name,
    /// Where it is taken in.
    pub region: Name,
    /// What its encoder is told to send.
    pub encoding: Encoding,
    /// How it comes here.
    pub delivery: Delivery,
    /// What happens when the encoder sends something else.
    pub on_mismatch: OnMismatch,
    /// Of incoming titles.
    pub charset: Charset,
}

/// How an ingest's audio comes here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An encoder connects.
    Push(Box<Push>),
    /// Skywave connects.
    Pull(Pull),
}

/// Skywave connects to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// An Icecast or SHOUTcast stream, or a tune-in file that names one.
    pub url: Link,
}

/// An encoder connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The path it connects to.
    pub mount: MountPath,
    /// The user it authenticates as.
    pub user: String,
    /// And its password; `None` where [`Push::stream_auth`] alone decides.
    pub password: Option<Secret>,
    /// Whom to ask about an encoder, as Icecast's `stream_auth`.
    pub stream_auth: Option<Link>,
    /// Whether a SHOUTcast source with this password alone means this ingest.
    pub shoutcast: bool,
}

/// What happens to an encoder that does not follow its settings. Another codec
/// is refused in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnMismatch {
    /// It is taken, and told in the report.
    #[default]
    Warn,
    /// It is refused.
    Refuse,
    /// It is transcoded to its settings.
    Conform,
}

/// How the bytes of incoming titles are read where they are not valid UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Charset {
    /// As Latin-1.
    #[default]
    Auto,
    /// As the charset of this name in the WHATWG Encoding Standard.
    Named(&'static str),
}

/// One delivery point of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Egress {
    /// Its name, which is also its first path.
    pub name: Name,
    /// Who owns it.
    pub publisher: Name,
    /// SHOUTcast's number of the stream: its place in the manifest, from 1.
    pub sid: u32,
    /// Where it is served.
    pub region: Name,
    /// Its sources, the preferred first; at least one, all of one encoding.
    pub ingests: Vec<Name>,
    /// The encoding of all its ingests.
    pub encoding: Encoding,
    /// Other paths to it.
    pub aliases: Vec<MountPath>,
    /// What listeners get of it.
    pub renditions: Renditions,
    /// How loud those are that are made here; `None` for as loud as the ingests are.
    pub loudness: Option<Loudness>,
    /// How long units wait for the slower path.
    pub hold_back: Duration,
    /// How long an ingest may be silent before the programme goes on with something
    /// else; `None` where it may be for ever.
    pub silence: Option<Duration>,
    /// What is looped when no ingest is left.
    pub fallback: Option<AudioFile>,
    /// How long listeners are kept without any ingest.
    pub hold: Duration,
    /// How far back the bucket keeps what the live window has left.
    pub dvr: Duration,
    /// Who is told what happens to it.
    pub webhooks: Vec<Webhook>,
    /// Whom to ask about listeners, as Icecast's URL authentication.
    pub auth: Option<UrlAuth>,
    /// How long a listener may listen before it has to press play again; `None` for
    /// as long as it likes.
    pub session_limit: Option<Duration>,
    /// What an HLS listener hears last whose session limit has come.
    pub limit_announcement: Option<AudioFile>,
    /// Whether a segment's address is of use only with a pass that a session has.
    pub protect_segments: bool,
    /// Where it may be heard; `None` where that does not matter.
    pub geo: Option<Geo>,
    /// What they hear who are where it may not be heard.
    pub geo_announcement: Option<AudioFile>,
    /// What listeners see and get.
    pub mount: MountConfig,
}

/// Someone who is told by an HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where the request goes.
    pub url: Link,
    /// What it is told, each once.
    pub on: Vec<WebhookEvent>,
    /// Signs the request (HMAC-SHA-256), so that it is known to be ours.
    pub secret: Option<Secret>,
}

/// What a webhook can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookEvent {
    /// No audio goes out any more.
    OffAir,
    /// Audio goes out again, or for the first time.
    OnAir,
    /// An ingest of it has lost its source.
    PathDown,
    /// There is sound no more: below -50 dBFS for 15 s.
    Silence,
    /// A source does not follow its ingest's settings.
    Mismatch,
    /// The programme goes on with another ingest, or with something else.
    Switched,
}

/// Icecast's URL authentication: a back end that is asked, or told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UrlAuth {
    /// Asked before a listener is let in.
    pub listener_add: Option<Link>,
    /// Told when a listener has gone.
    pub listener_remove: Option<Link>,
    /// Told when the mount goes on air.
    pub mount_add: Option<Link>,
    /// Told when the mount goes off air.
    pub mount_remove: Option<Link>,
    /// The answer's header that lets a listener in, instead of
    /// `icecast-auth-user: 1` (Icecast's `auth_header`).
    pub auth_header: Option<String>,
    /// The answer's header with a listener's time in seconds, instead of
    /// `icecast-auth-timelimit` (Icecast's `timelimit_header`).
    pub timelimit_header: Option<String>,
    /// The listener's headers that are passed on (Icecast's `headers`).
    pub headers: Vec<String>,
    /// What their names begin with then (Icecast's `header_prefix`).
    pub header_prefix: String,
}

/// What listeners see and get at an egress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountConfig {
    /// `icy-name`; the egress's name where none is given.
    pub icy_name: String,
    /// `icy-description`.
    pub icy_description: String,
    /// `icy-url`.
    pub icy_url: String,
    /// `icy-genre`.
    pub genre: String,
    /// How much of the past an ICY listener gets at once, 0 to 30 s.
    pub burst: Duration,
    /// Bytes of audio between two titles, 1 to 1,048,576.
    pub metaint: u32,
    /// ICY listeners at a time on one node; `None` for the process's limit alone.
    pub max_listeners: Option<u32>,
    /// Length of a segment: 2 to 10 whole seconds.
    pub segment: Duration,
    /// How much a live playlist lists, 18 to 600 s and six segments at least.
    pub window: Duration,
    /// Headers that answers of this mount carry besides ours.
    pub headers: Vec<Header>,
    /// Whether the mount is listed in YP directories.
    pub public: bool,
    /// What a new ICY listener hears first.
    pub intro: Option<AudioFile>,
}

/// A file of audio in the form of a mount's stream.
#[derive(Clone, PartialEq, Eq)]
pub struct AudioFile {
    /// Its frames, without tags.
    pub frames: Vec<Frame>,
}

impl AudioFile {
    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        self.frames.iter().map(|frame| frame.header.stream.frame_duration()).sum()
    }
}

impl fmt::Debug for AudioFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioFile").field("duration", &self.duration()).finish_non_exhaustive()
    }
}

/// A header of a mount's answers: a token, and visible ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name as the operator wrote it.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Catalogue {
    /// All publishers by name.
    pub fn publishers(&self) -> impl Iterator<Item = &Publisher> {
        self.publishers.values()
    }

    /// All ingests by name.
    pub fn ingests(&self) -> impl Iterator<Item = &Ingest> {
        self.ingests.values()
    }

    /// All egresses by name.
    pub fn egresses(&self) -> impl Iterator<Item = &Egress> {
        self.egresses.values()
    }

    /// The publisher of this name.
    pub fn publisher(&self, name: &str) -> Option<&Publisher> {
        self.publishers.get(name)
    }

    /// The ingest of this name.
    pub fn ingest(&self, name: &str) -> Option<&Ingest> {
        self.ingests.get(name)
    }

    /// The egress of this name.
    pub fn egress(&self, name: &str) -> Option<&Egress> {
        self.egresses.get(name)
    }

    /// The egress heard at this path, without a leading slash: its name or one
    /// of its aliases.
    pub fn egress_at(&self, path: &str) -> Option<&Egress> {
        self.egresses.get(path).or_else(|| self.egresses.get(self.aliases.get(path)?))
    }

    /// The egress with this number of a SHOUTcast stream.
    pub fn egress_by_sid(&self, sid: u32) -> Option<&Egress> {
        self.egresses.values().find(|egress| egress.sid == sid)
    }

    /// The ingest whose encoder connects to this path, without a leading slash.
    pub fn ingest_at(&self, mount: &str) -> Option<&Ingest> {
        self.ingests.get(self.mounts.get(mount)?)
    }

    /// The ingest that a SHOUTcast source with nothing but this password means.
    ///
    /// All candidates are compared, so that the time tells nothing.
    pub fn ingest_by_shoutcast_password(&self, password: &[u8]) -> Option<&Ingest> {
        let pushed = self.ingests.values().filter_map(|ingest| Some((ingest, ingest.push()?)));
        let candidates = pushed.filter(|(_, push)| push.shoutcast);
        candidates.fold(
            None,
            |found, (ingest, push)| {
                if push.is_password(password) { Some(ingest) } else { found }
            },
        )
    }

    /// The egresses that an ingest feeds.
    pub fn egresses_of<'a>(&'a self, ingest: &'a str) -> impl Iterator<Item = &'a Egress> {
        self.egresses
            .values()
            .filter(move |egress| egress.ingests.iter().any(|name| name.as_str() == ingest))
    }
}

impl Ingest {
    /// How its encoder connects, where one does.
    pub fn push(&self) -> Option<&Push> {
        match &self.delivery {
            Delivery::Push(push) => Some(push),
            Delivery::Pull(_) => None,
        }
    }

    /// Where it is pulled from, if it is.
    pub fn pull(&self) -> Option<&Pull> {
        match &self.delivery {
            Delivery::Push(_) => None,
            Delivery::Pull(pull) => Some(pull),
        }
    }
}

impl Push {
    /// Whether a password is the ingest's own; none is where it has none.
    pub fn is_password(&self, given: &[u8]) -> bool {
        self.password.as_ref().is_some_and(|password| password.matches(given))
    }
}

impl Charset {
    /// The charset as manifests and the `icy` crate name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Named(name) => name,
        }
    }
}

impl<'de> Deserialize<'de> for Charset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let label = String::deserialize(deserializer)?;
        if label == "auto" {
            return Ok(Self::Auto);
        }
        let named = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
        let unknown = || {
            let what = "is neither `auto` nor a charset, such as `utf-8` or `windows-1251`";
            serde::de::Error::custom(format!("`{label}` {what}"))
        };
        named.map(|encoding| Self::Named(encoding.name())).ok_or_else(unknown)
    }
}

impl Egress {
    /// Whether it is listed in YP directories: it says so, and its listeners are
    /// not asked for a password, without which nobody who finds it could hear it.
    pub fn is_listed(&self) -> bool {
        let is_open = self.auth.as_ref().is_none_or(|auth| auth.listener_add.is_none());
        self.mount.public && is_open
    }

    /// The rendition of the ingests' own bytes.
    pub fn rendition_id(&self) -> RenditionId {
        self.encoding.rendition_id(self.mount.segment)
    }

    /// The rendition of the ingests' own bytes, whether listeners get it or not.
    pub fn source_rendition(&self) -> Rendition {
        Rendition::source(&self.encoding, self.mount.segment)
    }

    /// Segments that a full live window lists, rounded up.
    pub fn window_segments(&self) -> u32 {
        let segment_ms = self.mount.segment.as_millis().max(1);
        u32::try_from(self.mount.window.as_millis().div_ceil(segment_ms)).unwrap_or(u32::MAX)
    }

    /// `EXT-X-TARGETDURATION`: the whole seconds of a segment, at least 1.
    pub fn target_secs(&self) -> u32 {
        u32::try_from(self.mount.segment.as_secs()).unwrap_or(u32::MAX).max(1)
    }

    /// Whether a back end is asked about each listener. Nothing of it may be had
    /// then without that: it has no playlists in the bucket, and its segments are protected.
    pub fn asks_about_listeners(&self) -> bool {
        self.auth.as_ref().is_some_and(|auth| auth.listener_add.is_some())
    }

    /// Whether anybody may have all of it, as long as it likes: no back end is asked about
    /// listeners, it is blocked nowhere, and nothing is limited or protected. Its playlists
    /// lie in the bucket only then.
    pub fn is_open(&self) -> bool {
        let is_limited = self.session_limit.is_some() || self.protect_segments;
        self.geo.is_none() && !is_limited && !self.asks_about_listeners()
    }

    /// Every path to it without a leading slash, its name first.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(MountPath::as_str))
    }
}
