//! Listeners of egresses in several renditions.

use super::*;
use crate::fanout::MountHandle;
use crate::testing::settings_of_acme;

/// What each egress has; the first is heard at the mount itself.
const EGRESSES: [(&str, &[(Codec, u32)]); 3] = [
    ("acme", &[(Codec::Mp3, 128), (Codec::Aac, 64)]),
    ("both", &[(Codec::Aac, 64), (Codec::Mp3, 128), (Codec::Mp3, 64)]),
    ("old", &[(Codec::Mp3, 128)]),
];

struct Houses {
    delivery: Delivery,
    /// Its mounts' paths.
    mounts: Vec<String>,
    writers: Vec<MountWriter>,
    _bench: Bench,
}

impl Houses {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let interval = Duration::from_millis(10);
        let settings = FanoutSettings { interval, slots: 10, ..FanoutSettings::default() };
        let fanout = Fanout::start(settings, Arc::new(SystemClock)).unwrap();
        let (mut stations, mut mounts, mut writers) = (Vec::new(), Vec::new(), Vec::new());
        for (name, codecs) in EGRESSES {
            let (mut renditions, mut first) = (Vec::new(), None::<MountHandle>);
            for (codec, kbps) in codecs {
                let voice = Voice::new(*codec, *kbps);
                let rendition = Some(voice.id());
                let settings = MountSettings { rendition, ..MountSettings::new(name) };
                let writer = match &first {
                    Some(first) => fanout.add_mount_beside(first, settings),
                    None => fanout.add_mount(settings),
                };
                let handle = writer.as_ref().unwrap().handle();
                writers.push(writer.unwrap());
                mounts.push(format!("{name}/{}", voice.id()));
                renditions.push(voice.settings(handle.clone()));
                first.get_or_insert(handle);
            }
            let default_rendition = renditions[0].id.clone();
            let name = name.to_owned();
            let aliases = Vec::new();
            let settings =
                StationSettings { name, aliases, default_rendition, ..settings_of_acme() };
            stations.push(Arc::new(Station::new(settings, renditions).unwrap()));
        }
        let stations = Arc::new(Stations::new(stations));
        let clock = Steady::new(Arc::clone(&bench.clock) as Arc<dyn Clock>);
        let store = bench.store.clone();
        let mut registry = Registry::default();
        let delivery = Delivery::new(stations, &fanout, store, clock, &mut registry);
        Self { delivery, mounts, writers, _bench: bench }
    }

    /// One who listens for as long as the stream lives.
    async fn join(&self, path: &str) -> BodyDataStream {
        let request = Request::builder()
            .uri(path)
            .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 5))))
            .extension(Secure(false))
            .body(Body::empty())
            .unwrap();
        let response = self.delivery.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.into_body().into_data_stream()
    }

    /// Where everybody listens, in the order in which they came.
    fn heard(&self) -> Vec<String> {
        let mut all = self.delivery.roster().all();
        all.sort_unstable_by_key(|one| one.id);
        let place = |one: &Arc<Visitor>| {
            let rendition = one.rendition.as_ref().map(ToString::to_string);
            format!("{}/{}", one.mount, rendition.unwrap_or_default())
        };
        all.iter().map(place).collect()
    }

    fn ids(&self, mount: &str) -> Vec<ListenerId> {
        self.delivery.roster().of(mount).iter().map(|visitor| visitor.id).collect()
    }

    async fn until(&self, expected: &[&str]) {
        eventually(|| self.heard() == expected).await;
    }
}

#[tokio::test]
async fn each_goes_on_in_its_codec_and_who_cannot_stays() {
    let houses = Houses::new().await;
    let _listeners = [
        houses.join("/acme").await,
        houses.join("/acme/aac-64").await,
        houses.join("/acme/mp3-128").await,
    ];
    houses.until(&["acme/mp3-128", "acme/aac-64", "acme/mp3-128"]).await;
    houses.delivery.move_listeners("acme", "both", Which::All).unwrap();
    houses.until(&["both/mp3-128", "both/aac-64", "both/mp3-128"]).await;
    houses.delivery.move_listeners("both", "old", Which::All).unwrap();
    houses.until(&["old/mp3-128", "both/aac-64", "old/mp3-128"]).await;
    // At the mount of a rendition that is it alone.
    houses.delivery.move_listeners("old", "both/mp3-64", Which::All).unwrap();
    houses.until(&["both/mp3-64", "both/aac-64", "both/mp3-64"]).await;
    houses.delivery.move_listeners("both/mp3-64", "acme", Which::All).unwrap();
    houses.until(&["acme/mp3-128", "both/aac-64", "acme/mp3-128"]).await;
    houses.delivery.move_listeners("both/mp3-64", "acme", Which::All).unwrap();
    assert_eq!(houses.delivery.audience("both").unwrap().listeners, 1);
}

#[tokio::test]
async fn one_is_moved_from_and_killed_at_the_rendition_that_it_hears() {
    let houses = Houses::new().await;
    let _by_mp3 = houses.join("/acme").await;
    let by_aac = houses.join("/acme/aac-64").await;
    let [mp3, aac] = houses.ids("acme")[..] else { panic!("two") };
    let check = |from: &str, to: &str, id, expected: ListenerError| {
        let moved = houses.delivery.move_listeners(from, to, Which::One(id));
        assert_eq!(moved, Err(expected));
    };
    let other_codec = ListenerError::OtherCodec { from: Codec::Aac, to: Codec::Mp3 };
    check("acme", "old", aac, other_codec.clone());
    check("acme/aac-64", "old", aac, other_codec);
    let nobody = ListenerError::NoSuchListener { mount: "acme".to_owned(), id: mp3 };
    check("acme/aac-64", "both", mp3, nobody);
    check("acme", "acme/aac-64", aac, ListenerError::SameMount("acme".to_owned()));
    check("acme/mp3-64", "both", aac, ListenerError::NoSuchMount("acme/mp3-64".to_owned()));
    houses.delivery.move_listeners("acme", "both", Which::One(aac)).unwrap();
    houses.until(&["acme/mp3-128", "both/aac-64"]).await;
    houses.delivery.kill("both", aac).unwrap();
    assert_eq!(rest(by_aac).await, b"");
    houses.until(&["acme/mp3-128"]).await;
}

#[tokio::test]
async fn a_rendition_off_the_air_takes_nobody() {
    let houses = Houses::new().await;
    let _listener = houses.join("/old").await;
    let off = |path: &str| {
        let nth = houses.mounts.iter().position(|known| known == path).unwrap();
        houses.writers[nth].off_air(Duration::ZERO).unwrap();
    };
    off("both/mp3-128");
    houses.delivery.move_listeners("old", "both", Which::All).unwrap();
    houses.until(&["both/mp3-64"]).await;
    off("acme/mp3-128");
    let told = houses.delivery.move_listeners("both", "acme", Which::All);
    assert_eq!(told, Err(ListenerError::OffAir("acme".to_owned())));
}
