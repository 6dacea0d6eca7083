//! Thousands of listeners over both protocols, who do what was drawn for them before,
//! counted while they do it and afterwards.

mod hls;
mod icy;
mod plan;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use media::WallTime;
use serde_json::Value;
use tests::clock::Turned;
use tests::{hls as playlists, http, metrics, wait};

use super::player::{Player, read};
use super::records::{self, Record};
use super::station::{self, Plan, Station, sound_of};
use hls::Listener;
use icy::Streamed;
use plan::{CHECKED, TICK_SECS, TICKS};

const HLS: usize = 4_000;
const ICY: usize = 1_000;

/// Who works at a time.
const WORKERS: usize = 12;

/// How much later than it happened something may be written down: the machine is slow.
const LATE: Duration = Duration::from_secs(3);

/// Where they listen, and what time it is there.
#[derive(Debug, Clone)]
struct Site {
    clock: Arc<Turned>,
    address: SocketAddr,
}

impl Site {
    fn now(&self) -> WallTime {
        station::wall(&self.clock)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn hls(&self) -> String {
        self.url("/radio/playlist.m3u8")
    }
}

/// When something happened, between two looks at the clock.
#[derive(Debug, Clone, Copy)]
struct Moment {
    after: WallTime,
    before: WallTime,
}

impl Moment {
    fn has(self, time: WallTime, late: Duration) -> bool {
        // What is written down is rounded to a millisecond.
        let after = self.after.minus(Duration::from_millis(1));
        after <= time && time <= self.before.plus(late)
    }
}

/// What a player has heard that came from the start to a tick.
#[derive(Debug, Clone, Copy, Default)]
struct Listed {
    media: Duration,
    bytes: u64,
}

/// One who looks at each tick what became listed: a listener as any other.
struct Observer {
    player: Player,
    last: u64,
    /// By tick.
    listed: Vec<Listed>,
}

impl Observer {
    async fn start(station: &Station) -> Self {
        let client = reqwest::Client::builder().user_agent("observer").build().unwrap();
        let player = Player::open(&station.hls(), &client).await;
        Self { player, last: 0, listed: Vec::new() }
    }

    async fn look(&mut self) {
        let text = self.player.reloaded().await;
        let mut listed = self.listed.last().copied().unwrap_or_default();
        let durations = text.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
        let durations = durations.map(|line| line.trim_end_matches(',').parse::<f64>().unwrap());
        let segments = read(&text).segments;
        let names = playlists::listed(&text);
        let folder = self.player.media.rsplit_once('/').unwrap().0;
        for ((segment, duration), name) in segments.iter().zip(durations).zip(names) {
            if segment.number <= self.last {
                continue;
            }
            let body = http::get_by(&self.player.client, &format!("{folder}/{name}"), &[]).await;
            listed.media += Duration::from_secs_f64(duration);
            listed.bytes += body.body.len() as u64;
            self.last = segment.number;
        }
        self.listed.push(listed);
    }
}

/// All that takes part.
struct Crowd {
    station: Station,
    observer: Observer,
    hls: Vec<Listener>,
    icy: Vec<Streamed>,
}

impl Crowd {
    async fn start() -> Self {
        let sound = sound_of(u64::from(TICKS) * TICK_SECS + 60);
        let station =
            Station::start_with(Plan::default(), sound, Arc::new(Turned::default())).await;
        let observer = Observer::start(&station).await;
        let (hls, icy) = plan::draw(HLS, ICY);
        Self { station, observer, hls, icy }
    }

    /// Ten seconds, and what all do in them.
    async fn tick(&mut self, tick: u32) {
        if tick > 0 {
            self.station.go_on(TICK_SECS).await;
        }
        self.observer.look().await;
        let (clock, address) = (Arc::clone(&self.station.clock), self.station.node.public());
        let site = Site { clock, address };
        for one in &mut self.icy {
            one.act(&site, tick).await;
        }
        self.hls = hls::act(std::mem::take(&mut self.hls), &site, tick).await;
        if CHECKED.contains(&tick) {
            self.check_now(tick).await;
        }
    }

    /// States that all who are there now are counted, wherever that is told.
    async fn check_now(&self, tick: u32) {
        let hls = self.hls.iter().filter(|one| one.is_counted(tick)).count() as u64 + 1;
        let icy = self.streamed(tick);
        let node = &self.station.node;
        let reported = wait::until("counts", || async {
            let status = http::get(&node.control_url("/api/v1/status")).await.body;
            let status: Value = serde_json::from_slice(&status).unwrap();
            let of = |name: &str| status["egresses"][0][name].as_u64().unwrap();
            // Those who left, or are away, are seen within a second.
            let counts = (of("hls_sessions"), of("icy_listeners"));
            (counts.0 <= hls && counts.1 <= icy).then_some(counts)
        });
        assert_eq!(reported.await, (hls, icy), "tick {tick}");
        let control = node.addresses().control;
        for (name, count) in [("hls_sessions", hls), ("icy_listeners", icy)] {
            let series = format!("skywave_delivery_{name}{{mount=\"radio\"}}");
            assert_eq!(metrics::value(control, &series).await, count, "{name}, tick {tick}");
        }
        wait::until("Icecast's count", || async {
            let status = http::get(&node.url("/status-json.xsl")).await.body;
            let status: Value = serde_json::from_slice(&status).unwrap();
            let told = status["icestats"]["source"]["listeners"].as_u64();
            (told == Some(hls + icy)).then_some(())
        })
        .await;
    }

    /// Those who listen over ICY when a tick is over.
    fn streamed(&self, tick: u32) -> u64 {
        self.icy.iter().filter(|one| one.is_there(tick)).count() as u64
    }

    /// The sessions that there have been, by their player's name.
    fn sessions(&self) -> BTreeMap<String, Vec<hls::Session>> {
        let of = |one: &Listener| (one.name().to_owned(), one.sessions(&self.observer.listed));
        self.hls.iter().map(of).fold(BTreeMap::new(), |mut all, (name, sessions)| {
            all.entry(name).or_insert_with(Vec::new).extend(sessions);
            all
        })
    }
}

/// States that the records of one name are what the players of that name did: one, or
/// two who did the same at the same time.
fn assert_recorded(name: &str, records: &mut [&Record], sessions: &mut [hls::Session]) {
    let told = format!("{name}: {records:#?}\n{sessions:#?}");
    assert_eq!(records.len(), sessions.len(), "{told}");
    records.sort_by_key(|record| record.started);
    sessions.sort_by_key(|session| session.started.after);
    for (record, session) in records.iter().zip(&*sessions) {
        assert_eq!((&*record.protocol, &*record.ending), ("hls", "idle"), "{told}");
        assert!(session.started.has(record.started, Duration::ZERO), "{told}");
        // To a millisecond, as all that is listed is told to a microsecond.
        let off = record.media.abs_diff(session.heard.media);
        assert!(off <= Duration::from_millis(2), "{off:?}: {told}");
        assert_eq!(record.bytes, session.heard.bytes, "{told}");
    }
    records.sort_by_key(|record| record.ended);
    sessions.sort_by_key(|session| session.ended.after);
    for (record, session) in records.iter().zip(&*sessions) {
        assert!(session.ended.has(record.ended, Duration::ZERO), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_listeners_are_counted_as_they_come_pause_return_and_leave() {
    let mut crowd = Crowd::start().await;
    for tick in 0..TICKS {
        crowd.tick(tick).await;
    }
    // All have left; those of HLS do not come back in time.
    crowd.station.clock.advance(Duration::from_secs(200));
    let mut planned = crowd.sessions();
    let hls: usize = planned.values().map(Vec::len).sum::<usize>() + 1;
    let all = records::until(crowd.station.data(), hls + ICY).await;
    assert_eq!(all.len(), hls + ICY);
    let control = crowd.station.node.addresses().control;
    let gone = metrics::value(control, "skywave_delivery_hls_sessions{mount=\"radio\"}").await;
    assert_eq!(gone, 0);
    let mut by_name: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in &all {
        by_name.entry(&record.user_agent).or_default().push(record);
    }
    for (name, sessions) in &mut planned {
        let mut records = by_name.remove(name.as_str()).unwrap_or_default();
        assert_recorded(name, &mut records, sessions);
    }
    for one in &crowd.icy {
        let [record] = by_name.remove(one.name()).unwrap_or_default()[..] else {
            panic!("{} has no record or several", one.name())
        };
        one.assert_recorded(record);
    }
    let left: Vec<_> = by_name.into_keys().collect();
    assert_eq!(left, ["observer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_opened_twice_is_one_session_that_began() {
    let mut station = Station::start(Plan::default()).await;
    let (one, other) = (station.play().await, station.play().await);
    one.reloaded().await;
    for _ in 0..3 {
        other.reloaded().await;
        station.go_on(2).await;
    }
    assert_eq!(station.node.egress("radio").hls_sessions, Some(1));
    let control = station.node.addresses().control;
    let series = "skywave_delivery_hls_sessions_begun_total{mount=\"radio\"}";
    assert_eq!(metrics::value(control, series).await, 1);
}
