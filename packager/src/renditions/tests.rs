use bytes::Bytes;
use catalogue::{Encoding, EncodingCodec};
use feed::Unit;
use media::{EpochId, MediaSequence};

use super::maker::{CAUGHT_UP, LATE, LOST, Task};
use super::metrics::RenditionMetrics;
use super::*;
use crate::testing::{Bench, Encoder, UNIT, eventually, header};

const MILLI: Duration = Duration::from_millis(1);

fn maker() -> (Task, Tail<Record>) {
    let encoding = Encoding::stereo(EncodingCodec::Aac, 64, 48_000);
    let (writer, feed) = tail::tail(FEED_LIMITS, Record::weight);
    let task = Task {
        egress: "acme".to_owned(),
        rendition: "aac-64".to_owned(),
        transcoder: Some(Box::new(Transcoder::new(&encoding, 2).unwrap())),
        pool: Pool::inline(),
        writer,
        status: Arc::default(),
        metrics: RenditionMetrics::default(),
        waiting: waiting::Waiting::default(),
        at_work: 0,
        counts: Counts::default(),
    };
    (task, feed)
}

#[test]
fn a_rendition_is_late_from_three_seconds_on_until_it_has_caught_up() {
    let (task, _) = maker();
    let told = |behind: Duration| {
        task.tell(behind);
        let status = *task.status.lock().unwrap();
        assert_eq!(status.behind, behind);
        status.progress
    };
    assert_eq!(told(LATE), Progress::OnTime);
    assert_eq!(told(LATE + MILLI), Progress::Late);
    assert_eq!(told(CAUGHT_UP + MILLI), Progress::Late);
    assert_eq!(told(CAUGHT_UP), Progress::OnTime);
}

/// A programme's records of so many units at once.
fn records(units: u64) -> Vec<Record> {
    let stream = header().stream;
    let epoch = Epoch {
        id: EpochId(7),
        stream,
        source: stream,
        profile: None,
        first_number: MediaSequence(100),
        discontinuity_sequence: 0,
    };
    let frames = demo::fixtures::mp3(1, 128, 48_000, 2);
    let data = |index: u64| -> Bytes {
        let nth = usize::try_from(index).unwrap() % frames.len();
        frames[nth].clone()
    };
    let units = (0..units).map(|index| Record::Unit(Unit { index, data: data(index) }));
    [Record::Epoch(epoch)].into_iter().chain(units).collect()
}

async fn primer() -> prime::Primer {
    prime::Primer {
        egress: crate::testing::egress(""),
        stores: Bench::new("").stores().await,
        epoch: None,
        next: None,
        stored: Vec::new(),
        last: None,
        recalled: Vec::new(),
    }
}

fn programme(units: u64) -> Tail<Record> {
    let (mut writer, programme) = tail::tail(FEED_LIMITS, Record::weight);
    writer.extend(records(units));
    programme
}

#[tokio::test(start_paused = true)]
async fn a_minute_at_once_is_no_reason_to_be_late() {
    let (task, _) = maker();
    let units = u64::try_from(Duration::from_mins(1).as_nanos() / UNIT.as_nanos()).unwrap();
    let (metrics, status) = (task.metrics.clone(), Arc::clone(&task.status));
    task.run(primer().await, programme(units).from_start()).await;
    assert_eq!((metrics.left_out.get(), metrics.behind.get()), (0, 0));
    assert_eq!(*status.lock().unwrap(), RenditionStatus::default());
}

/// Segments that a rendition lacks whose first work takes so long.
async fn left_out(takes: Duration) -> u64 {
    let (mut task, _) = maker();
    let metrics = task.metrics.clone();
    task.pool = Pool::new("test", 1).unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let holds = task.pool.clone();
    tokio::spawn(async move { holds.run(move || held.recv()).await });
    tokio::task::yield_now().await;
    let (primer, reader) = (primer().await, programme(200).from_start());
    let running = tokio::spawn(task.run(primer, reader));
    tokio::time::sleep(takes).await;
    // From here on a thread works, which takes its time.
    tokio::time::resume();
    release.send(()).unwrap();
    running.await.unwrap();
    metrics.left_out.get()
}

#[tokio::test(start_paused = true)]
async fn a_rendition_that_is_slow_is_whole() {
    assert_eq!(left_out(LOST / 2).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_rendition_that_is_lost_skips_to_what_is_on_air() {
    assert_eq!(left_out(LOST).await, 1, "the segment under way");
}

#[tokio::test(start_paused = true)]
async fn a_rendition_that_is_late_is_no_variant_until_it_has_caught_up() {
    let short = "[egress.mount]\nsegment = \"2s\"\nwindow = \"18s\"\n";
    let bench = Bench::new(&format!("auto_aac = true\n{short}"));
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    // MP3 is listed where nothing else is.
    let variants = || -> Vec<String> {
        let playlist = bench.bucket().join("public/acme/playlist.m3u8");
        let text = std::fs::read_to_string(playlist).unwrap_or_default();
        let uris = text.lines().filter(|line| !line.starts_with('#'));
        uris.map(|uri| uri.split('/').next().unwrap_or_default().to_owned()).collect()
    };
    encoder.play(Duration::from_secs(10)).await;
    eventually(|| variants() == ["aac-2s-128"]).await;
    let [made] = &process.programme.made[..] else { panic!("one") };
    made.status.lock().unwrap().progress = Progress::Failed;
    encoder.play(Duration::from_secs(5)).await;
    eventually(|| variants() == ["mp3-2s-128"]).await;
    made.status.lock().unwrap().progress = Progress::OnTime;
    encoder.play(Duration::from_secs(5)).await;
    eventually(|| variants() == ["aac-2s-128"]).await;
    process.kill().await;
}
