//! One session, from its start to its end.

use std::net::IpAddr;
use std::time::Duration;

use catalogue::Country;
use media::{SessionId, WallTime};

/// How long a session over HLS may pause, as Triton counts it: who comes back later
/// begins another one.
pub const RESUME_WITHIN: Duration = Duration::from_mins(3);

/// What there is to say of a listener's session, when it has ended or until now.
///
/// What a listener says of itself was cleaned and cut when its request was read;
/// it is text all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// The egress that it listens to, last.
    pub egress: String,
    /// How.
    pub protocol: Protocol,
    /// Where the listener was when it began; `None` where nobody knows.
    pub country: Option<Country>,
    /// Its address, IPv4-mapped ones as IPv4.
    pub address: IpAddr,
    /// The path that it asked for, clean and without its query; of an HLS session
    /// the mount's.
    pub path: String,
    /// What its player calls itself; empty where it does not.
    pub user_agent: String,
    /// The page that sent it there; empty where there is none.
    pub referer: String,
    /// By which name it was let in, where it had to say one.
    pub user: Option<String>,
    /// When it began; on another node than the one on which it did, when it came here.
    pub started: WallTime,
    /// When it is over, as that was fixed when it began; `None` for an open end.
    pub until: Option<WallTime>,
    /// When it ended, or was seen last.
    pub ended: WallTime,
    /// Media that was delivered.
    pub media: Duration,
    /// Bytes of it.
    pub bytes: u64,
    /// Why it ended; `None` while it lasts.
    pub ending: Option<Ending>,
}

/// How a session listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// A stream without an end, with titles in it.
    Icy,
    /// Playlists and segments.
    Hls,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// The listener closed the connection.
    Left,
    /// An HLS player has not come back for its playlist.
    Idle,
    /// The listener did not read as fast as the audio comes.
    Slow,
    /// The session limit came, or the time that a back end gave.
    Limit,
    /// The mount went off the air, or the server ended in order.
    Ended,
    /// Someone ended it by itself.
    Killed,
    /// The server died: what is told is what the last checkpoint had.
    Lost,
    /// For a reason that a later version of the server knows.
    Other,
}

impl Session {
    /// How long it has lasted.
    pub fn length(&self) -> Duration {
        self.ended.since(self.started)
    }
}

impl Protocol {
    /// Its name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Icy => "icy",
            Self::Hls => "hls",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Icy, Self::Hls].into_iter().find(|protocol| protocol.name() == name)
    }
}

impl Ending {
    /// Every reason there is.
    pub const ALL: [Self; 8] = [
        Self::Left,
        Self::Idle,
        Self::Slow,
        Self::Limit,
        Self::Ended,
        Self::Killed,
        Self::Lost,
        Self::Other,
    ];

    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Idle => "idle",
            Self::Slow => "too slow",
            Self::Limit => "limit",
            Self::Ended => "ended",
            Self::Killed => "killed",
            Self::Lost => "lost",
            Self::Other => "other",
        }
    }

    /// The one of this name; [`Ending::Other`] for a name that is not known.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|ending| ending.name() == name).unwrap_or(Self::Other)
    }
}
