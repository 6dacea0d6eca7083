use std::path::PathBuf;

use ledger::{Ending, Ledger, Protocol};
use media::WallTime;
use prometheus_client::metrics::counter::Counter;

use super::*;
use crate::testing::{Bench, FRAME, Peer, Voice, eventually, settings_of_acme};

/// A ledger in a folder of its own.
struct Book {
    folder: PathBuf,
}

impl Book {
    fn new() -> Self {
        let name = format!("skywave-book-{:016x}", runtime::backoff::random());
        Self { folder: std::env::temp_dir().join(name) }
    }

    /// Opens it, and gives what a process before left open.
    fn open(&self, now: WallTime) -> (Ledger, Vec<Session>) {
        Ledger::open(&self.folder, now, Counter::default()).unwrap()
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

const PATIENCE: Duration = Duration::from_secs(30);

/// A station with a ledger, and one that listens over HLS for twelve seconds.
async fn listened(book: &Book) -> (Bench, Ledger, String) {
    let mut bench = Bench::new().await;
    let (ledger, open) = book.open(bench.now());
    assert!(open.is_empty());
    bench.delivery = bench.delivery.clone().with_records(Some(ledger.clone()), None);
    bench.list(10);
    let master = bench.get("/acme/playlist.m3u8").await;
    let media = format!("/acme/{}", master.text().lines().last().unwrap());
    for segments in 10..13 {
        bench.list(segments);
        bench.get(&media).await;
        bench.clock.advance(Duration::from_secs(6));
    }
    (bench, ledger, media)
}

#[tokio::test]
async fn a_session_over_hls_goes_on_behind_a_kill_and_one_over_icy_is_lost() {
    let book = Book::new();
    let (bench, ledger, media) = listened(&book).await;
    let (address, _shutdown) = bench.serve();
    bench.push(5);
    let mut peer = Peer::connect(address).await;
    peer.ask("GET /acme HTTP/1.0\r\n\r\n").await;
    peer.take(FRAME.len()).await;
    bench.delivery.checkpoint();
    ledger.flush(PATIENCE);

    // The process is gone, and another one begins with the same keys.
    let (again, open) = book.open(bench.now());
    assert_eq!(open.len(), 2);
    let by_hls = open.iter().find(|one| one.protocol == Protocol::Hls).unwrap().clone();
    assert_eq!(by_hls.media, Duration::from_secs(12));
    let mut other = Bench::new().await;
    other.clock.advance(Duration::from_secs(30));
    other.delivery = other.delivery.clone().with_records(Some(again.clone()), None);
    other.delivery = other.delivery.clone().with_keys((*bench.delivery.keys).clone());
    other.delivery.resume(open);
    assert_eq!(other.rendition.mount().snapshot().hls_sessions, 0, "it has not come back yet");
    other.list(20);
    assert_eq!(other.get(&media).await.status, 200);
    let [visitor] = &other.delivery.roster().of("acme")[..] else { panic!("one listens") };
    assert_eq!((visitor.session, visitor.since), (by_hls.id, by_hls.started));
    other.clock.advance(Duration::from_mins(3));
    other.delivery.sweep_sessions();
    again.flush(PATIENCE);
    let mut records = Vec::new();
    let folder = ledger::Folder::new(&book.folder);
    for day in folder.days().unwrap() {
        folder.read(day, |session| records.push(session)).unwrap();
    }
    records.sort_unstable_by_key(|session| session.protocol);
    let [icy, hls] = &records[..] else { panic!("two records: {records:?}") };
    assert_eq!((icy.ending, hls.ending), (Some(Ending::Lost), Some(Ending::Idle)));
    assert_eq!((hls.id, hls.started), (by_hls.id, by_hls.started));
    assert_eq!(hls.length(), Duration::from_secs(30));
}

#[tokio::test]
async fn at_the_end_of_the_process_what_is_open_is_written_down() {
    let book = Book::new();
    let (bench, ledger, _) = listened(&book).await;
    let shutdown = Shutdown::default();
    let keeping = tokio::spawn(bench.delivery.clone().keep_sessions(shutdown.clone()));
    shutdown.trigger();
    keeping.await.unwrap();
    ledger.flush(PATIENCE);
    let (_, open) = book.open(bench.now());
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].protocol, open[0].ending), (Protocol::Hls, None));
}

#[tokio::test]
async fn sessions_end_by_themselves_as_time_goes_by() {
    let book = Book::new();
    let (bench, _, _) = listened(&book).await;
    let shutdown = Shutdown::default();
    let _keeping = tokio::spawn(bench.delivery.clone().keep_sessions(shutdown.clone()));
    assert_eq!(bench.rendition.mount().snapshot().hls_sessions, 1);
    bench.clock.advance(Duration::from_secs(21));
    eventually(|| bench.rendition.mount().snapshot().hls_sessions == 0).await;
    shutdown.trigger();
}

#[tokio::test]
async fn a_session_over_hls_leaves_icecasts_line_under_its_mounts_path() {
    let book = Book::new();
    let bench = Bench::new().await;
    std::fs::create_dir_all(&book.folder).unwrap();
    let file = book.folder.join("access.log");
    let log = crate::AccessLog::open(&file, Counter::default()).unwrap();
    let other = bench.delivery.clone().with_records(None, Some(log.clone()));
    let agent = [("user-agent", "VLC/3.0"), ("referer", "https://acme.example/")];
    let ask = async |path: &str| {
        let router = other.router();
        crate::testing::ask(router, "GET", path, &agent).await
    };
    bench.list(13);
    let master = ask("/acme.mp3/playlist.m3u8?x=1").await;
    let media = format!("/acme.mp3/{}", master.text().lines().last().unwrap());
    for segments in 13..16 {
        bench.list(segments);
        assert_eq!(ask(&media).await.status, 200);
        bench.clock.advance(Duration::from_secs(6));
    }
    bench.clock.advance(Duration::from_mins(3));
    other.sweep_sessions();
    log.flush(PATIENCE);
    let line = std::fs::read_to_string(&file).unwrap();
    let expected = "\"GET /acme.mp3 HTTP/1.0\" 200 2 \"https://acme.example/\" \"VLC/3.0\" 12\n";
    assert!(line.starts_with("127.0.0.1 - - [") && line.ends_with(expected), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[tokio::test]
async fn what_a_listener_was_sent_is_told_by_its_rendition_s_bit_rate() {
    let voices = [Voice::default(), Voice::new(media::Codec::Mp3, 64)];
    let bench = Bench::of(settings_of_acme(), &voices, 100).await;
    let (address, _shutdown) = bench.serve();
    let mut peers = Vec::new();
    for path in ["/acme", "/acme/mp3-64"] {
        let mut peer = Peer::connect(address).await;
        peer.ask(&format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        peers.push(peer);
    }
    bench.clock.advance(Duration::from_secs(10));
    let visitors = bench.delivery.roster().of("acme");
    let so_far: Vec<_> = visitors.iter().map(|one| bench.delivery.so_far(one).bytes).collect();
    assert_eq!(so_far, [160_000, 80_000]);
}
