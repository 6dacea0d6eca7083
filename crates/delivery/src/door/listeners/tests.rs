use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::ConnectInfo;
use axum::http::Request;
use bytes::Bytes;
use futures_util::StreamExt;
use listen::Secure;
use prometheus_client::registry::Registry;
use runtime::clock::{Clock, Steady, SystemClock};
use tower::ServiceExt;

use super::*;
use crate::fanout::{Fanout, FanoutSettings, MountSettings, MountWriter, TimedFrame};
use crate::resolve::Stations;
use crate::testing::{Bench, PATIENCE, Voice, eventually};
use crate::{Over, Station, StationSettings};

/// The mounts `acme`, alias `acme.mp3`, and `other`, both MP3, and `aac`.
struct House {
    delivery: Delivery,
    writers: Vec<MountWriter>,
    registry: Registry,
    bench: Bench,
}

impl House {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let interval = Duration::from_millis(10);
        let settings = FanoutSettings { interval, slots: 10, ..FanoutSettings::default() };
        let fanout = Fanout::start(settings, Arc::new(SystemClock)).unwrap();
        let names = ["acme", "other", "aac"];
        let writers: Vec<_> =
            names.iter().map(|name| fanout.add_mount(MountSettings::new(*name)).unwrap()).collect();
        let station = |writer: &MountWriter| {
            let name = writer.handle().name().to_owned();
            let codec = if name == "aac" { Codec::Aac } else { Codec::Mp3 };
            let aliases = vec![format!("{name}.mp3")];
            let voice = Voice::new(codec, 128);
            let default_rendition = voice.id();
            let own = bench.station.settings().clone();
            let settings = StationSettings { name, aliases, default_rendition, ..own };
            Arc::new(Station::new(settings, vec![voice.settings(writer.handle())]).unwrap())
        };
        let stations = Arc::new(Stations::new(writers.iter().map(station).collect()));
        let mut registry = Registry::default();
        let clock = Steady::new(Arc::clone(&bench.clock) as Arc<dyn Clock>);
        let store = bench.store.clone();
        let delivery = Delivery::new(stations, &fanout, store, clock, &mut registry);
        Self { delivery, writers, registry, bench }
    }

    /// One who listens for as long as the stream lives.
    async fn join(&self, path: &str, host: u8) -> BodyDataStream {
        let peer = SocketAddr::from((Ipv4Addr::new(192, 0, 2, host), 5));
        let request = Request::builder()
            .uri(path)
            .header("user-agent", "VLC/3.0")
            .header("referer", "https://page.example/")
            .extension(ConnectInfo(peer))
            .extension(Secure(false))
            .body(Body::empty())
            .unwrap();
        let response = self.delivery.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body().into_data_stream()
    }

    fn push(&self, mount: usize, letter: u8) {
        let frame =
            TimedFrame { data: vec![letter; 100].into(), duration: Duration::from_millis(24) };
        let mut frames = vec![frame];
        while self.writers[mount].push(&mut frames).is_err() {
            std::thread::yield_now();
        }
    }

    fn ids(&self, mount: &str) -> Vec<ListenerId> {
        self.delivery.roster().of(mount).iter().map(|visitor| visitor.id).collect()
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }
}

/// What comes next.
async fn next(stream: &mut BodyDataStream) -> Bytes {
    let next = tokio::time::timeout(PATIENCE, stream.next()).await;
    next.expect("nothing comes").expect("the stream has ended").unwrap()
}

/// All that comes until the stream ends.
async fn rest(mut stream: BodyDataStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let all = async {
        while let Some(bytes) = stream.next().await {
            heard.extend_from_slice(&bytes.unwrap());
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("the stream does not end");
    heard
}

#[tokio::test]
async fn who_listens_is_in_the_roster_until_it_leaves() {
    let house = House::new().await;
    let first = house.join("/acme.mp3?token=x", 1).await;
    house.bench.clock.advance(Duration::from_secs(10));
    let second = house.join("/acme", 1).await;
    let [one, two] = &house.delivery.roster().of("acme")[..] else { panic!("two listen") };
    assert!(one.id < two.id);
    assert_eq!((one.mount.as_str(), one.path.as_str()), ("acme", "/acme.mp3"));
    assert_eq!(one.peer, "192.0.2.1:5".parse().unwrap());
    assert_eq!(
        (one.user_agent.as_str(), one.referer.as_str()),
        ("VLC/3.0", "https://page.example/")
    );
    assert_eq!((one.user.as_deref(), one.over), (None, Over::Icy));
    assert_eq!(two.since.since(one.since), Duration::from_secs(10));
    eventually(|| house.delivery.audience("acme").unwrap().connections_total == 2).await;
    let audience = house.delivery.audience("/acme.mp3").unwrap();
    assert_eq!((audience.listeners, audience.listeners_peak, audience.addresses), (2, 2, 1));
    assert_eq!(audience.listened_mean, Duration::from_secs(5));
    drop(first);
    eventually(|| house.delivery.roster().count("acme") == 1).await;
    drop(second);
    eventually(|| house.delivery.roster().count("acme") == 0).await;
    eventually(|| house.delivery.audience("acme").unwrap().listeners == 0).await;
    assert_eq!(house.delivery.audience("acme").unwrap().listeners_peak, 2);
}

#[tokio::test]
async fn one_is_killed_and_the_other_goes_on() {
    let house = House::new().await;
    let (mut first, mut second) = (house.join("/acme", 1).await, house.join("/acme", 2).await);
    house.push(0, b'a');
    for stream in [&mut first, &mut second] {
        assert_eq!(next(stream).await, [b'a'; 100].as_slice());
    }
    let ids = house.ids("acme");
    house.delivery.kill("/acme.mp3", ids[0]).unwrap();
    assert_eq!(rest(first).await, b"");
    eventually(|| house.ids("acme") == ids[1..]).await;
    let killed = "delivery_icy_killed_total{mount=\"acme\"} 1\n";
    eventually(|| house.metrics().contains(killed)).await;
    house.push(0, b'b');
    assert_eq!(next(&mut second).await, [b'b'; 100].as_slice());
    house.delivery.kill("acme", ids[1]).unwrap();
    assert_eq!(rest(second).await, b"");
}

#[tokio::test]
async fn who_is_not_there_is_not_killed() {
    let house = House::new().await;
    let _listener = house.join("/acme", 1).await;
    let id = house.ids("acme")[0];
    let check = |mount: &str, id, expected: &str| {
        assert_eq!(house.delivery.kill(mount, id).unwrap_err().to_string(), expected);
    };
    check("nobody", id, "there is no mount \"nobody\"");
    check("", id, "there is no mount \"\"");
    check("acme.pls", id, "there is no mount \"acme.pls\"");
    check("a\n", id, "there is no mount \"a\\n\"");
    check("other", id, &format!("mount other has no listener {id}"));
    check("acme", ListenerId::from(0), "mount acme has no listener 0");
    assert!(house.delivery.audience("nobody").is_err());
}

#[tokio::test]
async fn listeners_go_on_at_another_mount() {
    let house = House::new().await;
    let (mut first, mut second) = (house.join("/acme", 1).await, house.join("/acme", 2).await);
    house.push(0, b'a');
    for stream in [&mut first, &mut second] {
        assert_eq!(next(stream).await, [b'a'; 100].as_slice());
    }
    let ids = house.ids("acme");
    house.delivery.move_listeners("acme", "other", Which::One(ids[0])).unwrap();
    eventually(|| house.ids("other") == ids[..1]).await;
    house.push(1, b'b');
    assert_eq!(next(&mut first).await, [b'b'; 100].as_slice());
    house.delivery.move_listeners("/other", "/acme.mp3", Which::All).unwrap();
    eventually(|| house.ids("acme") == ids).await;
    assert_eq!(house.delivery.roster().of("acme")[0].path, "/acme", "what it asked for");
    house.push(0, b'c');
    for stream in [&mut first, &mut second] {
        assert_eq!(next(stream).await, [b'c'; 100].as_slice());
    }
    let moved = "delivery_icy_moved_total{mount=\"other\"} 1\n";
    assert!(house.metrics().contains(moved), "{}", house.metrics());
}

#[tokio::test]
async fn listeners_stay_where_they_cannot_go() {
    let house = House::new().await;
    let _listener = house.join("/acme", 1).await;
    let id = house.ids("acme")[0];
    let check = |from: &str, to: &str, which, expected: ListenerError| {
        assert_eq!(house.delivery.move_listeners(from, to, which), Err(expected));
        assert_eq!(house.ids("acme"), [id]);
    };
    let no_such = |mount: &str| ListenerError::NoSuchMount(mount.to_owned());
    check("nobody", "other", Which::All, no_such("nobody"));
    check("acme", "nobody", Which::All, no_such("nobody"));
    check("acme", "acme.mp3", Which::All, ListenerError::SameMount("acme".to_owned()));
    let other_codec = ListenerError::OtherCodec { from: Codec::Mp3, to: Codec::Aac };
    check("acme", "aac", Which::All, other_codec);
    let id = ListenerId::from(0);
    let nobody = ListenerError::NoSuchListener { mount: "acme".to_owned(), id };
    check("acme", "other", Which::One(id), nobody);
    house.writers[1].off_air(Duration::ZERO).unwrap();
    check("acme", "other", Which::All, ListenerError::OffAir("other".to_owned()));
}

mod renditions;
