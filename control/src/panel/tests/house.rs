//! Two MP3 stations with listeners and nothing behind them, and their panel.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use catalogue::manifest;
use catalogue::report::{EgressReport, IngestReport, IngestState, PlayedTitle, Report};
use delivery::fanout::{Fanout, FanoutSettings, MountSettings, MountWriter};
use delivery::{Delivery, RenditionSettings, Station, StationSettings, Stations};
use http_body_util::BodyExt;
use icy::listener::{Cors, StationHead};
use listen::{Access, Entry, Guard, Routes, Secure};
use media::{Codec, RenditionId};
use prometheus_client::registry::Registry;
use runtime::clock::{Clock, ManualClock, Steady, SystemClock};
use settings::Secret;
use store::{S3Settings, Store, StoreUrl};
use tower::ServiceExt;

use crate::{Administrator, Identity, Panel, Parts, Sources};

/// No test waits longer than this for what has to happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// `admin:adm1n`, as Basic credentials.
pub(super) const ADMIN: &str = "Basic YWRtaW46YWRtMW4=";

/// `relay:r3lay`.
pub(super) const RELAY: &str = "Basic cmVsYXk6cjNsYXk=";

const MANIFEST: &str = r#"
[[publisher]]
name = "pub"
title = "Publisher"
[[ingest]]
name = "in"
publisher = "pub"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "stereo" }
push = { mount = "in", user = "source", password = "s3cret" }
[[ingest]]
name = "in2"
publisher = "pub"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "stereo" }
push = { mount = "in2", user = "source", password = "s3cret2" }
[[egress]]
name = "acme"
publisher = "pub"
ingests = ["in"]
aliases = ["live/acme"]
[egress.mount]
icy_name = "Acme Radio"
genre = "Rock"
max_listeners = 50
[[egress]]
name = "other"
publisher = "pub"
ingests = ["in2"]
"#;

/// Stations `acme` (alias `live/acme`) and `other`, from `in` and `in2`.
pub(super) struct House {
    pub(super) delivery: Delivery,
    pub(super) clock: Arc<ManualClock>,
    pub(super) sources: Arc<FakeSources>,
    /// What the node says of itself.
    pub(super) report: Arc<Mutex<Report>>,
    panel: Panel,
    router: Router,
    fanout: Fanout,
    folder: PathBuf,
    _writers: Vec<MountWriter>,
}

/// Notes whose source is ended; all have one.
#[derive(Debug, Default)]
pub(super) struct FakeSources(pub(super) Mutex<Vec<String>>);

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// One who listens for as long as it lives.
pub(super) struct Listener(Body);

impl Sources for FakeSources {
    fn end(&self, ingest: &str) -> bool {
        self.0.lock().unwrap().push(ingest.to_owned());
        true
    }
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with_password(Some("adm1n")).await
    }

    pub(super) async fn with_password(password: Option<&str>) -> Self {
        let clock = Arc::new(ManualClock::default());
        let steady = Steady::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let interval = Duration::from_millis(10);
        let settings = FanoutSettings { interval, slots: 10, ..FanoutSettings::default() };
        let fanout = Fanout::start(settings, Arc::new(SystemClock)).unwrap();
        let catalogue = Arc::new(manifest::parse(MANIFEST, "stations.toml", &|_| None).unwrap());
        let writers: Vec<_> = ["acme", "other"]
            .map(|name| fanout.add_mount(MountSettings::new(name)).unwrap())
            .into_iter()
            .collect();
        let stations = Arc::new(Stations::new(writers.iter().map(station).collect()));
        let folder = folder();
        let url = StoreUrl::Directory(folder.clone());
        let store = Store::open(&url, &S3Settings::default()).await.unwrap();
        let mut registry = Registry::default();
        let delivery = Delivery::new(stations, &fanout, store, steady.clone(), &mut registry);
        let secret = |text: &str| Secret::new(text).unwrap();
        let administrator = Arc::new(Administrator::new(
            password.map(secret),
            password.map(|_| secret("r3lay")),
            Arc::default(),
            steady.clone(),
        ));
        let sources = Arc::new(FakeSources::default());
        let report = Arc::new(Mutex::new(on_air()));
        let told = Arc::clone(&report);
        let parts = Parts {
            catalogue,
            report: Arc::new(move || told.lock().unwrap().clone()),
            delivery: delivery.clone(),
            sources: Arc::clone(&sources) as Arc<dyn Sources>,
            administrator: Arc::clone(&administrator),
            clock: steady.clone(),
        };
        let identity = Identity {
            public_url: "http://radio.example:8000".to_owned(),
            host: "radio.example".to_owned(),
            region: "eu-central".to_owned(),
            started: steady.now(),
            listeners_max: 1_000,
        };
        let panel = Panel::new(parts, identity);
        let pages = panel.admin_cgi();
        let admin_cgi = move |request| pages(request);
        let guard = administrator as Arc<dyn Guard>;
        let router = panel
            .routes()
            .and(Routes::default().get_or_post("/admin.cgi", Access::Source, admin_cgi))
            .into_router(&guard);
        Self { delivery, clock, sources, report, panel, router, fanout, folder, _writers: writers }
    }

    /// Asks for something, from an address of the documentation's.
    pub(super) async fn ask(&self, request: &str, headers: &[(&str, &str)]) -> Answer {
        let (method, target) = request.split_once(' ').unwrap_or(("GET", request));
        self.send(method, target, headers, "").await
    }

    /// Asks with a form behind the head.
    pub(super) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        form: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Body::from(form.to_owned());
        let request = request
            .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 5))))
            .extension(Secure(false))
            .body(body)
            .unwrap();
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// What anyone is told.
    pub(super) async fn get(&self, target: &str) -> Answer {
        self.ask(target, &[]).await
    }

    /// What the administrator is told.
    pub(super) async fn as_admin(&self, target: &str) -> Answer {
        self.ask(target, &[("Authorization", ADMIN)]).await
    }

    /// Listens, and is in the roster.
    pub(super) async fn join(&self, path: &str) -> Listener {
        let request = Request::builder()
            .uri(path)
            .header("User-Agent", "VLC/3.0 <b>")
            .header("Referer", "https://page.example/")
            .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), 5))))
            .extension(Secure(false))
            .body(Body::empty())
            .unwrap();
        let response = self.delivery.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        // The engine counts it when it comes to it.
        let mount = path.trim_start_matches('/');
        eventually(|| self.delivery.audience(mount).unwrap().connections_total > 0).await;
        Listener(response.into_body())
    }

    /// The panel's routes.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.panel.routes().entries()
    }

    /// The number of the only listener of a mount.
    pub(super) fn only_id(&self, mount: &str) -> u64 {
        let [one] = &self.delivery.roster().of(mount)[..] else { panic!("one listens") };
        one.id.get()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.fanout.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Its status and its body.
    pub(super) fn line(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.body)
    }
}

impl Listener {
    /// Waits until the stream ends.
    pub(super) async fn ended(self) {
        let end = tokio::time::timeout(PATIENCE, self.0.collect()).await;
        end.expect("the stream does not end").unwrap();
    }
}

/// Waits until it happens.
#[track_caller]
pub(super) fn eventually(mut happens: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let waiting = async {
            while !happens() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("it does not happen: {place}"));
    }
}

/// `acme` on air, `other` not.
fn on_air() -> Report {
    let ingest = IngestReport {
        name: "in".into(),
        mount: Some("in".into()),
        state: IngestState::Connected,
        peer_address: Some("[::ffff:192.0.2.9]:51234".into()),
        user_agent: Some("BUTT/0.1".into()),
        connected_at_unix_secs: Some(946_684_800),
        connected_secs: Some(54),
        sample_rate_hz: Some(44_100),
        channels: Some(2),
        connects_total: 2,
        frame_bytes_total: 4_096,
        ..IngestReport::default()
    };
    let idle = IngestReport { name: "in2".into(), ..IngestReport::default() };
    let title = |at_unix_secs, title: &str| PlayedTitle { at_unix_secs, title: title.into() };
    let egress = EgressReport {
        name: "acme".into(),
        on_air: true,
        now_playing: Some("Ann - <One>".into()),
        played: vec![title(946_684_900, "Ann - <One>"), title(946_684_800, "Bob - Zero")],
        source: Some("in".into()),
        ..EgressReport::default()
    };
    let off_air = EgressReport { name: "other".into(), ..EgressReport::default() };
    Report {
        node: "fra-1".into(),
        started: "2000-01-01T00:00:00.000Z".into(),
        ingests: vec![ingest, idle],
        egresses: vec![egress, off_air],
        geo: None,
    }
}

fn station(writer: &MountWriter) -> Arc<Station> {
    let name = writer.handle().name().to_owned();
    let settings = StationSettings {
        aliases: vec![format!("live/{name}")],
        title: name.clone(),
        sid: if name == "acme" { 1 } else { 2 },
        name,
        default_rendition: RenditionId::new("mp3", 128),
        target_secs: 6,
        hold: Duration::from_secs(10),
        dvr: Duration::ZERO,
        segment_max_age: Duration::from_mins(1),
        geo: None,
        session_limit: None,
        protect_segments: false,
    };
    let head = StationHead {
        codec: Codec::Mp3,
        name: String::new(),
        description: String::new(),
        genre: String::new(),
        url: String::new(),
        public: false,
        bitrate_kbps: 128,
        audio_info: String::new(),
        headers: Vec::new(),
        metaint: None,
        cors: Cors::Any,
    };
    let rendition = RenditionSettings {
        id: settings.default_rendition.clone(),
        head,
        mount: writer.handle(),
        limit_announcement: None,
        geo_announcement: None,
    };
    Arc::new(Station::new(settings, vec![rendition]).unwrap())
}

fn folder() -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nth = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("skywave-panel-{}-{nth}", std::process::id()));
    // Another process of this number may have been killed.
    let _ = std::fs::remove_dir_all(&path);
    path
}
