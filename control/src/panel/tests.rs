//! What panels and monitors are told, and what the administrator's commands do.

mod house;

use expect_test::{Expect, expect};
use listen::TRIES_MAX;
use serde_json::Value;

use self::house::{ADMIN, House, RELAY, eventually};
use super::stats::TOLD_AGE_MAX;
use super::*;

/// What anyone is told at a path.
async fn check(target: &str, expected: Expect) {
    expected.assert_eq(&House::new().await.get(target).await.line());
}

/// What the administrator is told of a command that does nothing.
async fn check_admin(target: &str, expected: Expect) {
    let house = House::new().await;
    expected.assert_eq(house.as_admin(target).await.line().trim_end());
    assert!(house.sources.0.lock().unwrap().is_empty());
}

async fn icestats(house: &House, target: &str) -> Value {
    let answer = house.get(target).await;
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    serde_json::from_str::<Value>(&answer.body).unwrap()["icestats"].clone()
}

#[tokio::test]
async fn status_json_has_no_source_or_one_or_a_list() {
    let house = House::new().await;
    let one = icestats(&house, "/status-json.xsl").await;
    assert_eq!(one["host"], "radio.example");
    assert_eq!(one["location"], "eu-central");
    assert_eq!(one["source"]["title"], "Ann - <One>");
    assert_eq!(one["source"]["listenurl"], "http://radio.example:8000/acme");
    assert_eq!(one["source"]["stream_start_iso8601"], "2000-01-01T00:00:00+0000");
    {
        let mut report = house.report.lock().unwrap();
        report.egresses[1].on_air = true;
        report.egresses[1].source = Some("in2".to_owned());
    }
    house.clock.advance(TOLD_AGE_MAX);
    let several = icestats(&house, "/status-json.xsl").await;
    assert_eq!(several["source"].as_array().map(Vec::len), Some(2));
    house.report.lock().unwrap().egresses.iter_mut().for_each(|egress| egress.on_air = false);
    house.clock.advance(TOLD_AGE_MAX);
    let none = icestats(&house, "/status-json.xsl").await;
    assert!(none.get("source").is_none(), "{none}");
}

#[tokio::test]
async fn a_mount_is_found_by_its_name_and_by_its_aliases() {
    let house = House::new().await;
    for mount in ["/acme", "acme", "/live/acme", "%2Flive%2Facme"] {
        let stats = icestats(&house, &format!("/status-json.xsl?mount={mount}")).await;
        assert_eq!(stats["source"]["server_name"], "Acme Radio", "{mount}");
        let answer = house.as_admin(&format!("/admin/stats?mount={mount}")).await;
        assert!(answer.body.contains("<source mount=\"/acme\">"), "{mount}: {}", answer.body);
    }
    // One that is off the air, an encoder's, and none.
    for mount in ["/other", "/in", "/none", "/ac\u{e4}".escape_default().to_string().as_str()] {
        let stats = icestats(&house, &format!("/status-json.xsl?mount={mount}")).await;
        assert!(stats.get("source").is_none(), "{mount}: {stats}");
        let answer = house.as_admin(&format!("/admin/stats?mount={mount}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{mount}");
        assert!(answer.body.contains("Source does not exist"), "{}", answer.body);
    }
}

#[tokio::test]
async fn stats_tell_of_the_source_and_of_those_who_listen() {
    let house = House::new().await;
    let _listener = house.join("/live/acme").await;
    eventually(|| house.delivery.audience("acme").unwrap().connections_total == 1).await;
    let text = house.as_admin("/admin/stats").await.body;
    for element in [
        "<listeners>1</listeners>",
        "<source_total_connections>2</source_total_connections>",
        "<sources>1</sources>",
        "<max_listeners>50</max_listeners>",
        "<source_ip>192.0.2.9</source_ip>",
        "<user_agent>BUTT/0.1</user_agent>",
        "<total_bytes_read>4096</total_bytes_read>",
        "<title>Ann - &lt;One&gt;</title>",
    ] {
        assert!(text.contains(element), "no {element} in {text}");
    }
}

#[tokio::test]
async fn mounts_on_air_are_listed() {
    check_admin(
        "/admin/listmounts",
        expect![[r#"
            200 <?xml version="1.0"?>
            <icestats><source mount="/acme"><fallback></fallback><listeners>0</listeners><Connected>54</Connected><content-type>audio/mpeg</content-type></source></icestats>"#]],
    )
    .await;
    check_admin("/admin/streamlist.txt", expect!["200 /acme"]).await;
}

#[tokio::test]
async fn a_relay_gets_its_list_and_nothing_else() {
    let house = House::new().await;
    let relay = [("Authorization", RELAY)];
    assert_eq!(house.ask("/admin/streamlist.txt", &relay).await.line(), "200 /acme\r\n");
    assert_eq!(house.ask("/admin/stats", &relay).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_listener_is_seen_and_killed() {
    let house = House::new().await;
    let listener = house.join("/acme").await;
    house.clock.advance(std::time::Duration::from_secs(12));
    let id = house.only_id("acme");
    let seen = house.as_admin("/admin/listclients?mount=/live/acme").await.line();
    expect![[r#"
        200 <?xml version="1.0"?>
        <icestats><source mount="/live/acme"><Listeners>1</Listeners><listeners>1</listeners><listener id="ID"><IP>192.0.2.7</IP><UserAgent>VLC/3.0 &lt;b&gt;</UserAgent><Connected>12</Connected><ID>ID</ID><Referer>https://page.example/</Referer><lag>0</lag></listener></source></icestats>
    "#]]
    .assert_eq(&seen.replace(&format!("id=\"{id}\""), "id=\"ID\"").replace(&format!("<ID>{id}<"), "<ID>ID<"));
    let kill = |id: u64| format!("/admin/killclient?mount=/acme&id={id}");
    let none = house.as_admin(&kill(id + 1_000)).await.body;
    assert!(none.contains("not found</message><return>0</return>"), "{none}");
    let killed = house.as_admin(&kill(id)).await.body;
    let expected = format!("<message>Client {id} removed</message><return>1</return>");
    assert!(killed.contains(&expected), "{killed}");
    listener.ended().await;
    eventually(|| house.delivery.roster().count("acme") == 0).await;
}

#[tokio::test]
async fn listeners_are_moved() {
    let house = House::new().await;
    let _listener = house.join("/acme").await;
    let moved = house.as_admin("/admin/moveclients?mount=/acme&destination=/live/other").await;
    assert!(moved.body.contains("Clients moved from /acme to /live/other"), "{}", moved.body);
    eventually(|| house.delivery.roster().count("other") == 1).await;
    assert_eq!(house.delivery.roster().count("acme"), 0);
}

#[tokio::test]
async fn listeners_go_only_where_there_is_something_else() {
    for (query, refusal) in [
        ("mount=/acme&destination=/acme", "supplied mountpoints are identical"),
        ("mount=/acme&destination=/live/acme", "supplied mountpoints are identical"),
        ("mount=/acme&destination=/none", "No such destination"),
        ("mount=/none&destination=/acme", "Source does not exist"),
        ("destination=/acme", "Unknown admin request"),
    ] {
        let house = House::new().await;
        let answer = house.as_admin(&format!("/admin/moveclients?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.body.contains(refusal), "{query}: {}", answer.body);
    }
    check_admin(
        "/admin/moveclients?mount=/live/acme",
        expect![[r#"
            200 <?xml version="1.0"?>
            <icestats><current_source>/acme</current_source></icestats>"#]],
    )
    .await;
}

#[tokio::test]
async fn a_source_is_ended_by_its_own_mount_and_by_what_it_is_heard_at() {
    for mount in ["/in", "/acme", "/live/acme"] {
        let house = House::new().await;
        let answer = house.as_admin(&format!("/admin/killsource?mount={mount}")).await;
        assert!(answer.body.contains("<message>Source Removed</message>"), "{}", answer.body);
        assert_eq!(*house.sources.0.lock().unwrap(), ["in"], "{mount}");
    }
    for mount in ["/other", "/none"] {
        let answer = House::new().await.as_admin(&format!("/admin/killsource?mount={mount}")).await;
        assert!(answer.line().contains("400 - Source does not exist"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_command_may_come_as_a_form() {
    let house = House::new().await;
    let login = [("Authorization", ADMIN)];
    let answer = house.send("POST", "/admin/killsource", &login, "mount=%2Fin").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(*house.sources.0.lock().unwrap(), ["in"]);
    let answer = house.send("POST", "/admin.cgi?mode=viewxml", &[], "page=4&pass=adm1n").await;
    assert!(answer.body.contains("<SONGHISTORY>"), "{}", answer.body);
    let long = format!("mount={}", "x".repeat(QUERY_LEN_MAX));
    for target in ["/admin/killsource", "/admin.cgi"] {
        let answer = house.send("POST", target, &login, &long).await;
        assert_eq!(answer.line(), "413 the form is too long\n");
    }
}

#[tokio::test]
async fn what_is_no_command_is_refused() {
    for target in [
        "/admin/",
        "/admin/reloadconfig",
        "/admin/manageauth?mount=/acme",
        "/admin/fallbacks?mount=/acme&fallback=/other",
        "/admin/metadata/",
        "/admin/%73tats",
        "/admin/a/b",
        "/admin/%FF",
    ] {
        let answer = House::new().await.as_admin(target).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{target}");
        assert!(answer.body.contains("400 - Unrecognised command"), "{target}: {}", answer.body);
    }
    check_admin(
        "/admin/killclient?mount=/acme",
        expect!["400 <html><head><title>Error 400</title></head><body><b>400 - Missing parameter</b></body></html>"],
    )
    .await;
}

#[tokio::test]
async fn without_a_password_all_of_admin_is_closed() {
    let house = House::with_password(None).await;
    for target in ["/admin/", "/admin/stats", "/admin/none", "/admin/a/b", "/admin/streamlist.txt"]
    {
        for login in [ADMIN, RELAY, "Basic Og==", "Basic"] {
            let answer = house.ask(target, &[("Authorization", login)]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{target} as {login}");
        }
    }
    let answer = house.get("/admin.cgi?mode=viewxml&pass=").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn seven_values_end_with_the_title() {
    let house = House::new().await;
    let answer = house.get("/7.html").await;
    expect![[r#"200 <HTML><meta http-equiv="Pragma" content="no-cache"></head><body>0,1,0,50,0,128,Ann - &lt;One&gt;</body></html>"#]]
        .assert_eq(&answer.line());
    assert_eq!(answer.header("content-type"), "text/html");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
    // A letter beyond ASCII has to be announced.
    house.report.lock().unwrap().egresses[0].now_playing = Some("\u{c4}nn".to_owned());
    // Strangers are told the same for a moment, however often they ask.
    assert!(house.get("/7.html").await.body.ends_with("Ann - &lt;One&gt;</body></html>"));
    house.clock.advance(TOLD_AGE_MAX);
    let answer = house.get("/7.html").await;
    assert!(answer.body.ends_with(",\u{c4}nn</body></html>"), "{}", answer.body);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn statistics_tell_of_all_streams_and_stats_of_one() {
    let house = House::new().await;
    let text = house.get("/statistics?json=1").await.body;
    let all: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all["totalstreams"], 2);
    assert_eq!(all["activestreams"], 1);
    assert_eq!(all["streams"][0]["servertitle"], "Acme Radio");
    assert_eq!(all["streams"][1]["streampath"], "/other");
    let text = house.get("/stats?sid=2&type=json").await.body;
    let one: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&one["streampath"], &one["streamstatus"]), (&"/other".into(), &0.into()));
    let xml = house.get("/stats").await.body;
    assert!(xml.contains("<STREAMUPTIME>54</STREAMUPTIME>"), "{xml}");
}

#[tokio::test]
async fn titles_are_told_as_each_reader_wants_them() {
    check("/currentsong?sid=1", expect!["200 Ann - <One>"]).await;
    check(
        "/played?sid=1&type=json",
        expect![[
            r#"200 [{"playedat":"946684900","title":"Ann - \u003cOne>"},{"playedat":"946684800","title":"Bob - Zero"}]"#
        ]],
    )
    .await;
    check(
        "/played.html",
        expect![[r#"
            200 <!DOCTYPE html><html><head><meta charset="utf-8"><title>Song History</title></head><body><table><tr><td><b>Played @</b></td><td><b>Song Title</b></td></tr><tr><td>00:01:40</td><td>Ann - &lt;One&gt;</td><td><b>Current Song</b></td></tr><tr><td>00:00:00</td><td>Bob - Zero</td></tr></table></body></html>
        "#]],
    )
    .await;
    check("/nextsongs?sid=1&json=1", expect!["200 []"]).await;
}

#[tokio::test]
async fn a_script_is_called_with_what_it_asked_for() {
    let house = House::new().await;
    let answer = house.get("/stats?json=1&callback=jQuery_1").await;
    assert_eq!(answer.header("content-type"), "application/javascript; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let body = answer.body.strip_prefix("jQuery_1(").and_then(|rest| rest.strip_suffix(");"));
    assert!(serde_json::from_str::<Value>(body.unwrap()).is_ok());
    for callback in ["alert(1)//", "%3Cscript%3E", "a.b", &"x".repeat(65)] {
        let answer = house.get(&format!("/stats?json=1&callback={callback}")).await;
        assert_eq!(answer.line(), "400 the query cannot be read\n", "{callback}");
    }
}

#[tokio::test]
async fn a_tune_in_file_has_the_server_as_the_client_knows_it() {
    let house = House::new().await;
    let answer = house.ask("/listen.pls?sid=1", &[("Host", "music.example:8000")]).await;
    expect![[r#"
        200 [playlist]
        numberofentries=1
        File1=http://music.example:8000/acme
        Title1=Acme Radio
        Length1=-1
        Version=2
    "#]]
    .assert_eq(&answer.line());
}

#[tokio::test]
async fn a_stream_that_is_none_is_not_found() {
    for path in
        ["/7.html", "/stats", "/currentsong", "/played", "/nextsong", "/nextsongs", "/listen.pls"]
    {
        for sid in ["3", "0", "-1", "one", "99999999999"] {
            let answer = House::new().await.get(&format!("{path}?sid={sid}")).await;
            assert_eq!(answer.line(), "404 there is no stream of this number\n", "{path} {sid}");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        }
    }
}

#[tokio::test]
async fn a_query_that_is_too_long_is_refused() {
    let long = format!("mount={}", "x".repeat(QUERY_LEN_MAX));
    for path in ["/status-json.xsl", "/7.html", "/statistics", "/played"] {
        let answer = House::new().await.get(&format!("{path}?{long}")).await;
        assert_eq!(answer.line(), "400 the query cannot be read\n", "{path}");
    }
    let answer = House::new().await.as_admin(&format!("/admin/stats?{long}")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_pages_of_admin_cgi_are_the_administrators() {
    let house = House::new().await;
    let _listener = house.join("/acme").await;
    for (page, element) in [
        ("1", "<STREAMSOURCE>192.0.2.9</STREAMSOURCE>"),
        ("3", "<HOSTNAME>192.0.2.7</HOSTNAME>"),
        ("4", "<TITLE>Bob - Zero</TITLE>"),
        ("5", "<TIT2>Ann - &lt;One&gt;</TIT2>"),
        ("6", "<STREAMPATH>/other</STREAMPATH>"),
        ("7", "<SERVERTITLE>Acme Radio</SERVERTITLE>"),
    ] {
        let target = format!("/admin.cgi?sid=1&mode=viewxml&page={page}");
        let by_basic = house.as_admin(&target).await.body;
        assert!(by_basic.contains(element), "page {page}: {by_basic}");
        let by_query = house.get(&format!("{target}&pass=adm1n")).await.body;
        assert_eq!(by_query, by_basic, "page {page}");
        let refused = house.get(&target).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "page {page}");
    }
    let json = house.as_admin("/admin.cgi?mode=viewjson").await.body;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["listeners"][0]["referer"], "https://page.example/");
    let relay = house.ask("/admin.cgi?mode=viewxml", &[("Authorization", RELAY)]).await;
    assert_eq!(relay.status, StatusCode::UNAUTHORIZED);
    let none = house.as_admin("/admin.cgi?mode=viewxml&sid=3").await;
    assert_eq!(none.line(), "404 there is no stream of this number\n");
    let none = house.as_admin("/admin.cgi?mode=kickdst&sid=1").await;
    assert_eq!(none.line(), "404 there is no such page\n");
}

#[tokio::test]
async fn what_the_administrator_reads_is_not_for_other_pages() {
    let house = House::new().await;
    for target in ["/admin/stats", "/admin/streamlist.txt", "/admin.cgi?mode=viewjson"] {
        let answer = house.as_admin(target).await;
        assert_eq!(answer.status, StatusCode::OK, "{target}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{target}");
        assert_eq!(answer.header("cache-control"), "no-cache, no-store", "{target}");
    }
}

#[tokio::test]
async fn wrong_passwords_are_counted_wherever_they_are_given() {
    let house = House::new().await;
    for _ in 0..TRIES_MAX {
        let answer = house.get("/admin.cgi?mode=viewxml&pass=wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"Icecast2 Server\"");
    }
    for target in ["/admin.cgi?mode=viewxml", "/admin/stats"] {
        let answer = house.as_admin(target).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{target}");
        assert_eq!(answer.header("retry-after"), "60", "{target}");
    }
    house.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(house.as_admin("/admin/stats").await.status, StatusCode::OK);
}

/// Where one of these was a mount, one of the two would be hidden.
#[tokio::test]
async fn no_mount_can_have_the_path_of_a_page() {
    for entry in House::new().await.entries() {
        let first = entry.path.split('/').nth(1).unwrap_or_default();
        assert!(catalogue::RESERVED_FIRST_SEGMENTS.contains(&first), "{}", entry.path);
    }
}
