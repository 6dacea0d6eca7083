//! What the tests of the role have in common.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use catalogue::Catalogue;
use feed::{PathEntry, PathItem, PathUnit};
use media::synthetic::{adts_frame, mp3_frame};
use media::{ChannelMode, WallTime};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use runtime::clock::Clock;
use runtime::tail::Tail;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// An MP3 ingest `live`, an AAC ingest `aac`, both known by password; and a third.
pub(crate) fn catalogue() -> Arc<Catalogue> {
    let mp3 = r#"codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo""#;
    let aac = mp3.replace("mp3", "aac").replace("joint_", "");
    let ingest = |name: &str, encoding: &str, push: &str, more: &str| {
        format!(
            "[[ingest]]\nname = \"{name}\"\npublisher = \"acme\"\nencoding = {{ {encoding} }}\n\
             push = {{ mount = \"{name}\", {push} }}\n{more}\n"
        )
    };
    let text = [
        "[[publisher]]\nname = \"acme\"\n".to_owned(),
        ingest("live", mp3, "user = \"dj\", password = \"s3cret\", shoutcast = true", ""),
        ingest("aac", &aac, "password = \"aac:pass\", shoutcast = true", ""),
        ingest(
            "strict",
            mp3,
            "password = \"s3cret\"",
            "on_mismatch = \"refuse\"\ncharset = \"windows-1251\"",
        ),
        "[[egress]]\nname = \"radio\"\npublisher = \"acme\"\ningests = [\"live\", \"strict\"]\n\
         aliases = [\"radio.mp3\"]\n"
            .to_owned(),
    ];
    let catalogue = catalogue::manifest::parse(&text.concat(), "test.toml", &|_| None);
    Arc::new(catalogue.unwrap_or_else(|error| panic!("{error}")))
}

/// Frames that follow the ingest `live`; each number has its own.
pub(crate) fn mp3(numbers: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    numbers.map(|seed| mp3_frame(128, 44_100, ChannelMode::JointStereo, seed)).collect()
}

/// Frames of 137 kbit/s that follow the ingest `aac`.
pub(crate) fn aac(numbers: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    numbers.map(|seed| adts_frame(44_100, 2, 400, seed)).collect()
}

pub(crate) fn at(millis: u64) -> WallTime {
    WallTime::from_nanos(millis * 1_000_000)
}

/// The frames among the items.
pub(crate) fn units(items: &[PathItem]) -> Vec<&PathUnit> {
    let mut units = Vec::new();
    for item in items {
        if let PathItem::Unit(unit) = item {
            units.push(unit);
        }
    }
    units
}

/// The items' kinds, frames counted: `C 3 T G`.
pub(crate) fn kinds(items: &[PathItem]) -> String {
    let mut kinds: Vec<String> = Vec::new();
    let mut run = 0;
    for item in items {
        let kind = match item {
            PathItem::Unit(_) => {
                run += 1;
                continue;
            }
            PathItem::Connected(_) => "C",
            PathItem::Title(_) => "T",
            PathItem::Gone => "G",
        };
        if run > 0 {
            kinds.push(run.to_string());
        }
        run = 0;
        kinds.push(kind.to_owned());
    }
    if run > 0 {
        kinds.push(run.to_string());
    }
    kinds.join(" ")
}

/// All that is in a feed by now.
pub(crate) async fn all(feed: &Tail<PathEntry>) -> Vec<PathItem> {
    let mut reader = feed.from_start();
    let entries = match reader.behind() {
        0 => Vec::new(),
        _ => reader.next_batch(usize::MAX).await.unwrap(),
    };
    let positions: Vec<_> = entries.iter().map(|entry| entry.position).collect();
    assert!(positions.is_sorted_by(|one, next| one < next), "{positions:?}");
    entries.into_iter().map(|entry| entry.item).collect()
}

/// The value of a metric, with its labels; 0 where it is not.
pub(crate) fn metric(registry: &Registry, name: &str) -> u64 {
    let mut text = String::new();
    encode(&mut text, registry).unwrap();
    let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
    values.find_map(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Tokio's clock, which a test can pause.
#[derive(Debug)]
pub(crate) struct TokioClock {
    pub(crate) started: tokio::time::Instant,
}

impl Clock for TokioClock {
    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.started.elapsed()
    }
}

/// Where a test's log goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects everything that this thread logs from now on.
    pub(crate) fn collect(&self) -> DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(self.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// No route of ingest asks for the administrator.
#[derive(Debug)]
struct NeverAsked;

impl listen::Guard for NeverAsked {
    fn admit(
        &self,
        _: listen::Access,
        _: &axum::http::request::Parts,
        _: std::net::SocketAddr,
    ) -> Result<(), Box<axum::response::Response>> {
        unreachable!("it is not asked")
    }
}

/// The role's routes, with others for what it does not answer itself.
pub(crate) fn router(ingest: &crate::Ingest, others: crate::OtherPages) -> axum::Router {
    let guard: Arc<dyn listen::Guard> = Arc::new(NeverAsked);
    ingest.routes(others).into_router(&guard)
}
