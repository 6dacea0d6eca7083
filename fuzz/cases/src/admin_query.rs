//! Any query of Icecast's and SHOUTcast's endpoints: no panic, calls only of
//! identifiers, mounts only to look up; and its text in documents stays text.
//!
//! The first byte of the input chooses the command of `/admin/`.

use icy::admin::{
    AdminQuery, CALLBACK_LEN_MAX, Format, Played, SID_MAX, ServerStats, SourceStats, StatsQuery,
    icecast, shoutcast,
};

const COMMANDS: [&str; 9] = [
    "stats",
    "listmounts",
    "listclients",
    "killclient",
    "killsource",
    "moveclients",
    "fallbacks",
    "streamlist.txt",
    "nothing",
];

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some((&choice, query)) = data.split_first() else { return };
    let command = COMMANDS[usize::from(choice) % COMMANDS.len()];
    match AdminQuery::parse(command, query) {
        Ok(AdminQuery::MoveClients { mount, destination }) => {
            assert!(!mount.is_empty() && destination.as_ref() != Some(&mount));
        }
        Ok(AdminQuery::KillClient { mount, .. } | AdminQuery::Stats { mount: Some(mount) }) => {
            assert!(!mount.is_empty());
        }
        Ok(_) => {}
        Err(refusal) => assert!(refusal.to_document().body.contains("400 - ")),
    }
    if let Ok(query) = StatsQuery::parse(query) {
        assert!((1..=SID_MAX).contains(&query.sid));
        if let Some(Format::Jsonp(callback)) = &query.format {
            let name = callback.as_str();
            assert!(!name.is_empty() && name.len() <= CALLBACK_LEN_MAX);
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$')));
        }
    }
    documents_hold(&String::from_utf8_lossy(query));
}

fn documents_hold(text: &str) {
    let source = SourceStats {
        mount: text.to_owned(),
        title: text.to_owned(),
        stream_start_unix: Some(0),
        ..SourceStats::default()
    };
    let server = ServerStats { sources: vec![source.clone()], ..ServerStats::default() };
    let status = icecast::status_json(&server, Some(text)).body;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    if !text.is_empty() {
        assert_eq!(status["icestats"]["source"]["title"], text);
    }
    let seven = shoutcast::seven(&server, &source).body;
    assert_eq!(seven.matches('<').count(), 6, "{seven}");
    let stats = shoutcast::stats(&server, &source, &Format::Xml).body;
    assert_eq!(stats.matches('<').count(), 1 + 2 * 24, "{stats}");
    assert_eq!(icecast::stream_list(&server).body.lines().count(), 1);
    let history = [Played { at_unix: 0, title: text.to_owned() }];
    let page = shoutcast::played(&history, None).body;
    assert_eq!(page.matches('<').count(), page.matches('>').count(), "{page}");
}

/// Queries of panels, relays and monitors, and of those who try.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"\0",
        b"\0mount=/live.mp3",
        b"\x02mount=%2Flive.mp3&mount=/other",
        b"\x03mount=/live.mp3&id=7",
        b"\x05mount=/a&destination=/b",
        b"\x06mount=/a&fallback=/b",
        b"\0sid=1&json=1&callback=jQuery17_2",
        b"\0sid=2147483648&type=xml",
        b"\0pass=hackme&mode=viewxml&page=3&sid=2",
        b"\0mode=viewjson&callback=alert(1)//",
        b"\x03mount=/../x&id=99999999999999999999",
        b"\0</body>]]>\"'\\&#0;<script>\r\n",
    ])
}
