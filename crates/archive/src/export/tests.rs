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
    let gap = Gap { cause: Cause::Absent, from: ended, to: begun, position };
    assert_eq!(summary.gaps, [gap]);
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

/// Exports ten segments of which the second holds other bytes; what of its frames
/// is there and what is told of it.
async fn damaged(make: impl FnOnce(Vec<u8>) -> Vec<u8>) -> (usize, Summary) {
    let bench = bench().await;
    let whole = std::fs::read(bench.file(1)).unwrap();
    std::fs::write(bench.file(1), make(whole)).unwrap();
    let (out, summary) = export(&bench, T0, at(500)).await.unwrap();
    let place = |nth: usize| {
        let before = bench.segments[nth].info.wall_start.since(T0).as_millis();
        usize::try_from(before / FRAME.as_millis()).unwrap()
    };
    let (first, next) = (place(1), place(2));
    let written = usize::try_from(summary.frames).unwrap() - (500 - (next - first));
    let sent = &bench.sent;
    let expected = [&sent[..first + written], &sent[next..500]].concat();
    assert!(out == expected.concat(), "other frames than are whole");
    for gap in &summary.gaps {
        assert_eq!((gap.cause, gap.to), (Cause::Damaged, bench.segments[2].info.wall_start));
        assert_eq!(gap.from, at(u32::try_from(first + written).unwrap()));
        assert_eq!(gap.position, FRAME * u32::try_from(first + written).unwrap());
        let line = format!("  REM DAMAGED {} ", date::rfc3339(gap.from));
        assert!(summary.sheet.contains(&line), "{line}\n{}", summary.sheet);
    }
    (written, summary)
}

/// A frame of the programme.
const FRAME_LEN: usize = 384;

#[tokio::test]
async fn of_a_damaged_segment_the_frames_before_the_damage_are_written() {
    let check = async |make: fn(Vec<u8>) -> Vec<u8>, frames: usize, gaps: usize| {
        let (written, summary) = damaged(make).await;
        assert_eq!((written, summary.gaps.len()), (frames, gaps));
        assert_eq!(summary.last, at(500));
    };
    let frames = damaged(|whole| whole).await.0;
    check(|whole| whole, frames, 0).await;
    // Cut within its last frame, and behind the last but one: a gap that is
    // shorter than any silence.
    check(|whole| whole[..whole.len() - 1].to_vec(), frames - 1, 1).await;
    check(|whole| whole[..whole.len() - FRAME_LEN].to_vec(), frames - 1, 1).await;
    check(|whole| whole[..whole.len() - 10 * FRAME_LEN].to_vec(), frames - 10, 1).await;
    check(|whole| vec![0; whole.len()], 0, 1).await;
    check(|_| Vec::new(), 0, 1).await;
    check(|_| vec![0; SEGMENT_BYTES_MAX], 0, 1).await;
    check(|_| vec![0; SEGMENT_BYTES_MAX + 1], 0, 1).await;
    let zero_from = |mut whole: Vec<u8>| {
        let at = whole.len() - 5 * FRAME_LEN;
        whole[at] = 0;
        whole
    };
    check(zero_from, frames - 5, 1).await;
    // More than the log tells of is nobody's.
    check(|whole| [&whole[..], &whole[whole.len() - FRAME_LEN..]].concat(), frames, 0).await;
}

#[tokio::test]
async fn damage_counts_only_where_it_is_asked_for_and_is_no_silence() {
    let mut bench = bench().await;
    let ended = at(u32::try_from(bench.sent.len()).unwrap());
    bench.pause(Duration::from_secs(30)).await;
    let begun = bench.now;
    bench.play(SEGMENT * 4).await;
    let later = bench.segments.iter().position(|one| one.info.wall_start == begun).unwrap();
    for nth in [2, 4, later - 1, later] {
        std::fs::write(bench.file(nth), b"").unwrap();
    }
    let times = |summary: &Summary| -> Vec<_> {
        summary.gaps.iter().map(|gap| (gap.cause, gap.from, gap.to)).collect()
    };
    let info = |nth: usize| &bench.segments[nth].info;
    let order = (info(3).wall_start, info(4).wall_start);
    assert_eq!(times(&export(&bench, order.0, order.1).await.unwrap().1), []);
    // From within one to within the other.
    let (from, to) = (info(2).wall_start.plus(FRAME), info(4).wall_start.plus(FRAME));
    let summary = export(&bench, from, to).await.unwrap().1;
    let holes = [(from, info(3).wall_start), (info(4).wall_start, to)];
    assert_eq!(times(&summary), holes.map(|(from, to)| (Cause::Damaged, from, to)));
    assert_eq!((summary.first, summary.last), order);
    // Beside silence: each by itself.
    let (from, to) = (info(later - 2).wall_start, info(later + 1).wall_end());
    let summary = export(&bench, from, to).await.unwrap().1;
    let expected = [
        (Cause::Damaged, info(later - 1).wall_start, ended),
        (Cause::Absent, ended, begun),
        (Cause::Damaged, begun, info(later).wall_end()),
    ];
    assert_eq!(times(&summary), expected);
    // Of nothing but damage there is no file.
    let only = export(&bench, info(4).wall_start, info(4).wall_end()).await;
    assert!(matches!(only, Err(Error::Nothing)), "{only:?}");
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
