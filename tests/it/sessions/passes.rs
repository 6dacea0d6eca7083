//! Segments that are only for those who were told of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use playlists::conformance;
use reqwest::Client;
use tests::{Scratch, countries, frames, hls, http};

use super::player::{LIMITED, Player, STEP_SECS, Session, assert_kept_by_none, read};
use super::station::{Plan, Station, announcement, announcement_file, frames_of};

const PROTECTED: &str = "protect_segments = true";

/// Seconds of a day.
const DAY_SECS: u64 = 24 * 60 * 60;

fn client(network: u8, host: u8) -> Client {
    http::client_at(IpAddr::from(Ipv4Addr::new(127, 0, network, host)))
}

async fn start(plan: Plan) -> (Station, Scratch) {
    let scratch = Scratch::default();
    let networks = [("127.0.1.0/24", "DE"), ("127.0.2.0/24", "US")];
    let file = countries::database(&networks, countries::Layout::Flat, scratch.path());
    let plan = plan.with(&format!("[geo]\ndatabase = \"{}\"\n", file.display()));
    (Station::start(plan).await, scratch)
}

/// The URL of the last segment, and its pass.
fn last(player: &Player, text: &str) -> (String, String) {
    let uri = *hls::listed(text).last().unwrap();
    let folder = player.media.rsplit_once('/').unwrap().0;
    let (name, pass) = uri.split_once('?').expect("a pass");
    (format!("{folder}/{name}"), pass.to_owned())
}

/// Segments by their numbers.
fn uris(text: &str) -> BTreeMap<u64, String> {
    read(text).segments.into_iter().map(|segment| (segment.number, segment.uri)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_had_with_a_pass_and_not_without() {
    let (station, _folder) = start(Plan::of_egress(PROTECTED).and_egress("other", PROTECTED)).await;
    let player = Player::open(&station.hls(), &client(1, 1)).await;
    let text = player.reloaded().await;
    frames::position(station.sound(), &frames_of(&player.bodies(&text).await));
    let other = Player::open(&station.node.url("/other/playlist.m3u8"), &client(1, 1)).await;
    let (_, of_another) = last(&other, &other.reloaded().await);
    let (url, pass) = last(&player, &text);
    let passed = http::get_by(&player.client, &format!("{url}?{pass}"), &[]).await;
    assert_eq!(passed.status, 200);
    let cache = passed.header("cache-control");
    assert!(cache.contains("public") && cache.contains("immutable"), "{cache}");
    assert_ne!(pass, of_another);
    let changed = |from: &str, to: &str| {
        assert!(pass.contains(from), "{pass}");
        pass.replacen(from, to, 1)
    };
    let wrong = [
        String::new(),
        "p=".into(),
        "p=x".into(),
        pass[..pass.len() - 1].to_owned(),
        format!("{pass}A"),
        changed("-DE-", "-US-"),
        changed("p=", "p=1"),
        changed("p=", "q="),
        of_another,
        format!("t={}", player.token()),
        format!("p={}", player.token()),
    ];
    for query in wrong {
        let refused = http::get_by(&player.client, &format!("{url}?{query}"), &[]).await;
        assert_eq!(refused.status, 403, "{query}");
        assert_kept_by_none(&refused);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_has_one_address_for_a_country_at_every_reload() {
    let (mut station, _folder) = start(Plan::of_egress(PROTECTED)).await;
    // Not over midnight, here.
    let secs = station.now().secs() % DAY_SECS;
    station.clock.advance(Duration::from_secs((DAY_SECS + 3_600 - secs) % DAY_SECS));
    station.reconnect().await;
    let one = Player::open(&station.hls(), &client(1, 1)).await;
    let american = Player::open(&station.hls(), &client(2, 1)).await;
    let mut seen: BTreeMap<u64, String> = BTreeMap::new();
    for _ in 0..6 {
        station.go_on(STEP_SECS).await;
        let other = Player::open(&station.hls(), &client(1, 2)).await;
        let (text, others) = (one.reloaded().await, other.reloaded().await);
        assert_eq!(text, others, "all who are in one country have the same");
        for (number, uri) in uris(&text) {
            assert_eq!(*seen.entry(number).or_insert(uri.clone()), uri);
        }
        let abroad = uris(&american.reloaded().await);
        assert!(uris(&text).iter().all(|(number, uri)| abroad[number] != *uri));
    }
    assert!(seen.len() > 9);
}

/// Reloads over midnight, and states that every segment keeps its address.
async fn check_midnight(station: &mut Station, player: &Player) {
    let to_midnight = DAY_SECS - station.now().secs() % DAY_SECS;
    assert!((4..30).contains(&to_midnight), "{to_midnight}");
    let mut before = player.reloaded().await;
    for _ in 0..to_midnight.div_ceil(STEP_SECS) + 4 {
        station.go_on(STEP_SECS).await;
        let text = player.reloaded().await;
        conformance::assert_follows(&before, &text);
        let known = uris(&before);
        for (number, uri) in uris(&text) {
            let is_same = known.get(&number).is_none_or(|before| *before == uri);
            assert!(is_same, "{number} was {} and is {uri}", known[&number]);
        }
        player.bodies(&text).await;
        before = text;
    }
    assert!(station.now().secs() % DAY_SECS < DAY_SECS / 2, "it is past midnight");
}

/// A station a few seconds before midnight.
async fn before_midnight() -> (Station, Scratch) {
    let (mut station, folder) = start(Plan::of_egress(PROTECTED)).await;
    let secs = station.now().secs() % DAY_SECS;
    station.clock.advance(Duration::from_secs((2 * DAY_SECS - 16 - secs) % DAY_SECS));
    station.reconnect().await;
    (station, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_keeps_its_address_over_midnight() {
    let (mut station, _folder) = before_midnight().await;
    let player = Player::open(&station.hls(), &client(1, 1)).await;
    check_midnight(&mut station, &player).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_keeps_its_address_over_midnight_for_who_has_no_token() {
    let (mut station, _folder) = before_midnight().await;
    let player = Player::open(&station.hls(), &client(1, 1)).await;
    let media = player.media.split_once('?').unwrap().0.to_owned();
    check_midnight(&mut station, &Player { media, ..player }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_can_play_out_with_its_pass() {
    let scratch = Scratch::default();
    let said = announcement(1_600, 3);
    let file = announcement_file(scratch.path(), &said);
    let egress = format!("{LIMITED}\n{PROTECTED}\nlimit_announcement = \"{file}\"");
    let plan = Plan::of_egress(&egress).in_segments_of(super::player::TARGET_SECS);
    let (mut station, _folder) = start(plan).await;
    let mut session = Session::begin(&station).await;
    let closing = session.until_closed(&mut station).await;
    let heard = frames_of(&session.player.bodies(&closing).await);
    assert!(heard.ends_with(&said));
    frames::position(station.sound(), &heard[..heard.len() - said.len()]);
}
