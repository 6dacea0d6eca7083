//! What Icecast 2.4 and SHOUTcast 2 tell panels, relays and monitors of
//! themselves: their documents, and the queries that ask for them.
//!
//! There is no standard. [`icecast`] writes as Icecast 2.4.4 does, [`shoutcast`]
//! as "DNAS Server XML Responses" and "DNAS Server JSON Responses" (8 September
//! 2018) have it; where the consumers in use read it otherwise, as they read it.
//! Every text is escaped here, whatever is in it. Who may ask, and what an
//! action does, is not decided here.

pub mod icecast;
mod query;
pub mod shoutcast;
mod text;

pub use query::{
    AdminQuery, CALLBACK_LEN_MAX, Callback, Format, Mode, Page, QueryError, SID_MAX, StatsQuery,
};

/// The user whose password is the administrator's.
pub const ADMIN_USER: &str = "admin";

/// The media type of Icecast's JSON and of SHOUTcast's.
pub const JSON_MEDIA_TYPE: &str = "application/json; charset=utf-8";

/// The media type of JSON in a call (JSONP).
pub const SCRIPT_MEDIA_TYPE: &str = "application/javascript; charset=utf-8";

/// The media type of lists of mounts and of bare titles.
pub const TEXT_MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// The media type of a tune-in file.
pub const PLS_MEDIA_TYPE: &str = "audio/x-scpls";

/// What is known of the server, and of all its mounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// How to reach who runs it, usually a mail address.
    pub admin: String,
    /// Its public name.
    pub host: String,
    /// Where it is.
    pub location: String,
    /// What it calls itself, with its version.
    pub server_id: String,
    /// When it was started, in Unix seconds.
    pub started_at_unix: i64,
    /// TCP connections since then.
    pub connections: u64,
    /// TCP connections now.
    pub clients: u64,
    /// Requests since then that were no source's.
    pub client_connections: u64,
    /// Requests for files since then.
    pub file_connections: u64,
    /// Listeners since then.
    pub listener_connections: u64,
    /// The most listeners at a time, over all mounts.
    pub listener_peak: u64,
    /// The most listeners that are taken.
    pub max_listeners: u64,
    /// Listeners now, each person once.
    pub unique_listeners: u64,
    /// Sources since then that connected by themselves.
    pub source_client_connections: u64,
    /// Sources since then that were connected to.
    pub source_relay_connections: u64,
    /// All mounts, those without a source too.
    pub sources: Vec<SourceStats>,
}

/// What is known of one mount.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceStats {
    /// The mount, without leading slash.
    pub mount: String,
    /// The URL at which it is heard.
    pub listen_url: String,
    /// What plays, whole (`Artist - Title`) unless `artist` is there.
    pub title: String,
    /// Who plays it. Icecast 2.4 has none for MP3 and AAC: its `title` is whole.
    pub artist: String,
    /// The station's name.
    pub name: String,
    /// The station's description.
    pub description: String,
    /// Its genre.
    pub genre: String,
    /// Its web page.
    pub url: String,
    /// The media type of the stream.
    pub content_type: String,
    /// Bit rate in kbit/s.
    pub bitrate_kbps: Option<u32>,
    /// Sampling rate in Hz.
    pub sample_rate_hz: Option<u32>,
    /// Channels.
    pub channels: Option<u8>,
    /// Listeners now.
    pub listeners: u64,
    /// The most listeners at a time.
    pub listener_peak: u64,
    /// The most listeners that are taken; `None` if only the server's count.
    pub max_listeners: Option<u64>,
    /// Listeners now, each person once.
    pub unique_listeners: u64,
    /// Listeners since the source connected.
    pub listener_connections: u64,
    /// Listeners that were dropped because they were too slow.
    pub slow_listeners: u64,
    /// How long the listeners of now have been here, on average, in seconds.
    pub average_secs: u64,
    /// Whether directories may list it.
    pub public: bool,
    /// What the source calls itself.
    pub user_agent: String,
    /// The source's address.
    pub source_ip: String,
    /// The mount that listeners go to without a source; empty: none.
    pub fallback: String,
    /// When the source connected, in Unix seconds; `None` if there is none.
    pub stream_start_unix: Option<i64>,
    /// How long the source has been connected, in seconds.
    pub connected_secs: u64,
    /// Bytes that came from the source.
    pub total_bytes_read: u64,
    /// Bytes that went to listeners.
    pub total_bytes_sent: u64,
    /// SHOUTcast's number of the stream, from 1.
    pub sid: u32,
}

/// What is known of one listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListenerStats {
    /// Its number, by which it can be removed; from 1.
    pub id: u64,
    /// Its address.
    pub ip: String,
    /// What its player calls itself.
    pub user_agent: String,
    /// The page that sent it.
    pub referer: String,
    /// How long it has been here, in seconds.
    pub connected_secs: u64,
    /// How far it is behind, in bytes.
    pub lag_bytes: u64,
    /// As whom it was admitted; empty: as nobody.
    pub username: String,
}

/// A title that was played.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Played {
    /// When it began, in Unix seconds.
    pub at_unix: i64,
    /// The title, whole.
    pub title: String,
}

/// A document to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// Its text.
    pub body: String,
}

impl ServerStats {
    /// The source on a mount (without leading slash), if one is connected.
    pub fn source(&self, mount: &str) -> Option<&SourceStats> {
        self.on_air().find(|source| source.mount == mount)
    }

    /// The mount that has SHOUTcast's number `sid`, with a source or without.
    pub fn stream(&self, sid: u32) -> Option<&SourceStats> {
        self.sources.iter().find(|source| source.sid == sid)
    }

    fn on_air(&self) -> impl Iterator<Item = &SourceStats> {
        self.sources.iter().filter(|source| source.stream_start_unix.is_some())
    }

    fn listeners(&self) -> u64 {
        self.sources.iter().map(|source| source.listeners).fold(0, u64::saturating_add)
    }
}

impl SourceStats {
    /// What plays, on one line: `Artist - Title`.
    fn song(&self) -> String {
        match (self.artist.is_empty(), self.title.is_empty()) {
            (false, false) => format!("{} - {}", self.artist, self.title),
            (false, true) => self.artist.clone(),
            (true, _) => self.title.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
