use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger::{CLOSE_AFTER, Ending, Protocol, from_line};
use media::SessionId;
use runtime::clock::ManualClock;
use store::{S3Settings, StoreUrl, Stores};

use super::*;

/// The clock is at 2023-11-14T22:13:20Z.
const TODAY: &str = "2023-11-14";
const YESTERDAY: &str = "2023-11-13";

/// A node's folder and its bucket, removed at the end.
struct Place {
    path: PathBuf,
    clock: Arc<ManualClock>,
    keeper: Keeper,
}

impl Place {
    async fn new(address_days: u32) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("skywave-logs-{}-{nth}", std::process::id()));
        // Another process of this number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let url = StoreUrl::Directory(path.join("bucket"));
        let stores = Stores::open(&url, None, &S3Settings::default()).await.unwrap();
        let clock = Arc::new(ManualClock::default());
        let keeping = Keeping { address_days, keep_days: 5 };
        let keeper = Keeper {
            shelf: Shelf::new(Folder::new(&path.join("sessions")), &path.join("logs"), keeping),
            store: stores.area(Area::Private).clone(),
            node: "fra-1".to_owned(),
            clock: Steady::new(clock.clone()),
            metrics: Metrics::default(),
        };
        Self { path, clock, keeper }
    }

    /// Records a session that ended at noon of a day.
    fn record(&self, id: u8, day: &str) {
        let ended = day.parse::<Day>().unwrap().start().plus(Duration::from_hours(12));
        let session = Session {
            id: SessionId::new([id; 16]),
            egress: "radio".to_owned(),
            protocol: Protocol::Hls,
            country: None,
            address: "192.0.2.7".parse().unwrap(),
            path: "/radio".to_owned(),
            user_agent: "a player".to_owned(),
            referer: String::new(),
            user: None,
            started: ended.minus(Duration::from_mins(5)),
            until: None,
            ended,
            media: Duration::from_mins(5),
            bytes: 1,
            ending: Some(Ending::Idle),
        };
        let sessions = self.path.join("sessions");
        let (ledger, _) = Ledger::open(&sessions, ended, Counter::default()).unwrap();
        ledger.record(&session);
        ledger.flush(Duration::from_secs(20));
    }

    fn stored(&self, name: &str) -> Option<String> {
        let folder = self.path.join("bucket/private/logs").join(YESTERDAY).join("fra-1");
        fs::read_to_string(folder.join(name)).ok()
    }

    async fn look(&self) {
        self.keeper.do_what_is_due().await.unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[tokio::test]
async fn a_day_that_is_over_comes_to_the_disk_and_to_the_bucket_once() {
    let place = Place::new(2).await;
    place.record(1, YESTERDAY);
    place.record(2, TODAY);
    place.look().await;
    let records = place.stored(RECORDS_FILE).unwrap();
    let read = from_line(records.trim_end().as_bytes()).unwrap();
    assert_eq!((read.id.bytes()[0], read.address.to_string().as_str()), (1, "192.0.2.7"));
    for name in ["access.log", "radio.txt", "sessions.csv"] {
        let local = fs::read_to_string(place.path.join("logs").join(YESTERDAY).join(name)).unwrap();
        assert_eq!(place.stored(name), Some(local), "{name}");
    }
    assert!(!place.path.join("logs").join(TODAY).exists());
    assert_eq!(place.keeper.metrics.written.get(), 1);
    place.look().await;
    assert_eq!(place.keeper.metrics.written.get(), 1);
}

#[tokio::test]
async fn what_the_bucket_has_is_replaced_when_addresses_are_shortened() {
    let place = Place::new(2).await;
    place.record(1, YESTERDAY);
    place.look().await;
    // What is there no more of a day goes from the bucket too.
    let folder = keys::node_session_logs(YESTERDAY, "fra-1").unwrap();
    let stale = folder.child("jazz.txt").unwrap();
    place.keeper.put(&stale, b"192.0.2.7".to_vec()).await.unwrap();
    place.clock.advance(Duration::from_hours(24));
    place.look().await;
    for name in [RECORDS_FILE, "access.log", "radio.txt", "sessions.csv"] {
        let text = place.stored(name).unwrap();
        assert!(text.contains("192.0.2.0") && !text.contains("192.0.2.7"), "{name}: {text}");
    }
    assert_eq!(place.stored("jazz.txt"), None);
}

#[tokio::test]
async fn a_bucket_that_is_away_is_tried_again() {
    let place = Place::new(1).await;
    place.record(1, YESTERDAY);
    // No folder can be where a file is.
    let bucket = place.path.join("bucket/private");
    fs::create_dir_all(bucket.parent().unwrap()).unwrap();
    let _ = fs::remove_dir_all(&bucket);
    fs::write(&bucket, "").unwrap();
    let error = place.keeper.do_what_is_due().await.unwrap_err();
    assert!(error.downcast_ref::<store::Error>().is_some(), "{error:#}");
    assert!(place.path.join("logs").join(YESTERDAY).join("radio.txt").exists());
    fs::remove_file(&bucket).unwrap();
    place.look().await;
    assert!(place.stored(RECORDS_FILE).is_some());
}

#[tokio::test]
async fn a_disk_that_takes_no_logs_is_tried_again_and_holds_up_no_other_day() {
    let place = Place::new(1).await;
    place.record(1, "2023-11-12");
    place.record(2, YESTERDAY);
    // Of the first day nothing can be written beside its place.
    let logs = place.path.join("logs");
    fs::create_dir_all(&logs).unwrap();
    fs::write(logs.join(".2023-11-12.new"), "").unwrap();
    place.keeper.do_what_is_due().await.unwrap_err();
    assert!(place.stored(RECORDS_FILE).is_some());
    assert!(!logs.join("2023-11-12").exists());
    fs::remove_file(logs.join(".2023-11-12.new")).unwrap();
    place.look().await;
    assert!(logs.join("2023-11-12/radio.txt").exists());
}

#[tokio::test]
async fn a_day_goes_from_the_disk_and_stays_in_the_bucket() {
    let place = Place::new(1).await;
    place.record(1, YESTERDAY);
    place.look().await;
    place.clock.advance(Duration::from_hours(5 * 24) + CLOSE_AFTER);
    place.look().await;
    assert!(!place.path.join("logs").join(YESTERDAY).exists());
    assert!(!place.path.join("sessions").join(format!("{YESTERDAY}.jsonl")).exists());
    assert!(place.stored(RECORDS_FILE).is_some());
}

#[tokio::test]
async fn an_object_is_replaced_whatever_its_length() {
    let place = Place::new(1).await;
    let key = keys::node_session_logs(YESTERDAY, "fra-1").unwrap().child("radio.txt").unwrap();
    let long = vec![b'x'; REPLACED_BYTES_MAX + 1];
    for bytes in [vec![b'a'], vec![b'b'], long.clone(), long, vec![b'c'], vec![b'c']] {
        place.keeper.put(&key, bytes.clone()).await.unwrap();
        let stored = place.keeper.store.get(&key, 2 * REPLACED_BYTES_MAX).await.unwrap();
        assert!(stored.unwrap().bytes == bytes);
    }
    assert_eq!(attributes(&key).cache_control, "private, no-store");
}

#[test]
fn without_days_for_addresses_none_is_written_whole() {
    let path = std::env::temp_dir().join(format!("skywave-open-{}", std::process::id()));
    let text = format!("data = {:?}\n[log]\naddress_days = 0", path.display().to_string());
    let config = ProcessConfig::parse(&text, "skywave.toml", Path::new(""), &[]).unwrap();
    let now = WallTime::from_nanos(1_700_000_000_000_000_000);
    let (ledger, left) = open_ledger(&config, now, Counter::default()).unwrap();
    assert!(left.is_empty());
    assert!(format!("{ledger:?}").contains("is_shortening: true"), "{ledger:?}");
    let _ = fs::remove_dir_all(&path);
}
