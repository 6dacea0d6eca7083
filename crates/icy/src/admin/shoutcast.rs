//! SHOUTcast 2's documents.
//!
//! An XML document and its JSON twin are written from the same fields: names in
//! capitals there, in small letters here. Numbers are strings in JSON where the
//! server's own are: bit rate, sampling rate, and nearly all of the pages of
//! `/admin.cgi`. What a source of version 2 alone could tell (the next titles,
//! who plays) is not known and is left out.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::text::{Fields, Json, Value, Xml, to_html, to_line};
use super::{
    Document, Format, JSON_MEDIA_TYPE, ListenerStats, PLS_MEDIA_TYPE, Page, Played,
    SCRIPT_MEDIA_TYPE, ServerStats, SourceStats, TEXT_MEDIA_TYPE,
};
use crate::update::{HTML_MEDIA_TYPE, XML_MEDIA_TYPE};

/// How every XML document begins.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\" ?>";

/// How `/7.html` begins, to the byte: some readers cut off this very text.
const SEVEN_HEAD: &str = "<HTML><meta http-equiv=\"Pragma\" content=\"no-cache\"></head><body>";

/// The media type of a page in ASCII.
const PLAIN_HTML_MEDIA_TYPE: &str = "text/html";

/// What the pages of `/admin.cgi` tell.
#[derive(Debug, Clone, Copy)]
pub struct Admin<'a> {
    /// The server.
    pub server: &'a ServerStats,
    /// The stream that is asked for.
    pub source: &'a SourceStats,
    /// Its listeners.
    pub listeners: &'a [ListenerStats],
    /// Its titles, the newest first.
    pub history: &'a [Played],
}

impl Admin<'_> {
    /// A page of `/admin.cgi?mode=viewxml` or `mode=viewjson`.
    pub fn page(&self, page: Page, format: &Format) -> Document {
        render(format, |xml| self.push_xml(page, xml), |json| self.push_json(page, json))
    }

    fn summary(&self) -> Fields<'_> {
        let mut fields = stream_fields(self.server, self.source);
        fields.push(("streamsource", (&self.source.source_ip).into()));
        fields.push(("version", (&self.server.server_id).into()));
        fields
    }

    fn push_xml(&self, page: Page, xml: &mut Xml) {
        match page {
            Page::Full => {
                push_upper(xml, &self.summary());
                self.push_xml(Page::Listeners, xml);
                self.push_xml(Page::History, xml);
            }
            Page::Summary => push_upper(xml, &self.summary()),
            Page::Listeners => {
                let rows = self.listeners.iter().map(listener_fields);
                push_rows(xml, "LISTENERS", "LISTENER", rows);
            }
            Page::History => {
                push_rows(xml, "SONGHISTORY", "SONG", self.history.iter().map(played_fields));
            }
            Page::Metadata => {
                xml.open("SONGMETADATA");
                push_upper(xml, &song_fields(self.source));
                xml.close("SONGMETADATA");
            }
            Page::Configs => self.push_configs(xml),
        }
    }

    fn push_json(&self, page: Page, json: &mut Json) {
        match page {
            Page::Full => {
                json.open('{');
                json.fields(&self.summary());
                json.key("listeners");
                self.push_json(Page::Listeners, json);
                json.key("songs");
                self.push_json(Page::History, json);
                json.close('}');
            }
            Page::Summary => json.object(&self.summary()),
            Page::Listeners => push_array(json, self.listeners.iter().map(listener_fields)),
            Page::History => push_array(json, self.history.iter().map(played_fields)),
            Page::Metadata => json.object(&song_fields(self.source)),
            Page::Configs => {
                json.open('{');
                json.fields(&vec![
                    ("requireconfigs", Value::Digits(1)),
                    ("maxlisteners", Value::Digits(self.server.max_listeners)),
                    ("maxbitrate", Value::Digits(0)),
                    ("total", Value::Digits(self.server.sources.len() as u64)),
                ]);
                json.key("streams");
                json.open('[');
                for source in &self.server.sources {
                    json.open('{');
                    json.key("id");
                    json.value(&u64::from(source.sid).into());
                    json.fields(&config_fields(source, ["maxlisteners", "maxbitrate"]));
                    json.close('}');
                }
                json.close(']');
                json.close('}');
            }
        }
    }

    fn push_configs(&self, xml: &mut Xml) {
        xml.open("STREAMCONFIGS");
        xml.elements(&vec![
            ("REQUIRECONFIGS", 1.into()),
            ("SERVERMAXLISTENERS", self.server.max_listeners.into()),
            ("SERVERMAXBITRATE", 0.into()),
            ("TOTALCONFIGS", (self.server.sources.len() as u64).into()),
        ]);
        for source in &self.server.sources {
            xml.open_with("STREAMCONFIG", "id", &source.sid.to_string());
            let of_server = ["SERVERMAXLISTENERS", "SERVERMAXBITRATE"];
            for (name, value) in config_fields(source, of_server) {
                xml.element(&format!("STREAM{}", name.to_ascii_uppercase()), &value);
            }
            xml.close("STREAMCONFIG");
        }
        xml.close("STREAMCONFIGS");
    }
}

/// `/7.html`: seven values and commas between them, the title last. It may have
/// commas itself.
pub fn seven(server: &ServerStats, source: &SourceStats) -> Document {
    let body = format!(
        "{SEVEN_HEAD}{},{},{},{},{},{},{}</body></html>",
        source.listeners,
        u8::from(source.stream_start_unix.is_some()),
        source.listener_peak,
        source.max_listeners.unwrap_or(server.max_listeners),
        source.unique_listeners,
        source.bitrate_kbps.unwrap_or_default(),
        to_html(&source.song()),
    );
    // Without a charset where none is needed, as SHOUTcast 1 has it: readers
    // know it by this very text.
    let media_type = if body.is_ascii() { PLAIN_HTML_MEDIA_TYPE } else { HTML_MEDIA_TYPE };
    Document { media_type, body }
}

/// `/stats`: the summary of one stream.
pub fn stats(server: &ServerStats, source: &SourceStats, format: &Format) -> Document {
    let mut fields = stream_fields(server, source);
    fields.push(("version", (&server.server_id).into()));
    render(format, |xml| push_upper(xml, &fields), |json| json.object(&fields))
}

/// `/statistics`: the server and all its streams.
pub fn statistics(server: &ServerStats, format: &Format) -> Document {
    let totals = server_fields(server);
    let xml = |xml: &mut Xml| {
        xml.open("STREAMSTATS");
        push_upper(xml, &totals);
        for source in &server.sources {
            xml.open_with("STREAM", "id", &source.sid.to_string());
            push_upper(xml, &stream_fields(server, source));
            xml.close("STREAM");
        }
        xml.close("STREAMSTATS");
    };
    let json = |json: &mut Json| {
        json.open('{');
        json.fields(&totals);
        json.key("streams");
        push_array(
            json,
            server.sources.iter().map(|source| {
                let mut fields: Fields<'_> = vec![("id", u64::from(source.sid).into())];
                fields.extend(stream_fields(server, source));
                fields
            }),
        );
        json.close('}');
    };
    render(format, xml, json)
}

/// `/currentsong`: the title and nothing else.
pub fn current_song(source: &SourceStats) -> Document {
    Document { media_type: TEXT_MEDIA_TYPE, body: to_line(&source.song()) }
}

/// `/played`: the titles, the newest first; a page unless the query says
/// otherwise.
pub fn played(history: &[Played], format: Option<&Format>) -> Document {
    let Some(format) = format else { return played_page(history) };
    let rows = || history.iter().map(played_fields);
    render(
        format,
        |xml| push_rows(xml, "SONGHISTORY", "SONG", rows()),
        |json| push_array(json, rows()),
    )
}

/// `/nextsong` and `/nextsongs`: nobody knows.
pub fn next_songs(format: &Format) -> Document {
    let xml = |xml: &mut Xml| push_rows(xml, "NEXTSONGS", "TITLE", []);
    render(format, xml, |json| push_array(json, []))
}

/// `/listen.pls` of one stream.
pub fn listen_pls(source: &SourceStats) -> Document {
    let body = format!(
        "[playlist]\nnumberofentries=1\nFile1={}\nTitle1={}\nLength1=-1\nVersion=2\n",
        to_line(&source.listen_url),
        to_line(&source.name),
    );
    Document { media_type: PLS_MEDIA_TYPE, body }
}

fn render(
    format: &Format,
    push_xml: impl FnOnce(&mut Xml),
    push_json: impl FnOnce(&mut Json),
) -> Document {
    if let Format::Xml = format {
        let mut xml = Xml::new(DECLARATION);
        xml.open("SHOUTCASTSERVER");
        push_xml(&mut xml);
        xml.close("SHOUTCASTSERVER");
        return Document { media_type: XML_MEDIA_TYPE, body: xml.finish() };
    }
    let mut json = Json::default();
    push_json(&mut json);
    match format {
        Format::Jsonp(callback) => {
            let body = format!("{}({});", callback.as_str(), json.finish());
            Document { media_type: SCRIPT_MEDIA_TYPE, body }
        }
        _ => Document { media_type: JSON_MEDIA_TYPE, body: json.finish() },
    }
}

fn push_upper(xml: &mut Xml, fields: &Fields<'_>) {
    for (name, value) in fields {
        xml.element(&name.to_ascii_uppercase(), value);
    }
}

/// Rows within an element, each in one of its own.
fn push_rows<'a>(
    xml: &mut Xml,
    outer: &str,
    row: &str,
    rows: impl IntoIterator<Item = Fields<'a>>,
) {
    xml.open(outer);
    for fields in rows {
        xml.open(row);
        push_upper(xml, &fields);
        xml.close(row);
    }
    xml.close(outer);
}

fn push_array<'a>(json: &mut Json, rows: impl IntoIterator<Item = Fields<'a>>) {
    json.open('[');
    rows.into_iter().for_each(|fields| json.object(&fields));
    json.close(']');
}

/// The server's, over all streams.
fn server_fields(server: &ServerStats) -> Fields<'_> {
    let active = server.on_air().count() as u64;
    let listeners = server.listeners();
    let stayed =
        server.sources.iter().map(|source| source.average_secs.saturating_mul(source.listeners));
    let stayed = stayed.fold(0, u64::saturating_add);
    vec![
        ("totalstreams", (server.sources.len() as u64).into()),
        ("activestreams", active.into()),
        ("currentlisteners", listeners.into()),
        ("peaklisteners", server.listener_peak.into()),
        ("maxlisteners", server.max_listeners.into()),
        ("uniquelisteners", server.unique_listeners.into()),
        ("averagetime", stayed.checked_div(listeners).unwrap_or_default().into()),
        ("version", (&server.server_id).into()),
    ]
}

fn stream_fields<'a>(server: &'a ServerStats, source: &'a SourceStats) -> Fields<'a> {
    let is_up = source.stream_start_unix.is_some();
    let mut fields: Fields<'_> = vec![
        ("currentlisteners", source.listeners.into()),
        ("peaklisteners", source.listener_peak.into()),
        ("maxlisteners", source.max_listeners.unwrap_or(server.max_listeners).into()),
        ("uniquelisteners", source.unique_listeners.into()),
        ("averagetime", source.average_secs.into()),
        ("servergenre", (&source.genre).into()),
        ("servergenre2", "".into()),
        ("servergenre3", "".into()),
        ("servergenre4", "".into()),
        ("servergenre5", "".into()),
        ("serverurl", (&source.url).into()),
        ("servertitle", (&source.name).into()),
        ("songtitle", source.song().into()),
        ("streamhits", source.listener_connections.into()),
        ("streamstatus", u64::from(is_up).into()),
        ("backupstatus", 0.into()),
        ("streamlisted", u64::from(source.public).into()),
        ("streampath", format!("/{}", source.mount).into()),
    ];
    if is_up {
        fields.push(("streamuptime", source.connected_secs.into()));
    }
    fields.extend([
        ("bitrate", Value::Digits(source.bitrate_kbps.unwrap_or_default().into())),
        ("samplerate", Value::Digits(source.sample_rate_hz.unwrap_or_default().into())),
        ("content", (&source.content_type).into()),
    ]);
    fields
}

fn listener_fields(listener: &ListenerStats) -> Fields<'_> {
    let user_agent = match listener.user_agent.as_str() {
        "" => "EMPTY",
        user_agent => user_agent,
    };
    vec![
        ("hostname", (&listener.ip).into()),
        ("useragent", user_agent.into()),
        ("connecttime", Value::Digits(listener.connected_secs)),
        ("uid", Value::Digits(listener.id)),
        ("type", Value::Digits(0)),
        ("referer", (&listener.referer).into()),
        // `hostname` is the listener's own address already.
        ("xff", "".into()),
        ("grid", Value::Digits(0)),
        ("triggers", Value::Digits(0)),
    ]
}

fn played_fields(played: &Played) -> Fields<'_> {
    vec![("playedat", Value::Digits(unix(played))), ("title", (&played.title).into())]
}

/// The title's ID3 frames.
fn song_fields(source: &SourceStats) -> Fields<'_> {
    let mut fields: Fields<'_> = vec![("tit2", (&source.title).into())];
    if !source.artist.is_empty() {
        fields.push(("tpe1", (&source.artist).into()));
    }
    fields
}

/// A stream's settings. A limit that is the server's is said by its name.
fn config_fields<'a>(source: &'a SourceStats, of_server: [&'static str; 2]) -> Fields<'a> {
    let [max_listeners, max_bitrate] = of_server;
    vec![
        ("authhash", "".into()),
        ("path", format!("/{}", source.mount).into()),
        ("relayurl", "".into()),
        ("backupurl", "".into()),
        ("maxlisteners", source.max_listeners.map_or(max_listeners.into(), Value::Digits)),
        ("maxbitrate", max_bitrate.into()),
        ("public", if source.public { "always" } else { "never" }.into()),
        ("allowrelay", Value::Digits(1)),
        ("publicrelay", Value::Digits(0)),
    ]
}

/// The page: its table is what scripts read. The first row is what plays.
fn played_page(history: &[Played]) -> Document {
    let mut body = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>Song History</title></head><body>\
        <table><tr><td><b>Played @</b></td><td><b>Song Title</b></td></tr>"
        .to_owned();
    for (place, played) in history.iter().enumerate() {
        let at = Timestamp::from_second(played.at_unix).unwrap_or_default().strftime("%H:%M:%S");
        let current = if place == 0 { "<td><b>Current Song</b></td>" } else { "" };
        let title = to_html(&played.title);
        let _ = write!(body, "<tr><td>{at}</td><td>{title}</td>{current}</tr>");
    }
    body.push_str("</table></body></html>\n");
    Document { media_type: HTML_MEDIA_TYPE, body }
}

fn unix(played: &Played) -> u64 {
    played.at_unix.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests;
