//! The end of a session over HLS: the playlist that lets its player play out.

use std::time::Duration;

use playlists::conformance;
use reqwest::Client;
use tests::{Scratch, frames, http};

use super::player::{
    LIMIT_SECS, LIMITED, Player, STEP_SECS, Session, TARGET_SECS, assert_kept_by_none, is_closed,
    read,
};
use super::station::{
    HEAD_START_SECS, ONE_SECRET, Plan, Station, announcement, announcement_file, frames_of,
};

const UNLIMITED: &str = "";
const LONG: &str = "session_limit = \"1h\"";

fn plan(egress: &str) -> Plan {
    Plan::of_egress(egress).with(ONE_SECRET).in_segments_of(TARGET_SECS)
}

/// Turns the clock to where a session that begins then is over half a second behind
/// the start of a target duration.
fn turn_to_a_target(station: &Station) {
    let target = u128::from(TARGET_SECS * 1_000);
    let over = u128::from(station.now().nanos() / 1_000_000) + u128::from(LIMIT_SECS * 1_000);
    let wait = (target - over % target + 500) % target;
    station.clock.advance(Duration::from_millis(u64::try_from(wait).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_expire_in_one_target_duration_are_closed_alike() {
    let mut station = Station::start(plan(LIMITED)).await;
    turn_to_a_target(&station);
    let mut one = Session::begin(&station).await;
    station.clock.advance(Duration::from_secs(2));
    let mut other = Session::begin(&station).await;
    let target = |session: &Session| (session.began + LIMIT_SECS) / TARGET_SECS;
    let began = station.now().secs();
    assert_eq!((began + LIMIT_SECS) / TARGET_SECS, target(&one), "this machine is too slow");
    station.go_on(TARGET_SECS).await;
    let mut third = Session::begin(&station).await;
    assert_ne!(one.player.media, other.player.media, "they are two sessions");
    for _ in 0..(LIMIT_SECS + 2 * TARGET_SECS) / STEP_SECS {
        station.go_on(STEP_SECS).await;
        for session in [&mut one, &mut other, &mut third] {
            session.reload(&station).await;
        }
    }
    let [one, other, third] = [one, other, third].map(|session| session.closing.unwrap());
    assert_eq!(one, other);
    assert_ne!(one, third);
    let last = |text: &str| read(text).segments.last().unwrap().number;
    assert!(last(&one) < last(&third));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_can_play_out_and_is_gone_when_its_window_is() {
    let mut station = Station::start(plan(LIMITED)).await;
    let mut session = Session::begin(&station).await;
    let closing = session.until_closed(&mut station).await;
    let bodies = session.player.bodies(&closing).await;
    frames::position(station.sound(), &frames_of(&bodies));
    let last = read(&closing).segments.last().unwrap().number;
    let mut reloads = 0;
    loop {
        station.go_on(TARGET_SECS).await;
        // Who presses play again has a new session.
        let live = station.play().await.reloaded().await;
        assert!(!is_closed(&live));
        if read(&live).segments[0].number > last {
            break;
        }
        session.reload(&station).await;
        reloads += 1;
    }
    assert!(reloads > 2, "a window has six segments");
    for _ in 0..2 {
        let gone = session.player.reload().await;
        assert_eq!(gone.status, 410);
        assert_kept_by_none(&gone);
        assert!(gone.header("content-type").starts_with("text/plain"));
        station.go_on(TARGET_SECS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_at_the_end_is_heard_there_and_nowhere_else() {
    let scratch = Scratch::default();
    let said = announcement(1_600, 10);
    let file = announcement_file(scratch.path(), &said);
    let egress = format!("{LIMITED}\nlimit_announcement = \"{file}\"");
    let mut station = Station::start(plan(&egress)).await;
    let (mut one, other) = (Session::begin(&station).await, station.play().await);
    let closing = one.until_closed(&mut station).await;
    // The other one expires within the same second, or the next.
    station.go_on(STEP_SECS).await;
    let others = other.reloaded().await;
    let bodies = one.player.bodies(&closing).await;
    let playlist = read(&closing);
    let breaks = playlist.segments.iter().filter(|segment| segment.discontinuity);
    let first = breaks.map(|segment| segment.number).next_back().expect("a discontinuity");
    let programme = usize::try_from(first - playlist.segments[0].number).unwrap();
    assert_eq!(frames_of(&bodies[programme..]), said);
    frames::position(station.sound(), &frames_of(&bodies[..programme]));
    let names = |text: &str| -> Vec<String> {
        let segments = read(text).segments.into_iter();
        segments.skip_while(|segment| segment.number < first).map(|one| one.uri).collect()
    };
    let announced = names(&closing);
    assert!(announced.iter().all(|name| !one.live.contains(name)), "{announced:?}");
    assert!(is_closed(&others) && announced.iter().all(|name| others.contains(name)));
    let live = station.play().await.reloaded().await;
    assert!(announced.iter().all(|name| !live.contains(name)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_a_limit_is_never_closed() {
    let mut station = Station::start(plan(UNLIMITED)).await;
    let mut session = Session::begin(&station).await;
    session.assert_goes_on(&mut station, 60).await;
    // Its token is a day old, and is admitted afresh.
    for hours in [23, 2] {
        station.clock.advance(Duration::from_hours(hours));
        station.reconnect().await;
        session.live = session.player.reloaded().await;
        session.assert_goes_on(&mut station, 2 * TARGET_SECS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_limit_is_for_those_who_come_then() {
    let mut station = Station::start(plan(LONG)).await;
    let mut before = Session::begin(&station).await;
    station.go_on(STEP_SECS).await;
    before.live = before.player.reloaded().await;
    let mut station = station.restart(LIMITED, Duration::from_secs(2)).await;
    let mut before = Session::of(before.player.at(&station.node), before.began).await;
    let mut after = Session::begin(&station).await;
    after.until_closed(&mut station).await;
    before.assert_goes_on(&mut station, 2 * LIMIT_SECS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_limit_is_for_those_who_come_then() {
    let station = Station::start(plan(LIMITED)).await;
    let before = Session::begin(&station).await;
    let mut station = station.restart(UNLIMITED, Duration::from_secs(2)).await;
    let mut before = Session::of(before.player.at(&station.node), before.began).await;
    let mut after = Session::begin(&station).await;
    before.until_closed(&mut station).await;
    after.assert_goes_on(&mut station, 2 * LIMIT_SECS).await;
}

/// A session that expires while its node restarts, of a programme whose dates are so far
/// ahead of the clock, as an encoder sends that began with so much at once.
async fn check_restart(ahead_secs: u64) {
    let mut station = Station::start(plan(LIMITED)).await;
    station.clock.advance(Duration::from_secs(HEAD_START_SECS - ahead_secs));
    let mut session = Session::begin(&station).await;
    for _ in 0..LIMIT_SECS / STEP_SECS - 1 {
        station.go_on(STEP_SECS).await;
        session.reload(&station).await;
    }
    assert_eq!(session.closing, None);
    let downtime = Duration::from_secs(TARGET_SECS + 4);
    let station = station.restart(LIMITED, downtime).await;
    session.player = session.player.at(&station.node);
    let live = station.play().await.reloaded().await;
    let seen = read(&session.live).segments.last().unwrap().number;
    assert!(read(&live).segments[0].number <= seen, "its window has not left the live one");
    let answer = session.player.reload().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    conformance::assert_follows(&session.live, &answer.text());
    assert!(is_closed(&answer.text()), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_expires_while_the_node_restarts_is_closed_all_the_same() {
    Box::pin(check_restart(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_expires_meanwhile_is_closed_though_its_encoder_is_ahead_of_the_clock() {
    Box::pin(check_restart(14)).await;
}

/// A player that asks for the media playlist itself, without a token.
fn without_token(station: &Station) -> Player {
    let client = Client::builder().user_agent("no token").build().unwrap();
    let rendition = station.node.egress("radio").rendition;
    Player { client, media: station.node.url(&format!("/radio/{rendition}/media.m3u8")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_is_closed_at_the_limit_and_begins_anew_by_asking_again() {
    let mut station = Station::start(plan(LIMITED)).await;
    let began = station.now().secs();
    let mut session = Session::of(without_token(&station), began).await;
    let closing = session.until_closed(&mut station).await;
    frames::position(station.sound(), &frames_of(&session.player.bodies(&closing).await));
    // Nothing of what it heard is listed any more.
    station.go_on(7 * TARGET_SECS).await;
    let began = station.now().secs();
    Session::of(session.player, began).await.until_closed(&mut station).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_limit_is_not_for_those_without_a_token_who_were_there_before() {
    let station = Station::start(plan(LONG)).await;
    let began = station.now().secs();
    let before = Session::of(without_token(&station), began).await;
    let mut station = station.restart(LIMITED, Duration::from_secs(2)).await;
    let mut before = Session::of(before.player.at(&station.node), began).await;
    before.assert_goes_on(&mut station, 2 * LIMIT_SECS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_to_the_past_is_closed_where_it_is() {
    let mut station = Station::start(plan(&format!("{LIMITED}\ndvr = \"1h\""))).await;
    station.go_on(TARGET_SECS).await;
    let began = station.now().secs();
    let url = format!("{}?from=-20s", station.hls());
    let player = Player::open(&url, &http::client()).await;
    let mut session = Session::of(player, began).await;
    let closing = session.until_closed(&mut station).await;
    session.player.bodies(&closing).await;
}
