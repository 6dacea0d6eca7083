//! What the tests of this crate share: a station with playlists and a stream,
//! and ways to ask for them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use catalogue::{Geo, manifest};
use http_body_util::BodyExt;
use icy::listener::{Cors, StationHead};
use listen::{Doors, Port, PortSettings, Secure};
use media::{
    Codec, EpochId, MediaDuration, MediaSequence, MediaTime, RenditionId, SegmentInfo, Timescale,
    WallTime,
};
use playlists::LivePlaylists;
use prometheus_client::registry::Registry;
use runtime::clock::{Clock, ManualClock, Steady, SystemClock};
use runtime::shutdown::Shutdown;
use settings::networks::Networks;
use store::{S3Settings, Store, StoreUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::fanout::{Fanout, FanoutSettings, MountHandle, MountSettings, MountWriter, TimedFrame};
use crate::{
    Announcement, BackEndSetup, BackEnds, Delivery, Document, Heard, HlsView, Rendition,
    RenditionSettings, Shown, Station, StationSettings, Stations,
};

/// No test waits longer than this for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// `EXT-X-TARGETDURATION` of the station.
pub(crate) const TARGET_SECS: u64 = 6;

/// How far back its listeners may go.
pub(crate) const DVR: Duration = Duration::from_hours(48);

/// How long its segments may be cached.
pub(crate) const SEGMENT_MAX_AGE: u64 = 96;

/// A frame of the stream.
pub(crate) const FRAME: &[u8] = &[0xAA; 100];

/// The station `acme`, alias `acme.mp3`, and all that serves it.
pub(crate) struct Bench {
    pub(crate) station: Arc<Station>,
    /// The default one.
    pub(crate) rendition: Arc<Rendition>,
    pub(crate) delivery: Delivery,
    /// The default one's.
    pub(crate) writer: MountWriter,
    /// The others'.
    pub(crate) beside: Vec<MountWriter>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Store,
    fanout: Fanout,
    registry: Registry,
    folder: PathBuf,
}

/// A rendition of the station.
#[derive(Clone)]
pub(crate) struct Voice {
    pub(crate) codec: Codec,
    pub(crate) kbps: u32,
    pub(crate) limit_announcement: Option<Announcement>,
    pub(crate) geo_announcement: Option<Announcement>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with_listeners_max(100).await
    }

    /// An egress that may be heard there only.
    pub(crate) async fn blocked(geo: Geo) -> Self {
        Self::with(StationSettings { geo: Some(geo), ..settings_of_acme() }, 100).await
    }

    pub(crate) async fn with_listeners_max(listeners_max: usize) -> Self {
        Self::with(settings_of_acme(), listeners_max).await
    }

    /// With such settings.
    pub(crate) async fn with(station: StationSettings, listeners_max: usize) -> Self {
        Self::of(station, &[Voice::default()], listeners_max).await
    }

    /// With such renditions, in the order of the multivariant playlist.
    pub(crate) async fn of(
        station: StationSettings,
        voices: &[Voice],
        listeners_max: usize,
    ) -> Self {
        let clock = Arc::new(ManualClock::default());
        let interval = Duration::from_millis(10);
        let settings = FanoutSettings { interval, slots: 10, ..FanoutSettings::default() };
        let fanout = Fanout::start(settings, Arc::new(SystemClock)).unwrap();
        let listeners_max = Some(listeners_max);
        let mount = |id: &RenditionId| {
            let rendition = Some(id.clone());
            MountSettings { rendition, listeners_max, ..MountSettings::new("acme") }
        };
        let writer = fanout.add_mount(mount(&station.default_rendition)).unwrap();
        let (mut beside, mut renditions) = (Vec::new(), Vec::new());
        for voice in voices {
            let id = voice.id();
            let mut handle = writer.handle();
            if id != station.default_rendition {
                let other = fanout.add_mount_beside(&handle, mount(&id)).unwrap();
                handle = other.handle();
                beside.push(other);
            }
            renditions.push(voice.settings(handle));
        }
        let station = Arc::new(Station::new(station, renditions).unwrap());
        let rendition = Arc::clone(station.default_rendition());
        let folder = folder();
        let url = StoreUrl::Directory(folder.clone());
        let store = Store::open(&url, &S3Settings::default()).await.unwrap();
        let mut registry = Registry::default();
        let stations = Arc::new(Stations::new(vec![Arc::clone(&station)]));
        let steady = Steady::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let delivery = Delivery::new(stations, &fanout, store.clone(), steady, &mut registry);
        Self {
            station,
            rendition,
            delivery,
            writer,
            beside,
            clock,
            store,
            fanout,
            registry,
            folder,
        }
    }

    pub(crate) fn now(&self) -> WallTime {
        Steady::new(Arc::clone(&self.clock) as Arc<dyn Clock>).now()
    }

    /// Lists this many segments in each rendition, and keeps the newest two in memory;
    /// gives the default one's playlist.
    pub(crate) fn list(&self, segments: u64) -> String {
        for rendition in self.station.renditions() {
            self.list_in(rendition, segments);
        }
        let media = self.rendition.hls().media.clone();
        let text = media.map(|media| std::str::from_utf8(&media.text).unwrap().to_owned());
        text.unwrap_or_default()
    }

    /// The same in one.
    pub(crate) fn list_in(&self, rendition: &Rendition, segments: u64) {
        let mut playlists = LivePlaylists::new(TARGET_SECS, Duration::from_mins(1));
        let (codec, kbps) = (rendition.head().codec, rendition.head().bitrate_kbps);
        let shown = rendition.hls().shown.clone();
        let heard = Heard {
            media: Duration::from_secs(segments * TARGET_SECS),
            bytes: segments * u64::from(kbps) / 128,
        };
        let mut view = HlsView { heard, shown, ..HlsView::default() };
        for number in 0..segments {
            let info =
                SegmentInfo { codec, bytes: u64::from(kbps) * 1_000 / 128, ..segment(number) };
            if number + 2 >= segments {
                let body = body(number).slice(..usize::try_from(info.bytes).unwrap());
                view.segments.insert(info.file_name(), body);
            }
            let _ = playlists.append(info).unwrap();
        }
        view.media = playlists.media().map(|text| Arc::new(Document::new(text, self.now())));
        let window = playlists.window();
        if let Some((first, last)) = window.first().zip(window.last())
            && let Some(media) = view.media.clone()
        {
            let (last, wall_end) = (last.number, last.wall_end());
            view.note_shown(Shown { at: self.now(), media, last, wall_end }, first.number);
        }
        view.number = window.last().map(|last| last.number);
        view.listed = window.len();
        view.variant = playlists.variant(format!("{}/media.m3u8", rendition.id()));
        rendition.set_hls(view);
    }

    /// Puts frames on the air.
    pub(crate) fn push(&self, frames: usize) {
        let frame = TimedFrame { data: FRAME.into(), duration: Duration::from_millis(24) };
        let mut frames = vec![frame; frames];
        while self.writer.push(&mut frames).is_err() {
            std::thread::yield_now();
        }
    }

    /// Gives it a back end, which is what `auth` has in a manifest.
    pub(crate) fn set_back_end(&mut self, auth: &str) -> (BackEnds, JoinSet<()>) {
        let catalogue = manifest::parse(&manifest_of_acme(auth), "stations.toml", &|_| None);
        let catalogue = catalogue.unwrap_or_else(|error| panic!("{error}"));
        let stations = Stations::new(vec![Arc::clone(&self.station)]);
        let clock = Steady::new(Arc::clone(&self.clock) as Arc<dyn Clock>);
        let client = outbound::Client::new(outbound::Settings {
            policy: outbound::Policy { allow_private: true },
            ..outbound::Settings::default()
        });
        let setup = BackEndSetup { client, host: "radio.example".into(), port: 8000, clock };
        let mut tasks = JoinSet::new();
        let started =
            BackEnds::start(&catalogue, &stations, &setup, &mut self.registry, &mut tasks);
        let back_ends = started.unwrap_or_else(|error| panic!("{error}"));
        self.delivery = self.delivery.clone().with_back_ends(back_ends.clone());
        (back_ends, tasks)
    }

    /// Asks through the router.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.delivery.router(), method, path, headers).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }

    /// What a scrape shows.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }

    /// Serves on a port of the system's choice until the shutdown.
    pub(crate) fn serve(&self) -> (SocketAddr, Shutdown) {
        let settings = PortSettings {
            name: "public",
            header_time: PATIENCE,
            connections_max: 100,
            unsent_max: None,
            tls: None,
            trusted_proxies: Networks::default(),
        };
        let port = Port::open((Ipv4Addr::LOCALHOST, 0).into(), settings).unwrap();
        let (address, shutdown) = (port.address().unwrap(), Shutdown::default());
        let doors = Doors {
            http: self.delivery.router(),
            sources: None,
            listeners: Some(Arc::new(self.delivery.clone())),
        };
        tokio::spawn(port.serve(doors, shutdown.clone()));
        (address, shutdown)
    }
}

impl Voice {
    pub(crate) fn new(codec: Codec, kbps: u32) -> Self {
        Self { codec, kbps, limit_announcement: None, geo_announcement: None }
    }

    pub(crate) fn id(&self) -> RenditionId {
        RenditionId::new(self.codec.extension(), self.kbps)
    }

    pub(crate) fn settings(&self, mount: MountHandle) -> RenditionSettings {
        RenditionSettings {
            id: self.id(),
            head: StationHead { codec: self.codec, bitrate_kbps: self.kbps, ..head() },
            mount,
            limit_announcement: self.limit_announcement.clone(),
            geo_announcement: self.geo_announcement.clone(),
        }
    }
}

impl Default for Voice {
    /// The station's only one, where it has one.
    fn default() -> Self {
        Self::new(Codec::Mp3, 128)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.fanout.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        value.to_str().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Asks through a router.
pub(crate) async fn ask(
    router: Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 5))))
        .extension(Secure(false));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// What segment `number` says of itself.
pub(crate) fn segment(number: u64) -> SegmentInfo {
    let length = TARGET_SECS * 48_000;
    let start = i64::try_from(number * length).unwrap();
    SegmentInfo {
        number: MediaSequence(number),
        epoch: EpochId(0xE0),
        discontinuity_sequence: 0,
        discontinuity: false,
        codec: Codec::Mp3,
        start: MediaTime::from_ticks(start),
        duration: MediaDuration::from_ticks(length),
        timescale: Timescale::new(48_000).unwrap(),
        wall_start: WallTime::from_nanos((1_700_000_000 + number * TARGET_SECS) * 1_000_000_000),
        bytes: 1_000,
    }
}

pub(crate) fn body(number: u64) -> Bytes {
    let mut body = format!("segment {number}").into_bytes();
    body.resize(1_000, b'.');
    body.into()
}

pub(crate) fn head() -> StationHead {
    StationHead {
        codec: Codec::Mp3,
        name: "Acme Radio".into(),
        description: "The best".into(),
        genre: "Rock".into(),
        url: "https://acme.example".into(),
        public: false,
        bitrate_kbps: 128,
        audio_info: "ice-bitrate=128".into(),
        headers: vec![("X-Station".into(), "acme".into())],
        metaint: Some(250),
        cors: Cors::Any,
    }
}

/// Of the station, where nothing is limited.
pub(crate) fn settings_of_acme() -> StationSettings {
    StationSettings {
        name: "acme".into(),
        aliases: vec!["acme.mp3".into()],
        sid: 1,
        title: "Acme Radio".into(),
        default_rendition: RenditionId::new("mp3", 128),
        target_secs: TARGET_SECS,
        hold: Duration::from_secs(10),
        dvr: DVR,
        segment_max_age: Duration::from_secs(SEGMENT_MAX_AGE),
        geo: None,
        session_limit: None,
        protect_segments: false,
    }
}

/// A manifest with the egress `acme`, and this behind its other keys.
pub(crate) fn manifest_of_acme(auth: &str) -> String {
    format!(
        "[[publisher]]\nname = \"acme\"\n[[ingest]]\nname = \"in\"\npublisher = \"acme\"\n\
         encoding = {{ codec = \"mp3\", bitrate_kbps = 128, sample_rate_hz = 48000, \
         channel_mode = \"stereo\" }}\npush = {{ mount = \"in\", password = \"s3cret\" }}\n\
         [[egress]]\nname = \"acme\"\npublisher = \"acme\"\ningests = [\"in\"]\n\
         aliases = [\"acme.mp3\"]\n[egress.auth]\n{auth}\n"
    )
}

fn folder() -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nth = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("skywave-delivery-{}-{nth}", std::process::id()));
    // Another process of this number may have been killed.
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// A player's end of a connection.
pub(crate) struct Peer {
    stream: TcpStream,
    /// What came and was not asked for yet.
    heard: Vec<u8>,
}

impl Peer {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), heard: Vec::new() }
    }

    /// Sends a request, and gives the head of its answer.
    pub(crate) async fn ask(&mut self, request: &str) -> String {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        loop {
            if let Some(end) = self.heard.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.heard.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(self.read().await, "closed: {:?}", String::from_utf8_lossy(&self.heard));
        }
    }

    /// The next so many bytes.
    pub(crate) async fn take(&mut self, len: usize) -> Vec<u8> {
        while self.heard.len() < len {
            assert!(self.read().await, "closed after {} bytes", self.heard.len());
        }
        self.heard.drain(..len).collect()
    }

    /// All that comes until the other end closes.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.read().await {}
        std::mem::take(&mut self.heard)
    }

    async fn read(&mut self) -> bool {
        let read = self.stream.read_buf(&mut self.heard);
        tokio::time::timeout(PATIENCE, read).await.expect("nothing comes").unwrap() > 0
    }
}

/// Waits until it happens.
#[track_caller]
pub(crate) fn eventually(mut happens: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let deadline = SystemClock.monotonic() + PATIENCE;
        while !happens() {
            assert!(SystemClock.monotonic() < deadline, "it does not happen: {place}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The value of a header in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
