//! What the tests of this crate share: an encoder, a bucket in a directory, and
//! a clock that tokio's paused time turns.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ::journal::Desk;
use bytes::Bytes;
use catalogue::{Egress, manifest};
use feed::{OwnFrom, PathEntry, PathItem, PathUnit, SourceInfo};
use media::{ChannelMode, Codec, FrameHeader, StreamInfo, Timescale, Title, WallTime};
use prometheus_client::registry::Registry;
use runtime::clock::{Clock, Steady};
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Tail, Writer};
use store::{S3Settings, StoreUrl, Stores};
use tokio::task::JoinSet;

use crate::{Packager, Path, Programme};

/// Length of a unit: 1,152 samples at 48 kHz.
pub(crate) const UNIT: Duration = Duration::from_millis(24);

/// Items that a path feed holds.
pub(crate) const FEED_ITEMS_MAX: u64 = 4_000;

/// Segments of 2 s, so that a window is full soon.
pub(crate) const SHORT: &str = "[egress.mount]\nsegment = \"2s\"\nwindow = \"18s\"\n";

/// Tokio's time, and a wall clock that goes with it.
#[derive(Debug)]
struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.0.elapsed()
    }
}

pub(crate) fn clock() -> Steady {
    Steady::new(Arc::new(TokioClock(tokio::time::Instant::now())))
}

/// A directory that is removed at the end.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("skywave-packager-{}-{nth}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Another process of this number may have been killed.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The egress `acme` of two ingests; `rest` is what follows its table. Nothing is
/// held back, unless it says so.
pub(crate) fn egress(rest: &str) -> Egress {
    let hold_back = if rest.contains("hold_back") { "" } else { "hold_back = \"0s\"\n" };
    // What the units of these tests say is no sound.
    let auto_aac = if rest.contains("auto_aac") { "" } else { "auto_aac = false\n" };
    let ingest = |name: &str| {
        format!(
            "[[ingest]]\nname = \"{name}\"\npublisher = \"acme\"\n\
             encoding = {{ codec = \"mp3\", bitrate_kbps = 128, sample_rate_hz = 48000, \
             channel_mode = \"stereo\" }}\npush = {{ mount = \"{name}\", password = \"s3cret-{name}\" }}\n"
        )
    };
    let text = format!(
        "[[publisher]]\nname = \"acme\"\n{}{}[[egress]]\nname = \"acme\"\npublisher = \"acme\"\n\
         ingests = [\"acme-a\", \"acme-b\"]\n{hold_back}{auto_aac}{rest}",
        ingest("acme-a"),
        ingest("acme-b"),
    );
    let catalogue = manifest::parse(&text, "stations.toml", &|_| None);
    catalogue.unwrap_or_else(|error| panic!("{error}")).egress("acme").unwrap().clone()
}

/// An encoder's path feed. Its units say their number and whose they are.
#[derive(Debug)]
pub(crate) struct Encoder {
    writer: Writer<PathEntry>,
    position: u64,
    pub(crate) feed: Tail<PathEntry>,
    name: u8,
    /// What it sends; without frames units that say their number.
    frames: Vec<Bytes>,
    pub(crate) sent: u64,
    clock: Steady,
}

impl Encoder {
    /// One that is connected, and goes on at unit `sent`.
    pub(crate) fn new(name: u8, sent: u64, clock: &Steady) -> Self {
        // No position is used twice, whichever process gives it.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let items_max = usize::try_from(FEED_ITEMS_MAX).unwrap();
        let limits = tail::Limits { items_max, weight_max: 256 << 20 };
        let (writer, feed) = tail::tail(limits, PathEntry::weight);
        let position = NEXT.fetch_add(1 << 20, Ordering::Relaxed);
        let (frames, clock) = (Vec::new(), clock.clone());
        let mut encoder = Self { writer, position, feed, name, frames, sent, clock };
        encoder.connect();
        encoder
    }

    /// The same, which sends these frames.
    pub(crate) fn with_frames(self, frames: Vec<Bytes>) -> Self {
        Self { frames, ..self }
    }

    fn unit(&self, number: u64) -> Bytes {
        let nth = usize::try_from(number).unwrap();
        self.frames.get(nth).cloned().unwrap_or_else(|| unit(self.name, number))
    }

    pub(crate) fn connect(&mut self) {
        let info = SourceInfo { header: header(), profile: None };
        self.push([PathItem::Connected(info)]);
    }

    fn push(&mut self, items: impl IntoIterator<Item = PathItem>) {
        for item in items {
            self.writer.push(PathEntry { position: self.position, item });
            self.position += 1;
        }
    }

    pub(crate) fn leave(&mut self) {
        self.push([PathItem::Gone]);
    }

    pub(crate) fn title(&mut self, text: &str) {
        self.push([PathItem::Title(Arc::new(Title::new(text, "")))]);
    }

    /// Units that arrive now.
    pub(crate) fn send(&mut self, units: u64) {
        let arrival = self.clock.now();
        let items = (self.sent..self.sent + units).map(|number| {
            PathItem::Unit(PathUnit { header: header(), data: self.unit(number), arrival })
        });
        self.push(items.collect::<Vec<_>>());
        self.sent += units;
    }

    /// Sends in real time for as long as that takes.
    pub(crate) async fn play(&mut self, length: Duration) {
        let mut units = length.as_nanos() / UNIT.as_nanos();
        while units > 0 {
            let some = units.min(10);
            units -= some;
            self.send(some.try_into().unwrap());
            tokio::time::sleep(UNIT * u32::try_from(some).unwrap()).await;
        }
    }
}

pub(crate) fn header() -> FrameHeader {
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(48_000).unwrap(),
        channels: 2,
        samples_per_frame: 1152,
    };
    FrameHeader { stream, bitrate_bps: Some(128_000), channel_mode: ChannelMode::Stereo }
}

/// An MP3 frame of 128 kbit/s, by its header.
pub(crate) fn unit(name: u8, number: u64) -> Bytes {
    let mut data = vec![0xFF, 0xFB, 0x94, 0x00, name];
    data.extend(number.to_be_bytes());
    data.resize(384, 0);
    data.into()
}

/// A station's bucket, and the time.
#[derive(Debug)]
pub(crate) struct Bench {
    scratch: Scratch,
    pub(crate) clock: Steady,
    pub(crate) egress: Egress,
}

/// A process at work.
#[derive(Debug)]
pub(crate) struct Process {
    desk: Desk,
    pub(crate) programme: Programme,
    pub(crate) tasks: JoinSet<()>,
    pub(crate) shutdown: Shutdown,
    pub(crate) registry: Registry,
}

impl Bench {
    pub(crate) fn new(rest: &str) -> Self {
        Self { scratch: Scratch::new(), clock: clock(), egress: egress(rest) }
    }

    pub(crate) fn now(&self) -> WallTime {
        self.clock.now()
    }

    /// The bucket's folder.
    pub(crate) fn bucket(&self) -> PathBuf {
        self.scratch.0.join("bucket")
    }

    /// The process's own folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.scratch.0.join("data")
    }

    pub(crate) async fn stores(&self) -> Stores {
        let url = StoreUrl::Directory(self.bucket());
        Stores::open(&url, None, &S3Settings::default()).await.unwrap()
    }

    /// The folder of the rendition's segments.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder_of(self.egress.rendition_id().as_str())
    }

    /// The same of another rendition.
    pub(crate) fn folder_of(&self, rendition: &str) -> PathBuf {
        self.bucket().join("public/acme").join(rendition)
    }

    /// The media playlist in the bucket.
    pub(crate) fn media(&self) -> Option<String> {
        std::fs::read_to_string(self.folder().join("media.m3u8")).ok()
    }

    /// Names of the segments in the bucket, in the order of their numbers.
    pub(crate) fn segments(&self) -> Vec<String> {
        segments(&self.folder())
    }

    /// Texts of the log's records, in their order.
    pub(crate) fn log(&self) -> Vec<String> {
        let folder = self.bucket().join("private/acme/log");
        let read = |name: String| std::fs::read_to_string(folder.join(name)).unwrap();
        files(&folder).into_iter().map(read).collect()
    }

    /// A process with these encoders, on the bench's bucket.
    pub(crate) async fn start(&self, encoders: &[&Encoder]) -> Process {
        self.start_on(self.stores().await, encoders).await
    }

    /// Another process on the bench's bucket, with a folder of its own.
    pub(crate) async fn start_beside(&self, name: &str, feeds: [&Tail<PathEntry>; 2]) -> Process {
        let data = self.scratch.0.join(name);
        let feeds = feeds.map(|feed| (feed.clone(), 0)).to_vec();
        self.start_reading(self.stores().await, feeds, data).await
    }

    /// The same, with the encoders' feeds.
    pub(crate) async fn start_with(&self, feeds: [&Tail<PathEntry>; 2]) -> Process {
        let feeds = feeds.map(|feed| (feed.clone(), 0)).to_vec();
        self.start_reading(self.stores().await, feeds, self.data()).await
    }

    pub(crate) async fn start_on(&self, stores: Stores, encoders: &[&Encoder]) -> Process {
        let feeds = encoders.iter().map(|encoder| (encoder.feed.clone(), 0));
        self.start_reading(stores, feeds.collect(), self.data()).await
    }

    /// The same; what the feeds have by now counts only where the programme goes on.
    pub(crate) async fn start_anew(&self, encoders: [&Encoder; 2]) -> Process {
        let feeds = encoders.map(|encoder| (encoder.feed.clone(), encoder.position)).to_vec();
        self.start_reading(self.stores().await, feeds, self.data()).await
    }

    async fn start_reading(
        &self,
        stores: Stores,
        feeds: Vec<(Tail<PathEntry>, u64)>,
        data: PathBuf,
    ) -> Process {
        let desk = Desk::start().unwrap();
        let (shutdown, mut registry) = (Shutdown::default(), Registry::default());
        let packager = Packager::new(stores, self.clock.clone(), shutdown.clone(), &mut registry)
            .with_data(data)
            .with_journals(desk.clone());
        let paths = feeds.into_iter().zip(["acme-a", "acme-b"]);
        let paths = paths.map(|((feed, own_from), ingest)| Path {
            ingest: ingest.to_owned(),
            feed,
            own_from: OwnFrom::known(own_from),
        });
        let mut tasks = JoinSet::new();
        let programme = packager.start(&self.egress, paths.collect(), &mut tasks).await;
        Process { desk, programme, tasks, shutdown, registry }
    }
}

impl Process {
    /// The end without a word.
    pub(crate) async fn kill(mut self) {
        self.tasks.shutdown().await;
        self.desk.flush(Duration::from_secs(20)).await;
    }

    /// The end as SIGTERM makes it.
    pub(crate) async fn stop(mut self) {
        self.shutdown.trigger();
        while self.tasks.join_next().await.is_some() {}
        self.desk.flush(Duration::from_secs(20)).await;
    }

    /// Waits until the bucket has all that is closed.
    pub(crate) async fn settle(&self) {
        // The programme has taken what its paths hold by then.
        tokio::time::sleep(Duration::from_millis(1)).await;
        eventually(|| self.programme.status().bucket_lag() == 0).await;
    }

    /// What a scrape shows.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }
}

/// Waits until it happens, for ten minutes of the test's time.
#[track_caller]
pub(crate) fn eventually(mut happens: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        for _ in 0..60_000 {
            if happens() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not happen: {place}");
    }
}

/// Names of the segments in a folder, in the order of their numbers.
pub(crate) fn segments(folder: &FilePath) -> Vec<String> {
    let mut names: Vec<_> = files(folder);
    names.retain(|name| name.contains('-'));
    names
}

/// The files of a folder, in the order of the numbers that they begin with.
fn files(folder: &FilePath) -> Vec<String> {
    let Ok(found) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> =
        found.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let number = |name: &String| {
        name.split_once('-').map_or(name.as_str(), |(number, _)| number).parse().unwrap_or(0_u64)
    };
    names.sort_by_key(|name| (number(name), name.clone()));
    names
}
