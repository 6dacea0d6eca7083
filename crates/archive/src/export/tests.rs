use super::*;
use crate::testing::{Bench, FRAME, SEGMENT, T0};

fn order(from: WallTime, to: WallTime) -> Order {
    Order { egress: "acme".into(), from, to, file_name: "log.mp3".into() }
}

async fn export(bench: &Bench, from: WallTime, to: WallTime) -> Result<(Vec<u8>, Summary), Error> {
    let mut out = Vec::new();
    let plan = Plan::make(&bench.stores, order(from, to)).await?;
    assert_eq!(plan.codec(), bench.codec());
    let summary = plan.write(&bench.stores, &mut out).await?;
    Ok((out, summary))
}

/// The date of the programme's frame.
fn at(frame: u32) -> WallTime {
    T0.plus(FRAME * frame)
}

/// A programme without a gap, of ten segments.
async fn bench() -> Bench {
    let mut bench = Bench::new().await;
    bench.play(SEGMENT * 10).await;
    bench
}

/// States that these frames are what is exported.
async fn check(bench: &Bench, from: WallTime, to: WallTime, frames: std::ops::Range<usize>) {
    let (out, summary) = export(bench, from, to).await.unwrap();
    assert!(out == bench.sent[frames.clone()].concat(), "other frames than {frames:?}");
    assert_eq!(summary.frames, frames.len() as u64);
    assert_eq!(summary.duration, FRAME * u32::try_from(frames.len()).unwrap());
    assert_eq!(summary.gaps, []);
}

#[tokio::test]
async fn the_first_frame_begins_at_from_or_later_and_the_last_before_to() {
    let bench = bench().await;
    let nano = Duration::from_nanos(1);
    check(&bench, at(100), at(200), 100..200).await;
    check(&bench, at(100).plus(nano), at(200), 101..200).await;
    check(&bench, at(100).minus(nano), at(200), 100..200).await;
    check(&bench, at(100), at(200).plus(nano), 100..201).await;
    check(&bench, at(100), at(101), 100..101).await;
    // Across segments, from one's first frame to another's last.
    let first_of_third = bench.segments[2].info.wall_start;
    check(&bench, first_of_third, bench.segments[4].info.wall_start, 167..334).await;
}

#[tokio::test]
async fn a_time_without_sound_is_told_with_its_dates() {
    let mut bench = bench().await;
    let frames = bench.sent.len();
    let ended = at(u32::try_from(frames).unwrap());
    bench.pause(Duration::from_secs(30)).await;
    let begun = bench.now;
    bench.play(SEGMENT * 4).await;
    let to = begun.plus(FRAME * 10);
    let (out, summary) = export(&bench, at(100), to).await.unwrap();
    assert!(out == bench.sent[100..frames + 10].concat());
    let position = FRAME * u32::try_from(frames - 100).unwrap();
    assert_eq!(summary.gaps, [Gap { from: ended, to: begun, position }]);
    assert_eq!((summary.first, summary.last), (at(100), to));
    let line = format!("  REM GAP {} {} 00:17:57\r\n", date::rfc3339(ended), date::rfc3339(begun));
    assert!(summary.sheet.contains(&line), "{line}\n{}", summary.sheet);
}

#[tokio::test]
async fn what_is_missing_at_both_ends_and_within_is_told() {
    let bench = bench().await;
    bench.lose(3);
    let (from, to) = (T0.minus(Duration::from_secs(5)), at(2_000));
    let (_, summary) = export(&bench, from, to).await.unwrap();
    let lost = &bench.segments[3].info;
    let dates: Vec<_> = summary.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
    let end = bench.segments.last().unwrap().info.wall_end();
    assert_eq!(dates, [(from, T0), (lost.wall_start, lost.wall_end()), (end, to)]);
}

#[tokio::test]
async fn a_segment_that_leaves_meanwhile_is_a_gap() {
    let bench = bench().await;
    let plan = Plan::make(&bench.stores, order(T0, at(500))).await.unwrap();
    bench.lose(0);
    let summary = plan.write(&bench.stores, &mut io::sink()).await.unwrap();
    assert_eq!(summary.gaps.len(), 1);
    assert_eq!(summary.first, bench.segments[1].info.wall_start);
}

#[tokio::test]
async fn titles_stand_at_their_frames() {
    let mut bench = Bench::new().await;
    bench.title("One - Two");
    bench.play(100).await;
    bench.title("Three");
    bench.play(SEGMENT * 10).await;
    let (_, summary) = export(&bench, at(50), at(400)).await.unwrap();
    // Frame 100 is 50 frames of 24 ms behind the first: 1.2 s, 90/75.
    let expected = "FILE \"log.mp3\" MP3\r\n  TRACK 01 AUDIO\r\n    TITLE \"Two\"\r\n    \
        PERFORMER \"One\"\r\n    INDEX 01 00:00:00\r\n  TRACK 02 AUDIO\r\n    TITLE \"Three\"\r\n    \
        INDEX 01 00:01:15\r\n";
    assert_eq!(summary.sheet, expected);
}

#[tokio::test]
async fn a_damaged_segment_ends_the_export() {
    let bench = bench().await;
    let whole = std::fs::read(bench.file(1)).unwrap();
    let mut broken = whole.clone();
    let last = broken.len() - 384;
    broken[last] = 0;
    std::fs::write(bench.file(1), &broken).unwrap();
    let failed = export(&bench, T0, at(500)).await;
    let number = bench.segments[1].info.number;
    assert!(
        matches!(failed, Err(Error::Damaged { number: got, .. }) if got == number),
        "{failed:?}"
    );
}

#[tokio::test]
async fn of_nothing_nothing_is_exported() {
    let bench = bench().await;
    let early = T0.minus(Duration::from_secs(100));
    assert!(matches!(export(&bench, early, T0).await, Err(Error::Nothing)));
    let order = Order { egress: "other".into(), ..order(early, T0) };
    let unknown = Plan::make(&bench.stores, order).await;
    assert!(matches!(unknown, Err(Error::Unknown { .. })), "{unknown:?}");
}
