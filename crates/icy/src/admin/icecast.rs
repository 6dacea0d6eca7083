//! Icecast 2.4's documents, as version 2.4.4 writes them.
//!
//! Where its own are broken they are mended: JSON is JSON whatever the title is
//! (Icecast writes `"title":-` and `"title":5`), and control characters do not
//! take the whole text with them. What lists sources lists mounts that have one.

use jiff::Timestamp;

use super::text::{Fields, Json, Xml, to_html, to_line};
use super::{Document, JSON_MEDIA_TYPE, ListenerStats, ServerStats, SourceStats, TEXT_MEDIA_TYPE};
use crate::update::{HTML_MEDIA_TYPE, XML_MEDIA_TYPE};

/// How every XML document begins.
const DECLARATION: &str = "<?xml version=\"1.0\"?>";

/// `strftime` of `server_start` and `stream_start`.
const DATE_FORMAT: &str = "%a, %d %b %Y %H:%M:%S +0000";

/// `strftime` of the same with `_iso8601`.
const ISO8601_FORMAT: &str = "%Y-%m-%dT%H:%M:%S+0000";

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The listener of that number is removed.
    ClientRemoved(u64),
    /// No listener has that number.
    ClientNotFound(u64),
    /// The source is disconnected.
    SourceRemoved,
    /// Listeners went to another mount. Without leading slashes.
    ClientsMoved {
        /// Whence.
        from: &'a str,
        /// Whither.
        to: &'a str,
    },
    /// The mount has another fallback.
    FallbackConfigured,
}

/// Why a request is refused; the status is 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such command.
    #[error("Unrecognised command")]
    UnknownCommand,
    /// A command for one mount names none, or the query is too long.
    #[error("Unknown admin request")]
    NoMount,
    /// Another parameter is not there.
    #[error("Missing parameter")]
    MissingParameter,
    /// No source is on the mount.
    #[error("Source does not exist")]
    NoSource,
    /// No source is on the mount that listeners should go to.
    #[error("No such destination")]
    NoDestination,
    /// Listeners should go where they are.
    #[error("supplied mountpoints are identical")]
    SameMount,
}

impl Outcome<'_> {
    /// Icecast's answer: `<iceresponse>`, but a page for the fallback.
    pub fn to_document(self) -> Document {
        let (text, done) = match self {
            Self::ClientRemoved(id) => (format!("Client {id} removed"), 1),
            Self::ClientNotFound(id) => (format!("Client {id} not found"), 0),
            Self::SourceRemoved => ("Source Removed".to_owned(), 1),
            Self::ClientsMoved { from, to } => (format!("Clients moved from /{from} to /{to}"), 1),
            Self::FallbackConfigured => {
                return page("Admin request successful", "<p>", "</p>", "Fallback configured");
            }
        };
        let mut xml = Xml::new(DECLARATION);
        xml.open("iceresponse");
        xml.element("message", &text.into());
        xml.element("return", &done.into());
        xml.close("iceresponse");
        xml_document(xml)
    }
}

impl Refusal {
    /// The page with status 400.
    pub fn to_document(self) -> Document {
        page("Error 400", "<b>400 - ", "</b>", &self.to_string())
    }
}

/// `/status-json.xsl`, of all sources or of that on `mount` (without leading
/// slash).
///
/// `source` is an object if there is one, an array if there are several, and
/// absent if there is none. Numbers are numbers, texts always strings.
pub fn status_json(server: &ServerStats, mount: Option<&str>) -> Document {
    let sources: Vec<_> = server.on_air().filter(|source| is_asked(source, mount)).collect();
    let mut json = Json::default();
    json.open('{');
    json.key("icestats");
    json.open('{');
    json.fields(&identity(server));
    match sources.as_slice() {
        [] => {}
        [source] => {
            json.key("source");
            json.object(&public_fields(source));
        }
        several => {
            json.key("source");
            json.open('[');
            for source in several {
                json.object(&public_fields(source));
            }
            json.close(']');
        }
    }
    json.close('}');
    json.close('}');
    Document { media_type: JSON_MEDIA_TYPE, body: json.finish() }
}

/// `/admin/stats`, of all sources or of that on `mount` (without leading slash).
///
/// # Errors
///
/// [`Refusal::NoSource`].
pub fn stats(server: &ServerStats, mount: Option<&str>) -> Result<Document, Refusal> {
    if mount.is_some_and(|mount| server.source(mount).is_none()) {
        return Err(Refusal::NoSource);
    }
    let mut xml = Xml::new(DECLARATION);
    xml.open("icestats");
    xml.elements(&server_fields(server));
    for source in server.on_air().filter(|source| is_asked(source, mount)) {
        open_source(&mut xml, &source.mount);
        xml.elements(&all_fields(source));
        xml.close("source");
    }
    xml.close("icestats");
    Ok(xml_document(xml))
}

/// `/admin/listmounts`.
pub fn list_mounts(server: &ServerStats) -> Document {
    let mut xml = Xml::new(DECLARATION);
    xml.open("icestats");
    push_mounts(&mut xml, server.on_air());
    xml.close("icestats");
    xml_document(xml)
}

/// `/admin/moveclients` without `destination`: the mounts that listeners of
/// `mount` (without leading slash) could go to.
pub fn move_targets(server: &ServerStats, mount: &str) -> Document {
    let mut xml = Xml::new(DECLARATION);
    xml.open("icestats");
    xml.element("current_source", &format!("/{mount}").into());
    push_mounts(&mut xml, server.on_air().filter(|source| source.mount != mount));
    xml.close("icestats");
    xml_document(xml)
}

/// `/admin/listclients` of a mount (without leading slash).
///
/// The names are 2.4's. The count is there in lower case too, and the number as
/// an attribute, as icecast-kh has them: its readers look there.
pub fn list_clients(mount: &str, listeners: &[ListenerStats]) -> Document {
    let count = listeners.len() as u64;
    let mut xml = Xml::new(DECLARATION);
    xml.open("icestats");
    open_source(&mut xml, mount);
    xml.element("Listeners", &count.into());
    xml.element("listeners", &count.into());
    for listener in listeners {
        xml.open_with("listener", "id", &listener.id.to_string());
        xml.elements(&listener_fields(listener));
        xml.close("listener");
    }
    xml.close("source");
    xml.close("icestats");
    xml_document(xml)
}

/// `/admin/streamlist.txt`: the mounts that a relay takes over, one a line.
pub fn stream_list(server: &ServerStats) -> Document {
    let lines = server.on_air().map(|source| format!("/{}\r\n", to_line(&source.mount)));
    Document { media_type: TEXT_MEDIA_TYPE, body: lines.collect() }
}

fn page(title: &str, before: &str, after: &str, text: &str) -> Document {
    let body = format!(
        "<html><head><title>{title}</title></head><body>{before}{}{after}</body></html>\n",
        to_html(text)
    );
    Document { media_type: HTML_MEDIA_TYPE, body }
}

fn xml_document(xml: Xml) -> Document {
    Document { media_type: XML_MEDIA_TYPE, body: xml.finish() }
}

fn is_asked(source: &SourceStats, mount: Option<&str>) -> bool {
    mount.is_none_or(|mount| source.mount == mount)
}

fn open_source(xml: &mut Xml, mount: &str) {
    xml.open_with("source", "mount", &format!("/{mount}"));
}

fn push_mounts<'a>(xml: &mut Xml, sources: impl Iterator<Item = &'a SourceStats>) {
    for source in sources {
        let fallback = match source.fallback.as_str() {
            "" => String::new(),
            mount => format!("/{mount}"),
        };
        open_source(xml, &source.mount);
        xml.elements(&vec![
            ("fallback", fallback.into()),
            ("listeners", source.listeners.into()),
            ("Connected", source.connected_secs.into()),
            ("content-type", (&source.content_type).into()),
        ]);
        xml.close("source");
    }
}

/// What 2.4.4 has, in its order, then what icecast-kh and 2.5 have beside it.
fn listener_fields(listener: &ListenerStats) -> Fields<'_> {
    let mut fields: Fields<'_> = vec![
        ("IP", (&listener.ip).into()),
        ("UserAgent", (&listener.user_agent).into()),
        ("Connected", listener.connected_secs.into()),
        ("ID", listener.id.into()),
        ("Referer", (&listener.referer).into()),
        ("lag", listener.lag_bytes.into()),
    ];
    if !listener.username.is_empty() {
        fields.push(("username", (&listener.username).into()));
    }
    fields
}

fn identity(server: &ServerStats) -> Fields<'_> {
    vec![
        ("admin", (&server.admin).into()),
        ("host", (&server.host).into()),
        ("location", (&server.location).into()),
        ("server_id", (&server.server_id).into()),
        ("server_start", date(server.started_at_unix, DATE_FORMAT).into()),
        ("server_start_iso8601", date(server.started_at_unix, ISO8601_FORMAT).into()),
    ]
}

fn server_fields(server: &ServerStats) -> Fields<'_> {
    let sources = server.on_air().count() as u64;
    let source_connections =
        server.source_client_connections.saturating_add(server.source_relay_connections);
    let mut fields = identity(server);
    fields.extend([
        ("client_connections", server.client_connections.into()),
        ("clients", server.clients.into()),
        ("connections", server.connections.into()),
        ("file_connections", server.file_connections.into()),
        ("listener_connections", server.listener_connections.into()),
        ("listeners", server.listeners().into()),
        ("source_client_connections", server.source_client_connections.into()),
        ("source_relay_connections", server.source_relay_connections.into()),
        ("source_total_connections", source_connections.into()),
        ("sources", sources.into()),
        // Clients of the push stream of statistics, which is not served.
        ("stats", 0.into()),
        ("stats_connections", 0.into()),
    ]);
    sorted(fields)
}

/// What `/status-json.xsl` tells everybody of a source.
fn public_fields(source: &SourceStats) -> Fields<'_> {
    let mut fields: Fields<'_> = vec![
        ("genre", or(&source.genre, "various").into()),
        ("listener_peak", source.listener_peak.into()),
        ("listeners", source.listeners.into()),
        ("listenurl", (&source.listen_url).into()),
        ("server_description", or(&source.description, "Unspecified description").into()),
        ("server_name", or(&source.name, "Unspecified name").into()),
        ("server_type", (&source.content_type).into()),
    ];
    for (name, text) in
        [("artist", &source.artist), ("server_url", &source.url), ("title", &source.title)]
    {
        if !text.is_empty() {
            fields.push((name, text.into()));
        }
    }
    if let Some(start) = source.stream_start_unix {
        fields.push(("stream_start", date(start, DATE_FORMAT).into()));
        fields.push(("stream_start_iso8601", date(start, ISO8601_FORMAT).into()));
    }
    let song = source.song();
    if !song.is_empty() {
        fields.push(("yp_currently_playing", song.into()));
    }
    fields.extend(audio_fields(source));
    sorted(fields)
}

/// What `/admin/stats` tells of a source beyond that.
fn all_fields(source: &SourceStats) -> Fields<'_> {
    let max_listeners = source.max_listeners.map_or("unlimited".into(), Into::into);
    let mut fields = public_fields(source);
    fields.extend([
        ("listener_connections", source.listener_connections.into()),
        ("max_listeners", max_listeners),
        ("public", u64::from(source.public).into()),
        ("slow_listeners", source.slow_listeners.into()),
        ("source_ip", (&source.source_ip).into()),
        ("total_bytes_read", source.total_bytes_read.into()),
        ("total_bytes_sent", source.total_bytes_sent.into()),
        ("user_agent", (&source.user_agent).into()),
    ]);
    sorted(fields)
}

/// The format by every name that readers know it by: those of `ice-bitrate`
/// and `ice-audio-info` in both spellings, and those of Icecast's own parsers.
fn audio_fields(source: &SourceStats) -> Fields<'static> {
    let mut fields = Fields::new();
    let mut info = Vec::new();
    if let Some(hz) = source.sample_rate_hz {
        info.push(format!("ice-samplerate={hz}"));
        for name in ["audio_samplerate", "ice-samplerate", "samplerate"] {
            fields.push((name, u64::from(hz).into()));
        }
    }
    if let Some(kbps) = source.bitrate_kbps {
        info.push(format!("ice-bitrate={kbps}"));
        fields.push(("audio_bitrate", (u64::from(kbps) * 1000).into()));
        fields.push(("bitrate", u64::from(kbps).into()));
        fields.push(("ice-bitrate", u64::from(kbps).into()));
    }
    if let Some(channels) = source.channels {
        info.push(format!("ice-channels={channels}"));
        for name in ["audio_channels", "channels", "ice-channels"] {
            fields.push((name, u64::from(channels).into()));
        }
    }
    if !info.is_empty() {
        fields.push(("audio_info", info.join(";").into()));
    }
    fields
}

/// In the order of names, as Icecast keeps its statistics.
fn sorted(mut fields: Fields<'_>) -> Fields<'_> {
    fields.sort_by_key(|(name, _)| *name);
    fields
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// A date in UTC; outside of the years 1 to 9999, the nearest.
fn date(unix_secs: i64, format: &str) -> String {
    let year_1 = -62_135_596_800;
    let at = Timestamp::from_second(unix_secs.max(year_1)).unwrap_or(Timestamp::MAX);
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests;
