//! Nodes that know nothing of each other but one secret.

use std::sync::Arc;

use tests::clock::Turned;

use super::player::{LIMITED, Player, STEP_SECS, Session, TARGET_SECS, assert_kept_by_none};
use super::station::{self, ONE_SECRET, Plan, Station};

/// Stations of one programme and one clock, each with its own keys.
async fn start<const N: usize>(egress: &str, keys: [&str; N]) -> [Station; N] {
    let (sound, clock) = (station::sound(), Arc::new(Turned::default()));
    let mut stations = Vec::new();
    for secrets in keys {
        let plan = Plan::of_egress(egress).with(secrets).in_segments_of(TARGET_SECS);
        stations.push(Station::start_with(plan, Arc::clone(&sound), Arc::clone(&clock)).await);
    }
    stations.try_into().ok().unwrap()
}

fn keys(keys: &str) -> String {
    format!("[secrets]\nsessions = {keys}\n")
}

/// Time passes for all.
async fn go_on(stations: &mut [Station]) {
    for (nth, station) in stations.iter_mut().enumerate() {
        if nth == 0 {
            station.go_on(STEP_SECS).await;
        } else {
            station.send(STEP_SECS).await;
            station.until_listed().await;
        }
    }
}

/// The status of a session's reload at a station.
async fn status_at(player: &Player, station: &Station) -> u16 {
    let answer = player.at(&station.node).reload().await;
    if answer.status != 200 {
        assert_kept_by_none(&answer);
    }
    answer.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_at_another_node_and_its_limit_holds_there() {
    let mut stations = start(LIMITED, [ONE_SECRET; 2]).await;
    let mut stays = Session::begin(&stations[0]).await;
    let (began, leaves) = (stations[0].now().secs(), stations[0].play().await);
    for _ in 0..3 {
        go_on(&mut stations).await;
        leaves.reloaded().await;
        stays.reload(&stations[0]).await;
    }
    let mut went = Session::of(leaves.at(&stations[1].node), began).await;
    while stays.closing.is_none() || went.closing.is_none() {
        go_on(&mut stations).await;
        stays.reload(&stations[0]).await;
        went.reload(&stations[1]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_without_ending_sessions() {
    let keys = [r#"["old"]"#, r#"["new", "old"]"#, r#"["new"]"#].map(keys);
    let [old, both, new] = start("", keys.each_ref().map(String::as_str)).await;
    let of_old = old.play().await;
    assert_eq!(status_at(&of_old, &old).await, 200);
    assert_eq!(status_at(&of_old, &both).await, 200);
    assert_eq!(status_at(&of_old, &new).await, 403);
    // Signed with the first.
    let of_both = both.play().await;
    assert_eq!(status_at(&of_both, &new).await, 200);
    assert_eq!(status_at(&of_both, &old).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_without_a_common_secret_do_not_know_each_other_s_sessions() {
    let [one, other] = start("", ["", ""]).await;
    let player = one.play().await;
    assert_eq!(status_at(&player, &one).await, 200);
    assert_eq!(status_at(&player, &other).await, 403);
}
