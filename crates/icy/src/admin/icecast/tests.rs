use expect_test::expect;

use super::*;
use crate::admin::tests::{
    at, check, listeners, live, night, off_air, read_json, read_xml, server,
};

#[test]
fn status_json_of_one_source() {
    check(
        &status_json(&server(vec![live(), off_air()]), None),
        &expect![[r#"
        {"icestats":{"admin":"ops@radio.example",
        "host":"radio.example",
        "location":"Earth",
        "server_id":"Skywave",
        "server_start":"Sun, 22 Nov 2026 18:08:07 +0000",
        "server_start_iso8601":"2026-11-22T18:08:07+0000",
        "source":{"audio_bitrate":128000,
        "audio_channels":2,
        "audio_info":"ice-samplerate=44100;ice-bitrate=128;ice-channels=2",
        "audio_samplerate":44100,
        "bitrate":128,
        "channels":2,
        "genre":"Jazz",
        "ice-bitrate":128,
        "ice-channels":2,
        "ice-samplerate":44100,
        "listener_peak":7,
        "listeners":3,
        "listenurl":"http://radio.example:8000/live.mp3",
        "samplerate":44100,
        "server_description":"All the hits",
        "server_name":"Radio 'One'",
        "server_type":"audio/mpeg",
        "server_url":"https://radio.example/?a=1&b=2",
        "stream_start":"Sun, 22 Nov 2026 18:08:09 +0000",
        "stream_start_iso8601":"2026-11-22T18:08:09+0000",
        "title":"Artist - \u003cTitle> & \"more\"",
        "yp_currently_playing":"Artist - \u003cTitle> & \"more\""}}}"#]],
    );
}

#[test]
fn a_source_is_an_object_several_are_an_array_and_none_is_absent() {
    let source = |sources: Vec<_>, mount| {
        read_json(&status_json(&server(sources), mount))["icestats"].get("source").cloned()
    };
    assert!(source(vec![live()], None).is_some_and(|one| one.is_object()));
    let two = source(vec![live(), off_air(), night()], None).expect("two sources");
    assert_eq!(two.as_array().map(Vec::len), Some(2));
    assert_eq!(two[1]["listenurl"], "http://radio.example:8000/night.aac");
    assert_eq!(source(vec![off_air()], None), None);
    let one = source(vec![live(), night()], Some("night.aac")).expect("one source");
    assert_eq!(one["server_type"], "audio/aac");
    assert_eq!(source(vec![live(), night()], Some("none")), None);
    assert_eq!(source(vec![live(), off_air()], Some("off")), None);
}

#[test]
fn a_source_that_says_nothing_has_the_names_that_icecast_gives_it() {
    let json = read_json(&status_json(&server(vec![night()]), None));
    let source = &json["icestats"]["source"];
    assert_eq!(source["server_name"], "Unspecified name");
    assert_eq!(source["server_description"], "Unspecified description");
    assert_eq!(source["genre"], "various");
    for absent in ["title", "artist", "bitrate", "audio_info", "server_url"] {
        assert_eq!(source.get(absent), None, "{absent}");
    }
}

#[test]
fn titles_that_break_icecasts_own_json_are_strings() {
    for title in ["-", "5", "1e5", "-5", "null", "true", "\u{1}\u{2}x", "a\\b/c\td", "\u{1f600}"] {
        let source = SourceStats { title: title.to_owned(), ..live() };
        let json = read_json(&status_json(&server(vec![source]), None));
        assert_eq!(json["icestats"]["source"]["title"], title);
    }
}

#[test]
fn an_artist_is_told_apart_and_together() {
    let source = SourceStats { artist: "A".to_owned(), title: "B".to_owned(), ..live() };
    let json = read_json(&status_json(&server(vec![source]), None));
    let source = &json["icestats"]["source"];
    assert_eq!((&source["artist"], &source["title"]), (&"A".into(), &"B".into()));
    assert_eq!(source["yp_currently_playing"], "A - B");
}

#[test]
fn admin_stats() {
    let stats = stats(&server(vec![live(), off_air()]), None).expect("all sources");
    check(
        &stats,
        &expect![[r#"
        <?xml version="1.0"?>
        <icestats>
        <admin>ops@radio.example</admin>
        <client_connections>67</client_connections>
        <clients>5</clients>
        <connections>70</connections>
        <file_connections>4</file_connections>
        <host>radio.example</host>
        <listener_connections>30</listener_connections>
        <listeners>3</listeners>
        <location>Earth</location>
        <server_id>Skywave</server_id>
        <server_start>Sun, 22 Nov 2026 18:08:07 +0000</server_start>
        <server_start_iso8601>2026-11-22T18:08:07+0000</server_start_iso8601>
        <source_client_connections>3</source_client_connections>
        <source_relay_connections>1</source_relay_connections>
        <source_total_connections>4</source_total_connections>
        <sources>1</sources>
        <stats>0</stats>
        <stats_connections>0</stats_connections>
        <source mount="/live.mp3">
        <audio_bitrate>128000</audio_bitrate>
        <audio_channels>2</audio_channels>
        <audio_info>ice-samplerate=44100;ice-bitrate=128;ice-channels=2</audio_info>
        <audio_samplerate>44100</audio_samplerate>
        <bitrate>128</bitrate>
        <channels>2</channels>
        <genre>Jazz</genre>
        <ice-bitrate>128</ice-bitrate>
        <ice-channels>2</ice-channels>
        <ice-samplerate>44100</ice-samplerate>
        <listener_connections>19</listener_connections>
        <listener_peak>7</listener_peak>
        <listeners>3</listeners>
        <listenurl>http://radio.example:8000/live.mp3</listenurl>
        <max_listeners>50</max_listeners>
        <public>1</public>
        <samplerate>44100</samplerate>
        <server_description>All the hits</server_description>
        <server_name>Radio &#39;One&#39;</server_name>
        <server_type>audio/mpeg</server_type>
        <server_url>https://radio.example/?a=1&amp;b=2</server_url>
        <slow_listeners>1</slow_listeners>
        <source_ip>192.0.2.1</source_ip>
        <stream_start>Sun, 22 Nov 2026 18:08:09 +0000</stream_start>
        <stream_start_iso8601>2026-11-22T18:08:09+0000</stream_start_iso8601>
        <title>Artist - &lt;Title&gt; &amp; &quot;more&quot;</title>
        <total_bytes_read>864000</total_bytes_read>
        <total_bytes_sent>2592000</total_bytes_sent>
        <user_agent>libshout/2.4.6</user_agent>
        <yp_currently_playing>Artist - &lt;Title&gt; &amp; &quot;more&quot;</yp_currently_playing></source></icestats>
    "#]],
    );
}

#[test]
fn admin_stats_are_of_one_mount_if_one_is_asked() {
    let server = server(vec![live(), night(), off_air()]);
    let xml = read_xml(&stats(&server, Some("night.aac")).expect("a source"));
    assert_eq!(at(&xml, "icestats/sources"), "2", "the server's numbers stay");
    assert_eq!(at(&xml, "icestats/source[mount=/night.aac]/max_listeners"), "unlimited");
    assert!(!format!("{xml:?}").contains("live.mp3"));
    assert_eq!(stats(&server, Some("none")), Err(Refusal::NoSource));
    assert_eq!(stats(&server, Some("off")), Err(Refusal::NoSource));
}

#[test]
fn names_stand_in_the_order_of_the_alphabet() {
    let source = live();
    for fields in [public_fields(&source), all_fields(&source)] {
        assert!(fields.is_sorted_by(|(one, _), (other, _)| one < other), "{fields:?}");
    }
}

#[test]
fn mounts() {
    check(
        &list_mounts(&server(vec![live(), night(), off_air()])),
        &expect![[r#"
        <?xml version="1.0"?>
        <icestats>
        <source mount="/live.mp3">
        <fallback>/night.aac</fallback>
        <listeners>3</listeners>
        <Connected>54</Connected>
        <content-type>audio/mpeg</content-type></source>
        <source mount="/night.aac">
        <fallback></fallback>
        <listeners>0</listeners>
        <Connected>0</Connected>
        <content-type>audio/aac</content-type></source></icestats>
    "#]],
    );
    check(
        &move_targets(&server(vec![live(), night(), off_air()]), "live.mp3"),
        &expect![[r#"
        <?xml version="1.0"?>
        <icestats>
        <current_source>/live.mp3</current_source>
        <source mount="/night.aac">
        <fallback></fallback>
        <listeners>0</listeners>
        <Connected>0</Connected>
        <content-type>audio/aac</content-type></source></icestats>
    "#]],
    );
    let list = stream_list(&server(vec![live(), night(), off_air()]));
    assert_eq!(list.body, "/live.mp3\r\n/night.aac\r\n");
    assert_eq!(list.media_type, "text/plain; charset=utf-8");
}

#[test]
fn clients() {
    check(
        &list_clients("live.mp3", &listeners()),
        &expect![[r#"
        <?xml version="1.0"?>
        <icestats>
        <source mount="/live.mp3">
        <Listeners>2</Listeners>
        <listeners>2</listeners>
        <listener id="7">
        <IP>198.51.100.4</IP>
        <UserAgent>VLC/3 &lt;&amp;&gt;&quot;</UserAgent>
        <Connected>12</Connected>
        <ID>7</ID>
        <Referer>http://r.example/?a=1&amp;b=2</Referer>
        <lag>2048</lag>
        <username>ann</username></listener>
        <listener id="8">
        <IP>2001:db8::1</IP>
        <UserAgent></UserAgent>
        <Connected>0</Connected>
        <ID>8</ID>
        <Referer></Referer>
        <lag>0</lag></listener></source></icestats>
    "#]],
    );
    let xml = read_xml(&list_clients("live.mp3", &[]));
    assert_eq!(at(&xml, "icestats/source[mount=/live.mp3]/Listeners"), "0");
}

#[test]
fn outcomes_are_told_in_icecasts_words() {
    let check = |outcome: Outcome<'_>, message: &str, done: &str| {
        let document = outcome.to_document();
        let expected = format!(
            "<?xml version=\"1.0\"?>\n<iceresponse><message>{message}</message><return>{done}</return></iceresponse>\n"
        );
        assert_eq!(document.body, expected);
        assert_eq!(document.media_type, "text/xml; charset=utf-8");
    };
    check(Outcome::ClientRemoved(7), "Client 7 removed", "1");
    check(Outcome::ClientNotFound(0), "Client 0 not found", "0");
    check(Outcome::SourceRemoved, "Source Removed", "1");
    let moved = Outcome::ClientsMoved { from: "a", to: "b" };
    check(moved, "Clients moved from /a to /b", "1");
    let page = Outcome::FallbackConfigured.to_document();
    assert_eq!(
        page.body,
        "<html><head><title>Admin request successful</title></head><body><p>Fallback configured</p></body></html>\n"
    );
    assert_eq!(page.media_type, "text/html; charset=utf-8");
}

#[test]
fn refusals_are_pages() {
    let check = |refusal: Refusal, text: &str| {
        let expected = format!(
            "<html><head><title>Error 400</title></head><body><b>400 - {text}</b></body></html>\n"
        );
        assert_eq!(refusal.to_document().body, expected);
    };
    check(Refusal::UnknownCommand, "Unrecognised command");
    check(Refusal::NoMount, "Unknown admin request");
    check(Refusal::MissingParameter, "Missing parameter");
    check(Refusal::NoSource, "Source does not exist");
    check(Refusal::NoDestination, "No such destination");
    check(Refusal::SameMount, "supplied mountpoints are identical");
}

#[test]
fn dates_are_those_of_icecast() {
    assert_eq!(date(1_795_369_687, DATE_FORMAT), "Sun, 22 Nov 2026 17:48:07 +0000");
    assert_eq!(date(1_795_369_687, ISO8601_FORMAT), "2026-11-22T17:48:07+0000");
    assert_eq!(date(i64::MIN, ISO8601_FORMAT), "0001-01-01T00:00:00+0000");
    assert!(date(i64::MAX, ISO8601_FORMAT).starts_with("9999-"));
}
