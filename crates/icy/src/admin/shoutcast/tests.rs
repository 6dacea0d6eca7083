use expect_test::expect;

use super::*;
use crate::admin::StatsQuery;
use crate::admin::query::Callback;
use crate::admin::tests::{
    at, check, history, listeners, live, night, off_air, read_json, read_xml, server,
};

fn page(page: Page, format: &Format) -> Document {
    let (server, listeners, history) = (server(vec![live(), off_air()]), listeners(), history());
    let source = live();
    Admin { server: &server, source: &source, listeners: &listeners, history: &history }
        .page(page, format)
}

#[test]
fn seven_values() {
    let document = seven(&server(vec![]), &live());
    assert_eq!(document.media_type, "text/html");
    assert_eq!(
        document.body,
        "<HTML><meta http-equiv=\"Pragma\" content=\"no-cache\"></head><body>3,1,7,50,2,128,Artist - &lt;Title&gt; &amp; &quot;more&quot;</body></html>"
    );
    let document = seven(&server(vec![]), &off_air());
    assert!(document.body.contains("<body>0,0,0,20000,0,0,</body>"), "{}", document.body);
}

#[test]
fn stats_of_a_stream_in_xml() {
    check(
        &stats(&server(vec![live()]), &live(), &Format::Xml),
        &expect![[r#"
        <?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
        <SHOUTCASTSERVER>
        <CURRENTLISTENERS>3</CURRENTLISTENERS>
        <PEAKLISTENERS>7</PEAKLISTENERS>
        <MAXLISTENERS>50</MAXLISTENERS>
        <UNIQUELISTENERS>2</UNIQUELISTENERS>
        <AVERAGETIME>40</AVERAGETIME>
        <SERVERGENRE>Jazz</SERVERGENRE>
        <SERVERGENRE2></SERVERGENRE2>
        <SERVERGENRE3></SERVERGENRE3>
        <SERVERGENRE4></SERVERGENRE4>
        <SERVERGENRE5></SERVERGENRE5>
        <SERVERURL>https://radio.example/?a=1&amp;b=2</SERVERURL>
        <SERVERTITLE>Radio &#39;One&#39;</SERVERTITLE>
        <SONGTITLE>Artist - &lt;Title&gt; &amp; &quot;more&quot;</SONGTITLE>
        <STREAMHITS>19</STREAMHITS>
        <STREAMSTATUS>1</STREAMSTATUS>
        <BACKUPSTATUS>0</BACKUPSTATUS>
        <STREAMLISTED>1</STREAMLISTED>
        <STREAMPATH>/live.mp3</STREAMPATH>
        <STREAMUPTIME>54</STREAMUPTIME>
        <BITRATE>128</BITRATE>
        <SAMPLERATE>44100</SAMPLERATE>
        <CONTENT>audio/mpeg</CONTENT>
        <VERSION>Skywave</VERSION></SHOUTCASTSERVER>
    "#]],
    );
}

#[test]
fn stats_of_a_stream_in_json() {
    check(
        &stats(&server(vec![live()]), &live(), &Format::Json),
        &expect![[r#"
        {"currentlisteners":3,
        "peaklisteners":7,
        "maxlisteners":50,
        "uniquelisteners":2,
        "averagetime":40,
        "servergenre":"Jazz",
        "servergenre2":"",
        "servergenre3":"",
        "servergenre4":"",
        "servergenre5":"",
        "serverurl":"https://radio.example/?a=1&b=2",
        "servertitle":"Radio 'One'",
        "songtitle":"Artist - \u003cTitle> & \"more\"",
        "streamhits":19,
        "streamstatus":1,
        "backupstatus":0,
        "streamlisted":1,
        "streampath":"/live.mp3",
        "streamuptime":54,
        "bitrate":"128",
        "samplerate":"44100",
        "content":"audio/mpeg",
        "version":"Skywave"}"#]],
    );
}

#[test]
fn a_stream_without_a_source_is_down_and_has_no_uptime() {
    let json = read_json(&stats(&server(vec![]), &off_air(), &Format::Json));
    assert_eq!(json["streamstatus"], 0);
    assert_eq!(json.get("streamuptime"), None);
    assert_eq!((&json["bitrate"], &json["samplerate"]), (&"0".into(), &"0".into()));
    assert_eq!(json["maxlisteners"], 20_000, "the server's limit counts");
}

#[test]
fn statistics_of_all_streams() {
    let more = SourceStats { listeners: 1, average_secs: 100, ..night() };
    let server = server(vec![live(), more, off_air()]);
    let json = read_json(&statistics(&server, &Format::Json));
    assert_eq!((&json["totalstreams"], &json["activestreams"]), (&3.into(), &2.into()));
    assert_eq!((&json["currentlisteners"], &json["averagetime"]), (&4.into(), &55.into()));
    let ids: Vec<_> = json["streams"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(json["streams"][0]["bitrate"], "128");
    let xml = read_xml(&statistics(&server, &Format::Xml));
    assert_eq!(at(&xml, "SHOUTCASTSERVER/STREAMSTATS/TOTALSTREAMS"), "3");
    let title = at(&xml, "SHOUTCASTSERVER/STREAMSTATS/STREAM[id=1]/SONGTITLE");
    assert_eq!(title, "Artist - <Title> & \"more\"");
    assert_eq!(at(&xml, "SHOUTCASTSERVER/STREAMSTATS/STREAM[id=3]/STREAMSTATUS"), "0");
    let empty = read_json(&statistics(&ServerStats::default(), &Format::Json));
    assert_eq!(empty["streams"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_current_song_is_a_line() {
    let source = SourceStats { title: "A\r\n- <B>\u{2028}".to_owned(), ..live() };
    let document = current_song(&source);
    assert_eq!((document.media_type, &*document.body), ("text/plain; charset=utf-8", "A- <B>"));
}

#[test]
fn played_titles_on_a_page() {
    check(
        &played(&history(), None),
        &expect![[r#"
        <!DOCTYPE html>
        <html>
        <head>
        <meta charset="utf-8">
        <title>Song History</title></head>
        <body>
        <table>
        <tr>
        <td>
        <b>Played @</b></td>
        <td>
        <b>Song Title</b></td></tr>
        <tr>
        <td>18:08:10</td>
        <td>Artist - Now</td>
        <td>
        <b>Current Song</b></td></tr>
        <tr>
        <td>18:03:20</td>
        <td>&lt;b&gt;Before&lt;/b&gt;</td></tr></table></body></html>
    "#]],
    );
}

#[test]
fn played_titles_as_data() {
    check(
        &played(&history(), Some(&Format::Xml)),
        &expect![[r#"
        <?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
        <SHOUTCASTSERVER>
        <SONGHISTORY>
        <SONG>
        <PLAYEDAT>1795370890</PLAYEDAT>
        <TITLE>Artist - Now</TITLE></SONG>
        <SONG>
        <PLAYEDAT>1795370600</PLAYEDAT>
        <TITLE>&lt;b&gt;Before&lt;/b&gt;</TITLE></SONG></SONGHISTORY></SHOUTCASTSERVER>
    "#]],
    );
    check(
        &played(&history(), Some(&Format::Json)),
        &expect![[r#"
        [{"playedat":"1795370890",
        "title":"Artist - Now"},{"playedat":"1795370600",
        "title":"\u003cb>Before\u003c/b>"}]"#]],
    );
    assert_eq!(played(&[], Some(&Format::Json)).body, "[]");
}

#[test]
fn next_songs_are_none() {
    assert_eq!(next_songs(&Format::Json).body, "[]");
    let xml = read_xml(&next_songs(&Format::Xml));
    assert_eq!(xml.len(), 2, "{xml:?}");
    assert_eq!(at(&xml, "SHOUTCASTSERVER/NEXTSONGS"), "");
}

#[test]
fn a_tune_in_file_names_the_stream() {
    let document = listen_pls(&SourceStats { name: "One\nFile2=x".to_owned(), ..live() });
    let expected = "[playlist]\nnumberofentries=1\nFile1=http://radio.example:8000/live.mp3\n\
        Title1=OneFile2=x\nLength1=-1\nVersion=2\n";
    assert_eq!((document.media_type, &*document.body), ("audio/x-scpls", expected));
}

#[test]
fn a_call_is_the_json_in_brackets() {
    let query = StatsQuery::parse(b"sid=1&json=1&callback=jQuery17_2").expect("a query");
    let format = query.format.expect("a format");
    assert!(matches!(&format, Format::Jsonp(name) if name == &callback("jQuery17_2")));
    let document = played(&[], Some(&format));
    assert_eq!(document.media_type, "application/javascript; charset=utf-8");
    assert_eq!(document.body, "jQuery17_2([]);");
}

fn callback(name: &str) -> Callback {
    Callback::parse(name.as_bytes()).expect("an identifier")
}

#[test]
fn the_full_page_is_summary_listeners_and_history() {
    let json = read_json(&page(Page::Full, &Format::Json));
    let summary = read_json(&page(Page::Summary, &Format::Json));
    for (key, value) in summary.as_object().expect("an object") {
        assert_eq!(&json[key], value);
    }
    assert_eq!(summary["streamsource"], "192.0.2.1");
    assert_eq!(json["listeners"], read_json(&page(Page::Listeners, &Format::Json)));
    assert_eq!(json["songs"], read_json(&page(Page::History, &Format::Json)));
    let xml = read_xml(&page(Page::Full, &Format::Xml));
    assert_eq!(at(&xml, "SHOUTCASTSERVER/STREAMSOURCE"), "192.0.2.1");
    assert_eq!(at(&xml, "SHOUTCASTSERVER/LISTENERS/LISTENER/HOSTNAME"), "198.51.100.4");
    assert_eq!(at(&xml, "SHOUTCASTSERVER/SONGHISTORY/SONG/PLAYEDAT"), "1795370890");
}

#[test]
fn listeners_of_a_stream() {
    check(
        &page(Page::Listeners, &Format::Xml),
        &expect![[r#"
        <?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
        <SHOUTCASTSERVER>
        <LISTENERS>
        <LISTENER>
        <HOSTNAME>198.51.100.4</HOSTNAME>
        <USERAGENT>VLC/3 &lt;&amp;&gt;&quot;</USERAGENT>
        <CONNECTTIME>12</CONNECTTIME>
        <UID>7</UID>
        <TYPE>0</TYPE>
        <REFERER>http://r.example/?a=1&amp;b=2</REFERER>
        <XFF></XFF>
        <GRID>0</GRID>
        <TRIGGERS>0</TRIGGERS></LISTENER>
        <LISTENER>
        <HOSTNAME>2001:db8::1</HOSTNAME>
        <USERAGENT>EMPTY</USERAGENT>
        <CONNECTTIME>0</CONNECTTIME>
        <UID>8</UID>
        <TYPE>0</TYPE>
        <REFERER></REFERER>
        <XFF></XFF>
        <GRID>0</GRID>
        <TRIGGERS>0</TRIGGERS></LISTENER></LISTENERS></SHOUTCASTSERVER>
    "#]],
    );
    check(
        &page(Page::Listeners, &Format::Json),
        &expect![[r#"
        [{"hostname":"198.51.100.4",
        "useragent":"VLC/3 \u003c&>\"",
        "connecttime":"12",
        "uid":"7",
        "type":"0",
        "referer":"http://r.example/?a=1&b=2",
        "xff":"",
        "grid":"0",
        "triggers":"0"},{"hostname":"2001:db8::1",
        "useragent":"EMPTY",
        "connecttime":"0",
        "uid":"8",
        "type":"0",
        "referer":"",
        "xff":"",
        "grid":"0",
        "triggers":"0"}]"#]],
    );
}

#[test]
fn metadata_of_a_stream() {
    check(
        &page(Page::Metadata, &Format::Xml),
        &expect![[r#"
        <?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
        <SHOUTCASTSERVER>
        <SONGMETADATA>
        <TIT2>Artist - &lt;Title&gt; &amp; &quot;more&quot;</TIT2></SONGMETADATA></SHOUTCASTSERVER>
    "#]],
    );
    check(
        &page(Page::Metadata, &Format::Json),
        &expect![[r#"{"tit2":"Artist - \u003cTitle> & \"more\""}"#]],
    );
}

#[test]
fn configs_of_the_streams_in_xml() {
    check(
        &page(Page::Configs, &Format::Xml),
        &expect![[r#"
        <?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
        <SHOUTCASTSERVER>
        <STREAMCONFIGS>
        <REQUIRECONFIGS>1</REQUIRECONFIGS>
        <SERVERMAXLISTENERS>20000</SERVERMAXLISTENERS>
        <SERVERMAXBITRATE>0</SERVERMAXBITRATE>
        <TOTALCONFIGS>2</TOTALCONFIGS>
        <STREAMCONFIG id="1">
        <STREAMAUTHHASH></STREAMAUTHHASH>
        <STREAMPATH>/live.mp3</STREAMPATH>
        <STREAMRELAYURL></STREAMRELAYURL>
        <STREAMBACKUPURL></STREAMBACKUPURL>
        <STREAMMAXLISTENERS>50</STREAMMAXLISTENERS>
        <STREAMMAXBITRATE>SERVERMAXBITRATE</STREAMMAXBITRATE>
        <STREAMPUBLIC>always</STREAMPUBLIC>
        <STREAMALLOWRELAY>1</STREAMALLOWRELAY>
        <STREAMPUBLICRELAY>0</STREAMPUBLICRELAY></STREAMCONFIG>
        <STREAMCONFIG id="3">
        <STREAMAUTHHASH></STREAMAUTHHASH>
        <STREAMPATH>/off</STREAMPATH>
        <STREAMRELAYURL></STREAMRELAYURL>
        <STREAMBACKUPURL></STREAMBACKUPURL>
        <STREAMMAXLISTENERS>SERVERMAXLISTENERS</STREAMMAXLISTENERS>
        <STREAMMAXBITRATE>SERVERMAXBITRATE</STREAMMAXBITRATE>
        <STREAMPUBLIC>never</STREAMPUBLIC>
        <STREAMALLOWRELAY>1</STREAMALLOWRELAY>
        <STREAMPUBLICRELAY>0</STREAMPUBLICRELAY></STREAMCONFIG></STREAMCONFIGS></SHOUTCASTSERVER>
    "#]],
    );
}

#[test]
fn configs_of_the_streams_in_json() {
    check(
        &page(Page::Configs, &Format::Json),
        &expect![[r#"
        {"requireconfigs":"1",
        "maxlisteners":"20000",
        "maxbitrate":"0",
        "total":"2",
        "streams":[{"id":1,
        "authhash":"",
        "path":"/live.mp3",
        "relayurl":"",
        "backupurl":"",
        "maxlisteners":"50",
        "maxbitrate":"maxbitrate",
        "public":"always",
        "allowrelay":"1",
        "publicrelay":"0"},{"id":3,
        "authhash":"",
        "path":"/off",
        "relayurl":"",
        "backupurl":"",
        "maxlisteners":"maxlisteners",
        "maxbitrate":"maxbitrate",
        "public":"never",
        "allowrelay":"1",
        "publicrelay":"0"}]}"#]],
    );
}
