//! Who is refused, and how: nobody learns why, and no cache keeps it.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::{Client, Method};
use tests::http::{self, Answer};
use tests::{Scratch, countries};

use super::player::{LIMITED, Player, STEP_SECS, assert_kept_by_none, is_closed};
use super::station::{Plan, Station, announcement, announcement_file};

/// Where listeners are.
const NETWORKS: [(&str, &str); 2] = [("127.0.1.0/24", "DE"), ("127.0.2.0/24", "US")];

/// Heard in Germany alone.
const GERMAN: &str = "geo = { allow_none_except = ['DE'], exempt = ['127.0.2.200'] }";

fn client(network: u8, host: u8) -> Client {
    http::client_at(IpAddr::from(Ipv4Addr::new(127, 0, network, host)))
}

/// A plan whose node knows the networks' countries, and the folder that says so.
fn with_countries(plan: Plan) -> (Plan, Scratch) {
    let scratch = Scratch::default();
    let file = countries::database(&NETWORKS, countries::Layout::Nested, scratch.path());
    (plan.with(&format!("[geo]\ndatabase = \"{}\"\n", file.display())), scratch)
}

async fn ask(client: &Client, method: Method, url: &str) -> Answer {
    let response = client.request(method, url).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.unwrap() }
}

/// States that an answer refuses, and that no cache may keep it.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {:?}", answer.body);
    assert!(answer.header("content-type").starts_with("text/plain"), "{what}");
    assert_kept_by_none(answer);
}

/// Texts that are no token of `egress`, though one is.
fn no_tokens(token: &str, of_another: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for at in 0..token.len() {
        // Cut short, and with one character that is another.
        texts.push(token[..at].to_owned());
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        texts.push(format!("{}{other}{}", &token[..at], &token[at + 1..]));
    }
    for longer in [1, 2, 3, 4, 1_000, 7_000] {
        texts.push(format!("{token}{}", "A".repeat(longer)));
    }
    let garbage = [
        "x",
        "0",
        "%00",
        "%2e%2e%2f",
        "%F0%9F%8E%B5",
        "+++",
        "====",
        "eyJhbGciOiJub25lIn0.e30.",
        "2D3RhA",
        "2D3RhKBAQEA",
        "2D3RhFgg_____w",
        "n5-fn5-fn5-fn5-fn5-fn5-fn5-f",
        "g4ODg4ODg4OD",
    ];
    texts.extend(garbage.map(str::to_owned));
    texts.push(of_another.to_owned());
    texts.push(format!("{token}{of_another}"));
    texts.push(format!("{of_another}&t={token}"));
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_token_is_refused_and_nobody_learns_why() {
    let plan = Plan::of_egress("").and_egress("other", "");
    let station = Station::start(plan).await;
    let player = station.play().await;
    let other = station.node.url("/other/playlist.m3u8");
    let other = Player::open(&other, &player.client).await;
    let (url, token) = player.media.split_once("?t=").unwrap();
    let mut first: Option<Answer> = None;
    for text in no_tokens(token, other.token()) {
        let asked = format!("{url}?t={text}");
        let answer = http::get_by(&player.client, &asked, &[]).await;
        assert_refused(&answer, 403, &asked);
        let first = first.get_or_insert_with(|| answer.clone());
        assert_eq!(answer.body, first.body, "{asked}");
        let told = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("date");
            headers
        };
        assert_eq!(told(&answer), told(first), "{asked}");
    }
    let said = first.unwrap().text().to_lowercase();
    for reason in ["forged", "mac", "key", "egress", "expired", "malformed", "long", "signature"] {
        assert!(!said.contains(reason), "{said}");
    }
    assert_eq!(station.node.egress("radio").hls_sessions, Some(0), "nobody has listened");
    player.reloaded().await;
    assert_eq!(station.node.egress("radio").hls_sessions, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cache_keeps_what_one_is_told_who_is_blocked() {
    let (plan, _folder) = with_countries(Plan::of_egress(&format!("{GERMAN}\ndvr = \"1h\"")));
    let station = Station::start(plan).await;
    let begun = Player::open(&station.hls(), &client(1, 1)).await;
    let media = begun.media.split_once('?').unwrap().0;
    let playlists = [
        station.hls(),
        station.node.url("/radio.m3u8"),
        station.node.url("/live/radio/playlist.m3u8"),
        station.node.url("/radio/playlist.m3u8?from=-20s"),
        media.to_owned(),
        format!("{media}?from=-20s"),
        begun.media.clone(),
    ];
    let streams = ["/radio", "/radio.mp3", "/live/radio", "/stream", "/;"];
    for method in [Method::GET, Method::HEAD] {
        let blocked = |url: String, status| {
            let method = method.clone();
            async move {
                let answer = ask(&client(2, 1), method.clone(), &url).await;
                assert_refused(&answer, status, &format!("{method} {url}"));
                assert_eq!(answer.header("x-block-reason"), "geo", "{method} {url}");
            }
        };
        for url in playlists.clone() {
            blocked(url, 451).await;
        }
        for path in streams {
            blocked(station.node.url(path), 403).await;
        }
    }
    assert_eq!(station.node.egress("radio").icy_listeners, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_for_the_blocked_is_kept_by_no_cache_and_plays_to_its_end() {
    let scratch = Scratch::default();
    let said = announcement(1_600, 5);
    let file = announcement_file(scratch.path(), &said);
    let geo = GERMAN.replace(" }", &format!(", announcement = \"{file}\" }}"));
    let (plan, _folder) = with_countries(Plan::of_egress(&geo));
    let station = Station::start(plan).await;
    let blocked = client(2, 1);
    let answer = http::get_by(&blocked, &station.hls(), &[]).await;
    assert_eq!((answer.status, answer.header("x-block-reason")), (200, "geo"));
    assert_kept_by_none(&answer);
    let announced = Player::open(&station.hls(), &blocked).await;
    for _ in 0..2 {
        let answer = announced.reload().await;
        assert_kept_by_none(&answer);
        let text = announced.reloaded().await;
        assert!(is_closed(&text));
        let bodies = announced.bodies(&text).await;
        assert_eq!(super::station::frames_of(&bodies), said);
    }
    // The programme's own playlist is as closed as without one.
    let begun = Player::open(&station.hls(), &client(1, 1)).await;
    let leaked = Player { client: blocked, media: begun.media };
    let answer = leaked.reload().await;
    assert_refused(&answer, 451, "a leaked URL");
    assert_eq!(station.node.egress("radio").hls_sessions, Some(0), "none of them has listened");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cache_keeps_the_end_of_a_session() {
    let mut station = Station::start(Plan::of_egress(LIMITED)).await;
    let player = station.play().await;
    let mut statuses = Vec::new();
    while statuses.last() != Some(&410) {
        station.go_on(STEP_SECS).await;
        let answer = player.reload().await;
        assert_kept_by_none(&answer);
        let head = ask(&player.client, Method::HEAD, &player.media).await;
        assert_eq!(head.status, answer.status);
        assert_kept_by_none(&head);
        statuses.push(answer.status);
    }
    statuses.dedup();
    assert_eq!(statuses, [200, 410]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_address_is_of_no_use_in_a_blocked_country() {
    let (plan, _folder) = with_countries(Plan::of_egress(GERMAN));
    let mut station = Station::start(plan).await;
    let player = Player::open(&station.hls(), &client(1, 1)).await;
    // Somebody else's, at home and abroad, where nobody knows, and by who is exempt.
    let exempt = Player::open(&station.hls(), &client(2, 200)).await;
    for _ in 0..3 {
        station.go_on(STEP_SECS).await;
        player.reloaded().await;
        exempt.reloaded().await;
        for (network, status) in [(1, 200), (2, 451), (9, 451)] {
            let url = if network == 1 { &player.media } else { &exempt.media };
            for url in [url, &player.media] {
                let answer = http::get_by(&client(network, 7), url, &[]).await;
                assert_eq!(answer.status, status, "{network}");
                assert_kept_by_none(&answer);
                let reason = if status == 200 { "" } else { "geo" };
                assert_eq!(answer.header("x-block-reason"), reason);
            }
        }
    }
}
