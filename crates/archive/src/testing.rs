//! What the tests of this crate share: a programme of known frames in a bucket.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use catalogue::{Encoding, EncodingCodec, Made, Rendition};
use feed::{Chronicler, Cutter, PathUnit, Resume, Timeline, View};
use media::{ChannelMode, Codec, MediaSequence, Segment, Title, WallTime, mp3, synthetic};
use store::{Append, Area, Attributes, S3Settings, StoreUrl, Stores, TimelineLog, keys};

/// 2023-11-14T22:13:20Z.
pub(crate) const T0: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

/// Length of a frame: 1,152 samples at 48 kHz.
pub(crate) const FRAME: Duration = Duration::from_millis(24);

/// Frames of a segment of two seconds: 84, and 83 where the grid has it.
pub(crate) const SEGMENT: u64 = 84;

/// A programme that goes into a bucket.
pub(crate) struct Bench {
    folder: PathBuf,
    pub(crate) stores: Stores,
    pub(crate) rendition: Rendition,
    timeline: Timeline,
    chronicler: Chronicler,
    cutter: Cutter,
    log: TimelineLog,
    /// Every frame that came.
    pub(crate) sent: Vec<Bytes>,
    pub(crate) now: WallTime,
    /// Every segment that was made.
    pub(crate) segments: Vec<Segment>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::from(1_700_000_000).await
    }

    /// Whose first segment has this number.
    pub(crate) async fn from(number: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("skywave-archive-{}-{nth}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        // Another process of this number may have been killed.
        let _ = std::fs::remove_dir_all(&folder);
        let url = StoreUrl::Directory(folder.clone());
        let stores = Stores::open(&url, None, &S3Settings::default()).await.unwrap();
        let records = keys::timeline_log("acme").unwrap();
        let log = TimelineLog::open(stores.area(Area::Private).clone(), records).await.unwrap().0;
        let resume = Resume {
            next_number: MediaSequence(number),
            next_discontinuity: 0,
            not_before: WallTime::default(),
            title: None,
        };
        Self {
            folder,
            stores,
            rendition: rendition(),
            timeline: Timeline::new(2, resume),
            chronicler: Chronicler::new(2).with_rendition(&rendition().id),
            cutter: Cutter::new(2),
            log,
            sent: Vec::new(),
            now: T0,
            segments: Vec::new(),
        }
    }

    pub(crate) fn title(&mut self, text: &str) {
        self.timeline.handle_title(Arc::new(Title::new(text, "")));
    }

    /// So many frames in real time.
    pub(crate) async fn play(&mut self, frames: u64) {
        for _ in 0..frames {
            let seed = self.sent.len() as u64;
            let data = synthetic::mp3_frame(128, 48_000, ChannelMode::Stereo, seed);
            let header = mp3::Header::parse(&data).unwrap().to_frame_header().unwrap();
            self.sent.push(data.into());
            let data = self.sent.last().unwrap().clone();
            self.timeline.handle_unit(&PathUnit { header, data, arrival: self.now });
            self.now = self.now.plus(FRAME);
        }
        self.publish().await;
    }

    /// The source is silent for so long, and the epoch ends.
    pub(crate) async fn pause(&mut self, length: Duration) {
        self.now = self.now.plus(length);
        self.timeline.handle_end();
        self.publish().await;
    }

    async fn publish(&mut self) {
        while let Some(record) = self.timeline.next_record() {
            for fact in self.chronicler.handle(&record) {
                let bytes = serde_json::to_vec(&fact).unwrap().into();
                assert!(matches!(self.log.append(bytes).await.unwrap(), Append::Stored { .. }));
            }
            for view in self.cutter.handle(&record) {
                if let View::Segment(segment) = view {
                    let store = self.stores.area(Area::Public);
                    let keep = Duration::from_mins(1);
                    let put = store.put_segment("acme", &self.rendition.id, &segment, keep);
                    put.await.unwrap();
                    self.segments.push(segment);
                }
            }
        }
    }

    /// Takes a segment out of the bucket.
    pub(crate) fn lose(&self, nth: usize) {
        std::fs::remove_file(self.file(nth)).unwrap();
    }

    /// Where a segment lies.
    pub(crate) fn file(&self, nth: usize) -> PathBuf {
        let rendition = self.folder.join("public/acme").join(self.rendition.id.as_str());
        rendition.join(self.segments[nth].info.file_name())
    }

    /// Stores a media playlist that begins with a segment.
    pub(crate) async fn list_from(&self, nth: usize) {
        let key = keys::media_playlist("acme", &self.rendition.id).unwrap();
        let text = format!("#EXTM3U\n#EXTINF:2,\n{}\n", self.segments[nth].info.file_name());
        let store = self.stores.area(Area::Public);
        let attributes = Attributes::playlist(Duration::from_secs(1));
        let _ = store.create(&key, text.into(), &attributes).await.unwrap();
    }

    /// Numbers of segments.
    pub(crate) fn numbers(&self, places: std::ops::Range<usize>) -> Vec<u64> {
        self.segments[places].iter().map(|segment| segment.info.number.0).collect()
    }

    pub(crate) fn codec(&self) -> Codec {
        self.segments[0].info.codec
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The ingest's own bytes.
pub(crate) fn rendition() -> Rendition {
    let encoding = Encoding::stereo(EncodingCodec::Mp3, 128, 48_000);
    Rendition { id: encoding.rendition_id(Duration::from_secs(2)), encoding, made: Made::Outside }
}
