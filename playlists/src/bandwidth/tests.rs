use media::{MediaDuration, Timescale};

use super::*;
use crate::testing::Maker;

/// Segments of so many milliseconds and bytes, numbered from 1.
fn segments(sizes: &[(u64, u64)]) -> Vec<SegmentInfo> {
    let info = Maker::aac(0).next;
    let timescale = Timescale::new(1_000).unwrap();
    (1..)
        .zip(sizes)
        .map(|(number, (millis, bytes))| SegmentInfo {
            number: MediaSequence(number),
            duration: MediaDuration::from_ticks(*millis),
            timescale,
            bytes: *bytes,
            ..info.clone()
        })
        .collect()
}

fn measure(sizes: &[(u64, u64)]) -> (Option<u64>, Option<u64>) {
    let mut meter = Meter::new(6);
    for segment in segments(sizes) {
        meter.push(&segment);
    }
    (meter.peak_bps(), meter.average_bps())
}

#[track_caller]
fn check(sizes: &[(u64, u64)], peak: u64, average: u64) {
    assert_eq!(measure(sizes), (Some(peak), Some(average)));
}

#[test]
fn mv_2_one_segment_of_the_target_is_a_run() {
    check(&[(6_000, 96_000)], 128_000, 128_000);
}

#[test]
fn mv_2_a_run_lasts_at_least_half_the_target() {
    check(&[(3_000, 48_000), (6_000, 48_000)], 128_000, 86_000);
    // Shorter, it counts with its neighbour: 96,000 bytes in 8.999 s.
    assert_eq!(measure(&[(2_999, 48_000)]), (None, None));
    check(&[(2_999, 48_000), (6_000, 48_000)], 86_000, 86_000);
}

#[test]
fn mv_2_a_run_lasts_at_most_one_and_a_half_targets_and_half_a_second() {
    // 9.5 s together; the second one by itself is too short to be a run.
    check(&[(7_000, 7_000), (2_500, 100_000)], 91_000, 91_000);
    // 9.501 s: no run has the second one in it.
    check(&[(7_001, 7_000), (2_500, 100_000)], 8_000, 8_000);
}

#[test]
fn mv_2_declared_values_are_whole_thousands_rounded_up() {
    check(&[(6_000, 96_001)], 129_000, 129_000);
}

#[test]
fn mv_2_the_peak_never_goes_down() {
    check(&[(6_000, 192_000), (6_000, 96_000), (6_000, 96_000)], 256_000, 171_000);
}

#[test]
fn the_average_stays_until_it_is_exceeded_or_a_tenth_too_high() {
    check(&[(6_000, 96_000), (6_000, 90_000)], 128_000, 128_000);
    check(&[(6_000, 96_000), (6_000, 60_000)], 128_000, 104_000);
    check(&[(6_000, 96_000), (6_000, 100_000)], 134_000, 131_000);
}

#[test]
fn a_constant_stream_declares_the_same_from_beginning_to_end() {
    let mut maker = Maker::new(media::Codec::Mp3, 44_100, 0);
    let mut meter = Meter::new(6);
    meter.push(&maker.whole());
    let declared = (meter.peak_bps(), meter.average_bps());
    for _ in 0..1_000 {
        meter.push(&maker.whole());
    }
    assert_eq!((meter.peak_bps(), meter.average_bps()), declared);
}

#[test]
fn a_run_does_not_go_over_a_hole() {
    let mut meter = Meter::new(6);
    let mut all = segments(&[(2_000, 10), (2_000, 10), (2_000, 10)]);
    all[2].number = MediaSequence(9);
    meter.push(&all[0]);
    meter.push(&all[2]);
    assert_eq!(meter.peak_bps(), None);
}

#[test]
fn a_segment_counts_once() {
    let mut meter = Meter::new(6);
    let all = segments(&[(6_000, 96_000), (6_000, 96_000)]);
    for segment in [&all[0], &all[1], &all[0], &all[1]] {
        meter.push(segment);
    }
    assert_eq!(meter.total.bytes, 192_000);
}

#[test]
fn at_most_so_many_segments_are_held() {
    let mut meter = Meter::new(6);
    let tiny: Vec<_> = (0..=RUN_LEN_MAX).map(|_| (20, 300)).collect();
    let all = segments(&tiny);
    for segment in &all[..RUN_LEN_MAX] {
        meter.push(segment);
    }
    assert_eq!(meter.recent.len(), RUN_LEN_MAX);
    meter.push(&all[RUN_LEN_MAX]);
    assert_eq!(meter.recent.len(), RUN_LEN_MAX);
}

#[test]
fn numbers_beyond_any_stream_do_no_harm() {
    assert_eq!(measure(&[(0, u64::MAX)]), (None, None));
    let (peak, average) = measure(&[(3_000, u64::MAX), (u64::MAX / 2_000_000, u64::MAX)]);
    assert!(peak > Some(1 << 60) && average <= peak);
}
