//! Listening to the past, and the log that stations have to keep.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::WallTime;
use playlists::{conformance, date};
use serde_json::Value;
use tests::clock::Turned;
use tests::encoder::{Source, set_title};
use tests::hls::{self, Fetched};
use tests::http::Answer;
use tests::program::Setup;
use tests::{Program, Scratch, TestNode, frames, http, program, tools, wait};

/// The longest that a program may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The rendition of [`short`].
const RENDITION: &str = "/radio/mp3-2s-128";

/// Segments of two seconds in the shortest window, behind which `dvr` is kept.
fn short(dvr: &str) -> String {
    let manifest = tests::node::MP3.replace("aliases", &format!("dvr = \"{dvr}\"\naliases"));
    format!("{manifest}segment = \"2s\"\nwindow = \"18s\"\n")
}

/// A station with 58 s of sound, most of which has passed.
struct Station {
    node: TestNode,
    clock: Arc<Turned>,
    scratch: Scratch,
    _source: Source,
    sent: Vec<Bytes>,
}

impl Station {
    async fn start() -> Self {
        let (scratch, clock) = (Scratch::default(), Arc::new(Turned::default()));
        let node = TestNode::start_at(&short("1h"), scratch.path(), clock.clone()).await;
        let mut source = Source::connect(node.public(), "audio/mpeg").await;
        let sent = demo::fixtures::mp3(58, 128, 44_100, 2);
        source.send(&sent).await;
        let folder = scratch.path().join("bucket/public").join(&RENDITION[1..]);
        node.until("stored segments", |report| {
            let egress = report.egress("radio").unwrap();
            egress.window_segments >= 9 && egress.bucket_lag_segments == 0
        })
        .await;
        wait::until("all segments", || async { (hls::stored(&folder).len() >= 28).then_some(()) })
            .await;
        clock.advance(Duration::from_secs(50));
        Self { node, clock, scratch, _source: source, sent }
    }

    async fn get(&self, query: &str) -> Answer {
        http::get(&self.node.url(&format!("{RENDITION}/media.m3u8{query}"))).await
    }

    /// A playlist of the past, and all that it lists.
    async fn fetch(&self, query: &str) -> Fetched {
        fetch(&self.node, query).await
    }
}

async fn fetch(node: &TestNode, query: &str) -> Fetched {
    let answer = node_answer(node, query).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let text = answer.text();
    conformance::assert_conforms(&text);
    let mut bodies = Vec::new();
    for name in hls::listed(&text) {
        let segment = http::get(&node.url(&format!("{RENDITION}/{name}"))).await;
        assert_eq!(segment.status, 200, "{name}");
        bodies.push(segment.body);
    }
    Fetched { text, bodies }
}

async fn node_answer(node: &TestNode, query: &str) -> Answer {
    http::get(&node.url(&format!("{RENDITION}/media.m3u8{query}"))).await
}

/// A moment as a query has it.
fn rfc3339(micros: i64) -> String {
    date::rfc3339(WallTime::from_nanos(u64::try_from(micros).unwrap() * 1_000))
}

/// The dates of a playlist's segments.
fn dates(fetched: &Fetched) -> Vec<i64> {
    fetched.playlist().segments.iter().map(|segment| segment.date_micros.unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_listed_at_the_segments_of_the_live_playlist() {
    let station = Station::start().await;
    let whole = station.fetch("?from=-1h").await;
    assert_eq!(frames::position(&station.sent, &whole.frames()), 0, "from the first frame on");
    let live = station.fetch("").await;
    assert!(whole.bodies.len() > live.bodies.len() + 15);
    assert_eq!(whole.bodies[whole.bodies.len() - live.bodies.len()..], live.bodies);
    let sequences = [&whole, &live].map(|one| one.playlist().media_sequence.unwrap());
    let listed_before = (whole.bodies.len() - live.bodies.len()) as u64;
    assert_eq!(sequences[0] + listed_before, sequences[1]);
    for text in hls::listed(&live.text) {
        assert!(whole.text.contains(text));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_begins_at_the_moment_and_ends_at_one() {
    let station = Station::start().await;
    let dates = dates(&station.fetch("?from=-1h").await);
    let from = rfc3339(dates[3] + 1_500_000);
    let open = station.fetch(&format!("?from={from}")).await;
    assert_eq!(self::dates(&open), dates[3..]);
    assert!(open.text.contains("\n#EXT-X-START:TIME-OFFSET=1.000000,PRECISE=YES\n"));
    assert!(!open.text.contains("ENDLIST"));
    let to = rfc3339(dates[8]);
    let ended = station.fetch(&format!("?from={from}&to={to}")).await;
    assert_eq!(self::dates(&ended), dates[3..8]);
    assert!(ended.text.ends_with("#EXT-X-ENDLIST\n"));
    // The offset of a zone is written with a plus, which forms take for a blank.
    let plus = from.replace('Z', "%2B00:00");
    assert_eq!(station.fetch(&format!("?from={plus}")).await, open);
    let multivariant = station.node.url(&format!("/radio/playlist.m3u8?from={from}&to={to}"));
    let multivariant = http::get(&multivariant).await.text();
    assert!(
        multivariant.contains(&format!("/media.m3u8?from={from}&to={to}&t=")),
        "{multivariant}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_told_in_a_line() {
    let station = Station::start().await;
    let check = async |query: &str, status: u16, line: &str| {
        let answer = station.get(query).await;
        assert_eq!((answer.status, answer.text().as_str()), (status, line), "{query}");
        let path = format!("/radio/playlist.m3u8{query}");
        assert_eq!(http::get(&station.node.url(&path)).await.status, status, "{path}");
    };
    check("?from=2h", 400, "from and to are written as -2h, -90s or 2026-11-22T10:00:00Z\n").await;
    check("?from=", 400, "from and to are written as -2h, -90s or 2026-11-22T10:00:00Z\n").await;
    check("?to=-2h", 400, "from is needed, and to may follow, each once\n").await;
    check("?from=2200-01-01T00:00:00Z", 400, "from lies in the future\n").await;
    check("?from=-1h&to=-2h", 400, "to lies before from\n").await;
    check("?from=-50m&to=-40m", 404, "nothing is kept of that time\n").await;
    let node = TestNode::start(&short("0s")).await;
    let answer = node_answer(&node, "?from=-1h").await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (404, "nothing is kept here to go back to\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_whole_past_is_listed_again() {
    let station = Station::start().await;
    let before = station.fetch("?from=-1h").await;
    let Station { node, clock, scratch, sent, .. } = station;
    node.stop().await;
    let node = TestNode::start_at(&short("1h"), scratch.path(), clock.clone()).await;
    // It is read beside everything else.
    wait::until("the past", || async {
        Some(node_answer(&node, "?from=-1h").await).filter(|answer| answer.status == 200)
    })
    .await;
    // The end may have closed one more segment.
    let again = fetch(&node, "?from=-1h").await;
    assert!(again.text.starts_with(&before.text), "{}\n{}", before.text, again.text);
    assert_eq!(again.bodies[..before.bodies.len()], before.bodies);
    let before = again;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&sent[..1_000]).await;
    let last = before.playlist().segments.last().unwrap().number;
    node.until("more", |report| report.egress("radio").unwrap().media_sequence >= Some(last + 8))
        .await;
    let after = fetch(&node, "?from=-1h").await;
    conformance::assert_follows(&before.text, &after.text);
    assert_eq!(after.bodies[..before.bodies.len()], before.bodies);
    assert_eq!(after.discontinuities(), [last + 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_reads_the_past_frame_by_frame() {
    let station = Station::start().await;
    let dates = dates(&station.fetch("?from=-1h").await);
    let query = format!("?from={}&to={}", rfc3339(dates[2]), rfc3339(dates[12]));
    let listed = station.fetch(&query).await.frames().len() as u64;
    let url = station.node.url(&format!("/radio/playlist.m3u8{query}"));
    assert_eq!(packets(&url).await, listed);
    // Live, from where it is told to begin.
    let url = station.node.url(&format!("/radio/playlist.m3u8?from={}", rfc3339(dates[2])));
    let arguments =
        ["-v", "error", "-prefer_x_start", "1", "-i", &url, "-t", "10", "-f", "null", "-"];
    let output = tools::run("ffmpeg", &arguments, LIMIT).await;
    assert!(output.status.success(), "{}", tools::said(&output));
}

/// Frames that ffprobe finds.
async fn packets(place: &str) -> u64 {
    let asked = ["-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "json"];
    let arguments = [&["-v", "error", place][..], &asked].concat();
    let output = tools::run("ffprobe", &arguments, LIMIT).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["streams"][0]["nb_read_packets"].as_str().unwrap().parse().unwrap()
}

/// A running program that has been given two sources' frames, one after the other.
struct Log {
    program: Program,
    scratch: Scratch,
    first: Vec<Bytes>,
    second: Vec<Bytes>,
    /// The date of each source's first frame.
    dates: [i64; 2],
}

/// Frames of the first source before which a title begins.
const TITLED: [(usize, &str); 2] = [(300, "A - B \"C\""), (600, "Só")];

impl Log {
    async fn start() -> Self {
        let scratch = Scratch::default();
        let setup = Setup { lines: "[limits]\nsource_timeout = \"2s\"\n", ..Setup::default() };
        let program = Program::serve_as(tests::node::MP3, scratch.path(), setup).await;
        let first = demo::fixtures::mp3(28, 128, 44_100, 2);
        let second = demo::fixtures::mp3(58, 128, 44_100, 2).split_off(1_300);
        let mut source = Source::connect(program.public, "audio/mpeg").await;
        let mut sent = 0;
        for (index, title) in TITLED {
            // The last frame is known by the next.
            source.send(&first[sent..=index]).await;
            sent = index + 1;
            until_ingest(&program, |ingest| ingest["frames_total"] == index).await;
            assert_eq!(set_title(program.public, title).await, 200);
            until_ingest(&program, |ingest| ingest["title"] == title).await;
        }
        source.send(&first[sent..]).await;
        drop(source);
        ended(&program).await;
        let mut source = Source::connect(program.public, "audio/mpeg").await;
        source.send(&second).await;
        program.until_egress("on air", |egress| egress["epoch"].is_string()).await;
        drop(source);
        ended(&program).await;
        program.until_stored(8).await;
        let listed = hls::fetch(&program.url("/radio/mp3-128")).await;
        let whole: Vec<Bytes> = first.iter().chain(&second).cloned().collect();
        assert_eq!(listed.frames(), whole);
        let segments = listed.playlist().segments;
        let later = segments.iter().find(|segment| segment.discontinuity).unwrap();
        let dates = [&segments[0], later].map(|segment| segment.date_micros.unwrap());
        Self { program, scratch, first, second, dates }
    }

    /// A moment soon after a frame of a source began.
    fn after(&self, source: usize, frame: usize) -> String {
        let frame = i64::try_from(frame).unwrap() * 1_152 * 1_000_000 / 44_100;
        rfc3339(self.dates[source] + frame + 1_000)
    }

    async fn export(&self, from: &str, to: &str, out: &str) -> Output {
        let arguments = ["export", "--mount", "radio", "--from", from, "--to", to, out];
        program::command(&arguments, self.scratch.path()).output().await.unwrap()
    }
}

/// Waits until the ingest is as wanted.
async fn until_ingest(program: &Program, is: impl Fn(&Value) -> bool) {
    let url = program.control_url("/api/v1/status");
    wait::until("the ingest", || async {
        let report: Value = serde_json::from_slice(&http::get(&url).await.body).unwrap();
        is(&report["ingests"][0]).then_some(())
    })
    .await;
}

/// Waits until the source is gone for good.
async fn ended(program: &Program) {
    program.until_egress("the epoch's end", |egress| egress["epoch"].is_null()).await;
}

/// `mm:ss:ff` of a frame of the file.
fn index(frame: usize) -> String {
    let frames = frame * 1_152 * 75 / 44_100;
    format!("{:02}:{:02}:{:02}", frames / 4_500, frames / 75 % 60, frames % 75)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_exact_frames_and_titles_while_the_station_is_on_air() {
    let log = Log::start().await;
    let (from, to) = (log.after(0, 100), log.after(1, 200));
    let output = log.export(&from, &to, "log.mp3").await;
    assert!(output.status.success(), "{}", tools::said(&output));
    let file = log.scratch.path().join("log.mp3");
    let exported = std::fs::read(&file).unwrap();
    let expected = [&log.first[101..], &log.second[..=200]].concat();
    assert!(exported == expected.concat(), "other frames than were sent");
    assert_eq!(packets(file.to_str().unwrap()).await, expected.len() as u64);
    let said = tools::said(&output);
    assert!(said.contains(&format!("log.mp3: {} frames, ", expected.len())), "{said}");
    assert!(said.contains(", 1 gaps, "), "{said}");

    let cue = std::fs::read_to_string(log.scratch.path().join("log.cue")).unwrap();
    let lines: Vec<&str> = cue.split("\r\n").collect();
    let gap = date::rfc3339(WallTime::from_nanos(log.dates[1].cast_unsigned() * 1_000));
    let seam = index(log.first.len() - 101);
    let [title, next] = TITLED.map(|(at, _)| index(at - 101));
    let begun = [
        "FILE \"log.mp3\" MP3",
        "  TRACK 01 AUDIO",
        "    TITLE \"\"",
        "    INDEX 01 00:00:00",
        "  TRACK 02 AUDIO",
        "    TITLE \"B 'C'\"",
        "    PERFORMER \"A\"",
        &format!("    INDEX 01 {title}"),
        "  TRACK 03 AUDIO",
        "    TITLE \"Só\"",
        &format!("    INDEX 01 {next}"),
    ];
    assert_eq!(lines[..begun.len()], begun, "{cue}");
    let told = lines.iter().find(|line| line.starts_with("  REM GAP ")).unwrap();
    assert!(told.ends_with(&format!(" {gap} {seam}")), "{told}: {gap} {seam}");
    log.program.until_egress("no harm", |egress| egress["bucket_lag_segments"] == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_refuses_in_a_line_and_leaves_nothing_behind() {
    let log = Log::start().await;
    let (from, to) = (log.after(0, 100), log.after(0, 200));
    std::fs::write(log.scratch.path().join("there.mp3"), "mine").unwrap();
    std::fs::write(log.scratch.path().join("sheet.cue"), "mine").unwrap();
    let files = || {
        let files = std::fs::read_dir(log.scratch.path()).unwrap();
        files.map(|file| file.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    let check = async |from: &str, to: &str, out: &str, code: i32, what: &str| {
        let output = log.export(from, to, out).await;
        let said = tools::said(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.starts_with("skywave: ") && said.contains(what), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(files(), before, "{said}");
    };
    check(&from, &to, "there.mp3", 1, "there.mp3 is there already").await;
    check(&from, &to, "sheet.mp3", 1, "sheet.cue is there already").await;
    check(&from, &to, "log.aac", 2, "the programme is mp3").await;
    check(&to, &from, "log.mp3", 2, "--to: lies before --from").await;
    check("-2h", &to, "log.mp3", 2, "--from: a time is written as").await;
    let (early, later) = ("2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z");
    check(early, later, "log.mp3", 1, "no frame of that time").await;
    check(&from, &to, "no/log.mp3", 1, "cannot write").await;
    let there = std::fs::read_to_string(Path::new(log.scratch.path()).join("there.mp3")).unwrap();
    assert_eq!(there, "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_damaged_segment_the_export_tells_and_ends_with_its_own_status() {
    let log = Log::start().await;
    let folder = log.scratch.path().join("data/bucket/public/radio/mp3-128");
    let second = hls::stored(&folder).into_iter().nth(1).unwrap();
    std::fs::write(folder.join(second), [0; 10_000]).unwrap();
    let output = log.export(&log.after(0, 100), &log.after(1, 200), "log.mp3").await;
    let said = tools::said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.lines().any(|line| line.starts_with("  damaged ")), "{said}");
    let cue = std::fs::read_to_string(log.scratch.path().join("log.cue")).unwrap();
    assert_eq!(cue.matches("\r\n  REM DAMAGED ").count(), 1, "{cue}");
    let exported = std::fs::read(log.scratch.path().join("log.mp3")).unwrap();
    let rest = log.second[..=200].concat();
    assert!(exported.ends_with(&rest), "what follows is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_reads_a_bucket_that_nothing_can_be_written_to() {
    let log = Log::start().await;
    let (from, to) = (log.after(0, 100), log.after(0, 200));
    let bucket = log.scratch.path().join("data/bucket");
    // As a station on air leaves it between a file's making and its locking.
    let staged = bucket.join(".store/staging/0123456789abcdef-0");
    std::fs::write(&staged, "ha").unwrap();
    // Even root writes nothing to what is mounted so.
    let mount = "mount --bind data/bucket data/bucket && \
                 mount -o remount,ro,bind data/bucket && ! touch data/bucket/x && exec \"$@\"";
    let mut command = tokio::process::Command::new("unshare");
    command.args(["--mount", "sh", "-c", mount, "sh"]).arg(program::binary());
    command.args(["export", "--mount", "radio", "--from", &from, "--to", &to, "log.mp3"]);
    let output = command.current_dir(log.scratch.path()).output().await.unwrap();
    assert!(output.status.success(), "{}", tools::said(&output));
    let exported = std::fs::read(log.scratch.path().join("log.mp3")).unwrap();
    assert!(exported == log.first[101..=200].concat(), "other frames than were sent");
    // Nor is anything swept where it could be.
    let output = log.export(&from, &to, "again.mp3").await;
    assert!(output.status.success(), "{}", tools::said(&output));
    assert!(staged.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_interrupted_leaves_nothing_behind() {
    let log = Log::start().await;
    let folder = log.scratch.path().join("data/bucket/public/radio/mp3-128");
    // A segment that never comes: a pipe that nobody writes to.
    let pipe = folder.join(hls::stored(&folder).into_iter().nth(1).unwrap());
    std::fs::remove_file(&pipe).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let (from, to) = (log.after(0, 0), log.after(1, 200));
    let arguments = ["export", "--mount", "radio", "--from", &from, "--to", &to, "log.mp3"];
    let mut command = program::command(&arguments, log.scratch.path());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id().unwrap().to_string();
    let parts = || {
        let files = std::fs::read_dir(log.scratch.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("log.") && name != "log.txt").collect::<Vec<_>>()
    };
    wait::until("the file begun", || async { (parts().len() == 1).then_some(()) }).await;
    let sent = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", tools::said(&output));
    assert_eq!(tools::said(&output), "skywave: interrupted\n");
    assert_eq!(parts(), [""; 0]);
}
