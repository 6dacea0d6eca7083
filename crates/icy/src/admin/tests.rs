//! What holds for all documents, and what the tests of each share.

use expect_test::Expect;
use proptest::collection::vec;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::Value;

use super::*;
use crate::admin::shoutcast::Admin;

/// An element of an XML document.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// The names from the root to it.
    names: String,
    /// The same with attributes, as `source[mount=/a]`.
    path: String,
    /// Its text, if it has no elements.
    text: String,
}

/// An XML document as its reader sees it.
pub(super) fn read_xml(document: &Document) -> Vec<Element> {
    assert_eq!(document.media_type, "text/xml; charset=utf-8");
    let mut reader = Reader::from_str(&document.body);
    let (mut open, mut found) = (Vec::<(String, String)>::new(), Vec::<Element>::new());
    let mut text = None;
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(start) => {
                let name = string(start.name().as_ref());
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.expect("an attribute");
                    let value = string(&attribute.value);
                    let value = unescape(&value).expect("known references");
                    format!("[{}={value}]", string(attribute.key.as_ref()))
                });
                let path = name.clone() + &attributes.collect::<String>();
                open.push((name, path));
                let (names, paths): (Vec<_>, Vec<_>) = open.iter().cloned().unzip();
                let (names, path) = (names.join("/"), paths.join("/"));
                found.push(Element { names, path, ..Element::default() });
                text = Some(String::new());
            }
            Event::End(_) => {
                open.pop();
                if let (Some(text), Some(element)) = (text.take(), found.last_mut()) {
                    element.text = text;
                }
            }
            Event::Text(part) => {
                if let Some(text) = &mut text {
                    *text += &string(&part);
                }
            }
            Event::GeneralRef(name) => {
                let part = format!("&{};", string(&name));
                let part = unescape(&part).expect("a known reference");
                if let Some(text) = &mut text {
                    *text += &part;
                }
            }
            Event::Eof => break,
            Event::Decl(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty(), "all is closed");
    found
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The text at a path of an XML document.
#[track_caller]
pub(super) fn at<'a>(xml: &'a [Element], path: &str) -> &'a str {
    let there = xml.iter().find(|element| element.path == path);
    &there.unwrap_or_else(|| panic!("no {path} in {xml:#?}")).text
}

/// A JSON document as its reader sees it.
pub(super) fn read_json(document: &Document) -> Value {
    assert_eq!(document.media_type, "application/json; charset=utf-8");
    serde_json::from_str(&document.body).expect("JSON")
}

/// Checks a document against a golden that has an element or a field a line.
pub(super) fn check(document: &Document, expected: &Expect) {
    let lines = document.body.replace("></", ">\0").replace("><", ">\n<").replace('\0', "</");
    expected.assert_eq(&lines.replace(",\"", ",\n\""));
}

/// A mount with everything.
pub(super) fn live() -> SourceStats {
    SourceStats {
        mount: "live.mp3".to_owned(),
        listen_url: "http://radio.example:8000/live.mp3".to_owned(),
        title: "Artist - <Title> & \"more\"".to_owned(),
        name: "Radio 'One'".to_owned(),
        description: "All the hits".to_owned(),
        genre: "Jazz".to_owned(),
        url: "https://radio.example/?a=1&b=2".to_owned(),
        content_type: "audio/mpeg".to_owned(),
        bitrate_kbps: Some(128),
        sample_rate_hz: Some(44_100),
        channels: Some(2),
        listeners: 3,
        listener_peak: 7,
        max_listeners: Some(50),
        unique_listeners: 2,
        listener_connections: 19,
        slow_listeners: 1,
        average_secs: 40,
        public: true,
        user_agent: "libshout/2.4.6".to_owned(),
        source_ip: "192.0.2.1".to_owned(),
        fallback: "night.aac".to_owned(),
        stream_start_unix: Some(1_795_370_889),
        connected_secs: 54,
        total_bytes_read: 864_000,
        total_bytes_sent: 2_592_000,
        sid: 1,
        ..SourceStats::default()
    }
}

/// A mount of which nothing is known but that it is heard.
pub(super) fn night() -> SourceStats {
    SourceStats {
        mount: "night.aac".to_owned(),
        listen_url: "http://radio.example:8000/night.aac".to_owned(),
        content_type: "audio/aac".to_owned(),
        stream_start_unix: Some(1_795_370_900),
        sid: 2,
        ..SourceStats::default()
    }
}

/// A mount without a source.
pub(super) fn off_air() -> SourceStats {
    SourceStats { mount: "off".to_owned(), sid: 3, ..SourceStats::default() }
}

pub(super) fn server(sources: Vec<SourceStats>) -> ServerStats {
    ServerStats {
        admin: "ops@radio.example".to_owned(),
        host: "radio.example".to_owned(),
        location: "Earth".to_owned(),
        server_id: "Skywave".to_owned(),
        started_at_unix: 1_795_370_887,
        connections: 70,
        clients: 5,
        client_connections: 67,
        file_connections: 4,
        listener_connections: 30,
        listener_peak: 8,
        max_listeners: 20_000,
        unique_listeners: 2,
        source_client_connections: 3,
        source_relay_connections: 1,
        sources,
    }
}

pub(super) fn listeners() -> Vec<ListenerStats> {
    let first = ListenerStats {
        id: 7,
        ip: "198.51.100.4".to_owned(),
        user_agent: "VLC/3 <&>\"".to_owned(),
        referer: "http://r.example/?a=1&b=2".to_owned(),
        connected_secs: 12,
        lag_bytes: 2_048,
        username: "ann".to_owned(),
    };
    vec![first, ListenerStats { id: 8, ip: "2001:db8::1".to_owned(), ..Default::default() }]
}

pub(super) fn history() -> Vec<Played> {
    vec![
        Played { at_unix: 1_795_370_890, title: "Artist - Now".to_owned() },
        Played { at_unix: 1_795_370_600, title: "<b>Before</b>".to_owned() },
    ]
}

#[test]
fn artist_and_title_are_one_song() {
    let song = |artist: &str, title: &str| {
        SourceStats { artist: artist.to_owned(), title: title.to_owned(), ..off_air() }.song()
    };
    assert_eq!(song("A", "B"), "A - B");
    assert_eq!(song("A", ""), "A");
    assert_eq!(song("", "A - B"), "A - B");
    assert_eq!(song("", ""), "");
}

#[test]
fn a_stream_is_found_by_its_number_and_a_source_by_its_mount() {
    let server = server(vec![live(), off_air()]);
    assert_eq!(server.stream(3).map(|source| source.mount.as_str()), Some("off"));
    assert_eq!(server.stream(4), None);
    assert_eq!(server.source("live.mp3").map(|source| source.sid), Some(1));
    assert_eq!(server.source("off"), None, "it has no source");
}

/// Every document there is, of texts that are all `text`.
fn every_document(text: &str) -> Vec<Document> {
    let owned = || text.to_owned();
    let source = SourceStats {
        mount: owned(),
        listen_url: owned(),
        title: owned(),
        artist: owned(),
        name: owned(),
        description: owned(),
        genre: owned(),
        url: owned(),
        content_type: owned(),
        user_agent: owned(),
        source_ip: owned(),
        fallback: owned(),
        ..live()
    };
    let server = ServerStats {
        admin: owned(),
        host: owned(),
        location: owned(),
        server_id: owned(),
        ..server(vec![source.clone(), SourceStats { sid: 2, ..source.clone() }])
    };
    let listeners = [ListenerStats {
        ip: owned(),
        user_agent: owned(),
        referer: owned(),
        username: owned(),
        ..ListenerStats::default()
    }];
    let history = [Played { at_unix: i64::MAX, title: owned() }];
    let mut documents = vec![
        icecast::status_json(&server, None),
        icecast::stats(&server, None).expect("all sources"),
        icecast::list_mounts(&server),
        icecast::list_clients(text, &listeners),
        icecast::move_targets(&server, "other"),
        icecast::Outcome::ClientsMoved { from: text, to: text }.to_document(),
    ];
    for format in [Format::Xml, Format::Json] {
        documents.push(shoutcast::stats(&server, &source, &format));
        documents.push(shoutcast::statistics(&server, &format));
        documents.push(shoutcast::played(&history, Some(&format)));
        let admin =
            Admin { server: &server, source: &source, listeners: &listeners, history: &history };
        let pages = [Page::Full, Page::Listeners, Page::History, Page::Metadata, Page::Configs];
        documents.extend(pages.map(|page| admin.page(page, &format)));
    }
    documents
}

/// Elements and texts, without the texts' content: what no text may change.
fn shape(document: &Document) -> Vec<String> {
    fn walk(value: &Value, path: &str, shape: &mut Vec<String>) {
        shape.push(path.to_owned());
        match value {
            Value::Array(values) => {
                for value in values {
                    walk(value, &format!("{path}[]"), shape);
                }
            }
            Value::Object(values) => {
                for (key, value) in values {
                    walk(value, &format!("{path}.{key}"), shape);
                }
            }
            _ => {}
        }
    }
    if document.media_type == JSON_MEDIA_TYPE {
        let mut shape = Vec::new();
        walk(&read_json(document), "", &mut shape);
        return shape;
    }
    read_xml(document).into_iter().map(|element| element.names).collect()
}

/// A text of letters that are trouble somewhere, and of any others.
fn texts() -> impl Strategy<Value = String> {
    let trouble = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "'",
        "\"",
        "]]>",
        "<!--",
        "-->",
        "</source>",
        "&lt;",
        "&#0;",
        "<body>",
        "</body>",
        ",",
        "\\",
        "\\u0000",
        "\u{0}",
        "\u{1}",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{fffe}",
        "\u{feff}",
        "\r\n",
        "\t",
        "/",
        "-",
        "5",
        "%3C",
        "</script>",
        "é",
        "\u{1f600}",
    ]);
    vec(prop_oneof![trouble.prop_map(str::to_owned), any::<char>().prop_map(String::from)], 1..12)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_text_and_no_element(text in texts()) {
        for (document, plain) in every_document(&text).iter().zip(every_document("plain")) {
            prop_assert_eq!(shape(document), shape(&plain));
        }
    }

    #[test]
    fn a_json_string_reads_as_it_was(text in texts()) {
        let source = SourceStats { title: text.clone(), ..live() };
        let document = icecast::status_json(&server(vec![source]), None);
        prop_assert_eq!(&read_json(&document)["icestats"]["source"]["title"], &text);
        let hostile = document.body.contains(['<', '\n', '\u{2028}']);
        prop_assert!(!hostile, "{}", document.body);
    }

    #[test]
    fn a_text_of_xml_reads_as_it_was_without_what_xml_cannot_carry(text in texts()) {
        let source = SourceStats { title: text.clone(), ..live() };
        let document = shoutcast::stats(&server(vec![]), &source, &Format::Xml);
        let carried = |c: &char| {
            !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
        };
        let carried: String = text.chars().filter(carried).collect();
        let xml = read_xml(&document);
        prop_assert_eq!(at(&xml, "SHOUTCASTSERVER/SONGTITLE"), carried);
    }

    #[test]
    fn a_document_is_at_most_six_times_its_texts(text in texts()) {
        // 6 is `&quot;` and `\u0000`; a title stands at most three times for
        // each time it is given: joined with its artist, and with the other.
        let (plain, documents) = (every_document(""), every_document(&text));
        for (document, plain) in documents.iter().zip(plain) {
            let texts = 2 * 17 + 8;
            let bound = plain.body.len() + 2_000 + 6 * text.len() * texts;
            prop_assert!(document.body.len() <= bound, "{}", document.body);
        }
    }

    #[test]
    fn seven_values_are_read_by_the_readers_in_use(text in texts()) {
        let source = SourceStats { title: text, ..live() };
        let page = shoutcast::seven(&server(vec![]), &source).body;
        // What `<body.*>(.*)</body>` takes, lazy or greedy.
        let lazy = page.split_once("<body>").unwrap().1.split_once("</body>").unwrap().0;
        let greedy = page.rsplit_once("</body>").unwrap().0.rsplit_once('>').unwrap().1;
        prop_assert_eq!(lazy, greedy);
        let values: Vec<_> = lazy.splitn(7, ',').collect();
        prop_assert_eq!(&values[..6], ["3", "1", "7", "50", "2", "128"]);
        let broken = values[6].contains(['<', '>', '\n', '\r']);
        prop_assert!(!broken, "{}", values[6]);
    }
}
