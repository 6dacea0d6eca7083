use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use feed::{Fact, Record};
use playlists::conformance::{assert_conforms, assert_follows, check_pair, read};
use store::{Credentials, S3Settings, Stores, Timeouts};

use super::*;
use crate::testing::{Bench, Encoder, Process, SHORT, UNIT, eventually};

mod pairs;
mod renditions;

const SECOND: Duration = Duration::from_secs(1);

/// Numbers below a bound, one after the other, by a seed.
fn lots(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut random = seed;
    move |bound| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % bound
    }
}

/// Names of the segments that a playlist lists.
fn listed(text: &str) -> Vec<String> {
    read(text.as_bytes()).0.segments.into_iter().map(|segment| segment.uri).collect()
}

/// The number that a segment's name begins with.
fn number(name: &str) -> u64 {
    name.split_once('-').unwrap().0.parse().unwrap()
}

/// Reads the playlist over and over, as fast as it can, for as long as it lives.
struct Watcher {
    ends: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Vec<String>>,
}

impl Watcher {
    fn new(bench: &Bench) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let (end, folder) = (Arc::clone(&ends), bench.folder());
        let thread = std::thread::spawn(move || {
            let mut seen: Vec<String> = Vec::new();
            while !end.load(Ordering::Acquire) {
                let read = || std::fs::read_to_string(folder.join("media.m3u8")).ok();
                let Some(text) = read() else { continue };
                let gone = listed(&text).into_iter().find(|name| !folder.join(name).exists());
                // Time that a test turns may have moved on between the two.
                if let Some(gone) = gone.filter(|_| read().as_ref() == Some(&text)) {
                    panic!("{gone} is listed and not there:\n{text}");
                }
                if seen.last() != Some(&text) {
                    seen.push(text);
                }
                std::thread::yield_now();
            }
            seen
        });
        Self { ends, thread }
    }

    /// All playlists that it saw, each checked by itself and after the one before.
    fn end(self) -> Vec<String> {
        self.ends.store(true, Ordering::Release);
        let seen = self.thread.join().unwrap();
        for text in &seen {
            assert_conforms(text);
        }
        for pair in seen.windows(2) {
            assert_follows(&pair[0], &pair[1]);
        }
        seen
    }
}

#[tokio::test(start_paused = true)]
async fn seq_11_a_listed_segment_is_there_at_every_moment() {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    let watcher = Watcher::new(&bench);
    for number in 0..40 {
        encoder.title(&format!("A - {number}"));
        encoder.play(SECOND * 3).await;
        process.settle().await;
        let multivariant = bench.bucket().join("public/acme/playlist.m3u8");
        assert_eq!(multivariant.exists(), bench.media().is_some());
    }
    let seen = watcher.end();
    assert!(seen.len() > 5, "{} playlists", seen.len());
    let last = read(bench.media().unwrap().as_bytes()).0;
    assert_eq!(last.segments.len(), 9);
    assert!(last.date_ranges.len() > 5, "titles are listed");
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn facts_come_before_what_they_tell_of() {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.title("A - B");
    encoder.play(SECOND * 5).await;
    process.settle().await;
    let facts: Vec<Fact> =
        bench.log().iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert!(matches!(facts[0], Fact::EpochBegan { .. }));
    assert!(matches!(facts[1], Fact::TitleSet { index: 0, .. }));
    assert!(matches!(facts[2], Fact::ClockSet { .. }));
    assert_eq!((facts.len(), bench.segments().len()), (3, 2));
    assert_eq!(bench.media(), None, "three segments are needed");
    process.kill().await;
}

/// Plays for `secs`, and says how long after its removal from the playlist a
/// segment stayed in the bucket.
async fn kept(rest: &str, secs: u32) -> Vec<Duration> {
    let bench = Bench::new(rest);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    let mut heard = BTreeMap::new();
    let mut kept = Vec::new();
    for _ in 0..secs * 2 {
        encoder.play(SECOND / 2).await;
        process.settle().await;
        let now = bench.now();
        let text = bench.media().unwrap_or_default();
        heard.extend(listed(&text).into_iter().map(|name| (name, now)));
        let there: BTreeSet<_> = bench.segments().into_iter().collect();
        let gone: Vec<_> = heard.keys().filter(|name| !there.contains(*name)).cloned().collect();
        kept.extend(gone.iter().filter_map(|name| Some(now.since(heard.remove(name)?))));
    }
    process.kill().await;
    kept
}

#[tokio::test(start_paused = true)]
async fn seq_12_a_segment_stays_for_its_availability() {
    let kept = kept(SHORT, 80).await;
    assert!(kept.len() > 5, "{kept:?}");
    for length in kept {
        // Its own two seconds, and a playlist of 18; one that is full, and a look.
        assert!(length >= SECOND * 20 && length <= SECOND * 23, "{length:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn dvr_keeps_what_left_the_window() {
    let kept = kept(&format!("dvr = \"30s\"\n{SHORT}"), 100).await;
    assert!(kept.len() > 5, "{kept:?}");
    for length in kept {
        assert!(length >= SECOND * 50 && length <= SECOND * 53, "{length:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_does_not_grow_without_end() {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    for number in 0..90 {
        encoder.title(&number.to_string());
        encoder.play(SECOND * 2).await;
    }
    process.settle().await;
    // The window, what waits behind it, and what is not worth a listing yet.
    let records = bench.log().len();
    assert!(records < 9 + 11 + 16 + 5, "{records} records");
    process.kill().await;
}

/// Kills a process `after` so many units of a programme, and begins another one
/// `pause` later; gives the playlists that were seen.
async fn restart(bench: &Bench, kills: &[(u64, Duration)]) -> Vec<String> {
    let (mut seen, mut sent): (Vec<String>, u64) = (Vec::new(), 0);
    let mut note = |bench: &Bench| {
        if let Some(text) = bench.media().filter(|text| seen.last() != Some(text)) {
            seen.push(text);
        }
    };
    for (units, pause) in kills {
        let mut encoder = Encoder::new(1, sent, &bench.clock);
        let process = bench.start(&[&encoder]).await;
        encoder.title(&format!("A - {sent}"));
        for _ in 0..*units {
            encoder.send(1);
            tokio::time::sleep(UNIT).await;
            note(bench);
        }
        process.kill().await;
        note(bench);
        sent = encoder.sent + 1_000;
        tokio::time::sleep(*pause).await;
    }
    seen
}

/// As [`restart`], and everything that a listener saw is checked.
async fn check_restarts(kills: &[(u64, Duration)]) -> Vec<String> {
    let bench = Bench::new(SHORT);
    let seen = restart(&bench, kills).await;
    let mut uris = BTreeMap::new();
    for text in &seen {
        assert_conforms(text);
        for segment in read(text.as_bytes()).0.segments {
            let uri = uris.entry(segment.number).or_insert_with(|| segment.uri.clone());
            assert_eq!(*uri, segment.uri, "number {} is used twice", segment.number);
        }
    }
    for pair in seen.windows(2) {
        assert_follows(&pair[0], &pair[1]);
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn a_killed_process_is_followed_as_if_nothing_had_been() {
    let seen = check_restarts(&[(900, SECOND), (500, SECOND)]).await;
    let last = read(seen.last().unwrap().as_bytes()).0;
    let breaks: Vec<_> = last.segments.iter().filter(|segment| segment.discontinuity).collect();
    assert_eq!(breaks.len(), 1, "one discontinuity where the process was killed");
    assert_eq!(breaks[0].discontinuity_sequence, 1);
    let first = last.segments.first().unwrap().number;
    let numbers = (first..).take(last.segments.len());
    assert!(last.segments.iter().map(|segment| segment.number).eq(numbers));
    // The one that the kill has cut short counts as one of the window's.
    assert_eq!(last.segments.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_process_may_be_killed_at_any_point() {
    let mut random: u64 = 0x5EED;
    let mut below = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % bound
    };
    for _ in 0..6 {
        let kills: Vec<_> =
            (0..4).map(|_| (below(700), Duration::from_millis(below(4_000)))).collect();
        check_restarts(&kills).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_killed_within_its_first_segment_loses_none_of_it() {
    let seen =
        check_restarts(&[(700, SECOND), (30, SECOND), (0, SECOND), (30, SECOND), (700, SECOND)])
            .await;
    let last = read(seen.last().unwrap().as_bytes()).0;
    let breaks = last.segments.iter().filter(|segment| segment.discontinuity).count();
    // Frames are missing each time that there were any.
    assert_eq!(breaks, 3, "{}", seen.last().unwrap());
}

/// The numbers of the units in the bucket, in the order of the segments.
fn stored_units(bench: &Bench) -> Vec<u64> {
    let mut units = Vec::new();
    for name in bench.segments() {
        let body = std::fs::read(bench.folder().join(name)).unwrap();
        let tag = media::id3::Header::parse(&body).unwrap().tag_len();
        for unit in body[usize::try_from(tag).unwrap()..].chunks(384) {
            units.push(u64::from_be_bytes(unit[5..13].try_into().unwrap()));
        }
    }
    units
}

/// Kills the packager again and again while its sources go on elsewhere; nothing is
/// to be seen of it.
async fn killed_in_the_midst(rest: &str, late: u64) {
    let bench = Bench::new(&format!("dvr = \"10m\"\n{rest}{SHORT}"));
    let mut first = Encoder::new(1, 0, &bench.clock);
    let mut second = Encoder::new(1, 0, &bench.clock);
    let mut below = lots(0x5EED);
    let mut sent = 0;
    let mut play = async |units: u64| {
        for _ in 0..units {
            first.send(1);
            if sent >= late {
                second.send(1);
            }
            if sent % 90 == 40 {
                first.title(&format!("A - {sent}"));
            }
            sent += 1;
            tokio::time::sleep(UNIT).await;
        }
        (first.feed.clone(), second.feed.clone())
    };
    let (first_feed, second_feed) = play(1).await;
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..25 {
        let process = bench.start_with([&first_feed, &second_feed]).await;
        play(1 + below(250)).await;
        seen.extend(bench.media().filter(|text| seen.last() != Some(text)));
        process.kill().await;
        play(below(100)).await;
    }
    let process = bench.start_with([&first_feed, &second_feed]).await;
    play(300).await;
    process.settle().await;
    seen.extend(bench.media());
    process.kill().await;
    for text in &seen {
        assert_conforms(text);
        assert!(!text.contains("DISCONTINUITY\n"), "{text}");
    }
    for pair in seen.windows(2) {
        assert_follows(&pair[0], &pair[1]);
    }
    let units = stored_units(&bench);
    assert!(units.len() > 3_000, "{}", units.len());
    assert!(units.iter().copied().eq(0..units.len() as u64), "no unit lost, none repeated");
    let began = bench.log().iter().filter(|text| text.contains("epoch_began")).count();
    assert_eq!(began, 1, "one epoch: {:?}", bench.log());
}

#[tokio::test(start_paused = true)]
async fn a_packager_killed_in_the_midst_of_a_segment_goes_on_with_it() {
    killed_in_the_midst("", 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_packager_killed_while_units_wait_for_the_slower_path_loses_none() {
    killed_in_the_midst("hold_back = \"1s\"\n", 20).await;
}

#[tokio::test(start_paused = true)]
async fn the_title_on_air_survives_a_restart() {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.title("A - B");
    encoder.play(SECOND * 100).await;
    process.settle().await;
    let before = bench.media().unwrap();
    process.kill().await;
    let mut encoder = Encoder::new(1, 100_000, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    let titles = &process.programme.past.titles;
    assert_eq!(titles.last().map(|range| range.title.artist.as_str()), Some("A"));
    encoder.title("A - B");
    encoder.play(SECOND * 60).await;
    process.settle().await;
    let after = bench.media().unwrap();
    let range = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("#EXT-X-DATERANGE"));
        line.map(str::to_owned)
    };
    assert!(range(&before).is_some());
    assert_eq!(range(&before), range(&after));
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn a_start_hours_later_begins_an_empty_window_with_higher_numbers() {
    let bench = Bench::new(SHORT);
    restart(&bench, &[(1500, SECOND * 7200)]).await;
    let old = bench.media().unwrap();
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    assert_eq!(process.programme.past.segments, []);
    encoder.play(SECOND * 7).await;
    process.settle().await;
    let new = bench.media().unwrap();
    assert_conforms(&new);
    // The one rule that a new beginning cannot keep: six segments.
    let mut broken = check_pair(old.as_bytes(), new.as_bytes());
    broken.retain(|violation| violation.rule != "SEQ-9");
    assert_eq!(broken, []);
    let (old, new) = (read(old.as_bytes()).0, read(new.as_bytes()).0);
    assert_eq!(new.media_sequence, old.segments.last().map(|last| last.number + 1));
    assert_eq!(new.segments.len(), 3);
    encoder.play(SECOND * 31).await;
    process.settle().await;
    assert_eq!(bench.segments()[0], new.segments[0].uri, "the old ones are deleted");
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn numbers_go_on_although_nothing_is_left_but_the_log() {
    let bench = Bench::new(SHORT);
    let seen = restart(&bench, &[(900, SECOND * 7200)]).await;
    let last = read(seen.last().unwrap().as_bytes()).0.segments.last().unwrap().number;
    // A process without a source deletes what is old, and is killed.
    let idle = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&idle]).await;
    eventually(|| bench.segments().is_empty()).await;
    process.kill().await;
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 3).await;
    process.settle().await;
    assert!(bench.segments()[0].starts_with(&format!("{}-", last + 1)), "{:?}", bench.segments());
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn segments_that_nobody_can_list_are_deleted_in_time() {
    let bench = Bench::new(SHORT);
    restart(&bench, &[(900, SECOND)]).await;
    let stray = bench.folder().join("7-0badcafe.mp3");
    std::fs::write(&stray, "x").unwrap();
    let mut encoder = Encoder::new(1, 5_000, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 40).await;
    assert!(stray.exists(), "a playlist may have listed it until now");
    encoder.play(SECOND * 10).await;
    process.settle().await;
    assert!(!stray.exists());
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn seq_1_another_encoding_goes_on_with_the_numbers() {
    let mut bench = Bench::new(SHORT);
    restart(&bench, &[(900, SECOND)]).await;
    let last = listed(&bench.media().unwrap()).pop().unwrap();
    bench.egress = testing::egress("[egress.mount]\nsegment = \"3s\"\nwindow = \"18s\"\n");
    let mut encoder = Encoder::new(1, 5_000, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 4).await;
    process.settle().await;
    assert_eq!(number(&bench.segments()[0]), number(&last) + 1);
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_leaves_no_runt_and_all_that_was_closed() {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 7).await;
    process.stop().await;
    let playlist = read(bench.media().unwrap().as_bytes()).0;
    let lengths: Vec<_> = playlist.segments.iter().map(|segment| segment.micros).collect();
    assert_eq!(lengths, [2_016_000, 1_992_000, 1_992_000]);
    assert_eq!(bench.segments().len(), 3);
}

async fn s3(endpoint: String) -> Stores {
    let settings = S3Settings {
        endpoint: Some(endpoint),
        credentials: Credentials::from_key("test", "test"),
        timeouts: Timeouts::default(),
    };
    Stores::open(&"s3://skywave".parse().unwrap(), None, &settings).await.unwrap()
}

/// Starts on a bucket that is away; the programme's first number, and when it
/// began.
async fn check_blind_start(endpoint: String) {
    let bench = Bench::new(SHORT);
    let began = bench.now();
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start_on(s3(endpoint).await, &[&encoder]).await;
    let waited = bench.now().since(began);
    assert!(waited <= SECOND * 6, "{waited:?}");
    let secs = bench.now().secs();
    encoder.send(1);
    let records = process.programme.feed.from_start().next_batch(1).await.unwrap();
    let Some(Record::Epoch(epoch)) = records.first() else { panic!("{records:?}") };
    assert!(secs.abs_diff(epoch.first_number.0) <= 1, "{epoch:?}");
    assert!(secs.abs_diff(epoch.discontinuity_sequence) <= 1, "{epoch:?}");
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_refuses_keeps_no_station_off_the_air() {
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check_blind_start(format!("http://{free}")).await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_hangs_keeps_no_station_off_the_air() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    check_blind_start(format!("http://{}", silent.local_addr().unwrap())).await;
}

/// A bucket is away for so long; gives what it listed before and when it was back.
async fn away(rest: &str, length: Duration) -> (Bench, String, Vec<String>) {
    let bench = Bench::new(&format!("{rest}{SHORT}"));
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let (process, before, seen) = away_with(&bench, &mut encoder, length).await;
    process.kill().await;
    (bench, before, seen)
}

/// The same, with the process, which goes on.
async fn away_with(
    bench: &Bench,
    encoder: &mut Encoder,
    length: Duration,
) -> (Process, String, Vec<String>) {
    let process = bench.start(&[encoder]).await;
    encoder.play(SECOND * 20).await;
    process.settle().await;
    let before = bench.media().unwrap();
    let aside = bench.bucket().with_extension("aside");
    std::fs::rename(bench.bucket(), &aside).unwrap();
    std::fs::write(bench.bucket(), "no directory").unwrap();
    encoder.title("A - B");
    encoder.play(length).await;
    let behind = u32::try_from(length.as_secs() / 2).unwrap();
    assert_eq!(process.programme.status().bucket_lag(), behind);
    let metric = format!("packager_store_behind_segments{{egress=\"acme\"}} {behind}");
    assert!(process.metrics().contains(&metric));
    std::fs::remove_file(bench.bucket()).unwrap();
    std::fs::rename(&aside, bench.bucket()).unwrap();
    let watcher = Watcher::new(bench);
    process.settle().await;
    let seen = watcher.end();
    assert!(process.metrics().contains("packager_segments_given_up_total{egress=\"acme\"} 0"));
    (process, before, seen)
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_away_for_less_than_a_window_misses_nothing() {
    let (bench, before, seen) = away("", SECOND * 16).await;
    assert_follows(&before, seen.last().unwrap());
    assert_eq!(bench.segments().len(), 17, "every segment was stored");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_was_away_for_long_gets_the_live_window_first_and_all_in_the_end() {
    let (bench, before, seen) = away("dvr = \"1h\"\n", SECOND * 600).await;
    let last = |text: &String| number(listed(text).last().unwrap());
    let newest = seen.iter().map(last).max().unwrap();
    let first_listed = seen.iter().find(|text| last(text) > last(&before)).unwrap();
    // The window begins anew where the live one does, not where the bucket was left.
    assert!(last(first_listed) + 9 >= newest, "{} of {newest}", last(first_listed));
    let numbers: Vec<u64> = bench.segments().iter().map(|name| number(name)).collect();
    assert!(numbers.iter().copied().eq(numbers[0]..numbers[0] + 309), "every segment was stored");
    assert!(stored_units(&bench).into_iter().eq(0..stored_units(&bench).len() as u64));
    // Of what is older only the one may come before that was under way.
    let stored = |name: &String| bench.folder().join(name).metadata().unwrap().modified().unwrap();
    let (live, older): (Vec<_>, Vec<_>) =
        bench.segments().into_iter().partition(|name| number(name) + 9 > newest);
    let whole = live.iter().map(stored).max().unwrap();
    let missed = older.iter().filter(|name| number(name) > last(&before));
    let early = missed.filter(|name| stored(name) < whole).count();
    assert!(early <= 1, "{early} of {} before the live window", older.len());
}

#[tokio::test(start_paused = true)]
async fn what_is_due_goes_while_the_bucket_takes_nothing_new() {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 60).await;
    process.settle().await;
    let before = bench.segments();
    let listed = listed(&bench.media().unwrap());
    // Deletions need nothing of it; a disk that is full is no different.
    let staging = bench.bucket().join(".store/staging");
    std::fs::remove_dir(&staging).unwrap();
    std::fs::write(&staging, "no directory").unwrap();
    encoder.play(SECOND * 60).await;
    assert!(process.programme.status().bucket_lag() >= 29);
    assert_eq!(bench.segments(), listed, "all that the bucket's playlist names, and no more");
    assert!(before.len() > listed.len());
    std::fs::remove_file(&staging).unwrap();
    process.settle().await;
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn another_path_goes_on_air_with_its_title_when_the_first_is_gone() {
    let bench = Bench::new(SHORT);
    let (mut one, mut two) = (Encoder::new(1, 0, &bench.clock), Encoder::new(2, 0, &bench.clock));
    let process = bench.start(&[&one, &two]).await;
    one.title("First");
    one.send(10);
    let status = || process.programme.status();
    eventually(|| status().source.as_deref() == Some("acme-a")).await;
    two.title("Second");
    two.send(20);
    tokio::time::sleep(SECOND).await;
    assert_eq!(status().source.as_deref(), Some("acme-a"), "the one on air stays");
    assert_eq!(status().title.unwrap().stream_title, "First");
    one.leave();
    tokio::time::sleep(UNIT).await;
    two.send(20);
    eventually(|| status().source.as_deref() == Some("acme-b")).await;
    eventually(|| status().title.is_some_and(|title| title.stream_title == "Second")).await;
    let records = process.programme.feed.from_start().next_batch(1_000).await.unwrap();
    let epochs = records.iter().filter(|record| matches!(record, Record::Epoch(_))).count();
    assert_eq!(epochs, 2, "other frames are another epoch");
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn a_path_with_the_same_frames_takes_over_without_a_break() {
    let bench = Bench::new(SHORT);
    let (mut one, mut two) = (Encoder::new(1, 0, &bench.clock), Encoder::new(1, 0, &bench.clock));
    let process = bench.start(&[&one, &two]).await;
    one.send(100);
    eventually(|| process.programme.status().source.as_deref() == Some("acme-a")).await;
    one.leave();
    tokio::time::sleep(UNIT).await;
    two.send(300);
    eventually(|| process.programme.status().source.as_deref() == Some("acme-b")).await;
    let mut feed = process.programme.feed.from_start();
    let mut units = Vec::new();
    while units.len() < 300 {
        for record in feed.next_batch(1_000).await.unwrap() {
            match record {
                Record::Unit(unit) => units.push(unit.data),
                Record::Ended(_) => panic!("the epoch ended"),
                _ => {}
            }
        }
    }
    assert!(units.into_iter().eq((0..300).map(|number| testing::unit(1, number))));
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn a_path_feed_read_too_late_is_another_epoch_and_not_the_end() {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.send(10);
    eventually(|| process.programme.status().source.is_some()).await;
    // More than a path feed holds, at once: the task sees the last of it.
    encoder.send(3 * testing::FEED_ITEMS_MAX);
    let lagged = "packager_path_items_missed_total{egress=\"acme\"} 0";
    eventually(|| !process.metrics().contains(lagged)).await;
    encoder.send(10);
    tokio::time::sleep(SECOND).await;
    assert!(process.programme.status().epoch.is_some());
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn seq_1_a_number_that_was_only_listed_is_not_used_again() {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(0, 0, &bench.clock);
    encoder.connect();
    let process = bench.start(&[&encoder]).await;
    encoder.play(20 * SECOND).await;
    process.settle().await;
    let stored = number(bench.segments().last().unwrap());
    process.kill().await;
    // Two more were listed by the origins, and the bucket did not get them.
    std::fs::write(bench.data().join("numbers/acme"), (stored + 2).to_string()).unwrap();
    let process = bench.start(&[&encoder]).await;
    encoder.play(20 * SECOND).await;
    process.settle().await;
    let next = bench.segments().iter().map(|name| number(name)).find(|next| *next > stored);
    assert_eq!(next, Some(stored + 3));
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_lies_before_a_hole_stays_for_its_time_after_a_restart() {
    let bench = Bench::new(&format!("dvr = \"2m\"\n{SHORT}"));
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.title("A - B");
    encoder.play(SECOND * 40).await;
    process.settle().await;
    process.kill().await;
    // A segment was lost, and the node goes on behind it.
    let stored = bench.segments();
    std::fs::remove_file(bench.folder().join(&stored[10])).unwrap();
    let mut encoder = Encoder::new(1, 5_000, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 60).await;
    process.settle().await;
    let there = bench.segments();
    assert!(stored[..10].iter().all(|name| there.contains(name)), "{there:?}");
    // Their facts are there as long as they are: the log knows every one again.
    let stores = bench.stores().await;
    let past = archive::Past::read(&stores, "acme", archive::Reach::Whole).await.unwrap();
    let adopted = past.adopt("acme", &bench.egress.source_rendition()).unwrap();
    assert_eq!((adopted.segments.len(), adopted.strays), (there.len(), vec![]));
    encoder.play(SECOND * 180).await;
    process.settle().await;
    let there = bench.segments();
    assert!(stored.iter().all(|name| !there.contains(name)), "{there:?}");
    process.kill().await;
}
